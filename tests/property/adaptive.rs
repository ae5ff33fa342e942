//! Whatever is measured, `adaptive` wishes for a count, and what it has learned can be written down.

use autoscalebot::decision::adaptive::Goal;
use autoscalebot::decision::adaptive::policy::{Adaptive, Rules};
use autoscalebot::decision::adaptive::seen::Seen;
use proptest::prelude::*;

use crate::runner::holds;

fn number() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        3 => (0.0..2000.0_f64).prop_map(Some),
        1 => Just(Some(0.0)),
        1 => Just(Some(f64::MAX)),
        1 => Just(Some(f64::MIN_POSITIVE)),
        1 => Just(None),
    ]
}

/// A look, and how much later than the last.
fn look() -> impl Strategy<Value = (Seen, f64)> {
    let numbers = [
        number(),
        number(),
        number(),
        number(),
        number(),
        number(),
        number(),
    ];
    (
        numbers,
        0..50_u32,
        0..50_u32,
        any::<bool>(),
        0.0..2000.0_f64,
    )
        .prop_map(
            |(
                [
                    response,
                    probes,
                    arrivals,
                    queue,
                    busy,
                    utilisation,
                    in_flight,
                ],
                count,
                ready,
                too_high,
                later,
            )| {
                let seen = Seen {
                    at: 0.0,
                    count: count.into(),
                    ready: ready.into(),
                    response,
                    probes: probes.map(|many: f64| many.max(1.0)),
                    arrivals,
                    queue,
                    busy,
                    utilisation,
                    in_flight,
                    too_high,
                };
                (seen, later)
            },
        )
}

#[test]
fn whatever_is_seen_the_wish_is_a_count() {
    for goal in [Goal::Response(1.0), Goal::Wait(30.0)] {
        let rules = Rules {
            goal,
            budget: 0.01,
            boot: None,
        };
        holds(prop::collection::vec(look(), 1..60), |looks| {
            let mut policy = Adaptive::default();
            let mut at = 0.0;
            for (seen, later) in looks {
                at += later;
                let seen = Seen { at, ..seen };
                if let Some(wish) = policy.decide(&seen, rules) {
                    prop_assert!(wish.desired >= 0, "{wish:?} of {seen:?}");
                    prop_assert!(!wish.reason.contains("NaN"), "{wish:?} of {seen:?}");
                }
                // A number that is none is written as null, and cannot be read again.
                let text = serde_json::to_string(&policy).unwrap();
                let read = serde_json::from_str::<Adaptive>(&text);
                prop_assert!(read.is_ok(), "{text} after {seen:?}");
            }
            Ok(())
        });
    }
}
