//! A count on its way from the wish to the platform, and the rules that it met.

use super::range::{Range, Told};
use super::verdict::{Cause, Clamp, Rule, Verdict};
use crate::decision::Wish;
use crate::model::{Count, Direction};

/// The way of one cycle's count.
#[derive(Debug)]
pub(super) struct Course {
    count: Count,
    target: i64,
    clamps: Vec<Clamp>,
}

impl Course {
    /// From `count` toward `target`.
    pub(super) fn new(count: Count, target: i64) -> Self {
        Self {
            count,
            target,
            clamps: Vec::new(),
        }
    }

    /// On from where earlier rules left it.
    pub(super) fn resume(count: Count, target: Count, clamps: Vec<Clamp>) -> Self {
        Self {
            count,
            target: target.into(),
            clamps,
        }
    }

    pub(super) fn count(&self) -> Count {
        self.count
    }

    pub(super) fn target(&self) -> i64 {
        self.target
    }

    pub(super) fn is_moving(&self) -> bool {
        self.target != i64::from(self.count)
    }

    pub(super) fn direction(&self) -> Option<Direction> {
        match self.target.cmp(&i64::from(self.count)) {
            std::cmp::Ordering::Greater => Some(Direction::Up),
            std::cmp::Ordering::Less => Some(Direction::Down),
            std::cmp::Ordering::Equal => None,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.direction() == Some(Direction::Up)
    }

    pub(super) fn is_down(&self) -> bool {
        self.direction() == Some(Direction::Down)
    }

    /// A rule takes something off the step: no further than `to`, which may be on the other side of the count, and then
    /// means the count itself. `true` when that changed something.
    pub(super) fn no_further(
        &mut self,
        rule: Rule,
        to: i64,
        why: impl FnOnce(i64) -> String,
        unless: Option<String>,
    ) -> bool {
        let count = i64::from(self.count);
        let to = match self.direction() {
            Some(Direction::Up) => self.target.min(to).max(count),
            Some(Direction::Down) => self.target.max(to).min(count),
            None => return false,
        };
        if to == self.target {
            return false;
        }
        self.enter(rule, to, why(to), unless);
        true
    }

    /// A rule holds the step back.
    pub(super) fn hold(&mut self, rule: Rule, why: String, unless: Option<String>) {
        let count = i64::from(self.count);
        self.no_further(rule, count, |_| why, unless);
    }

    /// A rule's last word, in either direction.
    pub(super) fn correct_by(
        &mut self,
        rule: Rule,
        to: Count,
        why: String,
        unless: Option<String>,
    ) {
        self.enter(rule, to.into(), why, unless);
    }

    fn enter(&mut self, rule: Rule, to: i64, why: String, unless: Option<String>) {
        self.clamps.push(Clamp {
            rule,
            from: self.target,
            to,
            why,
            unless,
        });
        self.target = to;
    }

    /// The wish's fate, in words: its reason, then each rule's.
    pub(super) fn verdict(self, wish: &Wish, range: &Range, told: Told) -> Verdict {
        let mut reason = wish.reason.clone();
        for clamp in &self.clamps {
            reason.push_str("; ");
            reason.push_str(&clamp.why);
        }
        let moving = self.is_moving();
        let reason = if moving { reason } else { range.noted(reason) };
        Verdict {
            above_max: told.above_max,
            below_min: told.below_min,
            ..self.into_verdict(reason)
        }
    }

    pub(super) fn into_verdict(self, reason: String) -> Verdict {
        let target = Count::try_from(self.target)
            .ok()
            .filter(|target| *target != self.count);
        Verdict {
            target,
            cause: Cause::Load,
            clamps: self.clamps,
            ..Verdict::stay(reason)
        }
    }
}
