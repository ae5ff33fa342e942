//! Which records of a ledger are asked for.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// Which records are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// From this time on, itself included.
    pub since: Option<DateTime<Utc>>,
    /// Up to this time, itself included.
    pub until: Option<DateTime<Utc>>,
    /// Which come first.
    pub first: First,
    /// At most so many.
    pub most: usize,
}

impl Wanted {
    /// The newest of all, or of those up to a moment.
    pub fn newest(until: Option<DateTime<Utc>>) -> Self {
        Self {
            since: None,
            until,
            first: First::Newest,
            most: 1,
        }
    }

    /// The oldest `most` of those that are no older than this.
    pub fn since(now: DateTime<Utc>, ago: Duration, most: usize) -> Self {
        let ago = TimeDelta::from_std(ago).unwrap_or(TimeDelta::MAX);
        Self {
            since: now.checked_sub_signed(ago),
            until: None,
            first: First::Oldest,
            most,
        }
    }
}

/// Which records come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// The oldest.
    Oldest,
    /// The newest.
    Newest,
}
