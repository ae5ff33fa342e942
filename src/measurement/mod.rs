//! Step one: how loaded is the process?
//!
//! A measurement backend is one file here that implements [`MeasurementBackend`] and has a row in [`BACKENDS`]. It is
//! asked once an interval, under a deadline that its actor keeps; it never retries, for the next tick is the retry.

pub mod actor;
pub mod app_decision;
pub mod busy_jobs;
pub mod celery_redis_queue_size;
pub mod command;
pub mod heroku_service_time;
pub mod hirefire;
pub mod job_queue_depth;
pub mod job_queue_latency;
pub mod missing;
pub mod none;
pub mod probe;
pub mod pushed;
pub mod reported;
pub mod request_queue_time;
pub mod response_time;
pub mod unit;
pub mod utilisation;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::backend::Backend;
use crate::decision::MOST_PROCESSES;
use crate::envelope::doubt::Trust;
use crate::settings::schema::{Default, Kind, MOST_SECONDS, Section, Setting};

/// The room's table.
pub static BACKENDS: &[&Backend<dyn MeasurementBackend>] = &[
    &response_time::BACKEND,
    &heroku_service_time::BACKEND,
    &celery_redis_queue_size::BACKEND,
    &request_queue_time::BACKEND,
    &job_queue_latency::BACKEND,
    &job_queue_depth::BACKEND,
    &busy_jobs::BACKEND,
    &utilisation::BACKEND,
    &pushed::BACKEND,
    &hirefire::BACKEND,
    &app_decision::BACKEND,
    &command::BACKEND,
    &none::BACKEND,
];

/// The settings that every measurement table may have.
pub static SHARED: &[Setting] = &[
    Setting::new(
        "name",
        Kind::Text,
        Default::Derived("the backend's name"),
        "What the measurement is called in what is told, where a process has several (`[[processes.web.measurement]]`).",
    ),
    Setting::new(
        "ceiling",
        Kind::Boolean,
        Default::Boolean(false),
        "Whether, of several measurements, this one only limits: while its decision wishes for more or its last result is above \
         max_measurement_value (the database has 95 of 100 connections), or while it is not known, nothing is scaled up. It has \
         no say in scaling down.",
    ),
    Setting::new(
        "measurement_interval_in_seconds",
        Kind::Seconds,
        Default::Number(30.0),
        "How often to measure.",
    ),
    Setting::new(
        "timeout_in_seconds",
        Kind::Seconds,
        Default::Number(30.0),
        "How long one measurement may take. It may exceed the interval: ticks meanwhile are skipped and counted.",
    ),
    Setting::new(
        "on_failure",
        Kind::OneOf(&["too_high", "ignore", "hold"]),
        Default::Derived("`too_high` for a time-out or a 5xx of response_time, else `hold`"),
        "What a failed measurement counts as: `too_high` (a fail; in an average, twice max_measurement_value), `ignore` \
         (the history does not see it) or `hold` (the history is cleared, and nothing is scaled by load).",
    ),
    Setting::new(
        "max_age_in_seconds",
        Kind::Seconds,
        Default::Derived(
            "twice the interval for each result that a scale down rests on, and the time-out",
        ),
        "How old a result may be for a scale down. An answer that says that it is older (an `Age` header: some cache gave it) is \
         stale, and so is a window in which results are missing.",
    ),
    Setting::new(
        "plausible_min",
        Kind::Number(f64::MIN, f64::MAX),
        Default::Number(0.0),
        "A number below this is implausible, and counts as a failed measurement.",
    ),
    Setting::new(
        "plausible_max",
        Kind::Number(f64::MIN, f64::MAX),
        Default::Absent,
        "A number above this is implausible, and counts as a failed measurement.",
    ),
    Setting::new(
        "distrust_zero_after_outage_in_seconds",
        Kind::Number(0.0, MOST_SECONDS),
        Default::Number(60.0),
        "How long after an outage of the source a 0 is not taken for idleness: what came back may have lost what it knew.",
    ),
    Setting::new(
        "on_missing_up",
        ON_MISSING,
        Default::Text("hold"),
        "What is done upwards while nothing is known, that is after a failure that counts as `hold` or `ignore` (on_failure \
         comes first; a stale value is a value): `hold` (nothing by load), `last_known` (the last known result is taken again, \
         for last_known_for_seconds after it was measured; a scale forgets it), or `floor` (at least missing_floor \
         processes, at once).",
    ),
    Setting::new(
        "on_missing_down",
        ON_MISSING,
        Default::Text("hold"),
        "The same downwards: `hold` (never down while anything in the window is unknown), `last_known` (as above, and good \
         enough to go down on), or `floor` (down to missing_floor, but no further, once nothing has been known for longer \
         than max_age_in_seconds).",
    ),
    Setting::new(
        "last_known_for_seconds",
        Kind::Seconds,
        Default::Absent,
        "For how long after it was measured a result may be taken again. Needed by `last_known`.",
    ),
    Setting::new(
        "missing_floor",
        Kind::Whole(0, MOST_PROCESSES),
        Default::Absent,
        "How many processes there are to be while nothing is known. Needed by `floor`; min_processes and max_processes hold \
         all the same.",
    ),
];

