//! One process's settings as its actors use them: typed, with the shared settings of all four steps.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Deserialize;

use crate::backend::BuildError;
use crate::decision::combine::Combine;
use crate::decision::schedule::{LocalTime, Schedule};
use crate::drain::{self, ERRAND};
use crate::envelope::Step;
use crate::model::{Bounds, Count, Direction, ProcessName};
use crate::notification::policy::Policy;
use crate::settings::{ProcessSettings, Settings, Supervision};
use crate::supervisor::metric::Metric;

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
    /// How many processes all types may have together.
    pub max_total_processes: Option<Count>,
}

impl From<&Settings> for Common {
    fn from(settings: &Settings) -> Self {
        Self {
            time_zone: settings.time_zone,
            supervision: settings.supervision,
            max_total_processes: settings.max_total_processes,
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
    /// What is measured, and how far it counts; at least one.
    pub metrics: Vec<Metric>,
    /// What several measurements come to.
    pub combine: Combine,
    /// How long the platform's calls of one cycle may take.
    pub scale_timeout: Duration,
    /// How long a drain before a scale down may take, where there is one.
    pub drain: Option<Duration>,
    /// How long a process takes to boot, where that is written.
    pub boot_time: Option<Duration>,
    /// How long a cooldown is.
    pub wait: Duration,
    /// How long a count that somebody set on the platform is respected.
    pub respect_manual: Duration,
    /// How many results are kept.
    pub history_length: usize,
    /// How many processes one scale adds or removes.
    pub increment: Count,
    /// What the safety envelope allows.
    pub envelope: Rules,
    /// Whether a count of 0 can mean that someone switched the process off.
    pub zero_is_off: bool,
    /// Whether what is decided is done.
    pub mode: Mode,
    /// Whether the maximum stands in the file.
    pub max_is_written: bool,
    /// Which notifier tells what.
    pub policies: Vec<Policy>,
    min: Schedule,
    max: Schedule,
}

#[derive(Deserialize)]
struct Deciding {
    min_processes: Schedule,
    max_processes: Schedule,
    increment: Count,
    post_scale_wait_time_seconds: f64,
    history_length: usize,
    zero_is_off: bool,
    respect_manual_scale_for_seconds: f64,
    mode: Mode,
    combine: Combine,
    #[serde(flatten)]
    envelope: Rules,
}

/// Whether what is decided is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It is.
    Live,
    /// It is told and recorded.
    Shadow,
    /// It is recorded, beside others who decide on the same.
    #[serde(skip)]
    Challenger,
}

/// What the safety envelope allows, as written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Rules {
    /// How many a scale up adds at the most.
    pub scale_up_increment: Option<Step>,
    /// How many a scale down removes at the most.
    pub scale_down_increment: Option<Step>,
    scale_up_cooldown_seconds: f64,
    scale_down_cooldown_seconds: f64,
    scale_up_stabilization_window_seconds: f64,
    scale_down_stabilization_window_seconds: f64,
    /// Whether a scale down that would be taken back is held.
    pub flap_projection: bool,
    /// After how many scales up in vain no more are made; 0: never.
    pub futile_after: u32,
    /// The most scales by load within an hour.
    pub max_scales_per_hour: Option<u32>,
    /// The process-hours of a day.
    pub max_process_hours_per_day: Option<f64>,
    /// Who comes first when all process types together have as many as they may.
    pub priority: i32,
}

impl Rules {
    /// How long after a scale nothing is scaled this way.
    pub fn wait(&self, direction: Direction) -> Duration {
        seconds(match direction {
            Direction::Up => self.scale_up_cooldown_seconds,
            Direction::Down => self.scale_down_cooldown_seconds,
        })
    }

    /// The stabilization window of this way.
    pub fn window(&self, direction: Direction) -> Duration {
        seconds(match direction {
            Direction::Up => self.scale_up_stabilization_window_seconds,
            Direction::Down => self.scale_down_stabilization_window_seconds,
        })
    }
}

#[derive(Deserialize)]
struct Scaling {
    timeout_in_seconds: f64,
    boot_time_in_seconds: Option<f64>,
    drain: String,
    drain_timeout_in_seconds: f64,
}

