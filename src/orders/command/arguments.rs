//! The commands as they are written, and the orders that they give.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use super::given::Given;
use crate::model::{Count, ProcessName};
use crate::orders::{Draft, Kind};
use crate::settings::nearest_name;

/// The commands for orders.
#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// Stop scaling a process for a time; what is ordered in numbers is done all the same
    Pause {
        /// The process
        process: String,
        /// Only scales down are stopped
        #[arg(long, conflicts_with = "up_only")]
        down_only: bool,
        /// Only scales up are stopped
        #[arg(long)]
        up_only: bool,
        #[command(flatten)]
        given: Given,
        #[command(flatten)]
        file: File,
    },
    /// End every order in force for a process, before its time
    Resume {
        /// The process
        process: String,
        /// Who says so; else it is the dyno's name, or $USER@host
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
        #[command(flatten)]
        file: File,
    },
    /// Replace the configuration's bounds of a process for a time
    Override {
        /// The process
        process: String,
        #[command(flatten)]
        bounds: NewBounds,
        #[command(flatten)]
        given: Given,
        #[command(flatten)]
        file: File,
    },
    /// Keep a process at exactly so many for a time, whatever its load and bounds
    Scale {
        /// The process
        process: String,
        /// How many
        #[arg(value_name = "N")]
        count: Count,
        #[command(flatten)]
        given: Given,
        #[command(flatten)]
        file: File,
    },
    /// List the orders in force, and those that ended within a day
    Orders {
        /// Only this process
        process: Option<String>,
        /// As JSON, one object for each order
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        file: File,
    },
}

/// Which configuration.
#[derive(Debug, Args)]
#[expect(
    clippy::doc_markdown,
    reason = "this is help on a terminal, where backticks are noise"
)]
pub(crate) struct File {
    /// The configuration [default: $AUTOSCALEBOT_CONFIG, else autoscalebot.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The bounds of an override: one or both.
#[derive(Debug, Clone, Copy, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct NewBounds {
    /// At least so many
    #[arg(long, value_name = "N")]
    min: Option<Count>,
    /// At most so many
    #[arg(long, value_name = "N")]
    max: Option<Count>,
}

impl OrderCommand {
    /// The configuration that was named.
    pub(crate) fn config(&self) -> Option<PathBuf> {
        match self {
            Self::Pause { file, .. }
            | Self::Resume { file, .. }
            | Self::Override { file, .. }
            | Self::Scale { file, .. }
            | Self::Orders { file, .. } => file.config.clone(),
        }
    }

    pub(super) fn process(&self) -> Option<&str> {
        match self {
            Self::Pause { process, .. }
            | Self::Resume { process, .. }
            | Self::Override { process, .. }
            | Self::Scale { process, .. } => Some(process),
            Self::Orders { process, .. } => process.as_deref(),
        }
    }

    /// What is wrong with it, before anything is opened.
    pub(super) fn wrong(&self) -> Option<String> {
        if let Self::Override { bounds, .. } = self
            && let (Some(min), Some(max)) = (bounds.min, bounds.max)
            && min > max
        {
            return Some(format!("--min {min} is above --max {max}"));
        }
        None
    }

    /// The order that it gives, if it gives one.
    pub(super) fn draft(&self, process: ProcessName, now: DateTime<Utc>) -> Option<Draft> {
        let (kind, given) = match self {
            Self::Pause {
                down_only,
                up_only,
                given,
                ..
            } => {
                let (up, down) = (!down_only, !up_only);
                (Kind::Pause { up, down }, given)
            }
            Self::Override { bounds, given, .. } => {
                let NewBounds { min, max } = *bounds;
                (Kind::Override { min, max }, given)
            }
            Self::Scale { count, given, .. } => (Kind::Scale { count: *count }, given),
            Self::Resume { .. } | Self::Orders { .. } => return None,
        };
        Some(given.draft(process, kind, now))
    }
}

/// What is wrong with a name that no process has.
pub(super) fn unknown(name: &str, processes: &[ProcessName]) -> String {
    let names = || processes.iter().map(ProcessName::as_str);
    if let Some(meant) = nearest_name(name, names()) {
        return format!("there is no process `{name}`; did you mean `{meant}`?");
    }
    let all: Vec<_> = names().collect();
    format!(
        "there is no process `{name}`; there are: {}",
        all.join(", ")
    )
}
