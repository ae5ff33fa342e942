//! The scales that were made, newest last: for rapid scaling, the status, and whoever wants to know what happened.
//!
//! It is cheap to clone, because a snapshot of it is taken with every update of what the supervisor holds; and it is
//! bounded, because the program runs for months.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use crate::clock::Now;
use crate::envelope::Cause;
use crate::model::{Count, Cycle, Direction};

/// How many scales are kept. At the default cooldown of 5 s that is at least 80 minutes of scaling without a pause.
pub const MOST_RECORDS: usize = 1000;

/// One scale that the platform accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct ScaleRecord {
    /// When.
    pub at: Now,
    /// In which cycle.
    pub cycle: Cycle,
    /// The count before.
    pub from: Count,
    /// The count after.
    pub to: Count,
    /// Which way.
    pub direction: Direction,
    /// What moved it.
    pub cause: Cause,
    /// Why, for people.
    pub reason: String,
}

/// The latest scales of one process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// Both are shared with the clones: to add one record copies pointers at most.
    records: Rc<VecDeque<Rc<ScaleRecord>>>,
}

impl Ledger {
    /// Enters a scale; the oldest is forgotten when there are too many.
    pub fn enter(&mut self, record: ScaleRecord) {
        let records = Rc::make_mut(&mut self.records);
        if records.len() >= MOST_RECORDS {
            records.pop_front();
        }
        records.push_back(Rc::new(record));
    }

    /// The scales, newest last.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = &ScaleRecord> {
        self.records.iter().map(Rc::as_ref)
    }

    /// When they were made, on the monotonic clock, and which way; newest last.
    pub fn scales(&self) -> impl Iterator<Item = (Duration, Direction)> {
        self.records()
            .map(|record| (record.at.mono, record.direction))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn record(cycle: Cycle) -> ScaleRecord {
        ScaleRecord {
            at: Now {
                wall: DateTime::UNIX_EPOCH,
                mono: Duration::from_secs(cycle),
            },
            cycle,
            from: 1,
            to: 2,
            direction: Direction::Up,
            cause: Cause::Load,
            reason: "the last 3 results are above 1200".to_owned(),
        }
    }

    #[test]
    fn newest_last_and_the_oldest_forgotten() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.records().next_back(), None);
        for cycle in 1..=1003 {
            ledger.enter(record(cycle));
        }
        let cycles: Vec<Cycle> = ledger.records().map(|record| record.cycle).collect();
        assert_eq!(cycles.len(), MOST_RECORDS);
        assert_eq!((cycles[0], cycles[999]), (4, 1003));
        assert_eq!(ledger.records().next_back(), Some(&record(1003)));
        let newest = ledger.scales().last();
        assert_eq!(newest, Some((Duration::from_secs(1003), Direction::Up)));
    }

    #[test]
    fn a_snapshot_does_not_change() {
        let mut ledger = Ledger::default();
        ledger.enter(record(1));
        let snapshot = ledger.clone();
        ledger.enter(record(2));
        assert_eq!(snapshot.records().next_back(), Some(&record(1)));
        assert_eq!(ledger.records().count(), 2);
    }
}
