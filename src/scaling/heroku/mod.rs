//! Scales a process type of a Heroku app, by the Platform API (version 3).
//!
//! All process types of one app share one client ([`app`]), which reads their counts and their dynos in two calls a tick.
//! `timeout_in_seconds` is kept here for each reading and for each change, the retries after a 429 or 5xx included; the
//! actor's fence behind it gives a change only what reading the count has left of it.
//!
//! A dyno is ready when Heroku says that it is `up`. What a release or a restart means for a decision is
//! [`settling`](super::settling)'s to say; while Heroku refuses a new count because of one (a 422 of an app with preboot),
//! it is waited for ([`ScaleError::Waits`]).

pub mod access;
pub mod api;
pub mod app;
pub mod ask;
pub mod dynos;
pub mod formation;
pub mod limit;
pub mod look;
pub mod patience;
pub mod reading;
pub mod refusal;
pub mod retry;
pub mod used;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;

use self::access::Access;
use self::api::Failure;
use self::app::App;
use self::dynos::fleet;
use self::limit::LimitBook;
use super::{Observed, ScaleError, ScalingBackend};
use crate::backend::{Backend, BuildError, Site};
use crate::clock::Clock;
use crate::model::{Count, ProcessName};
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, Section, Setting};

/// Heroku's own address.
pub const API_URL: &str = "https://api.heroku.com";

/// The row in the room's table.
pub static BACKEND: Backend<dyn ScalingBackend> = Backend {
    name: "heroku",
    summary: "a process type of a Heroku app, by the Platform API",
    settings: &[
        Setting::new(
            "app_name",
            Kind::Text,
            Default::Required,
            "The app's name (or id) on Heroku.",
        ),
        Setting::secret(
            "api_key",
            Kind::Text,
            Default::Required,
            "A key of an account that may operate the app; `heroku authorizations:create` makes one.",
        ),
        Setting::new(
            "api_url",
            Kind::Url(&["http", "https"]),
            Default::Text(API_URL),
            "Where Heroku's Platform API is.",
        ),
        Setting::new(
            "tls_ca_file",
            Kind::Text,
            Default::Absent,
            "A file with a CA certificate (PEM) to trust beside the system's.",
        ),
        Setting::new(
            "boot_time_in_seconds",
            Kind::Number(0.0, 300.0),
            Default::Derived(
                "the median of the last 5 boots that were seen, or 60 before the first",
            ),
            "How long a dyno takes from `starting` until it does its work. While a release or a restart is under way, nothing \
             is scaled down, and what is measured until so long after the last dyno came up, but at most twice as long in all, \
             is told and does not count; nor does what is measured before added dynos are up, for so long at most. 0: all \
             that is measured counts. Bounds, and what cannot be measured, are not affected. Where it is written, \
             `autoscalebot check` warns of a next scale up that may come before its end; what was learned is in the store, \
             at which it does not look.",
        ),
    ],
    example: r#"backend = "heroku"
app_name = "dancing-forest-1234"
api_key = "${HEROKU_API_KEY}"
process_type = "web"
"#,
    check,
    build,
};

/// The faults of `app_name` and `api_key`, for this backend and for the measurement that has them too. Their values
/// end up in a path and in a header, so that what no app or key has in it is better told before the first call.
pub fn access_faults(section: &Section) -> Vec<Fault> {
    let mut faults = Vec::new();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if section
        .text("app_name")
        .is_some_and(|name| name.is_empty() || !name.chars().all(plain))
    {
        faults.push(Fault::at(
            "app_name",
            "is not a name that a Heroku app can have",
            "the app's name as `heroku apps` lists it: letters, digits and `-`",
        ));
    }
    if section
        .text("api_key")
        .is_some_and(|key| key.is_empty() || !key.chars().all(|c| c.is_ascii_graphic()))
    {
        faults.push(Fault::at(
            "api_key",
            "is empty, or holds a blank, a line break or another character that no key has",
            "the key alone, as `heroku authorizations:create` prints it",
        ));
    }
    faults
}

