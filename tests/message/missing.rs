//! What is done while nothing is known, when the user has chosen: `on_missing_up` and `on_missing_down`.

use std::rc::Rc;

use autoscalebot::backend::{Backend, no_check};
use autoscalebot::harness::{Act, Scenario, Script};
use autoscalebot::measurement::{MeasureError, MeasurementBackend, OnFailure, Sample};

use crate::{process, seconds};

const DECISION: &str =
    "max_processes = 9\nnumber_of_passes_to_scale_down_after = 3\npost_scale_wait_time_seconds = 1";

/// A process that is measured every 10 s, with these lines more in its measurement table. Three results are needed in
/// either direction.
fn missing(more: &str) -> Scenario {
    let configuration = process("web", DECISION).replace(
        "timeout_in_seconds = 8 }",
        &format!("timeout_in_seconds = 8, {more} }}"),
    );
    Scenario::new(&configuration)
}

fn told(web: &Script, part: &str) -> bool {
    web.told().iter().any(|text| text.contains(part))
}

#[test]
fn a_floor_upwards_is_reached_at_once_and_nothing_goes_down_for_it() {
    missing("on_missing_up = \"floor\", missing_floor = 4").run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::refuse("gone")]);
        world.advance(seconds(1)).await;
        assert_eq!(web.count(), 4);
        let reason = "nothing is known (gone), and missing_floor is 4";
        assert!(told(&web, reason), "{:?}", web.told());
        world.advance(seconds(600)).await;
        web.set_count(7);
        world.advance(seconds(600)).await;
        assert_eq!(web.count(), 7, "on_missing_down is hold");
    });
}

#[test]
fn a_floor_downwards_is_reached_when_nothing_was_known_for_longer_than_the_window() {
    let more = "on_missing_down = \"floor\", missing_floor = 2, max_age_in_seconds = 45";
    missing(more).run(|world| async move {
        let web = world.script("web");
        web.set_count(6);
        web.measures([Act::value(800.0), Act::value(800.0), Act::refuse("gone")]);
        world.advance(seconds(65)).await; // nothing is known from 20 s on
        assert_eq!(web.count(), 6);
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 2, "at 70 s, in one step: {:?}", web.told());
        web.set_count(1);
        world.advance(seconds(600)).await;
        assert_eq!(web.was_scaled_to(), [2], "neither below it, nor up to it");
    });
}

#[test]
fn a_value_in_between_begins_the_time_anew() {
    let more = "on_missing_down = \"floor\", missing_floor = 2, max_age_in_seconds = 45";
    missing(more).run(|world| async move {
        let web = world.script("web");
        web.set_count(6);
        for _ in 0..10 {
            let gone = || Act::refuse("gone");
            web.measures([Act::value(800.0), gone(), gone(), gone(), gone()]);
            world.advance(seconds(50)).await;
        }
        assert_eq!(web.was_scaled_to(), [0; 0]);
    });
}

#[test]
fn the_last_known_result_goes_up_once_and_is_forgotten_by_the_scale() {
    let more = "on_missing_up = \"last_known\", last_known_for_seconds = 3600";
    missing(more).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0), Act::refuse("gone")]);
        world.advance(seconds(15)).await;
        assert_eq!(web.count(), 1, "two are not three");
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 2, "as if it had been measured three times");
        assert!(told(&web, "taken again"), "{:?}", web.told());
        world.advance(seconds(600)).await;
        assert_eq!(web.count(), 2, "it says nothing about the count of 2");
    });
}

#[test]
fn the_last_known_result_goes_down_only_where_that_is_said() {
    for (down, count) in [("hold", 5), ("last_known", 4)] {
        let more = format!(
            "on_missing_up = \"last_known\", on_missing_down = \"{down}\", last_known_for_seconds = 3600"
        );
        missing(&more).run(|world| async move {
            let web = world.script("web");
            web.set_count(5);
            web.measures([Act::value(100.0), Act::refuse("gone")]);
            world.advance(seconds(600)).await;
            assert_eq!(web.count(), count, "{down}: {:?}", web.told());
        });
    }
}

#[test]
fn a_result_is_taken_again_while_it_is_young_and_as_sound_as_it_was() {
    let more = "on_missing_up = \"last_known\", on_missing_down = \"last_known\", last_known_for_seconds = 15";
    missing(more).run(|world| async move {
        let web = world.script("web");
        web.set_count(5);
        web.measures([Act::value(100.0), Act::refuse("gone")]);
        world.advance(seconds(600)).await;
        assert_eq!(web.count(), 5, "once at 10 s, and too old at 20 s");
    });
    let more = "on_missing_up = \"last_known\", on_missing_down = \"last_known\", last_known_for_seconds = 3600";
    missing(more).run(|world| async move {
        let web = world.script("web");
        web.set_count(5);
        let gone = || Act::refuse("gone");
        web.measures([gone(), Act::value(0.0), gone()]);
        world.advance(seconds(600)).await;
        assert_eq!(
            web.count(),
            5,
            "a zero after an outage is none the sounder for it"
        );
    });
}

struct Overloaded;

#[async_trait::async_trait(?Send)]
impl MeasurementBackend for Overloaded {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        Err(MeasureError::ServerError("503".to_owned()))
    }

    fn counts_as(&self, _: &MeasureError) -> OnFailure {
        OnFailure::TooHigh
    }
}

static OVERLOADED: Backend<dyn MeasurementBackend> = Backend {
    name: "overloaded",
    summary: "fails, which counts as too high, as response_time's time-outs do",
    settings: &[],
    example: "",
    check: no_check,
    build: |_, _| Ok(Rc::new(Overloaded)),
};

#[test]
fn what_counts_as_too_high_is_a_result_and_not_missing() {
    let table = "backend = \"overloaded\", on_missing_down = \"floor\", missing_floor = 1, max_age_in_seconds = 5";
    let configuration = process("web", DECISION).replacen("backend = \"scripted\"", table, 1);
    Scenario::new(&configuration)
        .with_measurement(&OVERLOADED)
        .run(|world| async move {
            let web = world.script("web");
            web.set_count(5);
            world.advance(seconds(25)).await;
            assert_eq!(web.was_scaled_to(), [6], "three of them: {:?}", web.told());
        });
}

#[test]
fn the_bounds_and_the_wait_hold_for_a_floor_too() {
    missing("on_missing_up = \"floor\", missing_floor = 9").run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::refuse("gone")]);
        web.scales([Act::refuse("no"), Act::Answer(())]);
        world.advance(seconds(5)).await;
        assert_eq!(web.count(), 1);
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 9, "a failed scale is tried again");
    });
    let bounded = process("web", "min_processes = 3\nmax_processes = 5").replace(
        "timeout_in_seconds = 8 }",
        "timeout_in_seconds = 8, on_missing_down = \"floor\", missing_floor = 0, max_age_in_seconds = 5 }",
    );
    Scenario::new(&bounded).run(|world| async move {
        let web = world.script("web");
        web.set_count(5);
        web.measures([Act::refuse("gone")]);
        world.advance(seconds(100)).await;
        assert_eq!(web.was_scaled_to(), [3], "no lower than min_processes");
    });
}
