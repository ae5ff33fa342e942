//! What a server's answers mean: entries as values, and its refusals to a person.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::model::ProcessName;
use crate::orders::{Draft, Ended, Order, OrderId};
use crate::state::pack::{Gathering, unpack};
use crate::state::{Record, Snapshot, StoreError};

/// What a server refuses with: the code that its error begins with (`OOM`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal(String);

/// A server's own refusal, the first of a transaction's; `None` when the connection failed.
pub(super) fn refusal(error: &RedisError) -> Option<Refusal> {
    if let Some(errors) = error.clone().into_server_errors() {
        let codes = errors.iter().map(|(_, error)| error.code());
        // The transaction's own error only says that there was one before it.
        let first = codes.clone().find(|code| *code != "EXECABORT");
        return first.or_else(|| codes.clone().next()).map(named);
    }
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what is not the server's own word is the connection's failure"
    )]
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::ResponseError) => Some(named("ERR")),
        ErrorKind::Server(_) => error.code().map(named),
        ErrorKind::UnexpectedReturnType | ErrorKind::Parse => Some(named("WRONGTYPE")),
        _ => None,
    }
}

fn named(code: &str) -> Refusal {
    Refusal(code.to_owned())
}

impl Refusal {
    /// In plain words. Redis's own are left out: they may repeat what was sent.
    pub(super) fn into_error(self, shown: &str) -> StoreError {
        let away = |why: &str| StoreError::Away(format!("{shown}: {why}"));
        let refused = |why: &str| StoreError::Refused(format!("{shown}: {why}"));
        match self.0.as_str() {
            "OOM" => StoreError::Full(format!(
                "{shown}: its maxmemory is reached (OOM); raise it, or keep less (max_megabytes)"
            )),
            "MISCONF" => refused(
                "it cannot save to its own disk, and takes nothing in until it can (MISCONF)",
            ),
            "NOAUTH" => refused(
                "it wants a password (NOAUTH): write one in the url, `redis://:password@host:port/0`",
            ),
            "NOPERM" => refused(
                "its user may not do this (NOPERM): allow it the keys that begin with key_prefix, MULTI and EXEC",
            ),
            "READONLY" => {
                refused("it is a replica that takes nothing in (READONLY): name its master")
            }
            "WRONGTYPE" => refused(
                "a key of ours holds something of another kind (WRONGTYPE): is key_prefix used by something else?",
            ),
            "MOVED" | "ASK" | "CROSSSLOT" | "CLUSTERDOWN" => {
                refused("it is a node of a Redis Cluster, which is not known here")
            }
            "LOADING" => away("it is still loading its data after a start (LOADING)"),
            "MASTERDOWN" => away("it is a replica that has lost its master (MASTERDOWN)"),
            code => refused(&format!("it refused ({code})")),
        }
    }
}

/// The snapshots in a hash, and how many were unreadable.
pub(super) fn snapshots(found: BTreeMap<String, String>) -> (Vec<Snapshot>, usize) {
    let many = found.len();
    let read = found.into_iter().filter_map(|(process, entry)| {
        let (at, text) = entry.split_once(' ')?;
        Some(Snapshot {
            process: ProcessName::kept(&process).ok()?,
            at: time(at)?,
            text: text.to_owned(),
        })
    });
    let read: Vec<_> = read.collect();
    let left_out = many - read.len();
    (read, left_out)
}

/// The records in a range, and how many were unreadable.
pub(super) fn records(process: &ProcessName, found: Vec<String>) -> (Vec<Record>, usize) {
    let many = found.len();
    let read = found.into_iter().filter_map(|entry| {
        let (at, rest) = entry.split_once(' ')?;
        let (cycle, text) = rest.split_once(' ')?;
        Some(Record {
            process: process.clone(),
            at: time(at)?,
            cycle: cycle.parse().ok()?,
            text: text.to_owned(),
        })
    });
    let read: Vec<_> = read.collect();
    let left_out = many - read.len();
    (read, left_out)
}

/// What is known after some packs were looked through.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LookedThrough {
    /// Where the last of them ends, in microseconds.
    pub(super) last: i64,
    /// How many could not be read.
    pub(super) left_out: usize,
}

/// Looks some packs through; `None` when there were none, so that there is no more to find.
pub(super) fn packs(
    process: &ProcessName,
    found: Vec<Vec<u8>>,
    gathering: &mut Gathering,
) -> Option<LookedThrough> {
    let mut looked = None;
    let mut left_out = 0;
    for entry in &found {
        let Some((first, last, bytes)) = span(entry) else {
            left_out += 1;
            continue;
        };
        looked = Some(last);
        if !gathering.wants(first, last) {
            continue;
        }
        match unpack(process, bytes) {
            Some(records) => gathering.add(records),
            None => left_out += 1,
        }
    }
    looked.map(|last| LookedThrough { last, left_out })
}

