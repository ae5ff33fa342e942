//! The command line of `autoscalebot backtest`, and the way through it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use clap::Args;

use super::records::{keep_last, of_process, read_log};
use super::{Asked, Played};
use crate::backend::Registry;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::model::ProcessName;
use crate::offline::backtest::report::Report;
use crate::offline::outcome::{begin, deliver, refuse};
use crate::offline::simulate::arguments::{PlantArguments, price};
use crate::offline::subject::{Subject, SubjectArguments};
use crate::orders::command::{Asked as Opened, Of, Place};
use crate::record::command::ago;
use crate::record::{CycleRecord, compared};

/// A week.
const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// What `backtest` is told.
#[derive(Debug, Clone, Args)]
#[expect(
    clippy::doc_markdown,
    reason = "this is help on a terminal, where backticks are noise"
)]
pub(crate) struct BacktestArguments {
    /// The process; may be left out where there is one
    process: Option<String>,
    /// Since so long ago (90s, 30m, 2h, 7d) [default: 7d; all of a log]
    #[arg(long, value_name = "AGO", value_parser = ago)]
    since: Option<Duration>,
    /// Records from a file, one JSON object a line as `why PROCESS --since 7d --json` prints them, instead of the store's
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The configuration [default: $AUTOSCALEBOT_CONFIG, else autoscalebot.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A setting to be tried, as in --set max_processes=20; those of other steps as measurement.on_failure=ignore
    #[arg(long, value_name = "SETTING=VALUE")]
    set: Vec<String>,
    /// Another configuration to be tried, which has the process too
    #[arg(long, value_name = "FILE")]
    with: Option<PathBuf>,
    #[command(flatten)]
    plant: PlantArguments,
    /// What an hour of a process costs
    #[arg(long, value_name = "PRICE", allow_negative_numbers = true, value_parser = price)]
    price_per_hour: Option<f64>,
    /// Draw the simulated runs as an SVG
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// The settings: as they are, and as they are tried.
struct Both {
    present: Subject,
    tried: Option<Subject>,
}

impl BacktestArguments {
    /// Obeys.
    pub(crate) fn obey(
        &self,
        config: impl Fn(Option<PathBuf>) -> PathBuf,
        registry: &Registry,
        clock: Clock,
    ) -> Result<Exit> {
        let file = config(self.config.clone());
        let both = match self.settings(&file, registry) {
            Ok(both) => both,
            Err(exit) => return Ok(exit),
        };
        let records = match self.records(&file, &both.present.process.name, registry, clock)? {
            Ok(records) => records,
            Err(exit) => return Ok(exit),
        };
        let played = Played::new(&records, &self.plant, &both.present, both.tried.as_ref());
        let played = match played {
            Ok(played) => played,
            Err(why) => return Ok(refuse(&why)),
        };
        let draft = match begin(self.plot.as_deref()) {
            Ok(draft) => draft,
            Err(exit) => return Ok(exit),
        };
        let asked = Asked {
            price: self.price_per_hour,
            draw: draft.is_some(),
        };
        let (present, tried) = (&both.present, both.tried.as_ref());
        // The production code asks its runtime for the time-out of a decision.
        let (report, picture) = crate::system::block_on(async {
            played.report(present, tried, (registry, clock), asked)
        })?;
        let draft = draft.filter(|_| picture.is_some());
        let picture = |_: &_| picture.unwrap_or_default();
        deliver(&report, self.json, Report::text, draft, picture)
    }

    fn settings(&self, file: &Path, registry: &Registry) -> Result<Both, Exit> {
        let open = |file: &Path, process: Option<String>, set: Vec<String>| {
            let arguments = SubjectArguments::named(file.to_owned(), process, set);
            arguments.open(Option::unwrap_or_default, registry)
        };
        let present = open(file, self.process.clone(), Vec::new())?;
        let tried = if self.set.is_empty() && self.with.is_none() {
            None
        } else {
            let name = present.process.name.as_str().to_owned();
            let file = self.with.as_deref().unwrap_or(file);
            Some(open(file, Some(name), self.set.clone())?)
        };
        Ok(Both { present, tried })
    }

    /// The process's records, in the order of time; `Err` when there are none, which has been told.
    fn records(
        &self,
        file: &Path,
        process: &ProcessName,
        registry: &Registry,
        clock: Clock,
    ) -> Result<Result<Vec<CycleRecord>, Exit>> {
        if let Some(log) = &self.log {
            let name = log.display().to_string();
            let records = read_log(log).and_then(|all| of_process(all, process, &name));
            return Ok(match records {
                Ok(mut records) => {
                    let since = self.since.and_then(|since| TimeDelta::from_std(since).ok());
                    keep_last(&mut records, since.unwrap_or(TimeDelta::MAX));
                    Ok(records)
                }
                Err(why) => Err(refuse(&why)),
            });
        }
        let name = process.as_str();
        let place = Place::File(file.to_owned());
        let opened = match Opened::open(Some(name), Of::Processes, &place, registry, clock)? {
            Ok(opened) => opened,
            Err(exit) => return Ok(Err(exit)),
        };
        let since = self.since.unwrap_or(WEEK);
        let found = compared::all_since(&opened, process, since);
        let found = crate::system::block_on(found)?;
        Ok(of_process(found, process, "the store").map_err(|why| refuse(&why)))
    }
}
