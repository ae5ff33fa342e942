//! How long the application's dyno takes to answer, as Heroku's router measures it: the way between this program and
//! Heroku is not in the figure.
//!
//! With `source = "session"` each measurement follows the app's log, sends a GET with an id of its own, and looks for the router's line with that
//! id; its `service=` is the figure. All process types of one app follow the log through one session ([`log`]).
//! With `source = "drain"` it is the figure of all requests, of which a log drain tells (`drain`).

mod drain;
pub mod lines;
pub mod log;
pub mod router_line;
pub mod session;

use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{Either, select};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use self::log::{AppLog, Expected};
use self::router_line::RouterLine;
use super::probe::{self, BASE_URL, HEADERS, MEASUREMENT_URL, Probe, TLS_CA_FILE};
use super::reported::{SILENT_AFTER, STATISTIC, WINDOW};
use super::{MeasureError, MeasurementBackend, Sample, timeout};
use crate::backend::{Backend, BuildError, Site};
use crate::clock::Clock;
use crate::scaling::heroku::access::Access;
use crate::scaling::heroku::api::Failure;
use crate::scaling::heroku::patience::own_part;
use crate::scaling::heroku::{API_URL, access_faults};
use crate::settings::Secret;
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, Section, Setting};

/// How long the router's line is waited for when the answer was an error in any case: it only says more about why.
const FOR_MORE: Duration = Duration::from_secs(2);

/// The row in the room's table.
pub static BACKEND: Backend<dyn MeasurementBackend> = Backend {
    name: "heroku_service_time",
    summary: "milliseconds that Heroku's router reports for the measurement request itself, or for all requests, without the network between",
    settings: &[
        Setting::new(
            "source",
            Kind::OneOf(&["session", "drain"]),
            Default::Text("session"),
            "Where the router's lines come from: `session` sends a request of its own and follows the app's log for it; `drain` sends \
             nothing, and takes all requests that a log drain of the app tells this bot's [server] of. measurement_url, headers, \
             app_name and api_key are for `session`; statistic and the window for `drain`.",
        ),
        STATISTIC,
        WINDOW,
        SILENT_AFTER,
        MEASUREMENT_URL,
        BASE_URL,
        HEADERS,
        TLS_CA_FILE,
        Setting::new(
            "app_name",
            Kind::Text,
            Default::Derived("the scaling backend's"),
            "The app whose log has the router's lines.",
        ),
        Setting::secret(
            "api_key",
            Kind::Text,
            Default::Derived("the scaling backend's"),
            "A key of an account that may read the app's log.",
        ),
        Setting::new(
            "api_url",
            Kind::Url(&["http", "https"]),
            Default::Derived("the scaling backend's, or https://api.heroku.com"),
            "Where Heroku's Platform API is.",
        ),
    ],
    example: r#"backend = "heroku_service_time"
measurement_url = "https://dancing-forest-1234.example.com/my-custom-measurement/"
"#,
    check,
    build,
};

fn check(section: &Section) -> Vec<Fault> {
    if is_drained(section) {
        return Vec::new();
    }
    let mut faults = probe::check(section);
    faults.extend(access_faults(section));
    faults
}

/// Whether a log drain brings the lines.
fn is_drained(section: &Section) -> bool {
    section.text("source") == Some("drain")
}

fn build(section: &Section, site: &Site) -> Result<Rc<dyn MeasurementBackend>, BuildError> {
    if is_drained(section) {
        return Ok(drain::build(section, site));
    }
    let (Some(app_name), Some(api_key)) = (section.text("app_name"), section.text("api_key"))
    else {
        return Err(BuildError(
            "heroku_service_time needs an app_name and an api_key: write both in the measurement's table, or scale \
             the process with the heroku backend"
                .to_owned(),
        ));
    };
    let access = Access {
        app_name: app_name.to_owned(),
        api_key: Secret::new(api_key),
        api_url: section.text("api_url").unwrap_or(API_URL).to_owned(),
        tls_ca_file: section.text(TLS_CA_FILE.name).map(Into::into),
    };
    Ok(Rc::new(ServiceTime {
        app: app_name.to_owned(),
        log: AppLog::shared(&access, site)?,
        probe: Probe::build(section, site, false)?,
        timeout: timeout(section),
        clock: site.clock,
    }))
}

#[derive(Debug)]
struct ServiceTime {
    app: String,
    log: Rc<AppLog>,
    probe: Probe,
    timeout: Duration,
    clock: Clock,
}

