//! What holds a scale back, and what does not: bounds, cooldown, a process switched off, a first start.

use autoscalebot::harness::{Act, Scenario};

use crate::{process, seconds};

#[test]
fn a_count_outside_the_bounds_is_corrected_at_once() {
    let decision = "min_processes = 2\nmax_processes = 4\npost_scale_wait_time_seconds = 600";
    Scenario::new(&process("web", decision)).run(|world| async move {
        let web = world.script("web");
        web.set_count(9);
        web.measures([Act::value(800.0)]);
        world.advance(seconds(1)).await;
        assert_eq!(
            web.count(),
            4,
            "at the first cycle, without waiting for results"
        );
        web.set_count(1);
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 2, "without waiting for the cooldown");
    });
}

#[test]
fn the_bounds_hold_even_when_nothing_can_be_measured() {
    Scenario::new(&process("web", "min_processes = 2\nmax_processes = 4")).run(
        |world| async move {
            let web = world.script("web");
            web.set_count(9);
            web.measures([Act::refuse("no route to host")]);
            world.advance(seconds(1)).await;
            assert_eq!(web.count(), 4);
            assert_eq!(
                web.told()[0],
                "web: measurement_failed: scripted: no route to host"
            );
        },
    );
}

#[test]
fn a_first_start_without_a_written_maximum_cuts_nothing() {
    Scenario::new(&process("web", "post_scale_wait_time_seconds = 0")).run(|world| async move {
        let web = world.script("web");
        web.set_count(8);
        web.measures([Act::value(800.0)]);
        world.advance(seconds(35)).await;
        assert_eq!((web.count(), web.was_scaled_to().len()), (8, 0));
        assert!(
            web.told()[0].contains("max_processes is not set"),
            "{:?}",
            web.told()
        );
        assert_eq!(web.told().len(), 1, "told once");
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(60)).await;
        assert_eq!(web.count(), 8, "and 8 is the maximum");
        web.measures([Act::value(1.0)]);
        world.advance(seconds(60)).await;
        assert_eq!(web.count(), 7, "it is no minimum");
    });
}

#[test]
fn off_means_off() {
    Scenario::new(&process("web", "min_processes = 1")).run(|world| async move {
        let web = world.script("web");
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(95)).await;
        assert_eq!(web.count(), 0, "switched off by hand, it stays off");
        assert_eq!(web.told().len(), 1);
        assert!(
            web.told()[0].starts_with("web: switched_off"),
            "{:?}",
            web.told()
        );
        web.set_count(1);
        world.advance(seconds(40)).await;
        assert_eq!(web.count(), 2, "switched on again, it is scaled again");
        assert!(
            web.told()[1].starts_with("web: switched_off ended"),
            "{:?}",
            web.told()
        );
    });
    Scenario::new(&process("web", "min_processes = 1\nzero_is_off = false")).run(
        |world| async move {
            world.advance(seconds(1)).await;
            assert_eq!(
                world.script("web").count(),
                1,
                "unless 0 is said not to mean off"
            );
        },
    );
}

#[test]
fn a_failed_scale_changes_nothing_and_is_tried_again() {
    Scenario::new(&process("web", "post_scale_wait_time_seconds = 600")).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        web.scales([Act::refuse("no"), Act::refuse("no"), Act::Answer(())]);
        world.advance(seconds(31)).await;
        assert_eq!(web.count(), 1);
        world.advance(seconds(10)).await;
        assert_eq!(
            web.count(),
            2,
            "the third try is two cycles later: no cooldown, the history is kept"
        );
        let failures: Vec<_> = web
            .told()
            .into_iter()
            .filter(|told| told.contains("scale_failed"))
            .collect();
        assert_eq!(
            failures.len(),
            2,
            "told when it begins and when it ends: {failures:?}"
        );
    });
}

#[test]
fn above_max_and_below_min_are_told_when_they_begin_and_end() {
    Scenario::new(&process(
        "web",
        "max_processes = 2\npost_scale_wait_time_seconds = 0",
    ))
    .run(|world| async move {
        let web = world.script("web");
        web.set_count(2);
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(100)).await;
        assert_eq!(web.told().len(), 1, "{:?}", web.told());
        assert!(
            web.told()[0].starts_with("web: above_max at 2: "),
            "{:?}",
            web.told()
        );
        web.measures([Act::value(800.0)]);
        world.advance(seconds(10)).await;
        assert!(
            web.told()[1].starts_with("web: above_max ended at 2"),
            "{:?}",
            web.told()
        );
        web.measures([Act::value(1.0)]);
        world.advance(seconds(200)).await;
        let told = web.told();
        assert_eq!(web.count(), 1);
        assert!(told[3].starts_with("web: below_min at 1: "), "{told:?}");
    });
}

#[test]
fn what_a_failed_measurement_counts_as() {
    for (on_failure, scales, results) in [("too_high", 1, 5), ("ignore", 0, 4), ("hold", 0, 2)] {
        let configuration = process("web", "").replace(
            "timeout_in_seconds = 8",
            &format!("timeout_in_seconds = 8, on_failure = \"{on_failure}\""),
        );
        Scenario::new(&configuration).run(|world| async move {
            let web = world.script("web");
            web.set_count(1);
            web.measures([Act::refuse("gone")]);
            world.advance(seconds(25)).await;
            assert_eq!(web.was_scaled_to().len(), scales, "{on_failure}");
            web.measures([
                Act::value(1.0),
                Act::value(1.0),
                Act::refuse("gone"),
                Act::value(1.0),
            ]);
            world.advance(seconds(50)).await;
            let history = world.status("web").await.history;
            assert_eq!(history, results, "{on_failure}");
        });
    }
}
