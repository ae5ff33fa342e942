//! A count that somebody changes on the platform: what is taken for one, what is told, and how it is respected.

use autoscalebot::cluster::lease::Tenure;
use autoscalebot::harness::{Act, MemoryStore, Scenario, Script, World};
use autoscalebot::model::ProcessName;
use autoscalebot::orders::{Draft, Kind};
use autoscalebot::state::{Batch, StateStore as _};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{are, process, seconds};

const HIGH: f64 = 5000.0;
const STEADY: f64 = 800.0;
const LOW: f64 = 1.0;

const RESPECTED: &str = "respect_manual_scale_for_seconds = 60";

/// One result is enough either way, nothing is waited for, and a change by hand is told.
fn quick(more: &str) -> String {
    let decision = format!(
        "number_of_fails_to_scale_up_after = 1\nnumber_of_passes_to_scale_down_after = 1\n\
         post_scale_wait_time_seconds = 0\n{more}"
    );
    process("web", &decision).replace(
        "\"measurement_failed\"]",
        "\"measurement_failed\", \"manual_scale\"]",
    )
}

/// What was told of changes by hand.
fn told(web: &Script) -> Vec<String> {
    let told = web.told().into_iter();
    told.filter(|text| text.contains("manual_scale")).collect()
}

/// Midnight, at which every story begins.
fn midnight() -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

async fn four_and_steady(world: &World) -> std::rc::Rc<Script> {
    let web = world.script("web");
    web.set_count(4);
    web.measures([Act::value(STEADY)]);
    world.advance(seconds(5)).await;
    web
}

#[test]
fn by_default_it_is_told_and_the_next_decision_corrects_it() {
    Scenario::new(&quick("max_processes = 20")).run(|world| async move {
        let web = four_and_steady(&world).await;
        web.set_count(7);
        world.advance(seconds(10)).await;
        assert_eq!(
            web.told(),
            [
                "web: manual_scale up 4 -> 7: someone changed the count on the platform; the next decision may correct it"
            ]
        );
        world.advance(seconds(30)).await;
        assert_eq!((web.count(), web.told().len()), (7, 1), "told once");
        web.measures([Act::value(LOW)]);
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 6);
    });
}

#[test]
fn it_is_respected_for_a_while_in_either_direction() {
    for (value, then) in [(LOW, 6), (HIGH, 8)] {
        Scenario::new(&quick(&format!("max_processes = 20\n{RESPECTED}"))).run(
            |world| async move {
                let web = four_and_steady(&world).await;
                web.set_count(7);
                web.measures([Act::value(value)]);
                world.advance(seconds(60)).await;
                assert_eq!(web.count(), 7, "it was noticed at 10 s");
                let said = "web: manual_scale up 4 -> 7: someone changed the count on the platform; respected until 00:01";
                assert_eq!(web.told(), [said]);
                let reason = world.status("web").await.reason;
                assert!(
                    reason.ends_with("; changed by hand from 4 to 7, which is respected until 00:01"),
                    "{reason}"
                );
                world.advance(seconds(10)).await;
                assert_eq!(web.count(), then, "at 70 s it is over");
            },
        );
    }
}

#[test]
fn what_was_measured_before_it_is_no_reason_to_go_down() {
    let three = quick("max_processes = 20").replace(
        "number_of_passes_to_scale_down_after = 1",
        "number_of_passes_to_scale_down_after = 3",
    );
    Scenario::new(&three).run(|world| async move {
        let web = four_and_steady(&world).await;
        web.measures([Act::value(LOW)]);
        world.advance(seconds(20)).await;
        web.set_count(2);
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 2, "two of the three results are of four");
        let reason = world.status("web").await.reason;
        assert!(
            reason.contains("the count was changed from 4 to 2"),
            "{reason}"
        );
        world.advance(seconds(20)).await;
        assert_eq!(web.count(), 2, "two results of two");
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 1, "three");
    });
}

#[test]
fn a_second_change_is_a_new_one() {
    Scenario::new(&quick(&format!("max_processes = 20\n{RESPECTED}"))).run(|world| async move {
        let web = four_and_steady(&world).await;
        web.measures([Act::value(LOW)]);
        web.set_count(7);
        world.advance(seconds(50)).await;
        web.set_count(9);
        world.advance(seconds(60)).await;
        assert_eq!(
            web.count(),
            9,
            "it was noticed at 60 s, and lasts until 120 s"
        );
        assert_eq!(told(&web).len(), 2);
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 8);
    });
}

