//! Never down on bad data, whatever went wrong and for however long; and down again when what is measured can be trusted.

use autoscalebot::harness::{Act, Scenario};
use serde_json::Value;

use crate::{process, seconds};

const DECISION: &str =
    "max_processes = 6\nnumber_of_passes_to_scale_down_after = 3\npost_scale_wait_time_seconds = 1";

/// The same process, with these lines more in its measurement table.
fn measured(more: &str) -> String {
    process("web", DECISION).replace(
        "timeout_in_seconds = 8 }",
        &format!("timeout_in_seconds = 8, {more} }}"),
    )
}

#[test]
fn no_scale_down_rests_on_a_window_with_an_unknown_in_it() {
    // `ignore` keeps a failure out of the history: without the marks, two old passes and a new one would be enough.
    Scenario::new(&measured("on_failure = \"ignore\"")).run(|world| async move {
        let web = world.script("web");
        web.set_count(5);
        web.measures([
            Act::value(100.0),
            Act::value(100.0),
            Act::refuse("connection reset"),
            Act::value(100.0),
            Act::refuse("connection reset"),
            Act::value(100.0),
            Act::value(100.0),
            Act::refuse("connection reset"),
        ]);
        world.advance(seconds(295)).await;
        assert_eq!(web.count(), 5, "{:?}", web.told());
        web.measures([Act::value(100.0)]);
        world.advance(seconds(25)).await;
        assert_eq!(web.count(), 5, "two are not three");
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 4, "three sound ones in a row");
    });
}

#[test]
fn zeros_after_an_outage_are_distrusted_for_a_while() {
    let setting = "distrust_zero_after_outage_in_seconds = 120, on_failure = \"ignore\"";
    Scenario::new(&measured(setting)).run(|world| async move {
        let web = world.script("web");
        web.set_count(5);
        web.measures([Act::refuse("down"), Act::value(0.0)]);
        world.advance(seconds(115)).await;
        assert_eq!(web.count(), 5, "the first zero was measured at 10 s");
        world.advance(seconds(50)).await;
        assert_eq!(web.count(), 4, "three zeros past 130 s are believed");
        let told = web.told();
        assert!(
            told.iter().any(|text| text.contains("scale down 5 -> 4")),
            "{told:?}"
        );
    });
}

#[test]
fn implausible_numbers_are_failures_and_move_nothing() {
    Scenario::new(&measured("plausible_max = 10000")).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        for (value, because) in [
            (-1.0, "-1 is implausible: it is below plausible_min, 0"),
            (
                20000.0,
                "20000 is implausible: it is above plausible_max, 10000",
            ),
        ] {
            web.measures([Act::value(value)]);
            world.advance(seconds(100)).await;
            assert_eq!(web.count(), 3, "{because}");
            let told = web.told();
            assert!(
                told.iter().any(|text| text.contains(because)),
                "{because}: {told:?}"
            );
            web.measures([Act::value(800.0)]);
            world.advance(seconds(20)).await;
        }
        web.measures([Act::Answer(Value::Null)]);
        world.advance(seconds(100)).await;
        assert_eq!(web.count(), 3, "an answer without a number");
    });
}

#[test]
fn a_gap_in_the_window_makes_it_stale() {
    Scenario::new(&measured(
        "max_age_in_seconds = 25, on_failure = \"ignore\"",
    ))
    .run(|world| async move {
        let web = world.script("web");
        web.set_count(5);
        // Each takes 7 s, so that every cycle is on time, but three of them are 20 s apart and the oldest 27 s old.
        web.measures([Act::value(100.0)]);
        world.advance(seconds(15)).await;
        web.measures([Act::value(100.0).after(seconds(25)), Act::value(100.0)]);
        world.advance(seconds(30)).await;
        assert_eq!(web.count(), 5, "{:?}", web.told());
        world.advance(seconds(20)).await;
        assert_eq!(web.count(), 4, "{:?}", web.told());
    });
}
