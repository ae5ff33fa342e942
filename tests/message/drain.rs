//! A drain before a scale down, through the whole path: how it begins, goes on and ends, and that it never outlives what
//! it was for. Cycles are at 0, 10, 20 s and so on.

use autoscalebot::cluster::lease::Tenure;
use autoscalebot::harness::{Act, MemoryStore, Scenario, Script, World};
use autoscalebot::model::{ProcessName, Role};
use autoscalebot::orders::{Draft, Kind};
use autoscalebot::record::{CycleRecord, telling};
use autoscalebot::state::{First, StateStore as _, Wanted};
use autoscalebot::supervisor::inject::Injected;
use chrono::{TimeDelta, TimeZone as _, Utc};

use crate::{process, seconds};

const HIGH: f64 = 5000.0;
const INSIDE: f64 = 800.0;
const LOW: f64 = 1.0;

const QUICK: &str = "max_processes = 20\nnumber_of_fails_to_scale_up_after = 1\nnumber_of_passes_to_scale_down_after = 1\n\
                     post_scale_wait_time_seconds = 0\n";

/// One result is enough either way, and a scale down drains for a minute at most.
fn drained() -> String {
    process("web", QUICK)
        .replace(
            "scaling = { backend = \"scripted\", ",
            "scaling = { backend = \"scripted\", drain = \"celery\", drain_broker_url = \"redis://a.test\", \
             drain_timeout_in_seconds = 60, ",
        )
        .replace("notify_on = [", "notify_on = [\"drain\", ")
}

/// What was said of draining.
fn errands(world: &World) -> Vec<String> {
    let of_a_drain = |said: &String| {
        ["Drain", "GiveBack", "GivenBack", "Scale"]
            .iter()
            .any(|word| said.starts_with(word))
    };
    world.said("web").into_iter().filter(of_a_drain).collect()
}

/// Fails unless a notice with this in it was delivered.
#[track_caller]
fn told(web: &Script, part: &str) {
    let told = web.told();
    assert!(told.iter().any(|told| told.contains(part)), "{told:#?}");
}

fn no_words() -> Vec<String> {
    Vec::new()
}

#[test]
fn who_goes_finishes_its_work_first() {
    Scenario::new(&drained()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.has_tasks("web.3", Some(2));
        web.measures([Act::value(INSIDE)]);
        world.advance(seconds(5)).await;
        assert_eq!(web.held(), no_words(), "nothing is wished for");
        web.measures([Act::value(LOW)]);
        world.advance(seconds(10)).await;
        assert_eq!((web.count(), web.held()), (3, vec!["web.3".to_owned()]));
        assert_eq!(
            world.status("web").await.reason,
            "the last result, 1, is below 400; draining web.3 since 00:00:10, 60 s at most: 2 tasks left"
        );
        web.has_tasks("web.3", Some(1));
        world.advance(seconds(20)).await;
        assert_eq!(web.count(), 3, "at 20 and 30 s a task was left");
        assert_eq!(
            web.told(),
            ["web: drain at 3: draining web.3 since 00:00:10, 60 s at most: 2 tasks left"],
            "told once"
        );
        web.has_tasks("web.3", Some(0));
        web.measures([Act::value(LOW), Act::value(INSIDE)]);
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 2);
        assert_eq!(
            web.told()[1..],
            [
                "web: drain ended at 2: drained web.3 in 30 s",
                "web: scale down 3 -> 2: the last result, 1, is below 400; drained web.3 in 30 s"
            ]
        );
        world.advance(seconds(10)).await;
        assert_eq!(web.held(), no_words(), "nothing is owed to who has gone");
        let said = errands(&world);
        let expected = [
            "GiveBack",
            "GivenBack",
            "Drain 3 -> 2",
            "Drained web.3=2",
            "Drain 3 -> 2",
            "Drained web.3=1",
            "Drain 3 -> 2",
            "Drained web.3=1",
            "Drain 3 -> 2",
            "Drained web.3=0",
            "Scale 3 -> 2",
            "Scaled 3 -> 2",
            "GiveBack",
            "GivenBack",
        ];
        assert_eq!(said, expected, "asked again at each cycle");
    });
}

#[test]
fn who_has_no_work_goes_at_once() {
    Scenario::new(&drained()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.measures([Act::value(LOW), Act::value(INSIDE)]);
        world.advance(seconds(5)).await;
        assert_eq!(web.count(), 2, "in the same cycle");
        assert_eq!(
            web.told(),
            ["web: scale down 3 -> 2: the last result, 1, is below 400; drained web.3 in 0 s"]
        );
    });
}