#[test]
fn the_bounds_hold_all_the_same() {
    Scenario::new(&quick(&format!("max_processes = 5\n{RESPECTED}"))).run(|world| async move {
        let web = four_and_steady(&world).await;
        web.measures([Act::value(LOW)]);
        web.set_count(9);
        world.advance(seconds(55)).await;
        assert_eq!(web.count(), 5, "as near to what was wanted as may be");
        assert_eq!(
            told(&web),
            [
                "web: manual_scale up 4 -> 9: someone changed the count on the platform; the maximum of 5 holds all the \
                 same, respected until 00:01"
            ]
        );
    });
}

#[test]
fn switched_off_is_told_as_that_and_what_it_is_switched_on_to_is_respected() {
    Scenario::new(&quick(&format!("max_processes = 5\n{RESPECTED}"))).run(|world| async move {
        let web = four_and_steady(&world).await;
        web.measures([Act::value(LOW)]);
        web.set_count(0);
        world.advance(seconds(10)).await;
        assert_eq!(told(&web), Vec::<String>::new());
        web.set_count(3);
        world.advance(seconds(30)).await;
        assert_eq!(web.count(), 3);
        assert_eq!(told(&web).len(), 1, "{:?}", web.told());
    });
}

/// An order from people, from now on.
async fn order(store: &MemoryStore, kind: Kind, begins: DateTime<Utc>) {
    let draft = Draft {
        process: ProcessName::new("web").unwrap(),
        kind,
        owner: "ann".to_owned(),
        because: "test".to_owned(),
        begins,
        ends: midnight() + TimeDelta::minutes(30),
    };
    store.put(&draft).await.unwrap();
}

#[test]
fn an_order_wins_over_what_was_set_and_what_is_set_over_no_order() {
    let store = MemoryStore::default();
    let scenario = Scenario::new(&quick(&format!("max_processes = 20\n{RESPECTED}")));
    scenario.keeping_in(&store.clone()).run(|world| async move {
        let web = four_and_steady(&world).await;
        order(&store, Kind::Scale { count: 6 }, midnight()).await;
        world.advance(seconds(60)).await;
        assert_eq!((web.count(), told(&web).len()), (6, 0), "by the order");
        web.set_count(9);
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 6, "the order wins");
        assert_eq!(
            told(&web),
            [
                "web: manual_scale up 6 -> 9: someone changed the count on the platform; the order wins: scaled to 6 by \
                 ann until 00:30: test"
            ]
        );
    });
}

#[test]
fn a_number_that_is_ordered_afterwards_replaces_it() {
    let store = MemoryStore::default();
    let long = "max_processes = 20\nrespect_manual_scale_for_seconds = 600";
    let scenario = Scenario::new(&quick(long)).keeping_in(&store.clone());
    scenario.run(|world| async move {
        let web = four_and_steady(&world).await;
        web.measures([Act::value(LOW)]);
        web.set_count(9);
        world.advance(seconds(20)).await;
        assert_eq!(web.count(), 9);
        let over = Kind::Override {
            min: Some(2),
            max: None,
        };
        order(&store, over, midnight() + TimeDelta::seconds(25)).await;
        world.advance(seconds(60)).await;
        assert!(web.count() < 9, "people have said what they want now");
    });
}

#[test]
fn a_pause_is_told_with_it() {
    let store = MemoryStore::default();
    let scenario = Scenario::new(&quick("max_processes = 20")).keeping_in(&store.clone());
    scenario.run(|world| async move {
        let both = Kind::Pause {
            up: true,
            down: true,
        };
        order(&store, both, midnight()).await;
        let web = four_and_steady(&world).await;
        world.advance(seconds(60)).await;
        web.set_count(9);
        world.advance(seconds(10)).await;
        assert_eq!(
            told(&web),
            [
                "web: manual_scale up 4 -> 9: someone changed the count on the platform; the decisions may correct it as \
                 far as people let them: paused by ann until 00:30: test"
            ]
        );
    });
}

