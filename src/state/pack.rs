//! Old records, packed: a hundred of one process compressed together take a twentieth of their room, for one cycle's record
//! is much like the next one's. Both stores keep a ledger so: the newest records loose, the others in packs. Pure.
//!
//! ```text
//!   oldest                                                      newest
//!   [ pack of 100 ][ pack of 100 ] …  [ pack of 100 ] ············ 100 to 200 loose ◀─ save
//! ```

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use serde::{Deserialize, Serialize};

use super::{First, MOST_RECORD_BYTES, Record, Wanted};
use crate::model::{Cycle, ProcessName};

/// How many records are in a pack.
pub(super) const RECORDS: usize = 100;

/// The same, to count with.
pub(super) const RECORDS_64: u64 = 100;

/// How hard is compressed: the usual compromise.
const LEVEL: u8 = 6;

/// The most bytes that a pack may unpack to: each record with its escapes, its time and its cycle.
const MOST_BYTES: usize = RECORDS * (MOST_RECORD_BYTES * 2 + 64);

/// Records, packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pack {
    /// When the first was written, in microseconds.
    pub(super) first: i64,
    /// When the last was.
    pub(super) last: i64,
    /// All of them.
    pub(super) bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Entry<T>(i64, Cycle, T);

/// Packs records; `None` when there are none.
pub(super) fn pack(records: &[Record]) -> Option<Pack> {
    let micros = |record: &Record| record.at.timestamp_micros();
    let entries: Vec<_> = records
        .iter()
        .map(|record| Entry(micros(record), record.cycle, record.text.as_str()))
        .collect();
    let plain = serde_json::to_vec(&entries).ok()?;
    Some(Pack {
        first: records.iter().map(micros).min()?,
        last: records.iter().map(micros).max()?,
        bytes: compress_to_vec_zlib(&plain, LEVEL),
    })
}

/// The records in a pack; `None` when it is not whole.
pub(super) fn unpack(process: &ProcessName, bytes: &[u8]) -> Option<Vec<Record>> {
    let plain = decompress_to_vec_zlib_with_limit(bytes, MOST_BYTES).ok()?;
    let entries: Vec<Entry<String>> = serde_json::from_slice(&plain).ok()?;
    let record = |Entry(at, cycle, text)| {
        Some(Record {
            process: process.clone(),
            at: DateTime::<Utc>::from_timestamp_micros(at)?,
            cycle,
            text,
        })
    };
    entries.into_iter().map(record).collect()
}

/// How many whole packs and how many loose records are too many, when there are so many of each.
pub(super) fn surplus(packs: u64, loose: u64, most: u64) -> (u64, u64) {
    let all = packs.saturating_mul(RECORDS_64).saturating_add(loose);
    let too_many = all.saturating_sub(most);
    let whole = packs.min(too_many / RECORDS_64);
    if whole < packs {
        // The rest is in a pack whose others stay.
        return (whole, 0);
    }
    (whole, (too_many - whole * RECORDS_64).min(loose))
}

/// Gathers the wanted records out of loose ones and packs, which come in the order in which they are wanted.
pub(super) struct Gathering {
    wanted: Wanted,
    found: Vec<Record>,
}

impl Gathering {
    /// Begins with loose records.
    pub(super) fn new(wanted: Wanted, loose: Vec<Record>) -> Self {
        let found = Vec::new();
        let mut gathering = Self { wanted, found };
        gathering.add(loose);
        gathering
    }

    /// Whether a pack of this time can have something to add.
    pub(super) fn wants(&self, first: i64, last: i64) -> bool {
        let Wanted { since, until, .. } = self.wanted;
        if since.is_some_and(|since| last < since.timestamp_micros())
            || until.is_some_and(|until| first > until.timestamp_micros())
        {
            return false;
        }
        if self.found.len() < self.wanted.most {
            return true;
        }
        let Some(edge) = self.found.last().map(|record| record.at.timestamp_micros()) else {
            return false;
        };
        match self.wanted.first {
            First::Oldest => first <= edge,
            First::Newest => last >= edge,
        }
    }