#[test]
fn a_rise_in_load_breaks_it_off_and_gives_back() {
    for (load, wanted) in [(INSIDE, 3), (HIGH, 4)] {
        Scenario::new(&drained()).run(|world| async move {
            let web = world.script("web");
            web.set_count(3);
            web.has_tasks("web.3", Some(2));
            web.has_tasks("web.4", Some(2));
            web.measures([Act::value(LOW)]);
            world.advance(seconds(25)).await;
            assert_eq!(web.held(), ["web.3"]);
            web.measures([Act::value(load), Act::value(INSIDE)]);
            world.advance(seconds(10)).await;
            assert_eq!((web.count(), web.held()), (wanted, no_words()));
            let why = if load > INSIDE {
                "more are wished for"
            } else {
                "fewer are no longer wished for"
            };
            assert_eq!(
                web.told()[1],
                format!(
                    "web: drain ended at 3: drain of web.3 broken off after 30 s: {why}; what was taken away is given back"
                )
            );
            // Another drain has all of its time.
            web.measures([Act::value(LOW)]);
            world.advance(seconds(55)).await;
            assert_eq!(web.count(), wanted);
        });
    }
}

#[test]
fn no_answer_is_not_idle_and_is_waited_for_until_the_time_out() {
    for (silent, left) in [(true, "web.3 does not answer"), (false, "1 task left")] {
        Scenario::new(&drained()).run(|world| async move {
            let web = world.script("web");
            web.set_count(3);
            web.has_tasks("web.3", (!silent).then_some(1));
            web.measures([Act::value(LOW)]);
            world.advance(seconds(55)).await;
            assert_eq!(web.count(), 3, "at 50 s");
            web.measures([Act::value(LOW), Act::value(INSIDE)]);
            world.advance(seconds(10)).await;
            assert_eq!(web.count(), 2, "at 60 s");
            let how = format!("web.3 not drained after 60 s: {left}");
            assert_eq!(
                web.told()[1..],
                [
                    format!("web: drain ended at 2: {how}"),
                    format!("web: scale down 3 -> 2: the last result, 1, is below 400; {how}")
                ]
            );
        });
    }
}

#[test]
fn a_broker_that_is_away_is_no_idle_worker_either_and_blocks_nothing() {
    Scenario::new(&drained()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.measures([Act::value(INSIDE)]);
        world.advance(seconds(5)).await;
        web.drains([Act::Never]);
        web.measures([Act::value(LOW)]);
        world.advance(seconds(60)).await;
        assert_eq!(web.count(), 3);
        let reason = world.status("web").await.reason;
        assert!(
            reason.ends_with(" s at most: no end within 10 s"),
            "{reason}"
        );
        web.drains([Act::refuse("redis at a.test:6379: connection refused")]);
        world.advance(seconds(15)).await;
        let how = "web.3 not drained after 60 s: redis at a.test:6379: connection refused";
        told(&web, how);
        assert!(web.count() < 3);
    });
}

#[test]
fn several_go_together_and_nobody_joins_them_later() {
    let three = drained().replace(
        "[processes.web.decision]\n",
        "[processes.web.decision]\nincrement = 3\n",
    );
    Scenario::new(&three).run(|world| async move {
        let web = world.script("web");
        web.set_count(5);
        for name in ["web.3", "web.4", "web.5"] {
            web.has_tasks(name, Some(1));
        }
        web.measures([Act::value(LOW)]);
        world.advance(seconds(5)).await;
        assert_eq!(web.held(), ["web.3", "web.4", "web.5"]);
        for name in ["web.3", "web.5"] {
            web.has_tasks(name, Some(0));
        }
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 5, "one of them has work");
        web.has_tasks("web.4", Some(0));
        world.advance(seconds(10)).await;
        assert_eq!(web.was_scaled_to(), [2], "all of them");
        // Somebody adds two by hand in the middle of the next drain: others go.
        web.has_tasks("web.2", Some(1));
        world.advance(seconds(10)).await;
        assert_eq!(web.held(), ["web.2"], "no further than the minimum");
        web.set_count(4);
        web.has_tasks("web.4", Some(1));
        world.advance(seconds(10)).await;
        assert!(web.held().is_empty(), "what was measured is of two");
        world.advance(seconds(10)).await;
        assert_eq!(web.held(), ["web.2", "web.3", "web.4"]);
    });
}

