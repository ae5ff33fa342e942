//! How long the application takes to answer: the figure that its users feel.

use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use serde::Deserialize;

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
}

struct ResponseTime {
    probe: Probe,
    expected: Vec<u16>,
    timeout: Duration,
    clock: Clock,
}

fn build(section: &Section, site: &Site) -> Result<Rc<dyn MeasurementBackend>, BuildError> {
    let wanted: Wanted = section.read()?;
    Ok(Rc::new(ResponseTime {
        probe: Probe::build(section, site, wanted.fresh_connection)?,
        expected: wanted.expected_status,
        timeout: timeout(section),
        clock: site.clock,
    }))
}

#[async_trait(?Send)]
impl MeasurementBackend for ResponseTime {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        let until = self.clock.now().mono + self.timeout;
        let mut answer = self.probe.get().await?;
        let (status, age) = (answer.status(), answer.age());
        let good = is_good(status, &self.expected);
        let measured = if good {
            answer.first_byte().await
        } else {
            Err(self.probe.refused(status))
        };
        answer.finish(until).await;
        measured.map(|took| Sample {
            age,
            ..Sample::number(milliseconds(took))
        })
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
    fn milliseconds_have_three_decimals() {
        assert!((milliseconds(Duration::from_nanos(1_234_567)) - 1.235).abs() < 1e-9);
        assert!((milliseconds(Duration::from_secs(2)) - 2000.0).abs() < 1e-9);
    }
}