    /// Takes what is wanted of these.
    pub(super) fn add(&mut self, records: Vec<Record>) {
        let Wanted { since, until, .. } = self.wanted;
        self.found.extend(records.into_iter().filter(|record| {
            since.is_none_or(|since| record.at >= since)
                && until.is_none_or(|until| record.at <= until)
        }));
        match self.wanted.first {
            First::Oldest => self.found.sort_by_key(Record::position),
            First::Newest => self.found.sort_by_key(|record| Reverse(record.position())),
        }
        // What was packed by two at once is in two packs.
        self.found.dedup_by_key(|record| record.position());
        self.found.truncate(self.wanted.most);
    }

    /// What was found.
    pub(super) fn finish(self) -> Vec<Record> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(cycles: std::ops::Range<u64>) -> Vec<Record> {
        let one = |cycle| Record {
            process: ProcessName::new("web").unwrap(),
            at: DateTime::from_timestamp_micros(i64::try_from(cycle).unwrap() * 10).unwrap(),
            cycle,
            text: format!(
                "{{\"value\": {cycle}, \"reason\": \"the last 3 results are above 1000 ms\"}}"
            ),
        };
        cycles.map(one).collect()
    }

    fn cycles(records: &[Record]) -> Vec<u64> {
        records.iter().map(|record| record.cycle).collect()
    }

    #[test]
    fn a_pack_is_small_and_gives_back_what_was_put_in() {
        let web = ProcessName::new("web").unwrap();
        let many = records(0..100);
        let packed = pack(&many).unwrap();
        assert_eq!((packed.first, packed.last), (0, 990));
        let plain: usize = many.iter().map(|record| record.text.len()).sum();
        assert!(
            packed.bytes.len() * 5 < plain,
            "{} of {plain}",
            packed.bytes.len()
        );
        assert_eq!(unpack(&web, &packed.bytes), Some(many));
        assert_eq!(pack(&[]), None);
        let (half, _) = packed.bytes.split_at(packed.bytes.len() / 2);
        assert_eq!(unpack(&web, half), None, "half of it is none");
        assert_eq!(unpack(&web, b"something else"), None);
    }

    #[test]
    fn whole_packs_go_and_loose_records_only_after_them() {
        for (packs, loose, most, expected, because) in [
            (0, 50, 100, (0, 0), "not too many"),
            (0, 150, 100, (0, 50), "loose ones alone"),
            (3, 150, 450, (0, 0), "exactly so many"),
            (3, 150, 400, (0, 0), "half of a pack stays whole"),
            (3, 150, 350, (1, 0), "a pack"),
            (3, 150, 100, (3, 50), "all packs, and then loose ones"),
            (3, 150, 0, (3, 150), "everything"),
        ] {
            assert_eq!(surplus(packs, loose, most), expected, "{because}");
        }
    }

    #[test]
    fn packs_are_opened_only_as_far_as_they_matter() {
        let wanted = |first, most| Wanted {
            since: None,
            until: None,
            first,
            most,
        };
        let mut newest = Gathering::new(wanted(First::Newest, 30), records(200..220));
        assert!(newest.wants(1000, 1990));
        newest.add(records(100..200));
        assert!(!newest.wants(0, 990), "there are thirty newer ones");
        assert_eq!(
            cycles(&newest.finish()),
            (190..220).rev().collect::<Vec<_>>()
        );

        let mut oldest = Gathering::new(wanted(First::Oldest, 5), records(200..205));
        assert!(oldest.wants(0, 990), "they are older");
        oldest.add(records(0..100));
        oldest.add(records(0..100));
        assert!(!oldest.wants(1000, 1990));
        assert_eq!(cycles(&oldest.finish()), [0, 1, 2, 3, 4], "each once");

        let range = Wanted {
            since: DateTime::from_timestamp_micros(500),
            until: DateTime::from_timestamp_micros(520),
            ..wanted(First::Oldest, 100)
        };
        let mut found = Gathering::new(range, Vec::new());
        assert!(found.wants(0, 990) && !found.wants(0, 490) && !found.wants(530, 990));
        found.add(records(0..100));
        assert_eq!(cycles(&found.finish()), [50, 51, 52]);
    }
}
