//! Whatever is wished for, and whichever rules are in force: what the envelope may and may not do.

use std::time::Duration;

use autoscalebot::decision::Wish;
use autoscalebot::envelope::{
    Budget, Cause, Paused, Projection, Question, Rate, Respected, Rule, Stabilized, Step, Total,
    Verdict, Waits, weigh,
};
use autoscalebot::model::{Bounds, Count};
use proptest::prelude::*;

use crate::runner::holds;

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

fn sometimes<T: std::fmt::Debug + Clone>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    prop::option::weighted(0.15, value)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..6_u32).prop_map(Step::Count),
        (1.0..300.0_f64).prop_map(Step::Percent)
    ]
}

fn seconds() -> impl Strategy<Value = Duration> {
    (1..600_u64).prop_map(Duration::from_secs)
}

/// The rules that look at the process itself.
fn inner() -> impl Strategy<Value = Question> {
    let place = (count(), bounds(), prop::option::weighted(0.85, wish()));
    let platform = (sometimes(seconds()), any::<bool>(), sometimes(count()));
    let steps = (
        sometimes(step()),
        sometimes(step()),
        sometimes(seconds()),
        sometimes(seconds()),
    );
    let windows = (sometimes(wish()), sometimes(wish()), sometimes(seconds()));
    let doubts = prop::collection::vec(Just("a doubt".to_owned()), 0..2);
    let projection = sometimes((0.0..2000.0_f64, 0.0..2000.0_f64));
    (place, platform, steps, windows, doubts, projection).prop_map(
        |(
            (count, bounds, wish),
            (cooling, zero_is_off, limit),
            (up_step, down_step, up, down),
            (lowest, highest, warming),
            doubts,
            projection,
        )| {
            Question {
                wish: wish.map(|desired| Wish {
                    desired,
                    reason: "load".to_owned(),
                }),
                cooling,
                zero_is_off,
                limit,
                up_step,
                down_step,
                waits: Waits { up, down },
                stabilized: Stabilized {
                    lowest,
                    highest,
                    warming,
                },
                doubts,
                projection: projection.map(|(value, max)| Projection { value, max }),
                ..Question::new(count, bounds)
            }
        },
    )
}

/// All rules.
fn question() -> impl Strategy<Value = Question> {
    let said = || sometimes(Just("paused".to_owned()));
    let rate = sometimes((1..5_u32, 0..8_u32));
    let total = sometimes((1..30_u32, 0..30_u64));
    let budget = sometimes((0.0..50.0_f64, 0.0..50.0_f64, 0.0..20.0_f64));
    let futile = sometimes(Just("futile".to_owned()));
    let respected = sometimes(seconds().prop_map(|left| Respected {
        why: "set by hand".to_owned(),
        left,
    }));
    let people = (said(), said(), respected);
    (inner(), people, rate, total, budget, futile).prop_map(
        |(question, (up, down, respected), rate, total, budget, futile)| Question {
            paused: Paused { up, down },
            respected,
            rate: rate.map(|(most, made)| Rate {
                most,
                made,
                free_in: Duration::from_secs(9),
            }),
            total: total.map(|(most, others)| Total {
                most,
                others,
                first: None,
            }),
            budget: budget.map(|(allowed_hours, used_hours, reserved_hours)| Budget {
                allowed_hours,
                used_hours,
                reserved_hours,
            }),
            futile,
            ..question
        },
    )
}

fn reached(question: &Question, verdict: &Verdict) -> Count {
    verdict.target.unwrap_or(question.count)
}

fn is_off(question: &Question) -> bool {
    question.count == 0 && question.bounds.min() > 0 && question.zero_is_off
}

#[test]
fn a_count_never_leaves_the_bounds_and_comes_back_to_them_unless_people_say_no() {
    holds(question(), |question| {
        let verdict = weigh(&question);
        let (bounds, to) = (question.bounds, reached(&question, &verdict));
        let least = question
            .limit
            .map_or(bounds.min(), |limit| limit.min(bounds.min()));
        let inside = |count: Count| (least..=bounds.max()).contains(&count);
        let paused = verdict.clamps.iter().any(|clamp| clamp.rule == Rule::Pause);
        prop_assert!(
            inside(to) || verdict.switched_off || (paused && !inside(question.count)),
            "{to}: {question:?} {verdict:?}"
        );
        Ok(())
    });
}

