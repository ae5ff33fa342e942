//! Stands between wish and deed: what becomes of the count, given what is wished for and what is allowed. Asked by the
//! supervisor once a cycle; the answer is carried out as it is.
//!
//! ```text
//!  count 0, min 1 or more ──▶ switched off: left alone
//!  count outside the bounds ──▶ the nearest bound, at once: neither results nor cooldown are waited for
//!  cooling, or no wish ──▶ stay
//!  wish above the count ──▶ at the maximum? above_max, stay. Else up, as far as the maximum
//!  wish below the count ──▶ at the minimum? below_min, stay. Else down, as far as the minimum
//! ```
//!
//! The platform may have refused to go above a `limit`. Then the limit takes the maximum's place where it is lower, even
//! below the minimum: a count that the platform does not grant is not asked for again and again. But it takes nothing
//! away: a count that already is above it stays.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::decision::Wish;
use crate::model::{Bounds, Count};

/// What is to be decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The count on the platform.
    pub count: Count,
    /// The bounds now in force.
    pub bounds: Bounds,
    /// What the decision backend wishes for, if it could decide.
    pub wish: Option<Wish>,
    /// How long the cooldown still lasts.
    pub cooling: Option<Duration>,
    /// Whether a count of 0 under a minimum of 1 or more means that someone switched the process off.
    pub zero_is_off: bool,
    /// The most that the platform grants, once it has said so.
    pub limit: Option<Count>,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The count to set; never the present one.
    pub target: Option<Count>,
    /// What moves it: the bounds alone, or load. Load also when nothing moves.
    pub cause: Cause,
    /// Why it moves, or stays; for people.
    pub reason: String,
    /// At the maximum and still too high, and why. Known only when there is a wish and no cooldown: without them, `None`
    /// does not mean that it is over.
    pub above_max: Option<String>,
    /// At the minimum and still too low, and why. As for `above_max`.
    pub below_min: Option<String>,
    /// The process is switched off, and left alone.
    pub switched_off: bool,
}

/// What moves a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A wish of the decision backend.
    Load,
    /// The count was outside the bounds.
    Bounds,
}

/// Answers; see the drawing above.
pub fn answer(question: &Question) -> Answer {
    let (count, bounds) = (question.count, question.bounds);
    if count == 0 && bounds.min() > 0 && question.zero_is_off {
        let min = bounds.min();
        return Answer {
            switched_off: true,
            ..stay(format!(
                "it is switched off: 0 run, and min_processes is {min}"
            ))
        };
    }
    let range = Range::of(question);
    if let Some(target) = range.nearest(count) {
        return Answer {
            cause: Cause::Bounds,
            ..go(target, range.why_outside(count))
        };
    }
    if let Some(left) = question.cooling {
        let left = left.as_secs_f64();
        return stay(range.noted(format!("{left:.1} s of the wait after a scale are left")));
    }
    match &question.wish {
        Some(wish) => range.toward(count, wish),
        None => stay(range.noted("nothing is wished for".to_owned())),
    }
}

/// Where the count may be: the bounds, and what the platform makes of them.
struct Range {
    /// The bounds as configured.
    bounds: Bounds,
    /// The bounds as the platform allows them.
    allowed: Bounds,
    /// The platform's limit, where it is what makes the maximum lower.
    limit: Option<Count>,
}

impl Range {
    fn of(question: &Question) -> Self {
        let bounds = question.bounds;
        // The limit stops growth, and takes nothing away from what already runs.
        let granted = question.limit.map(|limit| limit.max(question.count));
        let max = granted.map_or(bounds.max(), |granted| granted.min(bounds.max()));
        let min = bounds.min().min(max);
        Self {
            bounds,
            allowed: Bounds::new(min, max).unwrap_or(bounds), // never the latter: min is at most max
            limit: question.limit.filter(|_| max < bounds.max()),
        }
    }

    /// The bound to go to from a count outside.
    fn nearest(&self, count: Count) -> Option<Count> {
        let inside = self.allowed.clamp(count);
        (inside != count).then_some(inside)
    }

    fn why_outside(&self, count: Count) -> String {
        if count > self.bounds.max() {
            format!("{count} is above the maximum of {}", self.bounds.max())
        } else {
            self.noted(format!(
                "{count} is below the minimum of {}",
                self.bounds.min()
            ))
        }
    }

    /// As far as may be, from a count inside, toward what is wished for.
    fn toward(&self, count: Count, wish: &Wish) -> Answer {
        let reason = &wish.reason;
        if wish.desired == i64::from(count) {
            return stay(self.noted(reason.clone()));
        }
        let up = wish.desired > i64::from(count);
        let end = if up {
            self.upper_end()
        } else {
            self.lower_end()
        };
        let target = self.allowed.clamp_wish(wish.desired);
        if target == count {
            let told = Some(self.noted_at(up, reason));
            return Answer {
                above_max: told.clone().filter(|_| up),
                below_min: told.filter(|_| !up),
                ..stay(self.noted(format!("{reason}; already at {end}")))
            };
        }
        if i64::from(target) == wish.desired {
            return go(target, reason.clone());
        }
        go(target, format!("{reason}; cut short at {end}"))
    }

