//! One of several bots: warm while another leads, silent, and no order outlives its lease.

use autoscalebot::cluster::lease::Tenure;
use autoscalebot::harness::{Act, MemoryStore, Scenario, World};
use autoscalebot::model::ProcessName;
use autoscalebot::state::{First, StateStore as _, Wanted};

use crate::{process, seconds};

/// Leads from now on, for so many seconds.
fn lead(world: &World, token: u64, for_seconds: u64) {
    let until = world.now() + seconds(for_seconds);
    world.leadership().set(Some(Tenure { token, until }));
}

fn contested(decision: &str) -> Scenario {
    Scenario::new(&process("web", decision)).contested()
}

#[test]
fn who_stands_by_is_warm_and_orders_and_tells_nothing() {
    contested("max_processes = 9").run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(65)).await;
        assert_eq!(
            (web.count(), web.told()),
            (1, vec![]),
            "six cycles too high"
        );
        assert_eq!(world.status("web").await.history, 7);
        let orders = world
            .said("web")
            .into_iter()
            .filter(|said| said.starts_with("Scale"));
        assert_eq!(orders.count(), 0);
        let reason = world.status("web").await.reason;
        assert!(
            reason.starts_with("standby: another replica leads")
                && reason.contains("it would have set 1 to 2"),
            "{reason}"
        );

        lead(&world, 7, 600);
        world.advance(seconds(10)).await;
        assert_eq!(
            web.count(),
            2,
            "the first whole cycle, with the history from before"
        );
        assert_eq!(
            web.told(),
            ["web: scale up 1 -> 2: the last 3 results are above 1200"]
        );
    });
}

#[test]
fn a_cycle_that_began_before_the_lease_orders_nothing() {
    contested("max_processes = 9").run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(35)).await;
        web.measures([Act::value(5000.0).after(seconds(4))]);
        world.advance(seconds(7)).await; // the cycle at 40 s measures
        lead(&world, 7, 600);
        world.advance(seconds(7)).await;
        assert_eq!(web.count(), 1, "its count may be from before");
        assert!(
            world
                .status("web")
                .await
                .reason
                .contains("orders from the next on")
        );
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 2);
    });
}

#[test]
fn what_the_leader_did_to_the_count_is_a_scale_of_ones_own() {
    let decision = "max_processes = 9\npost_scale_wait_time_seconds = 60";
    contested(decision).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(35)).await;
        web.set_count(2); // the leader, seen at 40 s
        world.advance(seconds(20)).await;
        let status = world.status("web").await;
        assert_eq!(
            (status.history, status.scales),
            (0, 1),
            "nothing is evaluated during its cooldown"
        );
        lead(&world, 7, 600);
        world.advance(seconds(50)).await;
        assert_eq!(
            web.count(),
            2,
            "the cooldown lasts until 100 s, the history begins then"
        );
        world.advance(seconds(30)).await;
        assert_eq!(web.count(), 3);
        web.set_count(5);
        world.advance(seconds(10)).await;
        assert_eq!(
            world.status("web").await.scales,
            2,
            "by hand, under its own lead: no scale"
        );
    });
}

#[test]
fn the_last_act_of_the_old_leader_is_seen_by_the_new_one() {
    let decision = "max_processes = 9\npost_scale_wait_time_seconds = 60";
    contested(decision).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(35)).await;
        web.set_count(2);
        lead(&world, 7, 600);
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 2, "its cooldown has begun just now");
        assert_eq!(world.status("web").await.scales, 1);
    });
}

#[test]
fn a_call_ends_with_the_lease_and_is_not_told() {
    contested("max_processes = 9").run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        lead(&world, 7, 21);
        web.scales([Act::Answer(()).after(seconds(3))]);
        world.advance(seconds(30)).await;
        assert_eq!((web.count(), web.told()), (1, vec![]), "broken off at 21 s");
        let reason = world.status("web").await.reason;
        assert!(
            reason.contains("the lease ended before the platform had answered"),
            "{reason}"
        );

        // The lease is renewed while the platform takes its time.
        lead(&world, 9, 12);
        world.advance(seconds(11)).await; // ordered at 40 s
        lead(&world, 9, 60);
        world.advance(seconds(5)).await;
        assert_eq!(web.count(), 2, "{:?}", world.said("web"));
    });
}

#[test]
fn a_call_that_was_broken_off_and_done_all_the_same_is_a_scale() {
    contested("max_processes = 9").run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        lead(&world, 7, 21);
        web.scales([Act::Never]);
        world.advance(seconds(25)).await;
        assert_eq!(world.status("web").await.scales, 0, "broken off at 21 s");
        web.set_count(2);
        world.advance(seconds(10)).await;
        let status = world.status("web").await;
        assert_eq!((status.scales, status.history), (1, 0));
    });
}

#[test]
fn who_gives_the_lease_back_orders_nothing_more_and_tells_what_it_has_done() {
    contested("max_processes = 9").run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        lead(&world, 7, 600);
        web.scales([Act::Answer(()).after(seconds(3))]);
        world.advance(seconds(21)).await;
        assert!(!world.leadership().is_idle(), "the platform is asked");
        world.leadership().retire();
        world.advance(seconds(3)).await;
        assert!(world.leadership().is_idle());
        assert_eq!(
            web.told(),
            ["web: scale up 1 -> 2: the last 3 results are above 1200"]
        );
        world.advance(seconds(120)).await;
        assert_eq!((web.count(), web.told().len()), (2, 1));
    });
}

#[test]
fn a_condition_is_told_by_who_leads() {
    contested("max_processes = 1").run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::refuse("no route to host")]);
        world.advance(seconds(25)).await;
        assert_eq!(web.told(), Vec::<String>::new());
        lead(&world, 7, 600);
        world.advance(seconds(20)).await;
        assert_eq!(
            web.told(),
            ["web: measurement_failed: scripted: no route to host"]
        );
        world.leadership().set(None);
        web.measures([Act::value(800.0)]);
        world.advance(seconds(20)).await;
        assert_eq!(web.told().len(), 1, "its end is the next leader's to see");
    });
}

#[test]
fn the_store_has_what_the_leader_saw_and_did() {
    let store = MemoryStore::default();
    let kept = store.clone();
    let scenario = contested("max_processes = 9").keeping_in(&store);
    scenario.run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(35)).await;
        let cycles = async || {
            let wanted = Wanted {
                since: None,
                until: None,
                first: First::Oldest,
                most: usize::MAX,
            };
            let process = ProcessName::new("web").unwrap();
            let records = kept.records(&process, wanted).await.unwrap();
            records.len()
        };
        assert_eq!(
            (cycles().await, kept.snapshot("web")),
            (0, None),
            "the leader writes its own"
        );
        lead(&world, 7, 12);
        web.scales([Act::Answer(()).after(seconds(3))]);
        world.advance(seconds(30)).await; // ordered at 40 s, done at 43 s, the lease over at 47 s
        assert_eq!(web.count(), 2);
        assert_eq!(cycles().await, 1);
        assert!(kept.snapshot("web").is_some());
    });
}
