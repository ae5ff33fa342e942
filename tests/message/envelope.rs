//! The rules of the safety envelope through the whole path: steps, waits, windows, flapping, futility, rate and budget.

use autoscalebot::harness::{Act, Scenario};

use crate::{process, seconds};

/// One result is enough either way, nothing is waited for, and the count starts at 4.
fn quick(more: &str) -> String {
    let decision = format!(
        "max_processes = 20\nnumber_of_fails_to_scale_up_after = 1\nnumber_of_passes_to_scale_down_after = 1\n\
         post_scale_wait_time_seconds = 0\n{more}"
    );
    process("web", &decision).replace(
        "\"measurement_failed\"]",
        "\"measurement_failed\", \"futile\"]",
    )
}

#[test]
fn steps_are_per_direction_and_may_be_parts_of_the_whole() {
    let more = "scale_up_increment = \"50%\"\nscale_down_increment = 3";
    Scenario::new(&quick(more)).run(|world| async move {
        let web = world.script("web");
        web.set_count(4);
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(25)).await;
        assert_eq!(
            web.was_scaled_to(),
            [6, 9, 14],
            "half of what there is, rounded up"
        );
        web.measures([Act::value(1.0)]);
        world.advance(seconds(20)).await;
        assert_eq!(web.was_scaled_to()[3..], [11, 8]);
    });
}

#[test]
fn each_direction_has_its_own_wait() {
    let more = "scale_up_cooldown_seconds = 25\nscale_down_cooldown_seconds = 55";
    Scenario::new(&quick(more)).run(|world| async move {
        let web = world.script("web");
        web.set_count(4);
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(65)).await;
        assert_eq!(web.was_scaled_to(), [5, 6, 7], "at 0, 30 and 60 s");
        web.measures([Act::value(1.0)]);
        world.advance(seconds(100)).await;
        assert_eq!(web.was_scaled_to(), [5, 6, 7, 6], "and at 120 s, not at 70");
    });
}

#[test]
fn a_lull_shorter_than_its_window_takes_nothing_away() {
    let more = "scale_down_stabilization_window_seconds = 60";
    Scenario::new(&quick(more)).run(|world| async move {
        let web = world.script("web");
        web.set_count(4);
        web.measures([Act::value(1.0)]);
        world.advance(seconds(55)).await;
        assert_eq!(web.count(), 4, "a start is a window that nobody has seen");
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 3, "a minute of lull is enough");
        web.measures([Act::value(800.0), Act::value(1.0)]);
        world.advance(seconds(60)).await;
        assert_eq!(web.count(), 3, "one result within is a wish to stay");
        world.advance(seconds(20)).await;
        assert_eq!(web.count(), 2, "and a minute later it counts no more");
    });
}

#[test]
fn what_would_be_taken_back_is_not_done() {
    let thresholds = "min_measurement_value = 1000";
    let quick = |more: &str| quick(more).replace("min_measurement_value = 400", thresholds);
    Scenario::new(&quick("")).run(|world| async move {
        let web = world.script("web");
        web.set_count(2);
        web.measures([Act::value(900.0)]);
        world.advance(seconds(60)).await;
        assert_eq!(web.count(), 2, "900 over 2 would be 1800 over 1");
        web.measures([Act::value(500.0)]);
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 1, "500 over 2 would be 1000 over 1");
    });
    Scenario::new(&quick("flap_projection = false")).run(|world| async move {
        let web = world.script("web");
        web.set_count(2);
        web.measures([Act::value(900.0)]);
        world.advance(seconds(5)).await;
        assert_eq!(web.count(), 1, "whoever wants it may have it");
    });
}

#[test]
fn what_does_not_help_is_not_done_for_ever() {
    Scenario::new(&quick("futile_after = 3")).run(|world| async move {
        let web = world.script("web");
        web.set_count(4);
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(95)).await;
        assert_eq!(web.was_scaled_to(), [5, 6, 7], "three in vain");
        let futile: Vec<_> = web
            .told()
            .into_iter()
            .filter(|text| text.contains("futile"))
            .collect();
        assert_eq!(futile.len(), 1, "told once: {futile:?}");
        assert!(
            futile[0].contains("the bottleneck is elsewhere"),
            "{futile:?}"
        );
        web.measures([Act::value(800.0), Act::value(5000.0)]);
        world.advance(seconds(20)).await;
        assert!(
            web.told()
                .iter()
                .any(|text| text.starts_with("web: futile ended")),
            "{:?}",
            web.told()
        );
        assert_eq!(
            web.count(),
            8,
            "once nothing more was asked for, the question is open again"
        );
    });
}

