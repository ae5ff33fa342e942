//! The safety envelope: what becomes of a wish on its way to the platform. Asked by the supervisor once a cycle, pure, and
//! always in the same order, which is also the order in which [`Clamp`]s stand in the record of a cycle:
//!
//! ```text
//!  off            a count of 0 under a minimum of 1 or more was somebody's doing: left alone
//!  bounds         outside of them: to the nearest, at once, whatever else holds. Wishes end at them
//!  cooldown       after a scale nothing is evaluated (post_scale_wait_time_seconds)
//!  ─── from here on a rule only ever takes something off the step, so that the count stays inside the bounds ───
//!  pause          what people said
//!  manual         a count that somebody set on the platform (respect_manual_scale_for_seconds)
//!  trust          down: every measurement of the window is fresh and plausible, and nothing is being deployed
//!  increment      no more at a time than scale_up_increment, scale_down_increment
//!  direction      scale_up_cooldown_seconds, scale_down_cooldown_seconds
//!  stabilization  down no lower than the highest wish of its window, up no higher than the lowest of its own
//!  flap           down no further than where the measurement, spread over fewer, stays below the maximum
//!  futile         up no more when the last ones did not help
//!  rate           max_scales_per_hour
//!  total          max_total_processes of all process types together; those with a higher priority first
//!  budget         max_process_hours_per_day: once it is spent, the minimum is the maximum until midnight
//!  standby        where several bots run, one that does not lead sets nothing
//!  drain          fewer once those that go have finished their work (see [`drain`](crate::drain); asked by the supervisor)
//! ```
//!
//! Which wins when two disagree: people over all, then the bounds, then the budget, then the rest over the load. A rule that
//! holds a step back says when it will no longer, so that whoever asks why is told what to wait for.
//!
//! A count that was set on the platform comes second among the words of people: it has no reason, and its end is only
//! assumed, so an order of theirs, the bounds and the budget win over it. It comes before all that is measured, for
//! whoever set it has seen the load, too.

mod course;
pub mod doubt;
pub mod futility;
pub mod question;
mod range;
mod restraints;
pub mod usage;
pub mod verdict;
pub mod wishes;
mod words;

pub use question::{
    Budget, Ordered, Paused, Projection, Question, Rate, Respected, Stabilized, Step, Total, Waits,
};
pub use verdict::{Cause, Clamp, Rule, Verdict};

use crate::model::{Bounds, Count};
use course::Course;
use range::Range;

/// Weighs; see the drawing above.
pub fn weigh(question: &Question) -> Verdict {
    standing_by(question, weighed(question))
}

fn weighed(question: &Question) -> Verdict {
    let (count, bounds) = (question.count, question.bounds);
    if count == 0 && bounds.min() > 0 && question.zero_is_off {
        return switched_off(bounds.min());
    }
    let range = Range::of(question);
    if let Some(target) = range.nearest(count) {
        return corrected(question, target, &range);
    }
    if let Some(left) = question.cooling {
        let left = words::left(left);
        let reason = range.noted(format!("{left} of the wait after a scale are left"));
        let held = Clamp {
            rule: Rule::Cooldown,
            from: count.into(),
            to: count.into(),
            why: reason.clone(),
            unless: Some(format!(
                "the wait after the last scale had ended, in {left}"
            )),
        };
        return budgeted(question, Verdict::stay(reason).with(held));
    }
    let Some(wish) = &question.wish else {
        let reason = range.noted("nothing is wished for".to_owned());
        return budgeted(question, Verdict::stay(reason));
    };
    let mut course = Course::new(count, wish.desired);
    let told = range.limit_course(&mut course, &wish.reason);
    restraints::apply(question, &mut course);
    budgeted(question, course.verdict(wish, &range, told))
}

/// Copies that ended with the program are started again: as many as there were, inside the bounds. `None` when that is not
/// more than the minimum, which needs no such word.
pub fn resume(before: Count, bounds: Bounds) -> Option<Verdict> {
    let target = bounds.clamp(before);
    if target <= bounds.min() {
        return None;
    }
    let mut course = Course::new(0, 0);
    let why = format!("{before} ran before the start");
    course.correct_by(Rule::Bounds, target, why.clone(), None);
    Some(Verdict {
        cause: Cause::Bounds,
        ..course.into_verdict(why)
    })
}

/// The very last rule: what would be set, a replica that does not lead leaves to the one that does.
fn standing_by(question: &Question, verdict: Verdict) -> Verdict {
    let (Some(why), Some(target)) = (&question.stands_by, verdict.target) else {
        return verdict;
    };
    let count = question.count;
    let held = Clamp {
        rule: Rule::Standby,
        from: target.into(),
        to: count.into(),
        why: why.clone(),
        unless: Some("this replica had led since before the cycle began".to_owned()),
    };
    Verdict {
        target: None,
        cause: Cause::Load,
        reason: format!(
            "{why}; it would have set {count} to {target}: {}",
            verdict.reason
        ),
        ..verdict
    }
    .with(held)
}

fn switched_off(min: Count) -> Verdict {
    let reason = format!("it is switched off: 0 run, and min_processes is {min}");
    let held = Clamp {
        rule: Rule::Off,
        from: min.into(),
        to: 0,
        why: reason.clone(),
        unless: Some("it had been switched on again (a count above 0)".to_owned()),
    };
    Verdict {
        switched_off: true,
        ..Verdict::stay(reason).with(held)
    }
}

/// The count is outside the bounds. Only people can hold that back.
fn corrected(question: &Question, target: Count, range: &Range) -> Verdict {
    let (count, why) = (question.count, range.why_outside(question.count));
    let mut course = Course::new(count, count.into());
    let unless = range.unless(count > target);
    course.correct_by(Rule::Bounds, target, why.clone(), Some(unless));
    restraints::people(question, &mut course);
    Verdict {
        cause: Cause::Bounds,
        ..course.into_verdict(why)
    }
}

/// The last rule: once the budget of the day is spent, the minimum is all there is.
fn budgeted(question: &Question, verdict: Verdict) -> Verdict {
    let Some(budget) = question.budget.filter(|budget| budget.is_spent()) else {
        return verdict;
    };
    let min = question.bounds.min();
    let reached = verdict.target.unwrap_or(question.count);
    if reached <= min {
        return verdict;
    }
    let mut course = Course::resume(question.count, reached, verdict.clamps.clone());
    let hours = budget.allowed_hours;
    let why = if budget.is_used_up() {
        format!("the day's {hours} process-hours are used up: the minimum of {min} until midnight")
    } else {
        format!(
            "what is left of the day's {hours} process-hours is needed for the minimum of {min}"
        )
    };
    course.correct_by(
        Rule::Budget,
        min,
        why.clone(),
        Some("max_process_hours_per_day had been higher, or a new day had begun".to_owned()),
    );
    restraints::people(question, &mut course);
    let cause = if course.is_moving() {
        Cause::Budget
    } else {
        verdict.cause
    };
    Verdict {
        cause,
        above_max: verdict.above_max,
        below_min: verdict.below_min,
        ..course.into_verdict(format!("{}; {why}", verdict.reason))
    }
}

#[cfg(test)]
mod tests;