    fn upper_end(&self) -> String {
        match self.limit {
            Some(limit) => format!("the platform's limit of {limit}"),
            None => format!("the maximum of {}", self.allowed.max()),
        }
    }

    fn lower_end(&self) -> String {
        if self.allowed.min() < self.bounds.min() {
            return "less than the minimum".to_owned(); // the platform's doing, and so noted
        }
        format!("the minimum of {}", self.allowed.min())
    }

    /// A reason for the notice that the count can go no further. A configured bound explains itself; that the platform
    /// is what stops it, nobody would guess.
    fn noted_at(&self, up: bool, reason: &str) -> String {
        match self.limit {
            Some(limit) if up => format!("{reason}; the platform grants no more than {limit}"),
            Some(_) | None => reason.to_owned(),
        }
    }

    /// A reason, with a word on a platform that grants less than the minimum.
    fn noted(&self, reason: String) -> String {
        match self.limit {
            Some(limit) if limit < self.bounds.min() => {
                let min = self.bounds.min();
                format!(
                    "{reason}; the platform grants no more than {limit}, and the minimum is {min}"
                )
            }
            Some(_) | None => reason,
        }
    }
}

fn go(target: Count, reason: String) -> Answer {
    Answer {
        target: Some(target),
        ..stay(reason)
    }
}