/// What may be done while nothing is known.
const ON_MISSING: Kind = Kind::OneOf(&["hold", "last_known", "floor"]);

/// How long one measurement may take. Its actor ends the call at this point, as [`MeasureError::TimedOut`]: a backend
/// needs no deadline of its own, unless it can say why it took so long, and so gives up a little earlier.
pub fn timeout(section: &Section) -> Duration {
    let seconds = section.number("timeout_in_seconds").unwrap_or(30.0);
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(30))
}

/// Takes measurements of one process.
///
/// Methods take `&self` because a measurement in flight is borrowed by its future: keep what changes in a `Cell` or a
/// `RefCell`, and hold no borrow across an `await`. A future may be dropped at any `await` (its deadline passed).
#[async_trait(?Send)]
pub trait MeasurementBackend {
    /// Run once before the first measurement, and again after a restart.
    async fn setup(&self) -> Result<(), MeasureError> {
        Ok(())
    }

    /// Run once when measuring ends for good.
    async fn teardown(&self) {}

    /// Run before each measurement.
    async fn heartbeat_start(&self) -> Result<(), MeasureError> {
        Ok(())
    }

    /// One measurement.
    async fn measure(&self) -> Result<Sample, MeasureError>;

    /// What a failure counts as while `on_failure` is not set.
    fn counts_as(&self, _error: &MeasureError) -> OnFailure {
        OnFailure::Hold
    }
}

/// What a backend measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What was answered: a number, or for `app_decision` any JSON.
    pub data: Arc<Value>,
    /// The number in it that thresholds compare; `None` when there is none, which only a decision backend that reads
    /// `data` itself can use.
    pub number: Option<f64>,
    /// How old it already was when it was answered, if the source says so.
    pub age: Option<Duration>,
    /// How many are being worked on, if the source knows: with any, a number of 0 is not idleness.
    pub busy: Option<u64>,
    /// How much of what it was to be made of is known to be lost, if any: it may be too low.
    pub lost: Option<u64>,
}

impl Sample {
    /// A fresh sample of this data, with this number in it.
    pub fn new(data: Value, number: Option<f64>) -> Self {
        Self {
            data: Arc::new(data),
            number,
            age: None,
            busy: None,
            lost: None,
        }
    }

    /// A sample that is a number.
    pub fn number(number: f64) -> Self {
        Self::new(Value::from(number), Some(number))
    }

    /// How far it can be trusted, when values may be so old.
    pub fn trust(&self, max_age: Duration) -> Trust {
        match self.age {
            Some(age) if age > max_age => Trust::Stale {
                seconds: age.as_secs_f64(),
            },
            Some(_) | None => match self.lost {
                Some(lost) => Trust::Incomplete { lost },
                None => Trust::Sound,
            },
        }
    }
}

/// Why a measurement could not be taken. Each text is for a person, names the source without any secret in it, and
/// says what to mend where that is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeasureError {
    /// No answer in time.
    #[error("no answer within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The measured side answered that it is in trouble (an HTTP 5xx).
    #[error("{0}")]
    ServerError(String),
    /// The source cannot be reached, or refuses us: DNS, TLS, connection refused, 4xx.
    #[error("{0}")]
    Unavailable(String),
    /// The source answered, but not with something usable.
    #[error("{0}")]
    Unusable(String),
    /// The source answered with a number that cannot be.
    #[error("{0}")]
    Implausible(String),
    /// The measuring part itself failed and was restarted.
    #[error("{0}")]
    Faulted(String),
}

impl MeasureError {
    /// What it says about the source.
    pub fn trust(&self) -> Trust {
        match self {
            Self::TimedOut(_) | Self::ServerError(_) | Self::Unavailable(_) | Self::Faulted(_) => {
                Trust::SourceDown
            }
            Self::Unusable(_) => Trust::Missing,
            Self::Implausible(_) => Trust::Implausible,
        }
    }
}

/// What a failed measurement counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// As a value above the maximum.
    TooHigh,
    /// As nothing: the history does not see it.
    Ignore,
    /// As a loss of sight: the history is cleared.
    Hold,
}

/// One measurement as it is told and recorded. Serialises under exactly these names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Which backend took it, in snake case.
    pub backend: String,
    /// A number, or for `app_decision` any JSON value; null when it failed.
    pub data: Arc<Value>,
    /// Whether it could be taken.
    pub success: bool,
    /// Why not, when it could not.
    pub error: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}
