//! The sender's clock, and how far ours is from it.

use std::time::Duration;

use num_traits::ToPrimitive as _;

use super::slots::{KEPT, SLOT};
use crate::clock::Now;

/// No client whose clock is right sends so late: adapters report each 10 s, with what is new at the end.
const LATE: f64 = 15.0;

/// Their clock, as far as ours is wrong by it.
pub(super) struct Theirs {
    /// What is added to a time of theirs, in seconds.
    shift: f64,
}

impl Theirs {
    pub(super) fn of(times: impl Iterator<Item = f64>, now: Now) -> Self {
        let behind = times.reduce(f64::max).map(|newest| seconds(now) - newest);
        Self {
            shift: behind.filter(|behind| *behind > LATE).unwrap_or_default(),
        }
    }

    /// Their time, by our monotonic clock.
    pub(super) fn moment(&self, at: f64, now: Now) -> Duration {
        let age = (seconds(now) - at - self.shift).max(0.0);
        let age = Duration::try_from_secs_f64(age).unwrap_or(Duration::MAX);
        // What was before the program began, but not so long ago, is of its first moment.
        let oldest = Duration::from_secs(KEPT * SLOT);
        match now.mono.checked_sub(age) {
            Some(moment) => moment,
            None if age < oldest => Duration::ZERO,
            None => now.mono.saturating_sub(oldest.saturating_mul(2)),
        }
    }
}

/// The wall time, in seconds since 1970.
pub(super) fn seconds(now: Now) -> f64 {
    let millis = now.wall.timestamp_millis().to_f64().unwrap_or_default();
    millis / 1000.0
}