#[test]
fn a_reload_that_respects_nothing_lets_go_of_it() {
    Scenario::new(&quick(&format!("max_processes = 20\n{RESPECTED}"))).run(|world| async move {
        let web = four_and_steady(&world).await;
        web.measures([Act::value(LOW)]);
        web.set_count(7);
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 7);
        world.reload(&quick("max_processes = 20")).await.unwrap();
        world.advance(seconds(10)).await;
        assert!(web.count() < 7);
        assert_eq!(told(&web).len(), 1);
    });
}

#[test]
fn what_the_bot_does_itself_is_no_change_by_hand() {
    Scenario::new(&quick("max_processes = 20")).run(|world| async move {
        let web = four_and_steady(&world).await;
        web.measures([Act::value(HIGH), Act::value(HIGH), Act::value(STEADY)]);
        world.advance(seconds(60)).await;
        assert_eq!(web.was_scaled_to(), [5, 6]);
        assert_eq!(told(&web), Vec::<String>::new());
    });
}

#[test]
fn an_order_without_an_answer_may_still_be_carried_out() {
    for (acts, set, by_hand, because) in [
        (Act::Never, 5, 0, "it was done, and the answer was lost"),
        (Act::refuse("away"), 5, 0, "so it may be here"),
        (Act::Never, 7, 1, "nobody has asked for seven"),
        (Act::Never, 3, 1, "nor for fewer"),
    ] {
        Scenario::new(&quick("max_processes = 20")).run(|world| async move {
            let web = four_and_steady(&world).await;
            web.scales([acts]);
            web.measures([Act::value(HIGH), Act::value(STEADY)]);
            world.advance(seconds(14)).await;
            assert!(web.was_scaled_to().is_empty(), "{because}");
            web.set_count(set);
            world.advance(seconds(15)).await;
            assert_eq!(told(&web).len(), by_hand, "{because}: {:?}", web.told());
            web.set_count(4);
            world.advance(seconds(10)).await;
            assert_eq!(told(&web).len(), by_hand + 1, "and back: {because}");
        });
    }
}

#[test]
fn an_order_that_was_carried_out_without_an_answer_counts_as_a_scale() {
    let waits = quick("max_processes = 20").replace(
        "post_scale_wait_time_seconds = 0",
        "post_scale_wait_time_seconds = 60",
    );
    Scenario::new(&waits).run(|world| async move {
        let web = four_and_steady(&world).await;
        web.measures([Act::value(HIGH)]);
        web.scales([Act::refuse("lost"), Act::Answer(())]);
        world.advance(seconds(10)).await;
        assert_eq!(world.status("web").await.scales, 0, "nobody knows");
        web.set_count(5);
        world.advance(seconds(10)).await;
        let status = world.status("web").await;
        assert_eq!((web.count(), status.scales), (5, 1), "{}", status.reason);
        world.advance(seconds(40)).await;
        assert_eq!(web.count(), 5, "it is waited after it");
        world.advance(seconds(20)).await;
        assert_eq!(web.count(), 6);
    });
}

#[test]
fn in_the_shadow_others_scale() {
    Scenario::new(&quick(&format!("mode = \"shadow\"\n{RESPECTED}"))).run(|world| async move {
        let web = four_and_steady(&world).await;
        web.measures([Act::value(HIGH)]);
        web.set_count(2);
        world.advance(seconds(10)).await;
        assert_eq!(told(&web), Vec::<String>::new());
        let last = web.told().pop().unwrap_or_default();
        assert!(last.starts_with("web: scale up 2 -> 3"), "{last}");
    });
}

#[test]
fn during_a_release_it_is_not_judged_and_after_it_it_is() {
    Scenario::new(&quick("max_processes = 20")).run(|world| async move {
        let web = world.script("web");
        are(&web, 4, 0, 0);
        four_and_steady(&world).await;
        are(&web, 0, 4, 0);
        world.advance(seconds(10)).await;
        web.set_count(3);
        are(&web, 0, 3, 0);
        world.advance(seconds(30)).await;
        assert_eq!(told(&web), Vec::<String>::new(), "it may be the release's");
        web.set_count(4);
        are(&web, 4, 0, 0);
        world.advance(seconds(600)).await;
        assert_eq!(told(&web), Vec::<String>::new(), "it was");
        are(&web, 0, 4, 0);
        world.advance(seconds(10)).await;
        web.set_count(3);
        are(&web, 3, 0, 0);
        world.advance(seconds(10)).await;
        assert_eq!(told(&web).len(), 0, "just ended");
        world.advance(seconds(60)).await;
        assert_eq!(told(&web).len(), 1, "{:?}", web.told());
    });
}

