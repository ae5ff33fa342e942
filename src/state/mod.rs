//! What outlives the program: each process's latest snapshot, the ledger of its cycles, and the orders of people. It is
//! kept in a file or in a Redis ([`settings`]), behind one trait, [`StateStore`].
//!
//! ```text
//!   supervisor ── note, intend ─▶ Journal ── batches ─▶ StateStore: a file (SQLite) or a Redis
//!        ▲                          │  ▲                    ▲   │
//!        └── events, orders ────────┘  └── orders ──────────┼───┘
//!                                                           │
//!   autoscalebot pause, resume, override, scale, orders ────┘
//! ```
//!
//! What is kept is JSON that this module does not look into: who writes it says what it means. What is promised:
//!
//! - A [`Batch`] is kept whole or not at all, and once [`StateStore::save`] has said so, it survives `kill -9`.
//! - The same record saved twice is kept once, so that a save whose answer was lost may be tried again.
//! - Every operation ends within the store's time-out. A store that is damaged, full or away is an error value.
//! - Everything is bounded: a text, a batch, a ledger by age and number, the file by its size.
//!
//! Only one program writes snapshots and records for a process at a time; the last one to write wins.

mod file;
pub mod journal;
mod pack;
mod redis;
mod remote;
pub mod settings;
mod wanted;

use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::backend::BuildError;
use crate::clock::Clock;
use crate::model::{Cycle, ProcessName};
use crate::orders::{Draft, Ended, Order, OrderId};
use settings::{StatePlace, StateSettings};

pub use file::FileStore;
pub use redis::RedisStore;
pub use remote::RemoteStore;
pub use wanted::{First, Wanted};

/// The most bytes that a record's text may have.
pub const MOST_RECORD_BYTES: usize = 16 * 1024;

/// The most bytes that a snapshot's text may have.
pub const MOST_SNAPSHOT_BYTES: usize = 256 * 1024;

/// The most orders that a store keeps, those that have ended included.
pub const MOST_ORDERS: usize = 200;

/// What one process is to go on from after a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The process.
    pub process: ProcessName,
    /// When it was taken; kept to the microsecond.
    pub at: DateTime<Utc>,
    /// The state, as JSON.
    pub text: String,
}

/// What one cycle saw, wished and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The process.
    pub process: ProcessName,
    /// When; kept to the microsecond.
    pub at: DateTime<Utc>,
    /// The cycle.
    pub cycle: Cycle,
    /// All of it, as JSON.
    pub text: String,
}

impl Record {
    /// Where it stands in its process's ledger.
    pub fn position(&self) -> Position {
        Position {
            at: self.at,
            cycle: self.cycle,
        }
    }
}

/// A place in one process's ledger, which is in the order of time. What is written with a clock that was put back comes
/// before what was there already: who follows does not see it, who reads does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The time.
    pub at: DateTime<Utc>,
    /// The cycle, for two at one time.
    pub cycle: Cycle,
}

/// What is written at once: all or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// At most one for each process; it replaces the one before.
    pub snapshots: Vec<Snapshot>,
    /// What is appended to the ledgers.
    pub records: Vec<Record>,
}

impl Batch {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.snapshots.is_empty() && self.records.is_empty()
    }
}

/// How much of the past is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Records and ended orders that are older go.
    pub keep_for: Duration,
    /// Of each process's records, the oldest beyond this number go.
    pub max_records_per_process: u64,
}

impl Limits {
    /// What is older than this goes.
    pub fn horizon(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let kept = TimeDelta::from_std(self.keep_for).unwrap_or(TimeDelta::MAX);
        now.checked_sub_signed(kept)
            .unwrap_or(DateTime::<Utc>::UNIX_EPOCH)
    }
}

/// Keeps state. Each operation ends within the store's own time-out.
#[async_trait(?Send)]
pub trait StateStore {
    /// Where it keeps it, for people; no secret is in it.
    fn place(&self) -> &str;

    /// The snapshot of every process that has one.
    async fn load(&self) -> Result<Vec<Snapshot>, StoreError>;

    /// Writes a batch, all or nothing. After `Ok` it survives the end of this program.
    async fn save(&self, batch: &Batch) -> Result<(), StoreError>;

