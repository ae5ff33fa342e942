//! `autoscalebot why` and `autoscalebot status`: what the bot did and why, from the records in its store, so that both also
//! work from another machine.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::Subcommand;

use super::compared::compared;
use super::lines::{Lines, read};
use super::moment::moment;
use super::telling;
use crate::backend::Registry;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::orders::command::{Asked, Of, Place};
use crate::orders::together::in_force;
use crate::orders::{lasting, words};
use crate::output::{complain, say};
use crate::state::{Record, StoreError, Wanted};

/// How many records are read at a time.
pub(super) const MOST: usize = 10_000;

/// How often a ledger that is followed is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The commands that only look.
#[derive(Debug, Subcommand)]
#[expect(
    clippy::doc_markdown,
    reason = "this is help on a terminal, where backticks are noise"
)]
pub(crate) enum LookCommand {
    /// Tell what was decided for a process and why, and what would have changed it
    Why {
        /// The process
        process: String,
        /// At this time: 14:03, 14:03:30 or "2026-11-24 14:03", in time_zone
        #[arg(long, value_name = "TIME", conflicts_with_all = ["since", "follow"])]
        at: Option<String>,
        /// Since so long ago (90s, 30m, 2h, 7d), a line for each change of what is told
        #[arg(long, value_name = "AGO", value_parser = ago, conflicts_with = "follow")]
        since: Option<Duration>,
        /// Go on telling, a line for each change, until it is interrupted
        #[arg(long)]
        follow: bool,
        /// As JSON, one object for each cycle
        #[arg(long)]
        json: bool,
        /// The configuration [default: $AUTOSCALEBOT_CONFIG, else autoscalebot.toml]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Tell where a process's decision and its challenger's differed, and what the other would have cost
    Compare {
        /// The process
        process: String,
        /// Since so long ago (90s, 30m, 2h, 7d)
        #[arg(long, value_name = "AGO", value_parser = ago, default_value = "7d")]
        since: Duration,
        /// As JSON
        #[arg(long)]
        json: bool,
        /// The configuration [default: $AUTOSCALEBOT_CONFIG, else autoscalebot.toml]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Tell how each process is: its count, what was decided last, and the orders in force
    Status {
        /// Only this process
        process: Option<String>,
        /// As JSON, the last cycle of each process
        #[arg(long)]
        json: bool,
        /// The configuration [default: $AUTOSCALEBOT_CONFIG, else autoscalebot.toml]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

pub(crate) fn ago(text: &str) -> Result<Duration, String> {
    lasting::parse(text).ok_or_else(|| format!("it must be {}", lasting::FORM))
}

impl LookCommand {
    /// The configuration that was named.
    pub(crate) fn config(&self) -> Option<PathBuf> {
        match self {
            Self::Why { config, .. }
            | Self::Compare { config, .. }
            | Self::Status { config, .. } => config.clone(),
        }
    }

    fn process(&self) -> Option<&str> {
        match self {
            Self::Why { process, .. } | Self::Compare { process, .. } => Some(process),
            Self::Status { process, .. } => process.as_deref(),
        }
    }

    /// What may be named: a challenger has records, but it is no process, and has no challenger of its own.
    fn of(&self) -> Of {
        match self {
            Self::Why { .. } => Of::ProcessesAndChallengers,
            Self::Compare { .. } | Self::Status { .. } => Of::Processes,
        }
    }
}

/// Obeys, with the configuration in a file.
pub(crate) fn obey(
    command: &LookCommand,
    place: &Place,
    registry: &Registry,
    clock: Clock,
) -> Result<Exit> {
    let asked = match Asked::open(command.process(), command.of(), place, registry, clock)? {
        Ok(asked) => asked,
        Err(exit) => return Ok(exit),
    };
    crate::system::block_on(async {
        match command {
            LookCommand::Why {
                at: Some(at), json, ..
            } => {
                let Some(until) = moment(at, asked.now, asked.zone) else {
                    complain(&format!(
                        "error: --at {at:?} is no time: 14:03, 14:03:30 or \"2026-11-24 14:03\"\n"
                    ));
                    return Ok(Exit::Usage);
                };
                why(&asked, Some(until), *json).await
            }
            LookCommand::Why {
                since: Some(since),
                json,
                ..
            } => since_then(&asked, *since, *json).await,
            LookCommand::Why {
                follow: true, json, ..
            } => follow(&asked, *json).await,
            LookCommand::Why { json, .. } => why(&asked, None, *json).await,
            LookCommand::Compare { since, json, .. } => compared(&asked, *since, *json).await,
            LookCommand::Status { json, .. } => status(&asked, *json).await,
        }
    })
}

/// The last cycle up to a moment, in full.
async fn why(asked: &Asked, until: Option<DateTime<Utc>>, json: bool) -> Result<Exit> {
    let process = asked
        .named()
        .ok_or_else(|| anyhow!("no process was named"))?;
    let wanted = Wanted::newest(until);
    let found = asked.store.records(process, wanted).await.map_err(said)?;
    let Some(record) = found.first() else {
        complain(&format!(
            "{process}: there is no record{}: is the bot running with this store?\n",
            if until.is_some() { " of that time" } else { "" }
        ));
        return Ok(Exit::Failure);
    };
    say(&in_full(record, asked.zone, json)?)?;
    Ok(Exit::Success)
}

async fn since_then(asked: &Asked, since: Duration, json: bool) -> Result<Exit> {
    let process = asked
        .named()
        .ok_or_else(|| anyhow!("no process was named"))?;
    let wanted = Wanted::since(asked.now, since, MOST);
    let mut lines = Lines::new(asked.zone, json);
    let mut found = asked.store.records(process, wanted).await.map_err(said)?;
    while let Some(last) = found.last().map(Record::position) {
        for record in &found {
            say(&lines.line(record)?)?;
        }
        let after = asked.store.after(process, last, MOST);
        found = after.await.map_err(said)?;
    }
    say(&lines.rest())?;
    Ok(Exit::Success)
}

async fn follow(asked: &Asked, json: bool) -> Result<Exit> {
    let process = asked
        .named()
        .ok_or_else(|| anyhow!("no process was named"))?;
    let newest = Wanted::newest(None);
    let mut lines = Lines::new(asked.zone, json);
    let mut seen = None;
    loop {
        let found = match seen {
            None => asked.store.records(process, newest).await,
            Some(position) => asked.store.after(process, position, MOST).await,
        };
        for record in found.map_err(said)? {
            seen = Some(record.position());
            say(&lines.line(&record)?)?;
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn status(asked: &Asked, json: bool) -> Result<Exit> {
    let orders = asked.store.orders().await.map_err(said)?;
    let all = asked.processes.iter();
    for process in all.filter(|process| asked.named().is_none_or(|named| named == *process)) {
        let wanted = Wanted::newest(None);
        let found = asked.store.records(process, wanted).await.map_err(said)?;
        match found.first() {
            Some(record) if json => say(&format!("{}\n", record.text))?,
            Some(record) => {
                let read = read(record)?;
                let line = telling::in_a_line(&read, asked.zone);
                say(&format!("{process}: {line}\n"))?;
                let respected = |until| until > asked.now;
                if let Some(manual) = read.manual.filter(|it| it.until.is_some_and(respected)) {
                    let told = telling::by_hand(&manual, asked.now, asked.zone);
                    say(&format!("  {told}\n"))?;
                }
            }
            None if json => {}
            None => say(&format!("{process}: there is no record of it\n"))?,
        }
        for order in in_force(&orders, process, asked.now)
            .into_iter()
            .filter(|_| !json)
        {
            let told = words::sentence(order, asked.now, asked.zone);
            say(&format!("  {told} ({})\n", order.id))?;
        }
    }
    Ok(Exit::Success)
}

fn in_full(record: &Record, zone: Tz, json: bool) -> Result<String> {
    if json {
        return Ok(format!("{}\n", record.text));
    }
    Ok(telling::told(&read(record)?, zone))
}

/// A failure of the store says where and what to mend.
pub(super) fn said(error: StoreError) -> anyhow::Error {
    anyhow!("{error}")
}
