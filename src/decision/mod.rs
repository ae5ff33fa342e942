//! Step two: how many should there be?
//!
//! A decision backend is one file here that implements [`DecisionBackend`] and has a row in [`BACKENDS`]. It sees the
//! recent readings and the count, and wishes for a count; whether that is granted (bounds, cooldown) is decided
//! elsewhere, by `supervisor::gate`. The built-in ones are pure functions inside an `async` method.

pub mod actor;
pub mod app_decision;
pub mod average_threshold;
pub mod command;
pub mod consecutive_threshold;
pub mod schedule;
#[cfg(test)]
mod testing;
mod threshold;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::backend::Backend;
use crate::model::{Bounds, Count};
use crate::settings::schema::{Default, Kind, Setting};

/// The room's table.
pub static BACKENDS: &[&Backend<dyn DecisionBackend>] = &[
    &consecutive_threshold::BACKEND,
    &average_threshold::BACKEND,
    &app_decision::BACKEND,
    &command::BACKEND,
];

/// The most processes that can be asked for; a typing error above it is refused.
pub const MOST_PROCESSES: i64 = 100_000;

/// The settings that every decision table may have.
pub static SHARED: &[Setting] = &[
    Setting::new(
        "min_processes",
        Kind::Schedule(0, MOST_PROCESSES),
        Default::Whole(1),
        "The fewest processes: a number, or a table of local times and numbers, as in `{ \"0:00\" = 1, \"mon-fri 8:00\" = 3, \
         \"mon-fri 18:00\" = 1, \"2026-12-24 12:00\" = 6 }`. In force is today's latest entry that has begun: one of today's \
         date; while there is none, one of today's weekday (`mon-fri`, `sat,sun`, `fri-mon`); while there is none, one \
         without days; and before any of them what held when the day before ended. An entry with a date holds until \
         midnight at most: the next day begins as if it had not been.",
    ),
    Setting::new(
        "max_processes",
        Kind::Schedule(0, MOST_PROCESSES),
        Default::Whole(3),
        "The most processes: a number, or a table of local times and numbers, as for `min_processes`. While it is not written, a count \
         above 3 found at the start is taken as the maximum, so that a first start never cuts an app down.",
    ),
    Setting::new(
        "increment",
        Kind::Whole(1, MOST_PROCESSES),
        Default::Whole(1),
        "How many processes one scale adds or removes.",
    ),
    Setting::new(
        "post_scale_wait_time_seconds",
        Kind::Number(0.0, 31_536_000.0),
        Default::Number(5.0),
        "The cooldown: after a scale, how long before results are evaluated again. Those taken meanwhile are told, but \
         do not enter the history.",
    ),
    Setting::new(
        "history_length",
        Kind::Whole(1, 10_000),
        Default::Whole(10),
        "How many results are kept.",
    ),
    Setting::new(
        "zero_is_off",
        Kind::Boolean,
        Default::Boolean(true),
        "Whether a count of 0 under a minimum of 1 or more means that someone switched the process off: it is then left \
         alone until it is no longer 0. Not for `local`, which starts at 0, and not where the minimum is 0 at some time, \
         be it that of a date.",
    ),
];

/// Decides for one process.
#[async_trait(?Send)]
pub trait DecisionBackend {
    /// Run once before the first decision, and again after a restart.
    async fn setup(&self) -> Result<(), DecideError> {
        Ok(())
    }

    /// Run once when deciding ends for good.
    async fn teardown(&self) {}

    /// Run before each decision.
    async fn heartbeat_start(&self) -> Result<(), DecideError> {
        Ok(())
    }

    /// The count wished for, out of what was seen. The last reading in `situation.history` is the newest; there is at
    /// least one.
    async fn decide(&self, situation: &Situation) -> Result<Wish, DecideError>;

    /// Whether it needs the number in a measurement (thresholds do), or reads the measurement's `data` itself.
    fn needs_number(&self) -> bool {
        true
    }
}

/// One result in the history.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// What it says.
    pub level: Level,
    /// The measurement's data.
    pub data: Arc<Value>,
}

/// What a reading says to a decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level {
    /// This number.
    Number(f64),
    /// The measurement failed, and that counts as too high.
    TooHigh,
    /// There is no number; only `data`.
    None,
}

/// All that a decision may look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Situation {
    /// The moment of deciding.
    pub at: DateTime<Utc>,
    /// The readings since the last scale, oldest first, at most `history_length`.
    pub history: Vec<Reading>,
    /// How many processes are asked for on the platform.
    pub count: Count,
    /// How many of them are up.
    pub ready: Count,
    /// The bounds in force. A wish may lie outside them: that is how `above_max` and `below_min` are noticed.
    pub bounds: Bounds,
    /// How many processes one scale adds or removes.
    pub increment: Count,
}

impl Situation {
    /// The wish for one increment more.
    pub fn up(&self, reason: impl Into<String>) -> Wish {
        Wish {
            desired: i64::from(self.count) + i64::from(self.increment),
            reason: reason.into(),
        }
    }

    /// The wish for one increment less; below 0 when the count is too small for it.
    pub fn down(&self, reason: impl Into<String>) -> Wish {
        Wish {
            desired: i64::from(self.count) - i64::from(self.increment),
            reason: reason.into(),
        }
    }

    /// The wish for no change.
    pub fn stay(&self, reason: impl Into<String>) -> Wish {
        Wish {
            desired: i64::from(self.count),
            reason: reason.into(),
        }
    }
}

/// What a decision backend wants, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The count wanted; may lie outside the bounds.
    pub desired: i64,
    /// Why, for people, without the counts: `the last 3 results are above 300 ms`.
    pub reason: String,
}

/// Why a decision could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    /// The measurement cannot be decided on.
    #[error("{0}")]
    Unusable(String),
    /// The backend did not answer, or not in time.
    #[error("{0}")]
    Failed(String),
}
