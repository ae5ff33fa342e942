//! `autoscalebot pause`, `resume`, `override`, `scale` and `orders`: people tell the running bot what to do, through the
//! state store, so that it also works from another machine. They need nothing of the configuration but `[state]`, the
//! processes' names and the time zone.

mod given;
mod listing;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::{Args, Subcommand};

use super::together::in_force;
use super::{Draft, Ended, Kind, words};
use crate::backend::Registry;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::model::{Count, ProcessName};
use crate::output::{complain, say};
use crate::settings::{self, Part, nearest_name};
use crate::state::settings::StatePlace;
use crate::state::{self, StateStore, StoreError};
use given::Given;

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
        /// Who says so [default: the dyno's name, else $USER@host]
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

/// Obeys, with the configuration in a file.
pub(crate) fn obey(
    command: &OrderCommand,
    config: &Path,
    registry: &Registry,
    clock: Clock,
) -> Result<Exit> {
    let part = match settings::load_part_file(config, registry) {
        Ok(part) => part,
        Err(problems) => {
            complain(&problems.render(std::io::stderr().is_terminal()));
            return Ok(Exit::Config);
        }
    };
    if let Some(wrong) = command.wrong(&part.processes) {
        complain(&format!("error: {wrong}\n"));
        return Ok(Exit::Usage);
    }
    let Some(settings) = &part.state else {
        let file = config.display();
        complain(&format!(
            "error: orders are kept in the bot's store, and {file} names none. Write in it, for a bot on this machine:\n\n\
             [state]\nurl = \"file:autoscalebot.db\"\n\nor, to reach it from elsewhere, `url = \"redis://…\"`.\n"
        ));
        return Ok(Exit::Config);
    };
    let is_file = matches!(settings.place, StatePlace::File { .. });
    if is_file && std::env::var_os("DYNO").is_some_and(|dyno| !dyno.is_empty()) {
        complain(
            "warning: the store is a file, and each dyno has files of its own: a bot on another dyno does not see \
             this. Keep state in a Redis: `url = \"redis://…\"`\n",
        );
    }
    let store = state::open(settings, clock)?;
    let asked = Asked {
        store,
        now: clock.now().wall,
        zone: part.time_zone,
    };
    actix_rt::System::new().block_on(asked.obey(command, &part))
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

    fn process(&self) -> Option<&str> {
        match self {
            Self::Pause { process, .. }
            | Self::Resume { process, .. }
            | Self::Override { process, .. }
            | Self::Scale { process, .. } => Some(process),
            Self::Orders { process, .. } => process.as_deref(),
        }
    }

    /// What is wrong with it, before anything is opened.
    fn wrong(&self, processes: &[ProcessName]) -> Option<String> {
        if let Some(name) = self.process()
            && !processes.iter().any(|process| process.as_str() == name)
        {
            return Some(unknown(name, processes));
        }
        if let Self::Override { bounds, .. } = self
            && let (Some(min), Some(max)) = (bounds.min, bounds.max)
            && min > max
        {
            return Some(format!("--min {min} is above --max {max}"));
        }
        None
    }

    /// The order that it gives, if it gives one.
    fn draft(&self, process: ProcessName, now: DateTime<Utc>) -> Option<Draft> {
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

fn unknown(name: &str, processes: &[ProcessName]) -> String {
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

/// What a command is obeyed with.
struct Asked {
    store: Rc<dyn StateStore>,
    now: DateTime<Utc>,
    zone: Tz,
}

impl Asked {
    async fn obey(&self, command: &OrderCommand, part: &Part) -> Result<Exit> {
        let named = command.process();
        let process = part
            .processes
            .iter()
            .find(|process| named == Some(process.as_str()));
        let done = match (command, process) {
            (OrderCommand::Orders { json, .. }, process) => self.list(process, *json).await,
            (OrderCommand::Resume { owner, .. }, Some(process)) => {
                self.resume(process, owner.as_deref()).await
            }
            (command, Some(process)) => self.give(command, process).await,
            (_, None) => Ok(String::new()),
        };
        for remark in self.store.remarks() {
            complain(&format!("warning: {remark}\n"));
        }
        // Its text says where, and what to mend.
        say(&done.map_err(|error| anyhow!("{error}"))?)?;
        Ok(Exit::Success)
    }

    async fn give(
        &self,
        command: &OrderCommand,
        process: &ProcessName,
    ) -> Result<String, StoreError> {
        let Some(draft) = command.draft(process.clone(), self.now) else {
            return Ok(String::new());
        };
        let order = self.store.put(&draft).await?;
        let told = words::sentence(&order, self.now, self.zone);
        Ok(format!("{process}: {told} ({})\n", order.id))
    }

    async fn resume(
        &self,
        process: &ProcessName,
        owner: Option<&str>,
    ) -> Result<String, StoreError> {
        let orders = self.store.orders().await?;
        let ended = Ended {
            at: self.now,
            by: given::owner(owner),
        };
        let mut told = Vec::new();
        for order in in_force(&orders, process, self.now) {
            let is_new = self.store.end(order.id, &ended).await?;
            let mut order = order.clone();
            order.ended = Some(ended.clone());
            if is_new {
                let past = words::past(&order, self.now, self.zone);
                told.push(format!("{process}: {past} ({})\n", order.id));
            }
        }
        if told.is_empty() {
            return Ok(format!("{process}: no order is in force\n"));
        }
        Ok(told.concat())
    }

    async fn list(&self, process: Option<&ProcessName>, json: bool) -> Result<String, StoreError> {
        let orders = self.store.orders().await?;
        let listed = listing::Listed::new(&orders, process, self.now);
        Ok(if json {
            listed.json()
        } else {
            listed.text(self.now, self.zone)
        })
    }
}
