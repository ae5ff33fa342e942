//! How the store is, and when that is worth telling: what lasts is told when it begins and when it ends. Pure; times are
//! monotonic.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use crate::model::ProcessName;
use crate::orders::lasting;
use crate::state::{MOST_SNAPSHOT_BYTES, Remark, StoreError};

/// How long dropped records are summed up before they are told again.
const TELL_DROPPED_EVERY: Duration = Duration::from_secs(600);

/// What is being done with the store. It may be readable and full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doing {
    /// Snapshots and orders are read.
    Reading,
    /// Snapshots and records are written.
    Writing,
}

/// What is worth telling of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreEvent {
    /// It fails; nothing waits for it meanwhile.
    Failed {
        /// Why.
        error: StoreError,
    },
    /// It works again.
    WorksAgain {
        /// Where it is.
        place: String,
        /// How long it failed.
        after: Duration,
        /// How many records were dropped and not told yet.
        dropped: u64,
    },
    /// Something happened to the store itself.
    Remarked(Remark),
    /// It was full, and older records of the ledger were let go of.
    Shortened {
        /// Where it is.
        place: String,
        /// How many.
        gone: u64,
    },
    /// Records could not wait any longer, and are lost.
    Dropped {
        /// How many, since this was last told.
        number: u64,
    },
    /// A snapshot is too large to be kept; the one before stays.
    TooLarge {
        /// Whose.
        process: ProcessName,
        /// How large it is.
        bytes: usize,
    },
}

impl StoreEvent {
    /// Whether this ends a condition that was told before.
    pub fn is_an_end(&self) -> bool {
        matches!(self, Self::WorksAgain { .. })
    }
}

impl fmt::Display for StoreEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { error } => write!(f, "state is not being kept: {error}"),
            Self::WorksAgain {
                place,
                after,
                dropped,
            } => {
                let after = lasting::shown(*after);
                write!(f, "state is being kept again in {place}, after {after}")?;
                if *dropped > 0 {
                    write!(f, "; {dropped} more records were dropped meanwhile")?;
                }
                Ok(())
            }
            Self::Remarked(remark) => remark.fmt(f),
            Self::Shortened { place, gone } => write!(
                f,
                "{place} was full: the {gone} oldest records of the ledger were let go of"
            ),
            Self::Dropped { number } => write!(
                f,
                "{number} records of the ledger were dropped: the store did not take them in time"
            ),
            Self::TooLarge { process, bytes } => write!(
                f,
                "the state of {process} has {bytes} bytes, more than the {MOST_SNAPSHOT_BYTES} that are kept; the one \
                 before stays"
            ),
        }
    }
}

/// How the store is.
#[derive(Debug, Default)]
pub struct Health {
    place: String,
    failing: BTreeMap<Doing, StoreError>,
    since: Option<Duration>,
    untold: u64,
    told_dropped: Option<Duration>,
    left_out: BTreeMap<&'static str, usize>,
    too_large: BTreeSet<ProcessName>,
}

impl Health {
    /// A store that has not failed.
    pub fn new(place: &str) -> Self {
        Self {
            place: place.to_owned(),
            ..Self::default()
        }
    }

    /// An operation ended.
    pub fn heard(
        &mut self,
        doing: Doing,
        error: Option<&StoreError>,
        now: Duration,
    ) -> Option<StoreEvent> {
        if let Some(error) = error {
            let is_known = self.failing.values().any(|known| is_alike(known, error));
            self.failing.insert(doing, error.clone());
            self.since.get_or_insert(now);
            let error = error.clone();
            return (!is_known).then_some(StoreEvent::Failed { error });
        }
        self.failing.remove(&doing)?;
        if !self.failing.is_empty() {
            return None;
        }
        let since = self.since.take()?;
        Some(StoreEvent::WorksAgain {
            place: self.place.clone(),
            after: now.saturating_sub(since),
            dropped: std::mem::take(&mut self.untold),
        })
    }

    /// The store made a remark. What it leaves out at each reading is told when the number changes.
    pub fn remarked(&mut self, remark: Remark) -> Option<StoreEvent> {
        if let Remark::LeftOut { what, number } = &remark
            && self.left_out.insert(what, *number) == Some(*number)
        {
            return None;
        }
        Some(StoreEvent::Remarked(remark))
    }

    /// So many records were dropped.
    pub fn dropped(&mut self, number: u64, now: Duration) -> Option<StoreEvent> {
        if number == 0 {
            return None;
        }
        self.untold += number;
        let told = self.told_dropped;
        if told.is_some_and(|told| now < told + TELL_DROPPED_EVERY) {
            return None;
        }
        self.told_dropped = Some(now);
        let number = std::mem::take(&mut self.untold);
        Some(StoreEvent::Dropped { number })
    }

    /// A snapshot is too large; told once for each process.
    pub fn too_large(&mut self, process: &ProcessName, bytes: usize) -> Option<StoreEvent> {
        let is_news = self.too_large.insert(process.clone());
        let process = process.clone();
        is_news.then_some(StoreEvent::TooLarge { process, bytes })
    }
}

/// Whether two errors are of one kind, so that the second is no news.
fn is_alike(one: &StoreError, other: &StoreError) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn told(event: Option<StoreEvent>) -> String {
        event.map(|event| event.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_failure_is_told_when_it_begins_and_when_it_ends() {
        let away = StoreError::Away("redis at a:1: connection refused".into());
        let hangs = StoreError::Away("redis at a:1: no answer".into());
        let full = StoreError::Full("redis at a:1: full".into());
        let mut health = Health::new("redis at a:1");
        let mut heard = |doing, error, second| told(health.heard(doing, error, at(second)));
        assert_eq!(heard(Doing::Writing, None, 0), "", "all is well");
        assert_eq!(
            heard(Doing::Writing, Some(&away), 5),
            "state is not being kept: redis at a:1: connection refused"
        );
        assert_eq!(heard(Doing::Reading, Some(&hangs), 6), "", "no news");
        assert_eq!(heard(Doing::Reading, None, 7), "", "writing still fails");
        assert_eq!(
            heard(Doing::Writing, Some(&full), 8),
            "state is not being kept: redis at a:1: full",
            "another reason"
        );
        assert_eq!(heard(Doing::Reading, None, 9), "");
        assert_eq!(
            heard(Doing::Writing, None, 95),
            "state is being kept again in redis at a:1, after 1m30s"
        );
        assert_eq!(heard(Doing::Writing, None, 96), "");
    }

    #[test]
    fn dropped_records_are_summed_up() {
        let mut health = Health::default();
        assert_eq!(health.dropped(0, at(0)), None);
        assert_eq!(
            health.dropped(2, at(1)),
            Some(StoreEvent::Dropped { number: 2 })
        );
        assert_eq!(health.dropped(3, at(2)), None);
        assert_eq!(health.dropped(4, at(600)), None);
        assert_eq!(
            health.dropped(1, at(601)),
            Some(StoreEvent::Dropped { number: 8 })
        );
    }

    #[test]
    fn what_repeats_is_told_once() {
        let mut health = Health::default();
        let left_out = |number| Remark::LeftOut {
            what: "orders",
            number,
        };
        assert!(health.remarked(left_out(1)).is_some());
        assert!(health.remarked(left_out(1)).is_none());
        assert!(health.remarked(left_out(2)).is_some(), "another number");
        let web = ProcessName::new("web").unwrap();
        assert!(health.too_large(&web, 5).is_some());
        assert!(health.too_large(&web, 6).is_none());
    }
}
