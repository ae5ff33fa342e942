//! The keys, and each operation as what is sent to the server.
//!
//! | key | holds |
//! | --- | --- |
//! | `snapshots` | a hash: process, its snapshot's time and text |
//! | `ledgers` | a set: the processes that have a ledger |
//! | `ledger:PROCESS` | a sorted set: by time, each record's time, cycle and text |
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
use crate::state::{Batch, First, Limits, Record, Snapshot, Wanted};

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

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
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
        all([range.arg("LIMIT").arg(0).arg(wanted.most)])
    }

    /// The processes that have a ledger.
    pub(super) fn ledgers(&self) -> Pipeline {
        all([cmd("SMEMBERS").arg(self.key("ledgers"))])
    }

    /// Says for each process, twice, how many records went.
    pub(super) fn prune(
        &self,
        processes: &[String],
        horizon: DateTime<Utc>,
        limits: Limits,
    ) -> Pipeline {
        let mut asked = pipe();
        let too_old = format!("({}", horizon.timestamp_micros());
        let most = i64::try_from(limits.max_records_per_process).unwrap_or(i64::MAX - 1);
        for process in processes {
            let key = self.ledger(process);
            let by_age = asked.cmd("ZREMRANGEBYSCORE").arg(&key);
            by_age.arg("-inf").arg(&too_old);
            let by_number = asked.cmd("ZREMRANGEBYRANK").arg(&key);
            by_number.arg(0).arg(-1 - most);
        }
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