fn check(section: &Section) -> Vec<Fault> {
    let mut faults = access_faults(section);
    if section
        .text("process_type")
        .is_some_and(|name| ProcessName::new(name).is_err())
    {
        faults.push(Fault::at(
            "process_type",
            "is not a name that a process type can have",
            "a name out of the app's Procfile: 1 to 128 letters, digits, `_` and `-`",
        ));
    }
    faults
}

fn build(section: &Section, site: &Site) -> Result<Rc<dyn ScalingBackend>, BuildError> {
    let access: Access = section.read()?;
    let seconds = section.number("timeout_in_seconds").unwrap_or(10.0);
    Ok(Rc::new(Heroku {
        app: App::shared(&access, site)?,
        clock: site.clock,
        process_type: section
            .text("process_type")
            .unwrap_or(site.process.as_str())
            .to_owned(),
        timeout: Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(10)),
        limit: RefCell::default(),
    }))
}

/// One process type of an app.
#[derive(Debug)]
struct Heroku {
    app: Rc<App>,
    clock: Clock,
    process_type: String,
    timeout: Duration,
    limit: RefCell<LimitBook>,
}

#[async_trait(?Send)]
impl ScalingBackend for Heroku {
    async fn count(&self) -> Result<Observed, ScaleError> {
        let seen = self.app.seen(&self.process_type, self.timeout);
        let seen = seen.await.map_err(plain)?;
        let mut entries = seen.formation.iter();
        let ours = entries.find(|entry| entry.process_type == self.process_type);
        let Some(ours) = ours else {
            let there = seen.formation.iter();
            let there = there.map(|entry| entry.process_type.as_str());
            return Err(ScaleError::Refused(self.absent(there.collect())));
        };
        self.limit.borrow_mut().seen(ours.size.as_deref());
        Ok(match &seen.dynos {
            Some(dynos) => Observed::with(ours.quantity, fleet(dynos, &self.process_type)),
            None => Observed::unknown(ours.quantity),
        })
    }

    async fn scale(&self, to: Count) -> Result<Count, ScaleError> {
        let failure = match self.app.set(&self.process_type, to, self.timeout).await {
            Ok(formation) => {
                self.limit.borrow_mut().seen(formation.size.as_deref());
                return Ok(formation.quantity);
            }
            Err(failure) => failure,
        };
        if let Failure::Refused(refusal) = &failure
            && let Some(stated) = refusal.limit
        {
            let now = self.clock.now().mono;
            self.limit.borrow_mut().told(stated, to, now);
        }
        Err(plain(failure))
    }

    fn target(&self) -> String {
        format!("heroku {} {}", self.app.api().shown(), self.app.api().app())
    }

    fn leaving(&self, seen: &Observed, to: Count) -> Option<Vec<String>> {
        dynos::leaving(&self.process_type, seen.count, to, seen.fleet.as_deref())
    }

    fn limit(&self) -> Option<Count> {
        self.limit.borrow().in_force(self.clock.now().mono)
    }
}

impl Heroku {
    fn absent(&self, there: Vec<&str>) -> String {
        let wanted = &self.process_type;
        let app = self.app.api().app();
        if there.is_empty() {
            return format!("app `{app}` has no process types yet: deploy it first");
        }
        format!(
            "app `{app}` has no process type `{wanted}`; the app has: {}; set process_type to one of these",
            there.join(", ")
        )
    }
}

/// A failure, as a person reads it.
fn plain(failure: Failure) -> ScaleError {
    match failure {
        Failure::Refused(refusal) if refusal.passes => ScaleError::Waits(refusal.text),
        Failure::Refused(refusal) => ScaleError::Refused(refusal.text),
        Failure::Unavailable(text) => ScaleError::Unavailable(text),
    }
}