#[test]
fn fewer_that_are_to_go_are_let_go_of() {
    let scripted = drained().replace(
        "[processes.web.decision]\n",
        "[processes.web.decision]\nbackend = \"scripted\"\n",
    );
    let scripted = scripted.replace(
        "min_measurement_value = 400\nmax_measurement_value = 1200\n",
        "",
    );
    let scripted = scripted.replace(
        QUICK,
        "max_processes = 20\npost_scale_wait_time_seconds = 0\n",
    );
    Scenario::new(&scripted).run(|world| async move {
        let web = world.script("web");
        web.set_count(5);
        for name in ["web.3", "web.4", "web.5"] {
            web.has_tasks(name, Some(1));
        }
        web.decides([Act::Answer(2), Act::Answer(4), Act::Answer(1)]);
        world.advance(seconds(5)).await;
        assert_eq!(web.held(), ["web.3", "web.4", "web.5"]);
        world.advance(seconds(10)).await;
        assert_eq!(web.held(), ["web.5"], "fewer are wished away");
        world.advance(seconds(10)).await;
        assert_eq!(web.held(), ["web.5"], "more of them: after this drain");
    });
}

#[test]
fn a_platform_that_does_not_say_who_goes_is_scaled_and_that_is_said() {
    Scenario::new(&drained()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.is_anonymous(true);
        web.measures([Act::value(LOW), Act::value(INSIDE)]);
        world.advance(seconds(5)).await;
        assert_eq!(
            web.told(),
            ["web: scale down 3 -> 2: the last result, 1, is below 400; not drained, for nobody knows which go"]
        );
    });
}

#[test]
fn a_scale_that_fails_leaves_them_drained_and_is_tried_again() {
    Scenario::new(&drained()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.scales([Act::refuse("503"), Act::Answer(())]);
        web.measures([Act::value(LOW), Act::value(LOW), Act::value(INSIDE)]);
        world.advance(seconds(5)).await;
        assert_eq!((web.count(), web.held()), (3, vec!["web.3".to_owned()]));
        world.advance(seconds(10)).await;
        assert_eq!((web.count(), web.held()), (2, no_words()));
        assert!(
            web.told()[2].ends_with("drained web.3 in 10 s"),
            "{:#?}",
            web.told()
        );
    });
}

#[test]
fn measuring_and_deciding_go_on_meanwhile() {
    Scenario::new(&drained()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.has_tasks("web.3", Some(1));
        web.measures([Act::value(LOW)]);
        web.drains([Act::Answer(()).after(seconds(2))]);
        world.advance(seconds(55)).await;
        let said = world.said("web");
        let many = |word: &str| said.iter().filter(|said| said.starts_with(word)).count();
        assert_eq!(
            (many("Measured"), many("Decided")),
            (6, 6),
            "at 0, 10, … 50 s"
        );
        assert_eq!(world.status("web").await.skipped, 0);
    });
}

#[test]
fn what_holds_a_scale_down_back_for_a_while_does_not_end_its_drain() {
    let ignoring = drained().replace(
        "timeout_in_seconds = 8",
        "on_failure = \"ignore\", distrust_zero_after_outage_in_seconds = 25",
    );
    Scenario::new(&ignoring).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.has_tasks("web.3", Some(1));
        web.measures([Act::value(LOW), Act::value(LOW), Act::refuse("gone")]);
        world.advance(seconds(15)).await;
        assert_eq!(web.held(), ["web.3"]);
        world.advance(seconds(10)).await;
        assert_eq!(
            web.held(),
            no_words(),
            "nothing is known: nobody is kept from work"
        );
        told(&web, "broken off after 20 s: not measured");

        // Zeros right after it are distrusted: no scale down, but fewer are wished for.
        web.measures([Act::value(LOW), Act::value(0.0)]);
        world.advance(seconds(10)).await;
        assert_eq!(web.held(), ["web.3"], "at 30 s, of a sound result");
        web.has_tasks("web.3", Some(0));
        world.advance(seconds(10)).await;
        assert_eq!((web.count(), web.held()), (3, vec!["web.3".to_owned()]));
        let reason = world.status("web").await.reason;
        assert!(reason.ends_with("; the drain of web.3 goes on"), "{reason}");
        world.advance(seconds(20)).await;
        assert_eq!(web.count(), 2, "trusted again");
    });
}

