//! How long the application takes to answer: the figure that its users feel.

use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::probe::{self, BASE_URL, HEADERS, MEASUREMENT_URL, Probe, TLS_CA_FILE};
use super::{MeasureError, MeasurementBackend, OnFailure, Sample, timeout};
use crate::backend::{Backend, BuildError, Site};
use crate::clock::Clock;
use crate::settings::schema::{Default, Kind, Section, Setting};

/// The most that a threshold can be: a day.
const MOST_MS: f64 = 86_400_000.0;

/// The row in the room's table.
pub static BACKEND: Backend<dyn MeasurementBackend> = Backend {
    name: "response_time",
    summary: "milliseconds from the start of a GET to the first byte of the body of a 2xx or 3xx answer",
    settings: &[
        MEASUREMENT_URL,
        BASE_URL,
        Setting::new(
            "fresh_connection",
            Kind::Boolean,
            Default::Boolean(false),
            "Whether each measurement opens a connection of its own. Connecting (DNS, TCP, TLS) is then a part of the \
             figure; else one connection is kept, and connecting is left out of the figure when it is needed.",
        ),
        Setting::new(
            "probes_per_measurement",
            Kind::Whole(1, 100),
            Default::Whole(1),
            "How many requests make one measurement, one after the other; the result is the mean of those that are answered, and \
             it fails when half or more fail. A single response varies as much as it is long: with 4 the `adaptive` decision \
             needs about a tenth fewer processes than with 1. At an interval of 15 s each is 240 requests an hour more. All \
             of them together have timeout_in_seconds.",
        ),
        Setting::new(
            "min_time_ms",
            Kind::Number(0.0, MOST_MS),
            Default::Absent,
            "The decision's min_measurement_value, by another name.",
        ),
        Setting::new(
            "max_time_ms",
            Kind::Number(0.0, MOST_MS),
            Default::Absent,
            "The decision's max_measurement_value, by another name.",
        ),
        HEADERS,
        Setting::new(
            "expected_status",
            Kind::Wholes(100, 599),
            Default::Derived("every 2xx and 3xx"),
            "The status codes of a good answer: exactly these. Redirects are answers; they are not followed.",
        ),
        TLS_CA_FILE,
    ],
    example: r#"backend = "response_time"
measurement_url = "https://dancing-forest-1234.example.com/my-custom-measurement/"
measurement_interval_in_seconds = 30
min_time_ms = 500
max_time_ms = 1000
"#,
    check: probe::check,
    build,
};

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    fresh_connection: bool,
    #[serde(default)]
    expected_status: Vec<u16>,
    #[serde(default = "one")]
    probes_per_measurement: u32,
}

fn one() -> u32 {
    1
}

struct ResponseTime {
    probe: Probe,
    expected: Vec<u16>,
    probes: u32,
    timeout: Duration,
    clock: Clock,
}

fn build(section: &Section, site: &Site) -> Result<Rc<dyn MeasurementBackend>, BuildError> {
    let wanted: Wanted = section.read()?;
    Ok(Rc::new(ResponseTime {
        probe: Probe::build(section, site, wanted.fresh_connection)?,
        expected: wanted.expected_status,
        probes: wanted.probes_per_measurement,
        timeout: timeout(section),
        clock: site.clock,
    }))
}

#[async_trait(?Send)]
impl MeasurementBackend for ResponseTime {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        let until = self.clock.now().mono + self.timeout;
        let mut all = Several::default();
        for _ in 0..self.probes {
            all.add(self.probe(until).await);
        }
        all.sample(self.probes)
    }

    /// As in the original: an application that does not answer, or answers that it cannot, is overloaded. A wrong
    /// address or key is not load.
    fn counts_as(&self, error: &MeasureError) -> OnFailure {
        match error {
            MeasureError::TimedOut(_) | MeasureError::ServerError(_) => OnFailure::TooHigh,
            MeasureError::Unavailable(_)
            | MeasureError::Unusable(_)
            | MeasureError::Implausible(_)
            | MeasureError::Faulted(_) => OnFailure::Hold,
        }
    }
}

