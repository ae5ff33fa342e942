//! The keys, and each operation as what is sent to the server.
//!
//! | key | holds |
//! | --- | --- |
//! | `snapshots` | a hash: process, its snapshot's time and text |
//! | `ledgers` | a set: the processes that have a ledger |
//! | `ledger:PROCESS` | a sorted set: by time, each of the newest records' time, cycle and text |
//! | `packs:PROCESS` | a sorted set: by the time of its last, packs of older records, and the times of their first and last |
//! | `orders` | a hash: number, order |
//! | `orders:ended` | a hash: number, its end before its time |
//! | `orders:last` | the last number that was given |
//!
//! A time is in microseconds, which a sorted set's scores hold exactly until the year 2255. An entry's text begins with
//! its time too, so that one record saved twice is one entry.

use chrono::{DateTime, Utc};
use redis::{Cmd, Pipeline, cmd, pipe};

use crate::model::ProcessName;
use crate::orders::{Ended, Order, OrderId};
use crate::state::pack::{Pack, RECORDS};
use crate::state::{Batch, First, Record, Snapshot, Wanted};

/// How many packs are read at once: so many hundred records.
const PACKS_AT_ONCE: u64 = 20;

/// The names of the keys.
#[derive(Debug)]
pub(super) struct Keys {
    prefix: String,
}

/// A snapshot as an entry: its time and its text.
pub(super) fn snapshot_entry(snapshot: &Snapshot) -> String {
    format!("{} {}", snapshot.at.timestamp_micros(), snapshot.text)
}

/// A record as an entry: its time, its cycle and its text.
pub(super) fn record_entry(record: &Record) -> String {
    let at = record.at.timestamp_micros();
    format!("{at} {} {}", record.cycle, record.text)
}