#[test]
fn a_drain_that_is_held_back_for_all_of_its_time_is_broken_off() {
    let ignoring = drained().replace(
        "timeout_in_seconds = 8",
        "distrust_zero_after_outage_in_seconds = 900, on_failure = \"ignore\"",
    );
    Scenario::new(&ignoring).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.has_tasks("web.3", Some(1));
        web.measures([Act::refuse("gone"), Act::value(LOW), Act::value(0.0)]);
        world.advance(seconds(15)).await;
        assert_eq!(web.held(), ["web.3"], "at 10 s, of a sound result");
        world.advance(seconds(50)).await;
        assert_eq!(web.held(), ["web.3"], "at 60 s");
        world.advance(seconds(10)).await;
        assert_eq!((web.count(), web.held()), (3, no_words()), "at 70 s");
        told(&web, "broken off after 60 s: not down on");
    });
}

#[test]
fn a_pause_breaks_it_off() {
    let store = MemoryStore::default();
    let orders = store.clone();
    Scenario::new(&drained())
        .keeping_in(&store)
        .run(|world| async move {
            let web = world.script("web");
            web.set_count(3);
            web.has_tasks("web.3", Some(1));
            web.measures([Act::value(LOW)]);
            world.advance(seconds(15)).await;
            assert_eq!(web.held(), ["web.3"]);
            let begins = Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap();
            let pause = Draft {
                process: ProcessName::new("web").unwrap(),
                kind: Kind::Pause {
                    up: false,
                    down: true,
                },
                owner: "ann".to_owned(),
                because: "a demonstration".to_owned(),
                begins,
                ends: begins + TimeDelta::hours(2),
            };
            orders.put(&pause).await.unwrap();
            world.advance(seconds(40)).await;
            assert_eq!((web.count(), web.held()), (3, no_words()));
            let told = web.told();
            let ended = told
                .iter()
                .find(|told| told.contains("drain ended"))
                .unwrap();
            assert!(ended.contains("paused"), "{ended}");
        });
}

#[test]
fn a_process_in_the_shadow_drains_nobody_and_gives_nothing_back() {
    let shadow = drained().replace(QUICK, &format!("{QUICK}mode = \"shadow\"\n"));
    Scenario::new(&shadow).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.was_left_drained("web.2");
        web.has_tasks("web.3", Some(1));
        web.measures([Act::value(LOW)]);
        world.advance(seconds(35)).await;
        assert_eq!((web.count(), web.held()), (3, vec!["web.2".to_owned()]));
        assert_eq!(errands(&world), no_words());
    });
}

#[test]
fn what_an_earlier_run_left_is_given_back_at_the_start() {
    Scenario::new(&drained()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.was_left_drained("web.3");
        web.measures([Act::value(INSIDE)]);
        web.drains([Act::refuse("no Redis"), Act::Answer(())]);
        world.advance(seconds(5)).await;
        assert_eq!(web.held(), ["web.3"], "it could not be");
        world.advance(seconds(10)).await;
        assert_eq!(web.held(), no_words(), "but now");
        world.advance(seconds(30)).await;
        let said = errands(&world);
        assert_eq!(
            said,
            [
                "GiveBack",
                "GivenBack not: no Redis",
                "GiveBack",
                "GivenBack"
            ]
        );
        assert_eq!(web.told(), no_words());
    });
}

#[test]
fn a_debt_that_cannot_be_paid_is_told_and_paid_later() {
    Scenario::new(&drained()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.has_tasks("web.3", Some(1));
        web.measures([Act::value(LOW), Act::value(INSIDE)]);
        world.advance(seconds(5)).await;
        web.has_tasks("web.3", None);
        world.advance(seconds(20)).await;
        assert_eq!(web.held(), ["web.3"]);
        let told = web.told();
        assert_eq!(
            told.last().unwrap(),
            "web: drain: what a drain took away could not be given back yet: no word from web.3"
        );
        web.has_tasks("web.3", Some(0));
        world.advance(seconds(10)).await;
        assert_eq!(web.held(), no_words());
        let told = web.told();
        assert_eq!(
            told.last().unwrap(),
            "web: drain ended: what was taken away was given back"
        );
    });
}

#[test]
fn the_end_of_the_bot_gives_back_unless_all_ends_with_it() {
    for (ends_too, held) in [(false, no_words()), (true, vec!["web.3".to_owned()])] {
        Scenario::new(&drained()).run(|world| async move {
            let web = world.script("web");
            web.set_count(3);
            web.ends_with_the_bot(ends_too);
            web.has_tasks("web.3", Some(1));
            web.measures([Act::value(LOW)]);
            // The look of the cycle under way has not ended.
            web.drains([
                Act::Answer(()),
                Act::Answer(()).after(seconds(3)),
                Act::Answer(()),
            ]);
            world.advance(seconds(11)).await;
            world.shut_down().await;
            assert_eq!((web.count(), web.held()), (3, held));
            assert!(world.now() < seconds(15), "{:?}", world.now());
        });
    }
}

