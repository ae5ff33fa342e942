//! What waits to be written: the newest snapshot of each process, and records in their order. Pure.

use std::collections::{BTreeMap, VecDeque};

use crate::model::ProcessName;
use crate::state::{Batch, MOST_RECORD_BYTES, MOST_SNAPSHOT_BYTES, Record, Snapshot};

/// Counts the snapshots that were noted.
pub type Seq = u64;

/// The most records that wait.
pub const MOST_RECORDS: usize = 5000;

/// The most bytes of records that wait.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// What waits.
#[derive(Debug, Default)]
pub struct Pending {
    snapshots: BTreeMap<ProcessName, Snapshot>,
    records: VecDeque<Record>,
    bytes: usize,
    noted: Seq,
}

impl Pending {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.snapshots.is_empty() && self.records.is_empty()
    }

    /// Notes a snapshot in the place of the one before; yields its number. `Err` is its size: it is too large, and the one
    /// before stays.
    pub fn snapshot(&mut self, snapshot: Snapshot) -> Result<Seq, usize> {
        if snapshot.text.len() > MOST_SNAPSHOT_BYTES {
            return Err(snapshot.text.len());
        }
        self.snapshots.insert(snapshot.process.clone(), snapshot);
        self.noted += 1;
        Ok(self.noted)
    }

    /// Notes a record; yields how many were dropped for it.
    pub fn record(&mut self, record: Record) -> u64 {
        if record.text.len() > MOST_RECORD_BYTES {
            return 1;
        }
        self.bytes += record.text.len();
        self.records.push_back(record);
        self.shed()
    }

    /// Every snapshot and the oldest records, and the number up to which all snapshots are among them or before them.
    pub fn take(&mut self, most_records: usize) -> (Batch, Seq) {
        let many = most_records.min(self.records.len());
        let records: Vec<_> = self.records.drain(..many).collect();
        self.bytes -= records
            .iter()
            .map(|record| record.text.len())
            .sum::<usize>();
        let snapshots = std::mem::take(&mut self.snapshots).into_values().collect();
        (Batch { snapshots, records }, self.noted)
    }

    /// Takes back what could not be written; yields how many records were dropped for it. A newer snapshot stays.
    pub fn put_back(&mut self, batch: Batch) -> u64 {
        for snapshot in batch.snapshots {
            let place = self.snapshots.entry(snapshot.process.clone());
            place.or_insert(snapshot);
        }
        for record in batch.records.into_iter().rev() {
            self.bytes += record.text.len();
            self.records.push_front(record);
        }
        self.shed()
    }

    /// Drops the oldest records beyond the bounds.
    fn shed(&mut self) -> u64 {
        let mut dropped = 0;
        while (self.records.len() > MOST_RECORDS || self.bytes > MOST_BYTES)
            && let Some(oldest) = self.records.pop_front()
        {
            self.bytes -= oldest.text.len();
            dropped += 1;
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn snapshot(process: &str, text: &str) -> Snapshot {
        Snapshot {
            process: ProcessName::new(process).unwrap(),
            at: DateTime::UNIX_EPOCH,
            text: text.into(),
        }
    }

    fn record(cycle: u64, bytes: usize) -> Record {
        Record {
            process: ProcessName::new("web").unwrap(),
            at: DateTime::UNIX_EPOCH,
            cycle,
            text: "x".repeat(bytes),
        }
    }

    fn cycles(records: &[Record]) -> Vec<u64> {
        records.iter().map(|record| record.cycle).collect()
    }

    #[test]
    fn the_newest_snapshot_of_a_process_counts() {
        let mut pending = Pending::default();
        assert_eq!(pending.snapshot(snapshot("web", "1")), Ok(1));
        assert_eq!(pending.snapshot(snapshot("celery", "1")), Ok(2));
        assert_eq!(pending.snapshot(snapshot("web", "2")), Ok(3));
        let (batch, up_to) = pending.take(10);
        assert_eq!(
            batch.snapshots,
            [snapshot("celery", "1"), snapshot("web", "2")]
        );
        assert_eq!(up_to, 3);
        assert!(pending.is_empty());
        pending.snapshot(snapshot("web", "3")).unwrap();
        pending.put_back(batch);
        let (batch, _) = pending.take(10);
        assert_eq!(
            batch.snapshots,
            [snapshot("celery", "1"), snapshot("web", "3")],
            "what failed does not replace what came after it"
        );
    }

    #[test]
    fn records_keep_their_order_through_a_failure() {
        let mut pending = Pending::default();
        for cycle in 1..=5 {
            pending.record(record(cycle, 1));
        }
        let (batch, _) = pending.take(3);
        assert_eq!(cycles(&batch.records), [1, 2, 3]);
        pending.put_back(batch);
        assert_eq!(cycles(&pending.take(10).0.records), [1, 2, 3, 4, 5]);
        assert_eq!(pending.bytes, 0);
    }

    #[test]
    fn what_is_too_much_is_dropped_and_counted() {
        let mut pending = Pending::default();
        let many = u64::try_from(MOST_RECORDS).unwrap();
        let dropped: u64 = (1..=many + 3)
            .map(|cycle| pending.record(record(cycle, 1)))
            .sum();
        assert_eq!(dropped, 3);
        assert_eq!(pending.take(1).0.records[0].cycle, 4, "the oldest went");

        let mut pending = Pending::default();
        let large = || record(1, MOST_RECORD_BYTES);
        let fit = MOST_BYTES / MOST_RECORD_BYTES;
        let dropped: u64 = (0..fit + 2).map(|_| pending.record(large())).sum();
        assert_eq!((dropped, pending.records.len()), (2, fit), "in bytes");
        assert_eq!(pending.record(record(1, MOST_RECORD_BYTES + 1)), 1);

        let text = "x".repeat(MOST_SNAPSHOT_BYTES + 1);
        let refused = pending.snapshot(snapshot("web", &text));
        assert_eq!(refused, Err(MOST_SNAPSHOT_BYTES + 1));
    }
}