/// A pack as an entry: the times of its first and last, and its bytes.
pub(super) fn pack_entry(pack: &Pack) -> Vec<u8> {
    let mut entry = format!("{} {} ", pack.first, pack.last).into_bytes();
    entry.extend_from_slice(&pack.bytes);
    entry
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn packs_of(&self, process: &str) -> String {
        self.key(&format!("packs:{process}"))
    }

    fn ledger(&self, process: &str) -> String {
        self.key(&format!("ledger:{process}"))
    }

    pub(super) fn load(&self) -> Pipeline {
        all([cmd("HGETALL").arg(self.key("snapshots"))])
    }

    pub(super) fn save(&self, batch: &Batch) -> Pipeline {
        let mut asked = pipe();
        asked.atomic();
        for snapshot in &batch.snapshots {
            let (key, process) = (self.key("snapshots"), snapshot.process.as_str());
            let hset = asked.cmd("HSET").arg(key).arg(process);
            hset.arg(snapshot_entry(snapshot)).ignore();
        }
        for record in &batch.records {
            let process = record.process.as_str();
            let sadd = asked.cmd("SADD").arg(self.key("ledgers"));
            sadd.arg(process).ignore();
            let zadd = asked.cmd("ZADD").arg(self.ledger(process));
            let at = record.at.timestamp_micros();
            zadd.arg(at).arg(record_entry(record)).ignore();
        }
        asked
    }

    pub(super) fn records(&self, process: &ProcessName, wanted: Wanted) -> Pipeline {
        let key = self.ledger(process.as_str());
        let edge = |at: Option<DateTime<Utc>>, open: &str| {
            at.map_or_else(|| open.to_owned(), |at| at.timestamp_micros().to_string())
        };
        let (since, until) = (edge(wanted.since, "-inf"), edge(wanted.until, "+inf"));
        let mut range = match wanted.first {
            First::Oldest => cmd("ZRANGEBYSCORE"),
            First::Newest => cmd("ZREVRANGEBYSCORE"),
        };
        range.arg(key);
        match wanted.first {
            First::Oldest => range.arg(since).arg(until),
            First::Newest => range.arg(until).arg(since),
        };
        let most = i64::try_from(wanted.most).unwrap_or(i64::MAX);
        let mut asked = pipe();
        asked.atomic();
        asked.add_command(range.arg("LIMIT").arg(0).arg(most).clone());
        asked.add_command(self.packs_range(process, wanted, None));
        asked
    }

    /// Some packs, from behind the one whose last is at this time on.
    pub(super) fn packs(
        &self,
        process: &ProcessName,
        wanted: Wanted,
        from: Option<i64>,
    ) -> Pipeline {
        all([&mut self.packs_range(process, wanted, from)])
    }

    fn packs_range(&self, process: &ProcessName, wanted: Wanted, from: Option<i64>) -> Cmd {
        let key = self.packs_of(process.as_str());
        let since = wanted.since.map(|since| since.timestamp_micros());
        let edge = |at: Option<i64>, open: &str| at.map_or(open.to_owned(), |at| at.to_string());
        let behind = from.map(|from| format!("({from}"));
        let mut range = match wanted.first {
            First::Oldest => {
                let least = behind.unwrap_or_else(|| edge(since, "-inf"));
                let mut range = cmd("ZRANGEBYSCORE");
                range.arg(key).arg(least).arg("+inf");
                range
            }
            First::Newest => {
                let most = behind.unwrap_or_else(|| "+inf".to_owned());
                let mut range = cmd("ZREVRANGEBYSCORE");
                range.arg(key).arg(most).arg(edge(since, "-inf"));
                range
            }
        };
        range.arg("LIMIT").arg(0).arg(PACKS_AT_ONCE);
        range
    }

    /// The processes that have a ledger.
    pub(super) fn ledgers(&self) -> Pipeline {
        all([cmd("SMEMBERS").arg(self.key("ledgers"))])
    }

    /// For a process: how many packs, how many loose records, and the oldest of each.
    pub(super) fn sizes(&self, process: &str) -> Pipeline {
        let (packs, ledger) = (self.packs_of(process), self.ledger(process));
        all([
            cmd("ZCARD").arg(&packs),
            cmd("ZCARD").arg(&ledger),
            cmd("ZRANGE").arg(&packs).arg(0).arg(2),
            cmd("ZRANGE").arg(&ledger).arg(0).arg(19),
        ])
    }

    /// Lets go of what is older; says how many packs and how many loose records went.
    pub(super) fn forget_older(&self, process: &str, horizon: DateTime<Utc>) -> Pipeline {
        let older = format!("({}", horizon.timestamp_micros());
        let [packs, ledger] = [self.packs_of(process), self.ledger(process)].map(|key| {
            let mut zrem = cmd("ZREMRANGEBYSCORE");
            zrem.arg(key).arg("-inf").arg(&older);
            zrem
        });
        let [mut packs, mut ledger] = [packs, ledger];
        all([&mut packs, &mut ledger])
    }

    /// Lets go of the oldest packs and the oldest loose records.
    pub(super) fn forget_oldest(&self, process: &str, packs: u64, loose: u64) -> Pipeline {
        let mut asked = pipe();
        asked.atomic();
        let keys = [
            (self.packs_of(process), packs),
            (self.ledger(process), loose),
        ];
        for (key, many) in keys {
            if many > 0 {
                let zrem = asked.cmd("ZREMRANGEBYRANK").arg(key);
                zrem.arg(0).arg(many - 1).ignore();
            }
        }
        asked
    }

    /// The oldest loose records, as many as go into a pack.
    pub(super) fn oldest(&self, process: &str) -> Pipeline {
        let last = RECORDS - 1;
        all([cmd("ZRANGE").arg(self.ledger(process)).arg(0).arg(last)])
    }

    /// Puts a pack in the place of its entries.
    pub(super) fn pack(&self, process: &str, pack: &Pack, entries: &[String]) -> Pipeline {
        let mut asked = pipe();
        asked.atomic();
        let zadd = asked.cmd("ZADD").arg(self.packs_of(process));
        zadd.arg(pack.last).arg(pack_entry(pack)).ignore();
        let zrem = asked.cmd("ZREM").arg(self.ledger(process));
        zrem.arg(entries).ignore();
        asked
    }

    pub(super) fn orders(&self) -> Pipeline {
        let mut asked = pipe();
        asked.atomic();
        asked.cmd("HGETALL").arg(self.key("orders"));
        asked.cmd("HGETALL").arg(self.key("orders:ended"));
        asked
    }

    pub(super) fn next_order(&self) -> Pipeline {
        all([cmd("INCR").arg(self.key("orders:last"))])
    }

    pub(super) fn put(&self, order: &Order) -> Pipeline {
        // What is plain data always has a form as JSON.
        let text = serde_json::to_string(&order.draft).unwrap_or_default();
        let mut asked = all([cmd("HSET")
            .arg(self.key("orders"))
            .arg(order.id.0)
            .arg(text)]);
        asked.ignore();
        asked
    }

    pub(super) fn end(&self, id: OrderId, ended: &Ended) -> Pipeline {
        let text = serde_json::to_string(ended).unwrap_or_default();
        let key = self.key("orders:ended");
        all([cmd("HSETNX").arg(key).arg(id.0).arg(text)])
    }

    pub(super) fn forget(&self, ids: &[OrderId]) -> Pipeline {
        let mut asked = pipe();
        asked.atomic();
        for key in ["orders", "orders:ended"] {
            let hdel = asked.cmd("HDEL").arg(self.key(key));
            hdel.arg(ids.iter().map(|id| id.0).collect::<Vec<_>>())
                .ignore();
        }
        asked
    }
}

fn all<'a>(commands: impl IntoIterator<Item = &'a mut Cmd>) -> Pipeline {
    let mut asked = pipe();
    for command in commands {
        asked.add_command(command.clone());
    }
    asked
}
