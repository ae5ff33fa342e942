//! One measurement of a process as its actors use it: typed, with what it is called and how far it counts.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::measurement::missing::Missing;
use crate::measurement::{MeasureError, Measurement, OnFailure, Sample};
use crate::messages::{Outcome, Taken};
use crate::settings;
use crate::supervisor::plan::seconds;

/// One measurement of a process.
#[derive(Debug, Clone)]
pub struct Metric {
    /// What it is called where a process has several.
    pub name: String,
    /// The name of the backend that decides on it.
    pub decision: String,
    /// Whether it only limits: while it wishes for more, nothing is scaled up.
    pub is_ceiling: bool,
    /// How often it is taken.
    pub interval: Duration,
    /// How long that may take.
    pub timeout: Duration,
    /// What a failure counts as; `None`: what its backend says.
    pub on_failure: Option<OnFailure>,
    /// How old a result may be for a scale down, where that is written.
    pub max_age: Option<Duration>,
    /// Below this a number is implausible.
    pub plausible_min: f64,
    /// Above this it is, too.
    pub plausible_max: Option<f64>,
    /// How long zeros are distrusted after an outage.
    pub distrust_zero: Duration,
    /// What is done while nothing is known.
    pub missing: Missing,
}

#[derive(Deserialize)]
struct Written {
    name: Option<String>,
    ceiling: bool,
    measurement_interval_in_seconds: f64,
    timeout_in_seconds: f64,
    on_failure: Option<OnFailure>,
    max_age_in_seconds: Option<f64>,
    plausible_min: f64,
    plausible_max: Option<f64>,
    distrust_zero_after_outage_in_seconds: f64,
    #[serde(flatten)]
    missing: Missing,
}

impl Metric {
    /// Reads the shared settings of a measurement's table.
    pub fn new(metric: settings::MetricSteps<'_>) -> Result<Self, serde_json::Error> {
        let step = metric.measurement;
        let written: Written = step.section.read()?;
        Ok(Self {
            name: written.name.unwrap_or_else(|| step.backend.clone()),
            decision: metric.decision.backend.clone(),
            is_ceiling: written.ceiling,
            interval: seconds(written.measurement_interval_in_seconds),
            timeout: seconds(written.timeout_in_seconds),
            on_failure: written.on_failure,
            max_age: written.max_age_in_seconds.map(seconds),
            plausible_min: written.plausible_min,
            plausible_max: written.plausible_max,
            distrust_zero: seconds(written.distrust_zero_after_outage_in_seconds),
            missing: written.missing,
        })
    }

    /// How old the oldest of `window` results may be for a scale down to rest on them. Twice what they take when all goes
    /// well, for now and then a tick is skipped.
    pub fn max_age(&self, window: usize) -> Duration {
        let many = u32::try_from(window.max(1)).unwrap_or(u32::MAX);
        self.max_age.unwrap_or_else(|| {
            self.interval
                .saturating_mul(many)
                .saturating_mul(2)
                .saturating_add(self.timeout)
        })
    }

    /// What was measured at a moment, as the decision takes it: how far it can be trusted, and what a failure counts as, which
    /// its backend says where the settings do not.
    pub fn taken(
        &self,
        sample: Result<Sample, MeasureError>,
        at: DateTime<Utc>,
        counts_as: impl FnOnce(&MeasureError) -> OnFailure,
    ) -> Taken {
        let sample = sample.and_then(|sample| self.plausible(sample));
        let busy = sample.as_ref().ok().and_then(|sample| sample.busy);
        let (data, error, outcome, trust) = match sample {
            Ok(sample) => {
                let trust = sample.trust(self.max_age(1));
                (sample.data, None, Outcome::Taken(sample.number), trust)
            }
            Err(error) => {
                let counts_as = self.on_failure.unwrap_or_else(|| counts_as(&error));
                let told = Some(error.to_string());
                let outcome = Outcome::Failed(counts_as);
                (Arc::new(Value::Null), told, outcome, error.trust())
            }
        };
        Taken {
            measurement: Measurement {
                backend: self.name.clone(),
                data,
                success: error.is_none(),
                error,
                at,
            },
            outcome,
            trust,
            busy,
        }
    }

    fn plausible(&self, sample: Sample) -> Result<Sample, MeasureError> {
        match sample.number.and_then(|number| self.implausible(number)) {
            Some(why) => Err(MeasureError::Implausible(why)),
            None => Ok(sample),
        }
    }

    /// What is implausible about a number, if anything.
    pub fn implausible(&self, number: f64) -> Option<String> {
        if !number.is_finite() {
            return Some(format!("{number} is not a finite number"));
        }
        let (min, max) = (self.plausible_min, self.plausible_max);
        if number < min {
            return Some(format!(
                "{number} is implausible: it is below plausible_min, {min}"
            ));
        }
        let max = max.filter(|max| number > *max)?;
        Some(format!(
            "{number} is implausible: it is above plausible_max, {max}"
        ))
    }
}
