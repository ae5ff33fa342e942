//! Which number of a measurement the thresholds compare, when what was measured is given as fields: the one that the process's
//! measurement backend would have measured.

use num_traits::ToPrimitive as _;
use serde_json::Value;

use crate::measurement::Sample;
use crate::settings;

/// The fields that a number can be taken from, the likeliest first.
const FIELDS: [&str; 5] = [
    "response_time_ms",
    "queue_length",
    "utilisation",
    "in_flight",
    "arrivals",
];

/// Which number a measurement is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// That of this field.
    Field(&'static str),
    /// The one that this JSON pointer leads to.
    At(String),
    /// That of the first field that is there.
    Any,
}

impl Signal {
    /// That of a measurement's settings.
    pub fn of(measurement: &settings::Step) -> Self {
        match measurement.backend.as_str() {
            "heroku_service_time" if measurement.section.text("source") == Some("drain") => {
                Self::Field("service_time_ms")
            }
            "response_time" | "heroku_service_time" => Self::Field("response_time_ms"),
            "celery_redis_queue_size" | "job_queue_depth" => Self::Field("queue_length"),
            "request_queue_time" => Self::Field("queue_time_ms"),
            "job_queue_latency" => Self::Field("latency"),
            "busy_jobs" => Self::Field("busy"),
            "utilisation" => Self::Field("percent"),
            "pushed" => Self::Field("value"),
            _ => match measurement.section.text("value_key") {
                Some(pointer) => Self::At(pointer.to_owned()),
                None => Self::Any,
            },
        }
    }

    /// The sample that these data are.
    pub fn sample(&self, data: Value) -> Sample {
        let number = data.as_f64().or_else(|| match self {
            Self::Field(name) => data.get(name)?.as_f64(),
            Self::At(pointer) => data.pointer(pointer)?.as_f64(),
            Self::Any => FIELDS.iter().find_map(|name| data.get(name)?.as_f64()),
        });
        let busy = data.get("busy").and_then(whole);
        Sample {
            busy,
            ..Sample::new(data, number)
        }
    }
}

/// A number as a count: how many are busy may be an average.
fn whole(value: &Value) -> Option<u64> {
    let number = value.as_f64().filter(|number| *number >= 0.0)?;
    number.ceil().to_u64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_number_is_the_one_that_the_backend_measures() {
        let all = json!({"arrivals": 300, "response_time_ms": 240.5, "queue_length": 7, "busy": 2.5, "own": {"n": 9}});
        for (signal, number) in [
            (Signal::Field("response_time_ms"), Some(240.5)),
            (Signal::Field("queue_length"), Some(7.0)),
            (Signal::Field("utilisation"), None),
            (Signal::At("/own/n".to_owned()), Some(9.0)),
            (Signal::Any, Some(240.5)),
        ] {
            let sample = signal.sample(all.clone());
            assert_eq!(
                (sample.number, sample.busy),
                (number, Some(3)),
                "{signal:?}"
            );
        }
        assert_eq!(
            Signal::Any.sample(json!(4)).number,
            Some(4.0),
            "a number alone"
        );
        assert_eq!(Signal::Any.sample(json!({"x": 4})).number, None);
    }
}