impl ResponseTime {
    /// One request: how long it took, and how old the answer already was.
    async fn probe(&self, until: Duration) -> Result<(Duration, Option<Duration>), MeasureError> {
        let mut answer = self.probe.get().await?;
        let (status, age) = (answer.status(), answer.age());
        let good = is_good(status, &self.expected);
        let measured = if good {
            answer.first_byte().await
        } else {
            Err(self.probe.refused(status))
        };
        answer.finish(until).await;
        measured.map(|took| (took, age))
    }
}

/// What came of several requests.
#[derive(Default)]
struct Several {
    took: Duration,
    answered: u32,
    age: Option<Duration>,
    failed: u32,
    error: Option<MeasureError>,
}

impl Several {
    fn add(&mut self, probed: Result<(Duration, Option<Duration>), MeasureError>) {
        match probed {
            Ok((took, age)) => {
                self.took += took;
                self.answered += 1;
                // The oldest: what is stale in one is stale in their mean.
                self.age = self.age.max(age);
            }
            Err(error) => {
                self.failed += 1;
                self.error = Some(error);
            }
        }
    }

    /// Their mean, unless half or more of them failed.
    fn sample(self, probes: u32) -> Result<Sample, MeasureError> {
        let mean = self.took.checked_div(self.answered);
        let (Some(mean), true) = (mean, self.failed < self.answered) else {
            let none = || MeasureError::Unusable("no request was made".to_owned());
            return Err(self.error.unwrap_or_else(none));
        };
        let mean = milliseconds(mean);
        let sample = if probes > 1 {
            let data = json!({ "response_time_ms": mean, "probes": self.answered });
            Sample::new(data, Some(mean))
        } else {
            Sample::number(mean)
        };
        Ok(Sample {
            age: self.age,
            ..sample
        })
    }
}

fn is_good(status: StatusCode, expected: &[u16]) -> bool {
    if expected.is_empty() {
        status.is_success() || status.is_redirection()
    } else {
        expected.contains(&status.as_u16())
    }
}

/// To a thousandth, which is finer than any network is steady.
fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_is_2xx_and_3xx_or_exactly_what_was_expected() {
        let status = |code| StatusCode::from_u16(code).unwrap();
        for code in [200, 204, 299, 301, 304] {
            assert!(is_good(status(code), &[]), "{code}");
        }
        for code in [400, 404, 500, 503] {
            assert!(!is_good(status(code), &[]), "{code}");
        }
        assert!(is_good(status(401), &[401, 503]));
        assert!(!is_good(status(200), &[401, 503]));
    }

    #[test]
    fn several_are_a_mean_unless_half_of_them_fail() {
        let ms = Duration::from_millis;
        let down = || Err(MeasureError::ServerError("503".to_owned()));
        let sample = |probed: Vec<_>, probes| {
            let mut all = Several::default();
            probed.into_iter().for_each(|one| all.add(one));
            all.sample(probes)
        };
        let alone = sample(vec![Ok((ms(40), None))], 1).unwrap();
        assert_eq!((alone.number, &*alone.data), (Some(40.0), &json!(40.0)));
        let old = Some(ms(9000));
        let three = vec![
            Ok((ms(40), None)),
            down(),
            Ok((ms(20), old)),
            Ok((ms(60), None)),
        ];
        let three = sample(three, 4).unwrap();
        assert_eq!(*three.data, json!({"response_time_ms": 40.0, "probes": 3}));
        assert_eq!((three.number, three.age), (Some(40.0), old));
        for (probed, probes) in [(vec![down()], 1), (vec![down(), Ok((ms(1), None))], 2)] {
            let error = sample(probed, probes).unwrap_err();
            assert_eq!(error, MeasureError::ServerError("503".to_owned()));
        }
    }

    #[test]
    fn milliseconds_have_three_decimals() {
        assert!((milliseconds(Duration::from_nanos(1_234_567)) - 1.235).abs() < 1e-9);
        assert!((milliseconds(Duration::from_secs(2)) - 2000.0).abs() < 1e-9);
    }
}