#[test]
fn so_many_scales_an_hour_and_no_more() {
    Scenario::new(&quick("max_scales_per_hour = 3")).run(|world| async move {
        let web = world.script("web");
        web.set_count(4);
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(3595)).await;
        assert_eq!(web.was_scaled_to(), [5, 6, 7]);
        world.advance(seconds(10)).await;
        assert_eq!(
            web.was_scaled_to(),
            [5, 6, 7, 8],
            "the first is an hour old"
        );
        web.set_count(30);
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 20, "the bounds do not count");
    });
}

#[test]
fn once_the_budget_of_the_day_is_spent_the_minimum_is_all_there_is() {
    // It starts at midnight. 4 processes and the minimum of 1 for the rest: 4t + (24 - t) = 30 at t = 2 h.
    Scenario::new(&quick("max_process_hours_per_day = 30")).run(|world| async move {
        let web = world.script("web");
        web.set_count(4);
        web.measures([Act::value(800.0)]);
        world.advance(seconds(7190)).await;
        assert_eq!(web.count(), 4);
        world.advance(seconds(20)).await;
        assert_eq!(web.count(), 1, "{:?}", web.told());
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(3600 * 21)).await;
        assert_eq!(web.count(), 1, "whatever the load");
        world.advance(seconds(3600)).await;
        assert!(web.count() > 1, "until midnight");
        let told = web.told();
        assert!(
            told.iter().any(|text| text.contains(
                "what is left of the day's 30 process-hours is needed for the minimum of 1"
            )),
            "{told:?}"
        );
    });
}

#[test]
fn all_process_types_together_have_a_limit_and_the_first_come_first() {
    let process = |name: &str, priority: i32| {
        quick(&format!("priority = {priority}"))
            .replace("processes.web", &format!("processes.{name}"))
    };
    let all = format!(
        "[limits]\nmax_total_processes = 9\n{}{}",
        process("web", 1),
        process("celery", 0)
    );
    Scenario::new(&all).run(|world| async move {
        let (web, celery) = (world.script("web"), world.script("celery"));
        web.set_count(4);
        celery.set_count(3);
        web.measures([Act::value(800.0)]);
        celery.measures([Act::value(5000.0)]);
        world.advance(seconds(45)).await;
        assert_eq!(celery.count(), 5, "what is left");
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(30)).await;
        assert_eq!(
            (web.count(), celery.count()),
            (4, 5),
            "nothing is taken from anybody"
        );
        celery.set_count(4);
        world.advance(seconds(5)).await;
        assert_eq!(celery.count(), 4, "web, which waited, comes first");
        world.advance(seconds(20)).await;
        assert_eq!((web.count(), celery.count()), (5, 4));
        web.measures([Act::value(800.0)]);
        web.set_count(4);
        world.advance(seconds(20)).await;
        assert_eq!((web.count(), celery.count()), (4, 5), "and now celery");
    });
}

#[test]
fn those_whose_count_cannot_be_read_are_still_there() {
    let process = |name: &str| quick("").replace("processes.web", &format!("processes.{name}"));
    let all = format!(
        "[limits]\nmax_total_processes = 9\n{}{}",
        process("web"),
        process("celery")
    );
    Scenario::new(&all).run(|world| async move {
        let (web, celery) = (world.script("web"), world.script("celery"));
        web.set_count(4);
        celery.set_count(5);
        web.measures([Act::value(800.0)]);
        celery.measures([Act::value(800.0)]);
        world.advance(seconds(5)).await;
        celery.counts([Act::refuse("no route to host")]);
        world.advance(seconds(10)).await;
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(30)).await;
        assert_eq!(
            web.count(),
            4,
            "five of nine are the last that is known of celery"
        );
    });
}

#[test]
fn in_the_shadow_all_is_told_and_nothing_is_done() {
    Scenario::new(&quick("mode = \"shadow\"\nmin_processes = 2")).run(|world| async move {
        let web = world.script("web");
        web.set_count(4);
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(15)).await;
        web.set_count(1);
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 1, "not even the bounds are enforced");
        assert!(web.was_scaled_to().is_empty());
        let told = web.told();
        assert!(
            told[0].starts_with("web: scale up 4 -> 5: the last result, 5000, is above 1200"),
            "{told:?}"
        );
        assert!(
            told[0].ends_with("not done: mode is \"shadow\""),
            "{told:?}"
        );
        assert!(
            told.last()
                .unwrap()
                .contains("scale up 1 -> 2: 1 is below the minimum of 2"),
            "{told:?}"
        );
    });
}