#[test]
fn a_look_that_finds_them_idle_during_a_shutdown_scales_nothing() {
    Scenario::new(&drained()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.measures([Act::value(LOW)]);
        web.drains([Act::Answer(()).after(seconds(3)), Act::Answer(())]);
        world.advance(seconds(1)).await;
        world.shut_down().await;
        assert_eq!((web.count(), web.held()), (3, no_words()));
    });
}

#[test]
fn other_settings_give_back_and_may_drain_anew() {
    Scenario::new(&drained()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.has_tasks("web.3", Some(1));
        web.measures([Act::value(LOW)]);
        world.advance(seconds(45)).await;
        assert_eq!(web.held(), ["web.3"]);
        web.measures([Act::value(INSIDE), Act::value(LOW)]);
        let other = drained().replace(
            "drain_timeout_in_seconds = 60",
            "drain_timeout_in_seconds = 30",
        );
        world.reload(&other).await.unwrap();
        assert_eq!(web.held(), no_words(), "at once");
        world.advance(seconds(15)).await;
        assert_eq!(web.held(), ["web.3"], "from the beginning");
        world.advance(seconds(20)).await;
        assert_eq!(web.count(), 3, "the old drain's time counts for nothing");
        world.advance(seconds(15)).await;
        assert!(web.count() < 3);
    });
}

#[test]
fn no_drain_any_more_is_no_drain_left_behind() {
    Scenario::new(&drained()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.has_tasks("web.3", Some(1));
        web.measures([Act::value(LOW)]);
        world.advance(seconds(15)).await;
        web.measures([Act::value(INSIDE)]);
        world.reload(&process("web", QUICK)).await.unwrap();
        assert_eq!((web.count(), web.held()), (3, no_words()));
        world.rewind();
        world.advance(seconds(30)).await;
        assert_eq!(errands(&world), no_words());
    });
}

#[test]
fn a_drain_outlives_the_scaling_part() {
    Scenario::new(&drained()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.has_tasks("web.3", Some(1));
        web.measures([Act::value(LOW)]);
        world.advance(seconds(15)).await;
        world.inject("web", Role::Scale, Injected::Panic).await;
        world.advance(seconds(50)).await;
        told(&web, "web.3 not drained after 60 s");
    });
}

#[test]
fn a_look_that_dies_with_its_actor_is_a_lost_cycle_and_no_failed_scale() {
    Scenario::new(&drained()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.has_tasks("web.3", Some(1));
        web.measures([Act::value(LOW)]);
        web.drains([Act::Panic, Act::Answer(())]);
        world.advance(seconds(25)).await;
        let told = web.told();
        assert!(
            !told.iter().any(|told| told.contains("scale_failed")),
            "{told:#?}"
        );
        assert_eq!(web.held(), ["web.3"], "the next cycle goes on");
    });
}

#[test]
fn who_is_degraded_drains_nobody() {
    let frail = "[supervision]\nmax_restarts = 0\n".to_owned() + &drained();
    Scenario::new(&frail).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.has_tasks("web.3", Some(1));
        web.measures([Act::value(LOW)]);
        world.advance(seconds(15)).await;
        world.inject("web", Role::Measure, Injected::Panic).await;
        world.advance(seconds(1)).await;
        assert_eq!(web.held(), ["web.3"], "rebuilt: it goes on");
        world.inject("web", Role::Measure, Injected::Panic).await;
        world.advance(seconds(1)).await;
        told(&web, "web: degraded");
        assert_eq!(web.held(), no_words());
    });
}

#[test]
fn only_the_leader_drains_and_the_next_one_finds_what_is_left() {
    let lead = |world: &World, token: u64, many: u64| {
        let until = world.now() + seconds(many);
        world.leadership().set(Some(Tenure { token, until }));
    };
    Scenario::new(&drained())
        .contested()
        .run(|world| async move {
            let web = world.script("web");
            web.set_count(3);
            web.has_tasks("web.3", Some(1));
            web.measures([Act::value(LOW)]);
            world.advance(seconds(15)).await;
            assert_eq!(errands(&world), no_words(), "another leads");
            lead(&world, 1, 20);
            world.advance(seconds(10)).await;
            assert_eq!(web.held(), ["web.3"]);
            // Another leads again: what is drained is its own business.
            world.advance(seconds(20)).await;
            assert_eq!(web.held(), ["web.3"]);
            web.measures([Act::value(INSIDE)]);
            world.rewind();
            world.advance(seconds(20)).await;
            assert_eq!(errands(&world), no_words());
            lead(&world, 3, 600);
            world.advance(seconds(20)).await;
            assert_eq!(web.held(), no_words(), "given back by who leads now");
        });
}

