//! The configuration: from a TOML file to [`Settings`] that were found good, or every problem at once.

mod across;
mod backend_choice;
mod bounds;
mod defaults;
mod drained;
mod environment;
mod known_secrets;
mod load;
mod mask;
mod metrics;
mod part;
mod preset;
mod presets;
pub mod problem;
mod process;
mod rooms;
pub mod schema;
pub mod secret;
mod sent;
mod served;
pub(crate) mod similar;
mod source;
mod table;
mod told;
mod top;
mod unknown;
mod value;
mod written;

use std::time::Duration;

use chrono_tz::Tz;

use crate::cluster::settings::ClusterSettings;
use crate::heartbeat::HeartbeatSettings;
use crate::model::{Count, ProcessName};
use crate::server::settings::ServerSettings;
use crate::state::settings::StateSettings;
use schema::Section;

pub use environment::Environment;
pub use known_secrets::Secrets;
pub use load::{load, load_file, load_text};
pub(crate) use mask::without_secrets;
pub use part::{Part, load_part, load_part_file};
pub use problem::{Problem, Problems};
pub use secret::Secret;
pub(crate) use similar::nearest as nearest_name;
pub use source::Source;
pub use told::{
    describe, foreseen, in_force, list, nearest_backend, past_dates, reference, summary,
};

/// A configuration that was found good.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The zone of every local time of day.
    pub time_zone: Tz,
    /// How failures are met.
    pub supervision: Supervision,
    /// Who is called after each complete round, if anybody.
    pub heartbeat: Option<HeartbeatSettings>,
    /// How many processes all process types may have together.
    pub max_total_processes: Option<Count>,
    /// Where state is kept, if anywhere.
    pub state: Option<StateSettings>,
    /// Whom this program competes with for the lead, if with anybody.
    pub cluster: Option<ClusterSettings>,
    /// What it serves, if anything.
    pub server: Option<ServerSettings>,
    /// The managed processes, by name.
    pub processes: Vec<ProcessSettings>,
    /// What of it is secret, for those who must not repeat any of it.
    pub secrets: Secrets,
}

/// The `[supervision]` table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Supervision {
    /// How many restarts, the four actors together, are normal within the window.
    pub max_restarts: u32,
    /// The window.
    pub restart_window: Duration,
    /// How long a degraded group rests before it is tried again.
    pub degraded_retry: Duration,
    /// How long a stop may take.
    pub shutdown_grace: Duration,
}

impl Default for Supervision {
    fn default() -> Self {
        top::usual_supervision()
    }
}

/// One process type: the backend of each step and its checked table.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessSettings {
    /// The process's name.
    pub name: ProcessName,
    /// The preset that it is set up by, if by one.
    pub preset: Option<&'static str>,
    /// How it is measured; the first of its measurements that is no ceiling.
    pub measurement: Step,
    /// How that is decided on, with what holds for all measurements together.
    pub decision: Step,
    /// Its further measurements, each with how it is decided on.
    pub more: Vec<Metric>,
    /// How the challenger decides on each of its measurements; empty: there is none.
    pub challenger: Vec<Step>,
    /// How it is scaled.
    pub scaling: Step,
    /// Who is told. A list of backends in one table has become one step each.
    pub notification: Vec<Step>,
}

impl ProcessSettings {
    /// All its measurements, the first that decides before the others.
    pub fn metrics(&self) -> impl Iterator<Item = MetricSteps<'_>> {
        let first = MetricSteps {
            measurement: &self.measurement,
            decision: &self.decision,
        };
        std::iter::once(first).chain(self.more.iter().map(Metric::steps))
    }

    /// The same process as its challenger sees it: with the decisions that are tried, and nobody to tell.
    pub fn challenged(&self) -> Option<Self> {
        let mut tried = self.challenger.iter().cloned();
        let mut challenged = Self {
            decision: tried.next()?,
            notification: Vec::new(),
            challenger: Vec::new(),
            ..self.clone()
        };
        for (metric, decision) in challenged.more.iter_mut().zip(tried) {
            metric.decision = decision;
        }
        Some(challenged)
    }

    /// Shares with another process what is said alike of both.
    fn share(&mut self, other: &Self) {
        self.measurement.section.share(&other.measurement.section);
        self.decision.section.share(&other.decision.section);
        self.scaling.section.share(&other.scaling.section);
        for (step, other) in self.notification.iter_mut().zip(&other.notification) {
            step.section.share(&other.section);
        }
    }
}

/// One of a process's measurements, and how it is decided on.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// How it is measured.
    pub measurement: Step,
    /// How it is decided on.
    pub decision: Step,
}

impl Metric {
    /// Its two steps.
    fn steps(&self) -> MetricSteps<'_> {
        MetricSteps {
            measurement: &self.measurement,
            decision: &self.decision,
        }
    }
}

/// The two steps of one of a process's measurements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricSteps<'a> {
    /// How it is measured.
    pub measurement: &'a Step,
    /// How it is decided on.
    pub decision: &'a Step,
}

/// The backend of one step, by name, with its table.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The backend's name in its room's table.
    pub backend: String,
    /// Its settings and those that its room shares.
    pub section: Section,
}

#[cfg(test)]
mod tests;
