//! `autoscalebot pause`, `resume`, `override`, `scale` and `orders`: people tell the running bot what to do, through the
//! state store, so that it also works from another machine. They need nothing of the configuration but `[state]`, the
//! processes' names and the time zone.

mod arguments;
mod given;
mod listing;
mod place;

use std::io::IsTerminal;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::together::in_force;
use super::{Ended, words};
use crate::backend::Registry;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::http::Http;
use crate::model::ProcessName;
use crate::output::{complain, say};
use crate::settings::{self, Secret};
use crate::state::settings::StatePlace;
use crate::state::{self, RemoteStore, StateStore, StoreError};
pub(crate) use arguments::OrderCommand;
pub(crate) use place::Place;

/// Obeys, with the configuration in a file.
pub(crate) fn obey(
    command: &OrderCommand,
    place: &Place,
    registry: &Registry,
    clock: Clock,
) -> Result<Exit> {
    if let Some(wrong) = command.wrong() {
        complain(&format!("error: {wrong}\n"));
        return Ok(Exit::Usage);
    }
    match Asked::open(command.process(), Of::Processes, place, registry, clock)? {
        Ok(asked) => crate::system::block_on(asked.obey(command)),
        Err(exit) => Ok(exit),
    }
}

/// Whom a command may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// Whom people can order.
    Processes,
    /// Whom there are records of.
    ProcessesAndChallengers,
}

/// What a command that goes through the store is obeyed with.
pub(crate) struct Asked {
    pub(crate) store: Rc<dyn StateStore>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) zone: Tz,
    pub(crate) processes: Vec<ProcessName>,
    named: Option<ProcessName>,
}

impl Asked {
    /// Opens the store that a configuration names; `Err` when that cannot be, which has been told.
    pub(crate) fn open(
        name: Option<&str>,
        of: Of,
        place: &Place,
        registry: &Registry,
        clock: Clock,
    ) -> Result<Result<Self, Exit>> {
        match place {
            Place::File(config) => Self::by_file(name, of, config, registry, clock),
            Place::Url(url) => Self::by_url(name, of, url, clock),
        }
    }

    /// Asks a bot that serves.
    fn by_url(name: Option<&str>, of: Of, url: &str, clock: Clock) -> Result<Result<Self, Exit>> {
        let token = std::env::var("AUTOSCALEBOT_TOKEN").ok().map(Secret::new);
        // Each with connections of its own: they end with the system that they were opened in.
        let first = RemoteStore::new(url, token.clone(), &Http::default())?;
        let known = crate::system::block_on(async { Ok(first.known().await?) })?;
        let named = match pick(name, of, &known.processes) {
            Ok(named) => named,
            Err(exit) => return Ok(Err(exit)),
        };
        Ok(Ok(Self {
            store: Rc::new(RemoteStore::new(url, token, &Http::default())?),
            now: clock.now().wall,
            zone: known.zone,
            named,
            processes: known.processes,
        }))
    }

    fn by_file(
        name: Option<&str>,
        of: Of,
        config: &Path,
        registry: &Registry,
        clock: Clock,
    ) -> Result<Result<Self, Exit>> {
        let part = match settings::load_part_file(config, registry) {
            Ok(part) => part,
            Err(problems) => {
                complain(&problems.render(std::io::stderr().is_terminal()));
                return Ok(Err(Exit::Config));
            }
        };
        let named = match pick(name, of, &part.processes) {
            Ok(named) => named,
            Err(exit) => return Ok(Err(exit)),
        };
        let Some(settings) = &part.state else {
            complain(&without_a_store(config));
            return Ok(Err(Exit::Config));
        };
        let is_file = matches!(settings.place, StatePlace::File { .. });
        if is_file && std::env::var_os("DYNO").is_some_and(|dyno| !dyno.is_empty()) {
            complain(
                "warning: the store is a file, and each dyno has files of its own: a bot on another dyno does not see \
                 this. Keep state in a Redis: `url = \"redis://…\"`\n",
            );
        }
        Ok(Ok(Self {
            store: state::open(settings, clock)?,
            now: clock.now().wall,
            zone: part.time_zone,
            named,
            processes: part.processes,
        }))
    }

    /// The process that was named.
    pub(crate) fn named(&self) -> Option<&ProcessName> {
        self.named.as_ref()
    }
}

/// The process that is named; `Err` when there is none of that name, which has been told.
fn pick(
    name: Option<&str>,
    of: Of,
    processes: &[ProcessName],
) -> Result<Option<ProcessName>, Exit> {
    let challengers = processes.iter().map(ProcessName::challenger);
    let challengers = challengers.filter(|_| of == Of::ProcessesAndChallengers);
    let mut known = processes.iter().cloned().chain(challengers);
    let named = known.find(|process| Some(process.as_str()) == name);
    if let (Some(name), None) = (name, &named) {
        complain(&format!("error: {}\n", arguments::unknown(name, processes)));
        return Err(Exit::Usage);
    }
    Ok(named)
}

fn without_a_store(config: &Path) -> String {
    let file = config.display();
    format!(
        "error: orders and records are kept in the bot's store, and {file} names none. Write in it, for a bot on this \
         machine:\n\n[state]\nurl = \"file:autoscalebot.db\"\n\nor, to reach it from elsewhere, `url = \"redis://…\"`.\n"
    )
}

impl Asked {
    async fn obey(&self, command: &OrderCommand) -> Result<Exit> {
        let done = match (command, self.named()) {
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