#[test]
fn the_record_says_who_is_drained_and_how_it_ended() {
    let store = MemoryStore::default();
    let kept = store.clone();
    Scenario::new(&drained()).keeping_in(&store).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.has_tasks("web.3", Some(2));
        web.measures([Act::value(LOW)]);
        world.advance(seconds(15)).await;
        web.has_tasks("web.3", Some(0));
        web.measures([Act::value(LOW), Act::value(INSIDE)]);
        world.advance(seconds(15)).await;
        let process = ProcessName::new("web").unwrap();
        let wanted = Wanted {
            since: None,
            until: None,
            first: First::Oldest,
            most: 100,
        };
        let records = kept.records(&process, wanted).await.unwrap();
        let records = records.iter().map(|record| serde_json::from_str(&record.text).unwrap());
        let records: Vec<CycleRecord> = records.collect();
        let outcomes: Vec<String> = records
            .iter()
            .map(|record| {
                let recomputed = record.recomputed();
                assert_eq!(recomputed, record.reached().map(i64::from), "{record:?}");
                format!("{}: {}", telling::outcome(record), record.reason)
            })
            .collect();
        assert_eq!(records[0].otherwise[0], "down to 2, if they had had no work left");
        let told = telling::told(&records[0], chrono_tz::UTC);
        let rule = "rules      drain: 2 -> 3\n";
        assert!(told.contains(rule), "{told}");
        let low = "the last result, 1, is below 400";
        assert_eq!(
            outcomes,
            [
                format!(
                    "stays at 3, and drains for 2: {low}; draining web.3 since 00:00:00, 60 s at most: 2 tasks left"
                ),
                format!(
                    "stays at 3, and drains for 2: {low}; draining web.3 since 00:00:00, 60 s at most: 2 tasks left"
                ),
                format!("scaled down 3 -> 2: {low}; drained web.3 in 20 s"),
            ]
        );
    });
}

#[test]
fn one_of_several_that_becomes_unknown_ends_it() {
    let two = drained().replace(
        "measurement = { backend = \"scripted\", measurement_interval_in_seconds = 10, timeout_in_seconds = 8 }",
        "measurement = [{ backend = \"scripted\", name = \"a\", script = \"a\", measurement_interval_in_seconds = 10, \
         timeout_in_seconds = 8 }, { backend = \"scripted\", name = \"b\", script = \"b\" }]",
    );
    Scenario::new(&two).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        web.has_tasks("web.3", Some(2));
        web.measures_as("a", [Act::value(LOW)]);
        web.measures_as("b", [Act::value(LOW)]);
        world.advance(seconds(15)).await;
        assert_eq!(web.held(), ["web.3"]);
        web.measures_as("b", [Act::refuse("gone")]);
        world.advance(seconds(10)).await;
        assert_eq!((web.count(), web.held()), (3, no_words()));
        let reason = world.status("web").await.reason;
        assert!(
            reason.contains("not down while b is not measured"),
            "{reason}"
        );
        assert!(
            reason.contains("what was taken away is given back"),
            "{reason}"
        );
    });
}

#[test]
fn a_challenger_drains_nobody() {
    let challenged = drained() + "[processes.web.challenger]\nmin_measurement_value = 1000\n";
    let store = MemoryStore::default();
    Scenario::new(&challenged)
        .keeping_in(&store)
        .run(|world| async move {
            let web = world.script("web");
            web.set_count(3);
            web.has_tasks("web.3", Some(2));
            web.measures([Act::value(INSIDE)]);
            world.advance(seconds(35)).await;
            assert_eq!((web.count(), web.held()), (3, no_words()));
            let drains = errands(&world);
            let none = drains.iter().all(|said| !said.starts_with("Drain"));
            assert!(none, "{drains:?}");
        });
    let batches = store.batches();
    let mut records = batches.iter().flat_map(|batch| &batch.records);
    let would = |record: &&autoscalebot::state::Record| {
        record.process.as_str() == "web.challenger" && record.text.contains("would")
    };
    assert!(records.any(|record| would(&record)), "it wants fewer");
}
