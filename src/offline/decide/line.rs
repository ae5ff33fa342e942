//! A line that comes in.

use std::collections::BTreeMap;
use std::time::Duration;

use num_traits::ToPrimitive as _;
use serde::Deserialize;
use serde_json::Value;

use super::super::signal::Signal;
use crate::measurement::{MeasureError, Sample};
use crate::model::Count;
use crate::supervisor::metric::Metric;

/// The latest moment, in seconds: the year 9999.
const LATEST: f64 = 253_402_300_000.0;

/// A line as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// When: seconds since 1970-01-01 00:00 UTC, as far as schedules are concerned; any other beginning will do without.
    pub(super) at: f64,
    /// How many processes are asked for; the last line's `desired`, when it is left out.
    pub(super) count: Option<Count>,
    /// How many of them serve; all or unknown, when it is left out.
    ready: Option<Count>,
    /// What was measured: a number, or an object with any of `response_time_ms`, `arrivals` (since the last line),
    /// `queue_length`, `busy`, `utilisation` (0 to 1), `in_flight`, `probes` (of how many single requests the response time is the mean); or with `data`, whatever the process's measurement
    /// delivers. `null`: it could not be measured.
    #[serde(default)]
    measurement: Option<Value>,
    /// The same for a process with several measurements, by their names.
    measurements: Option<BTreeMap<String, Value>>,
    /// Why it could not be measured.
    error: Option<String>,
    /// How old the measurement already was, in seconds.
    age: Option<f64>,
}

/// A line that can be decided on.
#[derive(Debug)]
pub(super) struct Good {
    pub(super) at: f64,
    pub(super) micros: i64,
    pub(super) count: Count,
    pub(super) ready: Option<Count>,
    pub(super) samples: Vec<Result<Sample, MeasureError>>,
}

impl Line {
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let line: Self = serde_json::from_slice(text).map_err(|error| {
            format!("{error}; a line is one JSON object, as in {{\"at\": 30, \"measurement\": {{\"queue_length\": 12}}, \"count\": 2}}")
        })?;
        if !(0.0..=LATEST).contains(&line.at) {
            return Err(format!(
                "at: {} is no time; seconds from 0 to {LATEST}",
                line.at
            ));
        }
        if let Some(age) = line.age.filter(|age| !(0.0..=LATEST).contains(age)) {
            return Err(format!("age: {age} is no age; seconds from 0"));
        }
        Ok(line)
    }

    /// The line with a sample for each of the process's measurements.
    pub(super) fn good(
        self,
        count: Count,
        metrics: &[Metric],
        signals: &[Signal],
    ) -> Result<Good, String> {
        if let Some(ready) = self.ready.filter(|ready| *ready > count) {
            return Err(format!(
                "ready: {ready} is above count, {count}; of those asked for, how many serve"
            ));
        }
        let age = self.age.map(Duration::from_secs_f64);
        let missing = || {
            self.error
                .clone()
                .unwrap_or_else(|| "it was not measured".to_owned())
        };
        let sample = |signal: &Signal, given: Option<Value>| match given {
            Some(given) if !given.is_null() => {
                let data = data(given)?;
                Ok(Ok(Sample {
                    age,
                    ..signal.sample(data)
                }))
            }
            Some(_) | None => Ok(Err(MeasureError::Unavailable(missing()))),
        };
        let samples: Result<Vec<_>, String> = match (metrics, self.measurements) {
            (_, Some(_)) if self.measurement.is_some() => {
                Err("measurement and measurements: one of the two".to_owned())
            }
            ([_], None) => {
                let signal = signals.first().unwrap_or(&Signal::Any);
                sample(signal, self.measurement).map(|sample| vec![sample])
            }
            (_, None) if self.measurement.is_some() => {
                let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
                Err(format!(
                    "measurement: the process has several; `measurements`, an object with {}",
                    names.join(", ")
                ))
            }
            (_, given) => {
                let mut given = given.unwrap_or_default();
                let pairs = metrics.iter().zip(signals);
                let samples =
                    pairs.map(|(metric, signal)| sample(signal, given.remove(&metric.name)));
                let samples: Result<Vec<_>, String> = samples.collect();
                match given.into_keys().next() {
                    Some(unknown) => Err(format!(
                        "measurements: the process has none of the name {unknown:?}"
                    )),
                    None => samples,
                }
            }
        };
        Ok(Good {
            at: self.at,
            micros: micros(self.at),
            count,
            ready: self.ready,
            samples: samples?,
        })
    }
}

/// What a measurement delivers: `data` as it is, or the fields themselves.
fn data(given: Value) -> Result<Value, String> {
    /// What may stand in it, and up to how much.
    const FIELDS: [&str; 7] = [
        "response_time_ms",
        "arrivals",
        "queue_length",
        "busy",
        "utilisation",
        "in_flight",
        "probes",
    ];
    let Value::Object(mut fields) = given else {
        return match given {
            Value::Number(_) => Ok(given),
            Value::String(_)
            | Value::Bool(_)
            | Value::Array(_)
            | Value::Object(_)
            | Value::Null => Err(format!(
                "measurement: it must be a number, or an object with any of {}, or `data`",
                FIELDS.join(", ")
            )),
        };
    };
    if let Some(data) = fields.remove("data") {
        return match fields.keys().next() {
            None => Ok(data),
            Some(other) => Err(format!(
                "measurement: `{other}` beside `data`; one of the two"
            )),
        };
    }
    for (name, value) in &fields {
        if !FIELDS.contains(&name.as_str()) {
            return Err(format!(
                "measurement: `{name}` is no field; there are {}; whatever else there is goes into `data`",
                FIELDS.join(", ")
            ));
        }
        if !value.is_number() {
            return Err(format!(
                "measurement: {name} must be a number; leave it out where it is not known"
            ));
        }
    }
    Ok(Value::Object(fields))
}

/// Seconds as whole microseconds. They were checked to be within the years that there are.
fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round().to_i64().unwrap_or_default()
}