impl Plan {
    /// Reads the shared settings of a process's four tables.
    pub fn new(common: impl Into<Common>, process: &ProcessSettings) -> Result<Self, BuildError> {
        let common = common.into();
        let metrics: Vec<Metric> = process
            .metrics()
            .map(Metric::new)
            .collect::<Result<_, _>>()?;
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
            interval: metrics
                .iter()
                .map(|metric| metric.interval)
                .min()
                .unwrap_or_default(),
            combine: deciding.combine,
            metrics,
            scale_timeout: seconds(scaling.timeout_in_seconds),
            drain: (scaling.drain == drain::settings::CELERY)
                .then(|| seconds(scaling.drain_timeout_in_seconds)),
            boot_time: scaling.boot_time_in_seconds.map(seconds),
            wait: seconds(deciding.post_scale_wait_time_seconds),
            respect_manual: seconds(deciding.respect_manual_scale_for_seconds),
            history_length: deciding.history_length,
            increment: deciding.increment,
            envelope: deciding.envelope,
            // Where the minimum is 0 at some time, a count of 0 is our own doing as well as anybody's.
            zero_is_off: deciding.zero_is_off && deciding.min_processes.least() > 0,
            mode: deciding.mode,
            max_is_written: process.decision.section.is_written("max_processes"),
            policies,
            min: deciding.min_processes,
            max: deciding.max_processes,
        })
    }

    /// The bounds in force at a moment. `adopted` is the count found at the start above an unwritten maximum.
    pub fn bounds(&self, at: DateTime<Utc>, adopted: Option<Count>) -> Bounds {
        let local = LocalTime::at(at, self.zone);
        let scheduled = self.max.at(local);
        let max = adopted.map_or(scheduled, |found| scheduled.max(found));
        let min = self.min.at(local).min(max);
        Bounds::new(min, max).unwrap_or_else(|_| Bounds::exactly(max))
    }

    /// How many a scale up adds and a scale down removes, from this count on.
    pub fn steps(&self, count: Count) -> (Count, Count) {
        let step = |written: Option<Step>| written.map_or(self.increment, |step| step.of(count));
        (
            step(self.envelope.scale_up_increment),
            step(self.envelope.scale_down_increment),
        )
    }

    /// How long measuring may take.
    pub fn timeout(&self) -> Duration {
        let timeouts = self.metrics.iter().map(|metric| metric.timeout);
        timeouts.max().unwrap_or_default()
    }

    /// When a cycle is given up, should some message of it be lost: longer than all its steps may take together.
    pub fn cycle_deadline(&self) -> Duration {
        let errand = self.drain.map_or(Duration::ZERO, |_| ERRAND);
        self.timeout() + self.scale_timeout * 2 + DECISION_DEADLINE + errand + STUCK_AFTER * 8
    }
}

/// Seconds of the configuration, which are checked to be finite and not negative.
pub(super) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX / 64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Registry;
    use crate::settings::load_text;

    #[test]
    fn the_bounds_follow_the_local_day() {
        let text = r#"
time_zone = "America/Vancouver"
[processes.web]
measurement = { measurement_url = "https://web.example.com/" }
scaling = { app_name = "a", api_key = "b" }
[processes.web.decision]
min_processes = { "0:00" = 1, "mon-fri 8:00" = 3, "mon-fri 18:00" = 1, "2026-12-24 12:00" = 6 }
max_processes = { "0:00" = 4, "2026-12-24 12:00" = 9 }
"#;
        let settings = load_text("x", text, &Registry::built_in()).unwrap();
        let plan = Plan::new(&settings, &settings.processes[0]).unwrap();
        for (at, min, max, because) in [
            ("2026-12-24T15:59:00Z", 1, 4, "7:59 on a Thursday"),
            ("2026-12-24T16:00:00Z", 3, 4, "8:00"),
            ("2026-12-24T20:00:00Z", 6, 9, "12:00 on the date"),
            (
                "2026-12-25T07:59:00Z",
                6,
                9,
                "its last minute, a day later in UTC",
            ),
            ("2026-12-25T08:00:00Z", 1, 4, "Friday"),
            ("2026-12-26T20:00:00Z", 1, 4, "a Saturday"),
        ] {
            let bounds = plan.bounds(at.parse().unwrap(), None);
            assert_eq!((bounds.min(), bounds.max()), (min, max), "{because}: {at}");
        }
    }
}
