//! No sequence of wishes, counts and bounds takes the count outside the bounds in force.

use std::time::Duration;

use autoscalebot::decision::Wish;
use autoscalebot::model::{Bounds, Count};
use autoscalebot::supervisor::gate::{Answer, Cause, Question, answer};
use proptest::prelude::*;

use crate::runner::holds;

/// What changes from one cycle to the next.
#[derive(Clone, Debug)]
struct Step {
    /// Someone scales by hand.
    by_hand: Option<Count>,
    bounds: Bounds,
    wish: Option<i64>,
    cooling: bool,
    limit: Option<Count>,
    zero_is_off: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        prop::option::weighted(0.2, count()),
        bounds(),
        prop::option::weighted(0.8, wish()),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.2, count()),
        any::<bool>(),
    );
    let step = step.prop_map(
        |(by_hand, bounds, wish, cooling, limit, zero_is_off)| Step {
            by_hand,
            bounds,
            wish,
            cooling,
            limit,
            zero_is_off,
        },
    );
    prop::collection::vec(step, 1..40)
}

/// Mostly small, so that the rules meet each other; now and then the greatest.
fn count() -> impl Strategy<Value = Count> {
    prop_oneof![9 => 0..12_u32, 1 => Just(Count::MAX)]
}

fn wish() -> impl Strategy<Value = i64> {
    prop_oneof![9 => -3..15_i64, 1 => any::<i64>()]
}

fn bounds() -> impl Strategy<Value = Bounds> {
    (count(), count()).prop_map(|(one, other)| Bounds::new(one.min(other), one.max(other)).unwrap())
}

fn question(count: Count, step: &Step) -> Question {
    Question {
        count,
        bounds: step.bounds,
        wish: step.wish.map(|desired| Wish {
            desired,
            reason: "the last 3 results are above 1200".to_owned(),
        }),
        cooling: step.cooling.then_some(Duration::from_secs(3)),
        zero_is_off: step.zero_is_off,
        limit: step.limit,
    }
}

#[test]
fn the_count_never_leaves_the_bounds_in_force() {
    holds((count(), steps()), |(mut count, steps)| {
        for step in &steps {
            count = step.by_hand.unwrap_or(count);
            let question = question(count, step);
            let answer = answer(&question);
            count = answer.target.unwrap_or(count);
            let least = step
                .limit
                .map_or(step.bounds.min(), |limit| limit.min(step.bounds.min()));
            prop_assert!(
                count <= step.bounds.max(),
                "{count}: {question:?} {answer:?}"
            );
            prop_assert!(
                count >= least || answer.switched_off,
                "{count}: {question:?} {answer:?}"
            );
        }
        Ok(())
    });
}

#[test]
fn an_answer_never_contradicts_itself() {
    holds((count(), steps()), |(mut count, steps)| {
        for step in &steps {
            count = step.by_hand.unwrap_or(count);
            let question = question(count, step);
            let answer = answer(&question);
            consistent(&question, &answer)?;
            count = answer.target.unwrap_or(count);
        }
        Ok(())
    });
}

fn consistent(question: &Question, answer: &Answer) -> Result<(), TestCaseError> {
    let (count, bounds) = (question.count, question.bounds);
    prop_assert_ne!(answer.target, Some(count), "a target is a change");
    prop_assert!(!answer.reason.is_empty());
    let told = [
        answer.above_max.is_some(),
        answer.below_min.is_some(),
        answer.switched_off,
    ];
    let told = told.iter().filter(|told| **told).count();
    prop_assert!(
        told + usize::from(answer.target.is_some()) <= 1,
        "one thing at a time: {answer:?}"
    );
    let off = count == 0 && bounds.min() > 0 && question.zero_is_off;
    prop_assert_eq!(answer.switched_off, off);
    let Some(target) = answer.target else {
        return Ok(());
    };
    let grows_to = question.limit.map_or(Count::MAX, |limit| limit.max(count));
    prop_assert!(
        target <= grows_to,
        "it never asks the platform for more than that grants"
    );
    match answer.cause {
        Cause::Bounds => prop_assert!(count > bounds.max() || count < bounds.min()),
        Cause::Load => {
            prop_assert!(question.cooling.is_none(), "no load scale while cooling");
            let desired = question.wish.as_ref().unwrap().desired;
            let (from, to) = (i64::from(count), i64::from(target));
            let toward = (from < to && to <= desired) || (desired <= to && to < from);
            prop_assert!(
                toward,
                "toward the wish, and not past it: {from} {to} {desired}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_correction_reaches_its_bound_in_one_step() {
    holds((count(), steps()), |(count, steps)| {
        for step in steps {
            let first = answer(&question(count, &step));
            let Some(target) = first.target.filter(|_| first.cause == Cause::Bounds) else {
                continue;
            };
            let idle = Step { wish: None, ..step };
            let second = answer(&question(target, &idle));
            prop_assert_eq!(second.target, None, "{:?} after {:?}", second, first);
        }
        Ok(())
    });
}

#[test]
fn what_is_inside_the_bounds_is_moved_by_wishes_alone() {
    holds((count(), steps()), |(count, steps)| {
        for step in steps {
            let inside = step.bounds.clamp(count);
            let idle = Step { wish: None, ..step };
            let answer = answer(&question(inside, &idle));
            prop_assert_eq!(answer.target, None, "{:?}", answer);
            prop_assert!(answer.above_max.is_none() && answer.below_min.is_none());
        }
        Ok(())
    });
}
