//! Step four: tell the people in charge.
//!
//! A notification backend is one file here that implements [`NotificationBackend`] and has a row in [`BACKENDS`]. It
//! only delivers: which events are told to whom, and when, is `policy`'s. A backend that fails or hangs delays nobody.

pub mod actor;
pub mod command;
pub mod console;
pub mod email;
pub mod heirs;
pub mod logger;
pub mod outbox;
pub mod policy;
mod posting;
mod settings;
pub mod slack;
pub mod test;
mod text;
pub mod webhook;

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::backend::Backend;
use crate::model::{Count, Cycle, Direction, ProcessName};

pub use policy::check_shared;
pub use settings::SHARED;

/// The room's table.
pub static BACKENDS: &[&Backend<dyn NotificationBackend>] = &[
    &console::BACKEND,
    &logger::BACKEND,
    &email::BACKEND,
    &slack::BACKEND,
    &webhook::BACKEND,
    &command::BACKEND,
    &test::BACKEND,
];

/// Delivers notices.
#[async_trait(?Send)]
pub trait NotificationBackend {
    /// Run once before the first notice, and again after a restart.
    async fn setup(&self) -> Result<(), NotifyError> {
        Ok(())
    }

    /// Run once when notifying ends for good.
    async fn teardown(&self) {}

    /// Run before each notice.
    async fn heartbeat_start(&self) -> Result<(), NotifyError> {
        Ok(())
    }

    /// Delivers one notice.
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError>;
}

/// Why a notice could not be delivered, for a person, without any secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotifyError(pub String);

/// What can be told. The names are those of the configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A measurement was taken.
    Measurement,
    /// The count was changed.
    Scale,
    /// At the minimum, and still too low. A condition.
    BelowMin,
    /// At the maximum, and still too high. A condition. Also, as a moment: a count above the unwritten maximum was found
    /// at the start and is the maximum now.
    AboveMax,
    /// A count could not be set or read. A condition.
    ScaleFailed,
    /// More scales in one direction than is sound. A condition.
    TooRapid,
    /// A part failed and was restarted, or a reload was refused.
    Restarted,
    /// The group failed too often and has stopped scaling. A condition.
    Degraded,
    /// The count is 0 although the minimum is not: someone switched it off. A condition.
    SwitchedOff,
    /// A measurement could not be taken. A condition.
    MeasurementFailed,
    /// More processes do not help, so no more are added. A condition.
    Futile,
    /// A person's order begins, or is over.
    Ordered,
    /// What is to outlive the program cannot be kept, or read. A condition.
    StoreFailed,
    /// Those that a scale down takes away are let finish their work before. A condition.
    Drain,
    /// The count was changed on the platform, by neither the bot nor an order.
    ManualScale,
}

impl Event {
    /// All of them, in the order of the reference.
    pub const ALL: [Self; 15] = [
        Self::Measurement,
        Self::Scale,
        Self::BelowMin,
        Self::AboveMax,
        Self::ScaleFailed,
        Self::TooRapid,
        Self::Restarted,
        Self::Degraded,
        Self::SwitchedOff,
        Self::MeasurementFailed,
        Self::Futile,
        Self::Ordered,
        Self::StoreFailed,
        Self::Drain,
        Self::ManualScale,
    ];

    /// Its name in the configuration file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Measurement => "measurement",
            Self::Scale => "scale",
            Self::BelowMin => "below_min",
            Self::AboveMax => "above_max",
            Self::ScaleFailed => "scale_failed",
            Self::TooRapid => "too_rapid",
            Self::Restarted => "restarted",
            Self::Degraded => "degraded",
            Self::SwitchedOff => "switched_off",
            Self::MeasurementFailed => "measurement_failed",
            Self::Futile => "futile",
            Self::Ordered => "ordered",
            Self::StoreFailed => "store_failed",
            Self::Drain => "drain",
            Self::ManualScale => "manual_scale",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a condition stands: told when it begins and when it ends, not in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// An event of a moment, no condition.
    Moment,
    /// The condition holds (it has begun, or still lasts: who was told already is not told again).
    Holds,
    /// The condition has ended.
    Ended,
}

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Notice {
    /// The process that it is about.
    pub process: ProcessName,
    /// Which event.
    pub event: Event,
    /// Whether it is a moment, or a condition's beginning or end.
    pub phase: Phase,
    /// When.
    pub at: DateTime<Utc>,
    /// The cycle in which it happened; 0 when in none.
    pub cycle: Cycle,
    /// The count before, where there is one.
    pub from: Option<Count>,
    /// The count now, where there is one.
    pub to: Option<Count>,
    /// Which way, where there is one.
    pub direction: Option<Direction>,
    /// Why, in words.
    pub reason: String,
}