fn stay(reason: String) -> Answer {
    Answer {
        target: None,
        cause: Cause::Load,
        reason,
        above_max: None,
        below_min: None,
        switched_off: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks each row of a table, one a line: count; bounds; the count wished for (its reason is `R`) or `-`; `cooling`,
    /// `limit=N`, `not_off`; the target and its cause, or `stay`, `above_max`, `below_min`, `off`, with the reason; why.
    #[track_caller]
    fn check(table: &str) {
        for row in table.lines().filter(|row| !row.trim().is_empty()) {
            let [count, bounds, wish, state, wanted, because] =
                row.split(" | ").map(str::trim).collect::<Vec<_>>()[..]
            else {
                panic!("six columns, please: {row}");
            };
            let question = question(count, bounds, wish, state);
            let (wanted, reason) = wanted.split_once(": ").unwrap();
            let answer = answer(&question);
            assert_eq!(answer.reason, reason, "{because}: {row}");
            assert_eq!(summary(&answer), wanted, "{because}: {answer:?}");
            assert_ne!(answer.target, Some(question.count), "a target is a change");
        }
    }

    fn question(count: &str, bounds: &str, wish: &str, state: &str) -> Question {
        let (min, max) = bounds.split_once('-').unwrap();
        let limit = state
            .split_whitespace()
            .find_map(|word| word.strip_prefix("limit="));
        Question {
            count: count.parse().unwrap(),
            bounds: Bounds::new(min.parse().unwrap(), max.parse().unwrap()).unwrap(),
            wish: wish.parse().ok().map(|desired| Wish {
                desired,
                reason: "R".to_owned(),
            }),
            cooling: state
                .contains("cooling")
                .then_some(Duration::from_millis(3250)),
            zero_is_off: !state.contains("not_off"),
            limit: limit.map(|limit| limit.parse().unwrap()),
        }
    }

    fn summary(answer: &Answer) -> String {
        let cause = match answer.cause {
            Cause::Load => "load",
            Cause::Bounds => "bounds",
        };
        match (
            answer.target,
            &answer.above_max,
            &answer.below_min,
            answer.switched_off,
        ) {
            (Some(target), None, None, false) => format!("{target} {cause}"),
            (None, None, None, false) => "stay".to_owned(),
            (None, Some(told), None, false) => format!("above_max ({told})"),
            (None, None, Some(told), false) => format!("below_min ({told})"),
            (None, None, None, true) => "off".to_owned(),
            odd => panic!("an answer that contradicts itself: {odd:?}"),
        }
    }

    #[test]
    fn wishes_inside_the_bounds() {
        check("
            2 | 1-5 | 3  |         | 3 load: R    | granted
            4 | 1-5 | 2  |         | 2 load: R    | granted
            2 | 1-5 | 2  |         | stay: R      | nothing to do
            2 | 1-5 | -  |         | stay: nothing is wished for | no decision
            2 | 1-5 | 3  | cooling | stay: 3.2 s of the wait after a scale are left | not while cooling
            2 | 1-5 | -  | cooling | stay: 3.2 s of the wait after a scale are left | not while cooling
            5 | 1-5 | 6  | cooling | stay: 3.2 s of the wait after a scale are left | no event on old news either
            4 | 1-5 | 6  |         | 5 load: R; cut short at the maximum of 5 | a step of 2 where 1 is left
            2 | 1-5 | -1 |         | 1 load: R; cut short at the minimum of 1 | a step of 3 where 1 is left
            1 | 0-5 | -1 |         | 0 load: R; cut short at the minimum of 0 | never below nothing
            4 | 1-5 | 9223372036854775807 |  | 5 load: R; cut short at the maximum of 5 | absurd
        ");
    }

    #[test]
    fn at_the_bounds() {
        check(
            "
            5 | 1-5 | 6  |  | above_max (R): R; already at the maximum of 5 | still too high
            5 | 1-5 | 4  |  | 4 load: R | down from the maximum
            1 | 1-5 | 0  |  | below_min (R): R; already at the minimum of 1 | still too low
            1 | 1-5 | 2  |  | 2 load: R | up from the minimum
            0 | 0-5 | -1 |  | below_min (R): R; already at the minimum of 0 | an empty queue
            0 | 0-5 | 1  |  | 1 load: R | woken from nothing: a minimum of 0 is not off
            3 | 3-3 | 4  |  | above_max (R): R; already at the maximum of 3 | fixed
            3 | 3-3 | 2  |  | below_min (R): R; already at the minimum of 3 | fixed
            0 | 0-0 | 1  |  | above_max (R): R; already at the maximum of 0 | fixed at nothing
        ",
        );
    }

    #[test]
    fn outside_the_bounds() {
        check("
            7 | 1-5 | -  |         | 5 bounds: 7 is above the maximum of 5 | scaled by hand
            1 | 3-5 | -  |         | 3 bounds: 1 is below the minimum of 3 | the hour changed
            7 | 1-5 | -  | cooling | 5 bounds: 7 is above the maximum of 5 | the cooldown does not matter
            1 | 3-5 | -  | cooling | 3 bounds: 1 is below the minimum of 3 | the cooldown does not matter
            7 | 1-5 | 8  |         | 5 bounds: 7 is above the maximum of 5 | nor does the wish
            1 | 3-5 | 0  |         | 3 bounds: 1 is below the minimum of 3 | nor does the wish
            4 | 0-0 | -  |         | 0 bounds: 4 is above the maximum of 0 | none may run
        ");
    }

    #[test]
    fn off_means_off() {
        check("
            0 | 1-5 | -  |         | off: it is switched off: 0 run, and min_processes is 1 | left alone
            0 | 1-5 | 3  |         | off: it is switched off: 0 run, and min_processes is 1 | whatever is wished
            0 | 3-5 | -  | cooling | off: it is switched off: 0 run, and min_processes is 3 | cooling or not
            0 | 1-5 | -  | limit=0 | off: it is switched off: 0 run, and min_processes is 1 | limit or not
            0 | 1-5 | -  | not_off | 1 bounds: 0 is below the minimum of 1 | zero_is_off = false
        ");
    }

    #[test]
    fn the_platforms_limit() {
        check("
            2 | 1-9 | 3  | limit=4  | 3 load: R | below the limit
            2 | 1-9 | 6  | limit=4  | 4 load: R; cut short at the platform's limit of 4 | as far as it goes
            2 | 1-9 | 8  | limit=99 | 8 load: R | a limit above the maximum does not matter
            2 | 1-9 | 10 | limit=99 | 9 load: R; cut short at the maximum of 9 | nor is it told
            4 | 1-9 | 5  | limit=4  | above_max (R; the platform grants no more than 4): R; already at the platform's limit of 4 | told
            6 | 1-9 | -  | limit=4  | stay: nothing is wished for | what runs above the limit is not cut
            6 | 1-9 | 7  | limit=4  | above_max (R; the platform grants no more than 4): R; already at the platform's limit of 4 | no further
            6 | 1-9 | 5  | limit=4  | 5 load: R | but down it may go
            10 | 1-9 | - | limit=4  | 9 bounds: 10 is above the maximum of 9 | the maximum cuts it all the same
        ");
    }

    #[test]
    fn a_limit_below_the_minimum_wins() {
        let told = "the platform grants no more than 2, and the minimum is 3";
        let table = format!("
            1 | 3-5 | -  | limit=2 | 2 bounds: 1 is below the minimum of 3; {told} | as near as may be
            2 | 3-5 | -  | limit=2 | stay: nothing is wished for; {told} | and no nearer
            2 | 3-5 | 2  | limit=2 | stay: R; {told} | and no nearer
            2 | 3-5 | -  | limit=2 cooling | stay: 3.2 s of the wait after a scale are left; {told} | told while cooling
            2 | 3-5 | 4  | limit=2 | above_max (R; the platform grants no more than 2): R; already at the platform's limit of 2; {told} | up
            2 | 3-5 | 1  | limit=2 | below_min (R): R; already at less than the minimum; {told} | not further from the minimum
            4 | 3-5 | 3  | limit=2 | 3 load: R | above the limit: down as far as the minimum
            3 | 3-5 | 2  | limit=2 | below_min (R): R; already at the minimum of 3; {told} | above the limit: no further than that
            0 | 3-5 | -  | limit=0 not_off | stay: nothing is wished for; the platform grants no more than 0, and the minimum is 3 | none granted
        ");
        check(&table);
    }
}
