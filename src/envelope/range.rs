//! Where the count may be: the bounds in force, and what the platform makes of them.
//!
//! The platform may have refused to go above a `limit`. Then the limit takes the maximum's place where it is lower, even
//! below the minimum: a count that the platform does not grant is not asked for again and again. But it takes nothing
//! away: a count that already is above it stays.

use super::course::Course;
use super::question::{Ordered, Question};
use super::verdict::Rule;
use crate::model::{Bounds, Count};

/// Where the count may be.
#[derive(Debug)]
pub(super) struct Range {
    /// The bounds as configured.
    bounds: Bounds,
    /// The bounds as the platform allows them.
    allowed: Bounds,
    /// The platform's limit, where it is what makes the maximum lower.
    limit: Option<Count>,
    /// Which of the bounds are people's.
    ordered: Ordered,
}

/// What is to be told of a wish that ends at a bound.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) above_max: Option<String>,
    pub(super) below_min: Option<String>,
}

impl Range {
    pub(super) fn of(question: &Question) -> Self {
        let bounds = question.bounds;
        // The limit stops growth, and takes nothing away from what already runs.
        let granted = question.limit.map(|limit| limit.max(question.count));
        let max = granted.map_or(bounds.max(), |granted| granted.min(bounds.max()));
        let min = bounds.min().min(max);
        Self {
            bounds,
            allowed: Bounds::new(min, max).unwrap_or(bounds), // never the latter: min is at most max
            limit: question.limit.filter(|_| max < bounds.max()),
            ordered: question.ordered.clone(),
        }
    }

    /// The bound to go to from a count outside.
    pub(super) fn nearest(&self, count: Count) -> Option<Count> {
        let inside = self.allowed.clamp(count);
        (inside != count).then_some(inside)
    }

    pub(super) fn why_outside(&self, count: Count) -> String {
        if count > self.bounds.max() {
            format!("{count} is above {}", self.maximum(self.bounds.max()))
        } else {
            let minimum = self.minimum(self.bounds.min());
            self.noted(format!("{count} is below {minimum}"))
        }
    }

    /// Lets the step end at the bounds.
    pub(super) fn limit_course(&self, course: &mut Course, reason: &str) -> Told {
        let up = course.is_up();
        if !course.is_moving() {
            return Told::default();
        }
        let end = if up {
            self.upper_end()
        } else {
            self.lower_end()
        };
        let target = i64::from(self.allowed.clamp_wish(course.target()));
        let count = i64::from(course.count());
        let already = target == count;
        let cut = course.no_further(
            Rule::Bounds,
            target,
            |_| {
                let how = if already { "already" } else { "cut short" };
                format!("{how} at {end}")
            },
            Some(self.unless(up)),
        );
        let told = (cut && already).then(|| self.noted_at(up, reason));
        Told {
            above_max: told.clone().filter(|_| up),
            below_min: told.filter(|_| !up),
        }
    }

    fn upper_end(&self) -> String {
        match self.limit {
            Some(limit) => format!("the platform's limit of {limit}"),
            None => self.maximum(self.allowed.max()),
        }
    }

    fn lower_end(&self) -> String {
        if self.allowed.min() < self.bounds.min() {
            return "less than the minimum".to_owned(); // the platform's doing, and so noted
        }
        self.minimum(self.allowed.min())
    }

    fn maximum(&self, max: Count) -> String {
        format!(
            "the maximum of {max}{}",
            by_order(self.ordered.max.as_ref())
        )
    }

    fn minimum(&self, min: Count) -> String {
        format!(
            "the minimum of {min}{}",
            by_order(self.ordered.min.as_ref())
        )
    }

    /// What would have let a count through the upper bound, or the lower.
    pub(super) fn unless(&self, up: bool) -> String {
        let (order, name, other) = if up {
            (&self.ordered.max, "max_processes", "higher")
        } else {
            (&self.ordered.min, "min_processes", "lower")
        };
        match (order, self.limit) {
            (_, Some(_)) if up => "the platform had granted more".to_owned(),
            (Some(_), _) => "that had not been ordered".to_owned(),
            (None, _) => format!("{name} had been {other}"),
        }
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
    pub(super) fn noted(&self, reason: String) -> String {
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

fn by_order(order: Option<&String>) -> String {
    order.map_or_else(String::new, |order| format!(" ({order})"))
}
