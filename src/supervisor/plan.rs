//! One process's settings as its actors use them: typed, with the shared settings of all four steps.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Deserialize;

use crate::backend::BuildError;
use crate::decision::schedule::{Schedule, TimeOfDay};
use crate::measurement::OnFailure;
use crate::model::{Bounds, Count, ProcessName};
use crate::notification::policy::Policy;
use crate::settings::{ProcessSettings, Settings, Supervision};

/// How long one decision may take: the built-in backends take microseconds, a command may think.
pub const DECISION_DEADLINE: Duration = Duration::from_secs(30);

/// How much later than the fence around a backend's call its actor counts as stuck. A backend that is only slow never
/// comes so far, for the fence ends it; this is for an actor that no longer gets to its fence.
pub const STUCK_AFTER: Duration = Duration::from_secs(5);

/// What the processes of a configuration have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Common {
    /// The zone of local times of day.
    pub time_zone: Tz,
    /// How failures are met.
    pub supervision: Supervision,
}

impl From<&Settings> for Common {
    fn from(settings: &Settings) -> Self {
        Self {
            time_zone: settings.time_zone,
            supervision: settings.supervision,
        }
    }
}

/// One process's settings, typed.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The process.
    pub process: ProcessName,
    /// The zone of local times of day.
    pub zone: Tz,
    /// How failures are met.
    pub supervision: Supervision,
    /// How often a cycle begins.
    pub interval: Duration,
    /// How long a measurement may take.
    pub timeout: Duration,
    /// What a failed measurement counts as; `None`: what its backend says.
    pub on_failure: Option<OnFailure>,
    /// How long the platform's calls of one cycle may take.
    pub scale_timeout: Duration,
    /// How long a cooldown is.
    pub wait: Duration,
    /// How many results are kept.
    pub history_length: usize,
    /// How many processes one scale adds or removes.
    pub increment: Count,
    /// Whether a count of 0 can mean that someone switched the process off.
    pub zero_is_off: bool,
    /// Whether the maximum stands in the file.
    pub max_is_written: bool,
    /// Which notifier tells what.
    pub policies: Vec<Policy>,
    min: Schedule,
    max: Schedule,
}

#[derive(Deserialize)]
struct Measuring {
    measurement_interval_in_seconds: f64,
    timeout_in_seconds: f64,
    on_failure: Option<OnFailure>,
}

#[derive(Deserialize)]
struct Deciding {
    min_processes: Schedule,
    max_processes: Schedule,
    increment: Count,
    post_scale_wait_time_seconds: f64,
    history_length: usize,
    zero_is_off: bool,
}

#[derive(Deserialize)]
struct Scaling {
    timeout_in_seconds: f64,
}

impl Plan {
    /// Reads the shared settings of a process's four tables.
    pub fn new(common: impl Into<Common>, process: &ProcessSettings) -> Result<Self, BuildError> {
        let common = common.into();
        let measuring: Measuring = process.measurement.section.read()?;
        let deciding: Deciding = process.decision.section.read()?;
        let scaling: Scaling = process.scaling.section.read()?;
        let policies = process
            .notification
            .iter()
            .map(|step| Policy::from_section(&step.section))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            process: process.name.clone(),
            zone: common.time_zone,
            supervision: common.supervision,
            interval: seconds(measuring.measurement_interval_in_seconds),
            timeout: seconds(measuring.timeout_in_seconds),
            on_failure: measuring.on_failure,
            scale_timeout: seconds(scaling.timeout_in_seconds),
            wait: seconds(deciding.post_scale_wait_time_seconds),
            history_length: deciding.history_length,
            increment: deciding.increment,
            // Where the minimum is 0 for a part of the day, a count of 0 is our own doing as well as anybody's.
            zero_is_off: deciding.zero_is_off && deciding.min_processes.least() > 0,
            max_is_written: process.decision.section.is_written("max_processes"),
            policies,
            min: deciding.min_processes,
            max: deciding.max_processes,
        })
    }

    /// The bounds in force at a moment. `adopted` is the count found at the start above an unwritten maximum.
    pub fn bounds(&self, at: DateTime<Utc>, adopted: Option<Count>) -> Bounds {
        let time = TimeOfDay::at(at, self.zone);
        let max = adopted.map_or(self.max.at(time), |found| self.max.at(time).max(found));
        let min = self.min.at(time).min(max);
        Bounds::new(min, max).unwrap_or_else(|_| Bounds::exactly(max))
    }

    /// When a cycle is given up, should some message of it be lost: longer than all its steps may take together.
    pub fn cycle_deadline(&self) -> Duration {
        self.timeout + self.scale_timeout * 2 + DECISION_DEADLINE + STUCK_AFTER * 8
    }
}

/// Seconds of the configuration, which are checked to be finite and not negative.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX / 64)
}
