//! No two changes by load are closer than the cooldown, whatever is wished for and whoever scales by hand.

use std::time::Duration;

use autoscalebot::decision::Wish;
use autoscalebot::envelope::{Cause, Question, weigh};
use autoscalebot::model::{Bounds, Count};
use autoscalebot::supervisor::cooldown::Cooldown;
use proptest::prelude::*;

use crate::runner::holds;

/// One cycle: milliseconds since the one before, the step wished for, a count set by hand, the minimum then in force,
/// and whether the platform accepts a scale.
type Cycle = (u64, i64, Option<Count>, Count, bool);

fn cycles() -> impl Strategy<Value = Vec<Cycle>> {
    let cycle = (
        0..4_000_u64,
        -2..3_i64,
        prop::option::weighted(0.1, 0..12_u32),
        0..4_u32,
        prop::bool::weighted(0.9),
    );
    prop::collection::vec(cycle, 1..80)
}

/// Plays the cycles and returns the accepted scales, with the cooldown's length in milliseconds.
fn play(cycles: Vec<Cycle>, length: u64) -> Vec<(Duration, Cause)> {
    let (mut now, mut count, mut cooldown) = (Duration::ZERO, 3, Cooldown::default());
    let mut scales = Vec::new();
    for (later, step, by_hand, min, accepted) in cycles {
        now += Duration::from_millis(later);
        count = by_hand.unwrap_or(count);
        let answer = weigh(&Question {
            wish: Some(Wish {
                desired: i64::from(count) + step,
                reason: "load".to_owned(),
            }),
            cooling: cooldown.remaining(now),
            ..Question::new(count, Bounds::new(min, 8).unwrap())
        });
        if let Some(target) = answer.target.filter(|_| accepted) {
            count = target;
            cooldown.start(now, Duration::from_millis(length));
            scales.push((now, answer.cause));
        }
    }
    scales
}

#[test]
fn no_change_by_load_within_the_cooldown_of_any_change() {
    holds((cycles(), 0..10_000_u64), |(cycles, length)| {
        let scales = play(cycles, length);
        for pair in scales.windows(2) {
            let [(before, _), (after, cause)] = pair else {
                continue;
            };
            let apart = after.saturating_sub(*before);
            let far_enough = apart >= Duration::from_millis(length);
            prop_assert!(
                *cause == Cause::Bounds || far_enough,
                "{apart:?} under {length} ms"
            );
        }
        Ok(())
    });
}

#[test]
fn without_a_cooldown_nothing_waits() {
    holds(cycles(), |cycles| {
        let steady = |(later, _, _, _, _): Cycle| (later, 1, Some(2), 1, true);
        let cycles: Vec<Cycle> = cycles.into_iter().map(steady).collect();
        let many = cycles.len();
        prop_assert_eq!(play(cycles, 0).len(), many);
        Ok(())
    });
}

#[test]
fn it_runs_down_and_never_up() {
    let moments = prop::collection::vec(0..20_000_u64, 2..30);
    holds(
        (moments, 0..10_000_u64, 0..10_000_u64),
        |(mut moments, start, length)| {
            let (start, length) = (Duration::from_millis(start), Duration::from_millis(length));
            let mut cooldown = Cooldown::default();
            cooldown.start(start, length);
            moments.sort_unstable();
            for now in moments.into_iter().map(Duration::from_millis) {
                let left = cooldown.remaining(now);
                let wanted = (start + length).saturating_sub(now);
                prop_assert_eq!(left.unwrap_or_default(), wanted);
                prop_assert_eq!(
                    left.is_none(),
                    wanted.is_zero(),
                    "over is over, not `0 s left`"
                );
            }
            Ok(())
        },
    );
}
