//! Scales copies of a command on this machine: what the demo uses, and real use on a single server.
//!
//! The copies belong to the program ([`pool`]); a backend only holds the terms that its settings set. A backend that
//! is set up after another one for the same process takes the copies over: as they are when `command`, `environment`,
//! `working_directory` and `port` are the same, else by starting as many new ones and letting the old ones finish.
//!
//! No copy outlives the bot. When the bot stops, it stops them ([`copy`] has the order of things). When it is killed,
//! the kernel kills each copy's first process ([`child`]'s shim asks for that), and the keeper ([`keeper`]) what those
//! have started themselves. Out of reach is only a process that leaves its copy's group on purpose (a daemon), or that
//! changes its user.

pub mod backoff;
pub mod child;
pub mod copy;
pub mod keeper;
pub mod pool;
pub mod recipe;

use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;

use self::pool::{Pool, Pools, Terms};
use self::recipe::{Manner, Recipe};
use super::{Observed, ScaleError, ScalingBackend};
use crate::backend::{Backend, BuildError, Site};
use crate::model::Count;
use crate::settings::schema::{Default, Kind, Section, Setting};

/// The row in the room's table.
pub static BACKEND: Backend<dyn ScalingBackend> = Backend {
    name: "local",
    summary: "copies of a command on this machine",
    settings: SETTINGS,
    example: r#"backend = "local"
command = "gunicorn --reuse-port --bind 0.0.0.0:8000 mysite.wsgi"
working_directory = "/srv/mysite"
environment = { DJANGO_SETTINGS_MODULE = "mysite.settings", DEBUG = "" }
stop_grace_in_seconds = 60
"#,
    check: recipe::check,
    build,
};

static SETTINGS: &[Setting] = &[
    Setting::new(
        "command",
        Kind::Words,
        Default::Required,
        "What each copy runs: a list of words, run without a shell; a string is split as a shell would.",
    ),
    Setting::secret(
        "environment",
        Kind::TextTable,
        Default::Absent,
        "Variables that a copy gets beside those of autoscalebot itself; an empty value removes one. Each copy has its \
         own name in DYNO (`web.1`).",
    ),
    Setting::new(
        "working_directory",
        Kind::Text,
        Default::Derived("autoscalebot's own"),
        "Where a copy runs.",
    ),
    Setting::new(
        "port",
        Kind::Whole(1, 65_535),
        Default::Absent,
        "Given to every copy as PORT, the same for all: they share it by SO_REUSEPORT.",
    ),
    Setting::new(
        "stop_signal",
        Kind::Text,
        Default::Text("SIGTERM"),
        "What asks a copy to end, with or without `SIG`. It goes to the copy's first process alone.",
    ),
    Setting::new(
        "stop_grace_in_seconds",
        Kind::Seconds,
        Default::Number(30.0),
        "How long a copy then has, before it is killed with all that it has started.",
    ),
];

fn build(section: &Section, site: &Site) -> Result<Rc<dyn ScalingBackend>, BuildError> {
    let recipe: Recipe = section.read()?;
    let process_type = section
        .text("process_type")
        .unwrap_or(site.process.as_str())
        .to_owned();
    let pools = site.shared.get::<Pools>();
    Ok(Rc::new(Local {
        ticket: pools.ticket(),
        pool: pools.pool(site),
        terms: Terms {
            process_type,
            recipe: Rc::new(recipe),
            manner: Manner::of(section),
        },
    }))
}

/// The copies of one process type, on these terms.
#[derive(Debug)]
struct Local {
    ticket: u64,
    pool: Rc<Pool>,
    terms: Terms,
}

fn refused(why: String) -> ScaleError {
    ScaleError::Refused(format!("local: {why}"))
}

#[async_trait(?Send)]
impl ScalingBackend for Local {
    async fn setup(&self) -> Result<(), ScaleError> {
        self.pool
            .take_over(self.ticket, self.terms.clone())
            .map_err(refused)
    }

    async fn teardown(&self, grace: Duration) {
        self.pool.teardown(self.ticket, grace).await;
    }

    async fn count(&self) -> Result<Observed, ScaleError> {
        Ok(self.pool.count())
    }

    async fn scale(&self, to: Count) -> Result<Count, ScaleError> {
        self.pool.scale(to).map_err(refused)?;
        Ok(to)
    }

    async fn look_ahead(&self) -> Result<(), ScaleError> {
        let path = std::env::var_os("PATH");
        self.terms.recipe.find(path).map_err(refused)
    }

    /// The pool keeps the copies, and replaces those that other settings would start otherwise.
    fn is_taken_over(&self) -> bool {
        true
    }

    /// Nothing is shared with others, so that the first copies start at once.
    fn target(&self) -> String {
        String::new()
    }

    fn zero_can_mean_off(&self) -> bool {
        false
    }

    fn leaving(&self, _: &Observed, to: Count) -> Option<Vec<String>> {
        Some(self.pool.leaving(to))
    }

    fn ends_with_program(&self) -> bool {
        true
    }
}
