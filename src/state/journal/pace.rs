//! When is written: at most once a second unless somebody waits for it, and after a failure not at once again. Pure; all
//! times are monotonic.
//!
//! ```text
//!   note        note   note            urge
//!    │           │      │               │
//!    ▼ write     ▼ ──── 1 s ───▶ write  ▼ write     failed ── 1 s ──▶ failed ── 2 s ──▶ … 10 s …
//! ```

use std::time::Duration;

/// The time between two batches.
const EVERY: Duration = Duration::from_secs(1);

/// The rest after the first failure.
const FIRST_REST: Duration = Duration::from_secs(1);

/// The longest rest.
const LONGEST_REST: Duration = Duration::from_secs(10);

/// How often is pruned.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Write a batch.
    Write,
    /// Prune.
    Prune,
    /// Nothing for so long, unless something is noted.
    Wait(Duration),
}

/// The pace of one writer.
#[derive(Debug, Clone)]
pub struct Pace {
    next_write: Duration,
    next_prune: Duration,
    rest: Option<Duration>,
    is_urgent: bool,
    is_forced: bool,
    is_full: bool,
    halvings: u32,
}

impl Pace {
    /// A pace that begins now.
    pub fn new(now: Duration) -> Self {
        Self {
            next_write: now,
            next_prune: now + PRUNE_EVERY,
            rest: None,
            is_urgent: false,
            is_forced: false,
            is_full: false,
            halvings: 0,
        }
    }

    /// What is to be done now.
    pub fn next(&self, now: Duration, has_pending: bool) -> Next {
        if self.is_full && !self.is_forced {
            return Next::Prune;
        }
        let hurries = self.is_forced || (self.is_urgent && self.rest.is_none());
        if has_pending && (hurries || now >= self.next_write) {
            return Next::Write;
        }
        if now >= self.next_prune && self.rest.is_none() {
            return Next::Prune;
        }
        let until = match (has_pending, self.rest) {
            (true, _) => self.next_write,
            (false, None) => self.next_prune,
            (false, Some(_)) => self.next_write.max(self.next_prune),
        };
        Next::Wait(until.saturating_sub(now).max(Duration::from_millis(1)))
    }

    /// Whether the last write failed, and the next is not to come yet.
    pub fn is_resting(&self, now: Duration) -> bool {
        self.rest.is_some() && now < self.next_write
    }

    /// How many times the ledger is to be halved, because the store is full.
    pub fn halvings(&self) -> u32 {
        self.halvings
    }

    /// Somebody waits for the next batch; a store that fails is left alone all the same.
    pub fn urge(&mut self) {
        self.is_urgent = true;
    }

    /// The next batch is the last: it is tried even now.
    pub fn force(&mut self) {
        self.is_forced = true;
    }

    /// A batch was written.
    pub fn wrote(&mut self, now: Duration) {
        self.next_write = now + EVERY;
        self.rest = None;
        self.is_urgent = false;
        self.is_forced = false;
        self.halvings = 0;
    }

    /// A batch could not be written.
    pub fn failed(&mut self, now: Duration, is_full: bool) {
        let rest = self.rest.map_or(FIRST_REST, |rest| rest * 2);
        let rest = rest.min(LONGEST_REST);
        self.rest = Some(rest);
        self.next_write = now + rest;
        self.is_urgent = false;
        self.is_forced = false;
        self.is_full = is_full;
        if is_full {
            self.halvings = self.halvings.saturating_add(1);
        }
    }

    /// It was pruned, or tried.
    pub fn pruned(&mut self, now: Duration) {
        self.next_prune = now + PRUNE_EVERY;
        self.is_full = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn writes_at_most_once_a_second_unless_urged() {
        let mut pace = Pace::new(at(0.0));
        assert_eq!(pace.next(at(5.0), false), Next::Wait(at(55.0)));
        assert_eq!(pace.next(at(5.0), true), Next::Write, "the first at once");
        pace.wrote(at(5.0));
        assert_eq!(pace.next(at(5.3), true), Next::Wait(at(0.7)));
        pace.urge();
        assert_eq!(pace.next(at(5.3), true), Next::Write, "somebody waits");
        pace.wrote(at(5.3));
        assert_eq!(pace.next(at(5.4), true), Next::Wait(at(0.9)));
        assert_eq!(pace.next(at(6.3), true), Next::Write);
    }

    #[test]
    fn a_failure_is_followed_by_rest() {
        let mut pace = Pace::new(at(0.0));
        let mut rests = Vec::new();
        for _ in 0..6 {
            pace.failed(at(0.0), false);
            match pace.next(at(0.0), true) {
                Next::Wait(time) => rests.push(time.as_secs()),
                other @ (Next::Write | Next::Prune) => panic!("{other:?}"),
            }
        }
        assert_eq!(rests, [1, 2, 4, 8, 10, 10]);
        assert!(pace.is_resting(at(9.0)) && !pace.is_resting(at(10.0)));
        pace.urge();
        assert_eq!(
            pace.next(at(1.0), true),
            Next::Wait(at(9.0)),
            "no hurry helps"
        );
        pace.force();
        assert_eq!(
            pace.next(at(1.0), true),
            Next::Write,
            "but a stop does not wait"
        );
        pace.wrote(at(1.0));
        assert!(!pace.is_resting(at(1.0)));
    }

    #[test]
    fn it_prunes_each_minute_and_at_once_when_full() {
        let mut pace = Pace::new(at(0.0));
        assert_eq!(pace.next(at(60.0), false), Next::Prune);
        pace.pruned(at(60.0));
        assert_eq!(pace.next(at(61.0), false), Next::Wait(at(59.0)));
        for halvings in 1..=3 {
            pace.failed(at(70.0), true);
            assert_eq!(pace.next(at(70.0), true), Next::Prune);
            assert_eq!(pace.halvings(), halvings, "more each time");
            pace.pruned(at(70.0));
            assert!(matches!(pace.next(at(70.0), true), Next::Wait(_)));
        }
        pace.wrote(at(80.0));
        assert_eq!(pace.halvings(), 0);
        pace.failed(at(130.0), false);
        assert!(
            matches!(pace.next(at(130.0), true), Next::Wait(_)),
            "a store that is away is not pruned"
        );
    }
}