#[async_trait(?Send)]
impl MeasurementBackend for ServiceTime {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        let until = self.clock.now().mono + own_part(self.timeout);
        self.followed(until).await?;
        let id = uuid::Uuid::new_v4().to_string();
        // Expected before the request is sent, so that its line cannot be missed.
        let expected = self.log.expect(id.clone());
        let status = {
            let mut asked = pin!(self.ask(&id, until));
            let line = pin!(expected.line(until));
            let first = tokio::time::timeout(self.clock.until(until), select(asked.as_mut(), line));
            match first.await {
                Ok(Either::Left((status, _))) => status?,
                Ok(Either::Right((line, _))) => {
                    // Dropping the request would close its connection, and that is all.
                    let rest = self.clock.until(until).min(FOR_MORE);
                    tokio::time::timeout(rest, asked).await.ok();
                    return self.judge(&line.map_err(unavailable)?);
                }
                Err(_elapsed) => return Err(MeasureError::TimedOut(self.timeout)),
            }
        };
        self.after_answer(status, expected, until).await
    }
}

impl ServiceTime {
    /// Waits until the log is followed.
    async fn followed(&self, until: Duration) -> Result<(), MeasureError> {
        let rest = self.clock.until(until);
        match tokio::time::timeout(rest, self.log.ready(until)).await {
            Ok(ready) => ready.map_err(unavailable),
            Err(_elapsed) => Err(MeasureError::Unavailable(format!(
                "the log of app `{}` could not be followed within {} s{}",
                self.app,
                self.timeout.as_secs_f64(),
                self.trouble()
            ))),
        }
    }

    /// Sends the request and reads its answer.
    async fn ask(&self, id: &str, until: Duration) -> Result<StatusCode, MeasureError> {
        let mut headers = HeaderMap::new();
        let id = HeaderValue::from_str(id)
            .map_err(|bad| MeasureError::Faulted(format!("the request's id: {bad}")))?;
        headers.insert(HeaderName::from_static("x-request-id"), id);
        let answer = self.probe.get_with(headers).await?;
        let status = answer.status();
        answer.finish(until).await;
        Ok(status)
    }

    /// The request was answered before the router's line was seen: waits for that.
    async fn after_answer(
        &self,
        status: StatusCode,
        expected: Expected,
        until: Duration,
    ) -> Result<Sample, MeasureError> {
        let good = is_good(status);
        let rest = self.clock.until(until);
        let rest = if good { rest } else { rest.min(FOR_MORE) };
        match tokio::time::timeout(rest, expected.line(until)).await {
            Ok(Ok(line)) => self.judge(&line),
            Ok(Err(_)) | Err(_) if !good => Err(self.probe.refused(status)),
            Ok(Err(failure)) => Err(unavailable(failure)),
            Err(_elapsed) => {
                let error = self.no_line(status);
                expected.give_up();
                Err(error)
            }
        }
    }

    fn judge(&self, line: &RouterLine) -> Result<Sample, MeasureError> {
        if line.at == "error" {
            let code = line.code.as_deref().unwrap_or("an error");
            let desc = line.desc.as_deref().unwrap_or("without a name");
            let text = format!(
                "GET {}: Heroku's router reports {code} ({desc})",
                self.probe.shown()
            );
            return Err(match line.status {
                Some(..500) => MeasureError::Unavailable(text),
                Some(500..) | None => MeasureError::ServerError(text),
            });
        }
        if let Some(bad) = line
            .status
            .and_then(|status| StatusCode::from_u16(status).ok())
            .filter(|status| !is_good(*status))
        {
            return Err(self.probe.refused(bad));
        }
        line.service_ms.map(Sample::number).ok_or_else(|| {
            MeasureError::Unusable(format!(
                "GET {}: the router's line about it has no service time",
                self.probe.shown()
            ))
        })
    }

    fn no_line(&self, status: StatusCode) -> MeasureError {
        MeasureError::Unusable(format!(
            "GET {}: it answered {status}, but no line about it came from the router of Heroku's app `{}` within {} s: \
             check that the URL leads to that app, and that nothing on the way (a CDN, a proxy) replaces \
             X-Request-ID{}",
            self.probe.shown(),
            self.app,
            self.timeout.as_secs_f64(),
            self.trouble()
        ))
    }

    /// What else is known about the log session.
    fn trouble(&self) -> String {
        self.log.trouble().map_or_else(String::new, |trouble| {
            format!(" (the log session: {trouble})")
        })
    }
}

fn is_good(status: StatusCode) -> bool {
    status.is_success() || status.is_redirection()
}

fn unavailable(failure: Failure) -> MeasureError {
    MeasureError::Unavailable(match failure {
        Failure::Refused(refusal) => format!("the app's log cannot be followed: {}", refusal.text),
        Failure::Unavailable(text) => format!("the app's log cannot be followed: {text}"),
    })
}