/// When a pack's first and last were written, and its bytes.
fn span(entry: &[u8]) -> Option<(i64, i64, &[u8])> {
    let mut parts = entry.splitn(3, |byte| *byte == b' ');
    let mut micros = || std::str::from_utf8(parts.next()?).ok()?.parse().ok();
    let (first, last) = (micros()?, micros()?);
    Some((first, last, parts.next()?))
}

/// Orders, by number, and how many were unreadable.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OrdersFound {
    pub(super) orders: Vec<Order>,
    pub(super) left_out: usize,
}

/// The orders in their two hashes.
pub(super) fn orders(drafts: BTreeMap<u64, String>, ends: BTreeMap<u64, String>) -> OrdersFound {
    let many = drafts.len();
    let read = drafts.into_iter().filter_map(|(id, draft)| {
        let draft: Draft = serde_json::from_str(&draft).ok()?;
        let mut order = draft.numbered(OrderId(id));
        if let Some(ended) = ends.get(&id) {
            let ended: Ended = serde_json::from_str(ended).ok()?;
            order.ended = Some(ended);
        }
        Some(order)
    });
    let orders: Vec<_> = read.collect();
    let left_out = many - orders.len();
    OrdersFound { orders, left_out }
}

fn time(micros: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::super::keys::{pack_entry, record_entry, snapshot_entry};
    use super::*;
    use crate::state::pack::pack;
    use crate::state::{First, Wanted};

    fn web() -> ProcessName {
        ProcessName::new("web").unwrap()
    }

    fn record(micros: i64, cycle: u64) -> Record {
        Record {
            process: web(),
            at: DateTime::from_timestamp_micros(micros).unwrap(),
            cycle,
            text: "{\"a\": 1}".into(),
        }
    }

    #[test]
    fn entries_are_read_as_they_were_written() {
        let snapshot = Snapshot {
            process: web(),
            at: DateTime::from_timestamp_micros(1_714_745_000_000_001).unwrap(),
            text: "{\"a\": 1}".into(),
        };
        let hash = BTreeMap::from([
            ("web".to_owned(), snapshot_entry(&snapshot)),
            ("celery".to_owned(), "not ours".to_owned()),
        ]);
        assert_eq!(snapshots(hash), (vec![snapshot], 1));
        let two = [record(5, 10), record(5, 9)];
        let found: Vec<_> = two.iter().map(record_entry).collect();
        assert_eq!(records(&web(), found), (two.to_vec(), 0));
        assert_eq!(records(&web(), vec!["x".into()]).1, 1);
    }

    #[test]
    fn packs_are_looked_through() {
        let many: Vec<_> = (0..100)
            .map(|n| record(n, u64::try_from(n).unwrap()))
            .collect();
        let packed = pack(&many).unwrap();
        let wanted = Wanted {
            since: None,
            until: None,
            first: First::Newest,
            most: 2,
        };
        let mut gathering = Gathering::new(wanted, Vec::new());
        let entries = vec![pack_entry(&packed), b"no pack".to_vec()];
        let looked = packs(&web(), entries, &mut gathering);
        let expected = LookedThrough {
            last: 99,
            left_out: 1,
        };
        assert_eq!(looked, Some(expected));
        assert_eq!(gathering.finish(), [record(99, 99), record(98, 98)]);
        let mut none = Gathering::new(wanted, Vec::new());
        assert_eq!(packs(&web(), Vec::new(), &mut none), None);
    }

    #[test]
    fn an_order_of_an_unknown_kind_is_left_out_and_counted() {
        let drafts = BTreeMap::from([(1, r#"{"kind":"dance"}"#.to_owned())]);
        let found = orders(drafts, BTreeMap::new());
        assert_eq!((found.orders.len(), found.left_out), (0, 1));
    }

    #[test]
    fn refusals_say_what_to_mend() {
        for (code, part) in [
            ("OOM", "maxmemory"),
            ("NOAUTH", "password"),
            ("WRONGTYPE", "key_prefix"),
            ("READONLY", "master"),
            ("LOADING", "loading"),
            ("ODD", "it refused (ODD)"),
        ] {
            let error = named(code).into_error("redis at a:1");
            assert!(error.to_string().contains(part), "{code}: {error}");
            assert_eq!(matches!(error, StoreError::Full(_)), code == "OOM");
        }
    }
}