    /// Records of a process.
    async fn records(
        &self,
        process: &ProcessName,
        wanted: Wanted,
    ) -> Result<Vec<Record>, StoreError>;

    /// Records of a process that come after a position, the oldest first, at most so many: to follow it.
    async fn after(
        &self,
        process: &ProcessName,
        position: Position,
        most: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let wanted = Wanted {
            since: Some(position.at),
            until: None,
            first: First::Oldest,
            // Those of the position's own microsecond are found too, and left out below.
            most: most.saturating_add(16),
        };
        let mut found = self.records(process, wanted).await?;
        found.retain(|record| record.position() > position);
        found.truncate(most);
        Ok(found)
    }

    /// Lets go of what is beyond the limits; yields how many records went. It may leave some for the next time.
    async fn prune(&self, limits: Limits, now: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Every order that is kept, by its number.
    async fn orders(&self) -> Result<Vec<Order>, StoreError>;

    /// Keeps an order and gives it a number; all or nothing.
    async fn put(&self, draft: &Draft) -> Result<Order, StoreError>;

    /// Ends an order before its time; whether it was there and had not been ended already.
    async fn end(&self, id: OrderId, ended: &Ended) -> Result<bool, StoreError>;

    /// What happened to the store itself since this was last asked.
    fn remarks(&self) -> Vec<Remark>;
}

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It does not answer: it is down, hangs, or another program holds it.
    #[error("{0}")]
    Away(String),
    /// It has no room.
    #[error("{0}")]
    Full(String),
    /// It does not let us: a password, a permission, a file that is another program's.
    #[error("{0}")]
    Refused(String),
    /// What it holds cannot be read.
    #[error("{0}")]
    Damaged(String),
}

/// What happened to a store itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Remark {
    /// Its file was damaged, and is now elsewhere; a new one was begun.
    MovedAside {
        /// Where it was, and is again.
        file: String,
        /// Where the damaged one is.
        to: String,
        /// What was found to be wrong with it.
        why: String,
        /// How many snapshots could be carried over.
        snapshots: usize,
        /// How many orders could be carried over.
        orders: usize,
    },
    /// Some of what it holds is not ours, or of a version that we do not know; it was left out.
    LeftOut {
        /// What kind of entry.
        what: &'static str,
        /// How many.
        number: usize,
    },
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::MovedAside {
                file,
                to,
                why,
                snapshots,
                orders,
            } => write!(
                f,
                "{file} was damaged ({why}): it was moved to {to} and a new one begun; {snapshots} snapshots and \
                 {orders} orders could be carried over"
            ),
            Self::LeftOut { what, number } => {
                write!(f, "{number} {what} could not be read and were left out")
            }
        }
    }
}

/// Makes the store that the settings name. It opens nothing yet, but for a certificate's file.
pub fn open(settings: &StateSettings, clock: Clock) -> Result<Rc<dyn StateStore>, BuildError> {
    Ok(match &settings.place {
        StatePlace::File {
            path,
            max_megabytes,
        } => Rc::new(FileStore::new(
            path.clone(),
            *max_megabytes,
            settings.timeout,
            clock,
        )),
        StatePlace::Redis {
            url,
            tls_ca_file,
            key_prefix,
            max_megabytes,
        } => Rc::new(RedisStore::new(
            url,
            tls_ca_file.as_deref(),
            key_prefix,
            *max_megabytes,
            settings.timeout,
        )?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn a_ledger_is_in_the_order_of_time_then_cycle() {
        let at = |second| Utc.timestamp_opt(second, 0).unwrap();
        let position = |second, cycle| Position {
            at: at(second),
            cycle,
        };
        assert!(position(1, 9) < position(2, 1));
        assert!(position(1, 9) < position(1, 10));
    }

    #[test]
    fn the_horizon_is_bounded() {
        let now = Utc.timestamp_opt(1_000_000, 0).unwrap();
        let horizon = |keep_for| {
            Limits {
                keep_for,
                max_records_per_process: 1,
            }
            .horizon(now)
        };
        let day = Duration::from_secs(86_400);
        assert_eq!(horizon(day), Utc.timestamp_opt(913_600, 0).unwrap());
        assert_eq!(horizon(Duration::MAX), DateTime::<Utc>::UNIX_EPOCH);
    }
}
