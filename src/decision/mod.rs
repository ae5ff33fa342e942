//! Step two: how many should there be?
//!
//! A decision backend is one file here that implements [`DecisionBackend`] and has a row in [`BACKENDS`]. It sees the
//! recent readings and the count, and wishes for a count; whether that is granted (bounds, cooldown) is decided
//! elsewhere, by [`envelope`](crate::envelope). The built-in ones are pure functions inside an `async` method.

pub mod actor;
pub mod adaptive;
pub mod app_decision;
pub mod average_threshold;
pub mod combine;
pub mod command;
pub mod consecutive_threshold;
pub mod grounds;
pub mod intake;
mod joined;
mod judge;
mod knative;
pub mod missing;
pub mod panel;
mod queue_latency;
mod queue_ratio;
mod rest;
pub mod schedule;
pub mod schedule_only;
mod settings;
mod step;
mod steps;
mod target_tracking;
#[cfg(test)]
mod testing;
mod threshold;
mod wanted;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::backend::Backend;
use crate::model::{Bounds, Count};
use crate::scaling::Observed;
use crate::supervisor::plan::Plan;

/// The room's table.
pub static BACKENDS: &[&Backend<dyn DecisionBackend>] = &[
    &consecutive_threshold::BACKEND,
    &average_threshold::BACKEND,
    &adaptive::BACKEND,
    &target_tracking::BACKEND,
    &step::BACKEND,
    &queue_ratio::BACKEND,
    &queue_latency::BACKEND,
    &schedule_only::BACKEND,
    &knative::BACKEND,
    &app_decision::BACKEND,
    &command::BACKEND,
];

/// The most processes that can be asked for; a typing error above it is refused.
pub const MOST_PROCESSES: i64 = 100_000;

pub use settings::SHARED;

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
    /// least one, unless it needs no measurement.
    async fn decide(&self, situation: &Situation) -> Result<Wish, DecideError>;

    /// Whether it needs the number in a measurement (thresholds do), or reads the measurement's `data` itself.
    fn needs_number(&self) -> bool {
        true
    }

    /// Whether it decides by what is measured. One that does not is asked when a measurement failed, too, and nothing that was
    /// measured is held against its scaling down.
    fn needs_measurement(&self) -> bool {
        true
    }

    /// Whether a measurement says that there is nothing to do: none is believed that comes right after an outage, or while
    /// workers are busy.
    fn is_zero(&self, number: Option<f64>, _data: &Value) -> bool {
        number.is_some_and(|number| number <= 0.0)
    }

    /// Whether it reckons with those that are being worked on: to others a 0 is no idleness while there are any.
    fn reckons_with_busy(&self) -> bool {
        false
    }

    /// How many of the latest results a scale down rests on: all of them must be fresh and plausible.
    fn window(&self) -> usize {
        1
    }

    /// The number above which it wishes for more, if it has one: what a scale down must not lead to.
    fn ceiling(&self) -> Option<f64> {
        None
    }

    /// Whether what is measured while a process boots, or a release is under way, is kept from it. One that knows of boots
    /// itself must see what goes on meanwhile.
    fn waits_for_rest(&self) -> bool {
        true
    }

    /// What it has learned, to be kept with the process's state: it is given back after a restart. At most some kilobytes.
    fn learned(&self) -> Option<Value> {
        None
    }

    /// Goes on from what it had learned; or says why it cannot, and begins anew. What learns nothing ignores it.
    fn recall(&self, _learned: &Value) -> Result<(), serde_json::Error> {
        Ok(())
    }

    /// What would have led to another wish, a sentence each: `up, if 2 more results had been above 1200 (the last was 840)`.
    fn otherwise(&self, _situation: &Situation) -> Vec<String> {
        Vec::new()
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
    /// How many are being worked on, if the source knows.
    pub busy: Option<u64>,
}

/// What a reading says to a decision.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// How many of them are up; `None`: that is not known.
    pub ready: Option<Count>,
    /// The bounds in force. A wish may lie outside them: that is how `above_max` and `below_min` are noticed.
    pub bounds: Bounds,
    /// How many processes one scale adds or removes.
    pub increment: Count,
    /// How many a scale up adds, at this count.
    pub up_step: Count,
    /// How many a scale down removes, at this count.
    pub down_step: Count,
}

impl Situation {
    /// What was seen of the platform at a moment, under these bounds, before any reading.
    pub(crate) fn new(plan: &Plan, seen: &Observed, bounds: Bounds, at: DateTime<Utc>) -> Self {
        let (up_step, down_step) = plan.steps(seen.count);
        Self {
            at,
            history: Vec::new(),
            count: seen.count,
            ready: seen.ready,
            bounds,
            increment: plan.increment,
            up_step,
            down_step,
        }
    }

    /// The wish for one increment more.
    pub fn up(&self, reason: impl Into<String>) -> Wish {
        Wish {
            desired: i64::from(self.count) + i64::from(self.up_step),
            reason: reason.into(),
        }
    }

    /// The wish for one increment less; below 0 when the count is too small for it.
    pub fn down(&self, reason: impl Into<String>) -> Wish {
        Wish {
            desired: i64::from(self.count) - i64::from(self.down_step),
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