#[test]
fn never_down_by_load_in_doubt() {
    holds(question(), |question| {
        let verdict = weigh(&question);
        let down = reached(&question, &verdict) < question.count;
        prop_assert!(
            !down || verdict.cause != Cause::Load || question.doubts.is_empty(),
            "{question:?} {verdict:?}"
        );
        Ok(())
    });
}

#[test]
fn what_was_set_by_hand_is_not_moved_by_load_while_it_is_respected() {
    holds(question(), |question| {
        let verdict = weigh(&question);
        let by_load = verdict.target.is_some() && verdict.cause == Cause::Load;
        prop_assert!(
            !by_load || question.respected.is_none(),
            "{question:?} {verdict:?}"
        );
        let free = Question {
            respected: None,
            ..question.clone()
        };
        let without = weigh(&free);
        prop_assert!(
            without.cause == Cause::Load || without.target == verdict.target,
            "the bounds and the budget are enforced all the same: {without:?} {verdict:?}"
        );
        Ok(())
    });
}

#[test]
fn a_verdict_never_contradicts_itself() {
    holds(question(), |question| {
        let verdict = weigh(&question);
        let (count, bounds) = (question.count, question.bounds);
        prop_assert_ne!(verdict.target, Some(count), "a target is a change");
        prop_assert!(!verdict.reason.is_empty());
        prop_assert_eq!(verdict.switched_off, is_off(&question));
        let both = verdict.above_max.is_some() && verdict.below_min.is_some();
        prop_assert!(!both, "{verdict:?}");
        let Some(target) = verdict.target else {
            return Ok(());
        };
        let grows_to = question.limit.map_or(Count::MAX, |limit| limit.max(count));
        prop_assert!(
            target <= grows_to,
            "more than the platform grants: {verdict:?}"
        );
        match verdict.cause {
            Cause::Bounds => prop_assert!(count > bounds.max() || count < bounds.min()),
            Cause::Budget => {
                prop_assert!(target == bounds.min() && question.budget.unwrap().is_spent());
            }
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
    });
}

/// What stands in the record suffices to recompute the count: each rule goes on from where the one before it left the
/// count, the first from the wish (or the count), and the last leaves it where it ends.
#[test]
fn the_clamps_are_an_unbroken_chain_from_the_wish_to_the_count() {
    holds(question(), |question| {
        let verdict = weigh(&question);
        if verdict.switched_off {
            return Ok(());
        }
        let count = i64::from(question.count);
        let by_load = question.cooling.is_none() && verdict.cause != Cause::Bounds;
        let outside = verdict
            .clamps
            .first()
            .is_some_and(|clamp| clamp.rule == Rule::Bounds && clamp.from == count);
        let mut at = match &question.wish {
            Some(wish) if by_load && !outside => wish.desired,
            _ => count,
        };
        for clamp in &verdict.clamps {
            prop_assert_eq!(clamp.from, at, "{:?}", verdict);
            at = clamp.to;
        }
        prop_assert_eq!(at, i64::from(reached(&question, &verdict)), "{:?}", verdict);
        let rules: Vec<Rule> = verdict.clamps.iter().map(|clamp| clamp.rule).collect();
        let fixed = rules
            .windows(2)
            .all(|pair| pair[0] <= pair[1] || pair[1] == Rule::Pause);
        prop_assert!(fixed, "in the documented order: {rules:?}");
        Ok(())
    });
}

#[test]
fn asked_again_for_what_it_granted_it_grants_it() {
    holds(question(), |question| {
        let first = weigh(&question);
        let Some(target) = first.target else {
            return Ok(());
        };
        let wish = Wish {
            desired: target.into(),
            reason: "again".to_owned(),
        };
        let again = weigh(&Question {
            wish: Some(wish),
            ..question.clone()
        });
        prop_assert_eq!(again.target, Some(target), "{:?} {:?}", first, again);
        Ok(())
    });
}

#[test]
fn what_is_inside_the_bounds_is_moved_by_wishes_and_the_budget_alone() {
    holds(question(), |question| {
        let idle = Question {
            count: question.bounds.clamp(question.count),
            wish: None,
            budget: None,
            ..question
        };
        let verdict = weigh(&idle);
        prop_assert_eq!(verdict.target, None, "{:?}", verdict);
        prop_assert!(verdict.above_max.is_none() && verdict.below_min.is_none());
        Ok(())
    });
}