#[test]
fn who_adds_by_hand_is_seen_while_what_was_added_boots() {
    Scenario::new(&quick("max_processes = 20")).run(|world| async move {
        let web = world.script("web");
        are(&web, 4, 0, 0);
        four_and_steady(&world).await;
        web.set_count(6);
        are(&web, 4, 2, 0);
        world.advance(seconds(10)).await;
        assert_eq!(told(&web).len(), 1, "{:?}", web.told());
    });
}

/// A run with this store that finds this count, from this second on, for 5 s.
fn run(store: &MemoryStore, second: i64, decision: &str, finds: u32) -> Vec<String> {
    let mut all = Vec::new();
    let into = &mut all;
    let scenario = Scenario::new(&quick(decision))
        .keeping_in(store)
        .starting_at(midnight() + TimeDelta::seconds(second));
    scenario.run(|world| async move {
        let web = world.script("web");
        web.set_count(finds);
        web.measures([Act::value(LOW)]);
        world.advance(seconds(5)).await;
        let told = web.told().into_iter();
        *into = told.filter(|text| text.contains("scale")).collect();
        world.advance(seconds(1)).await;
    });
    all
}

#[test]
fn a_change_while_the_bot_is_away_is_noticed_and_respected_over_restarts() {
    let store = MemoryStore::default();
    let decision = format!("max_processes = 20\nmin_processes = 4\n{RESPECTED}");
    assert_eq!(run(&store, 0, &decision, 4), Vec::<String>::new());
    let said = "web: manual_scale up 4 -> 7: someone changed the count on the platform; respected until 00:11";
    assert_eq!(run(&store, 600, &decision, 7), [said]);
    assert_eq!(
        run(&store, 630, &decision, 7),
        Vec::<String>::new(),
        "it goes on, and is not told anew"
    );
    let after = run(&store, 661, &decision, 7);
    assert!(after[0].starts_with("web: scale down 7 -> 6"), "{after:?}");
}

#[test]
fn a_scale_in_the_middle_of_which_the_bot_was_killed_is_its_own() {
    for (finds, by_hand, because) in [
        (5, 0, "it was made"),
        (4, 0, "it was not"),
        (8, 1, "somebody else was there"),
    ] {
        let store = MemoryStore::default();
        let killed = MemoryStore::default();
        let (into, seen) = (killed.clone(), store.clone());
        let decision = format!("max_processes = 20\nmin_processes = 4\n{RESPECTED}");
        Scenario::new(&quick(&decision))
            .keeping_in(&store)
            .run(|world| async move {
                let web = four_and_steady(&world).await;
                web.scales([Act::Never]);
                web.measures([Act::value(HIGH)]);
                world.advance(seconds(7)).await;
                let batch = Batch {
                    snapshots: seen.snapshot("web").into_iter().collect(),
                    ..Batch::default()
                };
                into.save(&batch).await.unwrap();
            });
        // An hour later.
        let told = run(&killed, 3600, &decision, finds);
        let manual = told.iter().filter(|text| text.contains("manual_scale"));
        assert_eq!(manual.count(), by_hand, "{because}: {told:?}");
    }
}

/// Leads from now on.
fn lead(world: &World, token: u64) {
    let until = world.now() + seconds(600);
    world.leadership().set(Some(Tenure { token, until }));
}

#[test]
fn what_another_replica_may_have_done_is_no_change_by_hand() {
    let scenario = Scenario::new(&quick("max_processes = 20")).contested();
    scenario.run(|world| async move {
        let web = four_and_steady(&world).await;
        web.set_count(5);
        world.advance(seconds(10)).await;
        assert_eq!(told(&web).len(), 0, "the leader's");
        lead(&world, 7);
        web.set_count(6);
        world.advance(seconds(10)).await;
        assert_eq!(told(&web).len(), 0, "its last");
        web.set_count(7);
        world.advance(seconds(10)).await;
        assert_eq!(told(&web).len(), 1, "{:?}", web.told());
        // Between two cycles another led.
        world.leadership().set(None);
        web.set_count(8);
        lead(&world, 9);
        world.advance(seconds(20)).await;
        let status = world.status("web").await;
        assert_eq!((told(&web).len(), status.count), (1, Some(8)));
        assert_eq!(status.scales, 3, "a scale of that one's");
    });
}
