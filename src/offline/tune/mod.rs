//! `autoscalebot tune`: searches the settings of a process's decision for those that cost the fewest process-hours while no
//! more than a budget is late, on a load, by the production code. What it proposes is tried once more on a seed that was
//! not searched with.
//!
//! | what | file |
//! | --- | --- |
//! | which settings are tried, over which values | [`space`], by default `usual.rs` |
//! | the order of trying | `search.rs` |
//! | who is beaten by nobody, and which to take | [`frontier`] |
//! | the sentence, the TOML, the table, and the JSON | [`report`] |
//! | the picture | [`plot`] |

pub mod frontier;
pub mod plot;
pub mod report;
pub mod search;
pub mod space;
mod usual;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

use super::outcome::{begin, deliver, refuse};
use super::simulate::arguments::{LoadArguments, PlantArguments, price};
use super::simulate::contender::Contender;
use super::simulate::progress::Progress;
use super::simulate::report::Row;
use super::simulate::stage::{Scene, Stage};
use super::simulate::told;
use super::subject::{Subject, SubjectArguments};
use crate::backend::Registry;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::output::complain;
use crate::simulation::number::length;
use crate::simulation::run::{Conditions, run};
use crate::supervisor::plan::Plan;
use report::{HoldOut, ROWS, Report, Tried};
use search::{Found, Outcome, Trial, search};
use space::Space;

/// What `tune` is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct TuneArguments {
    #[command(flatten)]
    subject: SubjectArguments,
    #[command(flatten)]
    load: LoadArguments,
    #[command(flatten)]
    plant: PlantArguments,
    /// How many in a hundred may be late
    #[arg(long, value_name = "PERCENT", default_value_t = 1.0, value_parser = budget)]
    budget: f64,
    /// A setting that is tried, over a range or a list: increment=1..5, increment=1,2,4 [default: the backend's]
    #[arg(long = "try", value_name = "SETTING=VALUES")]
    tries: Vec<String>,
    /// How many settings are tried at the most
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    runs: u32,
    /// What an hour of a process costs
    #[arg(long, value_name = "PRICE", allow_negative_numbers = true, value_parser = price)]
    price_per_hour: Option<f64>,
    /// Draw all that was tried as an SVG
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

fn budget(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok();
    let number = number.filter(|number| *number > 0.0 && *number < 100.0);
    number.ok_or_else(|| "a number above 0 and below 100".to_owned())
}

impl TuneArguments {
    /// Obeys.
    pub(crate) fn obey(
        &self,
        config: impl Fn(Option<PathBuf>) -> PathBuf,
        registry: &Registry,
        clock: Clock,
    ) -> Result<Exit> {
        let subject = match self.subject.open(config, registry) {
            Ok(subject) => subject,
            Err(exit) => return Ok(exit),
        };
        let space = if self.tries.is_empty() {
            usual::space(&subject)
        } else {
            Space::read(&self.tries, &subject, registry)
        };
        let checked = space.and_then(|space| {
            space.check(&subject, registry)?;
            Ok(space)
        });
        let space = match checked {
            Ok(space) => space,
            Err(why) => {
                complain(&format!("error: {why}\n"));
                return Ok(Exit::Usage);
            }
        };
        let stage = match Stage::new(&self.load, &self.plant, &subject) {
            Ok(stage) => stage,
            Err(why) => return Ok(refuse(&why)),
        };
        let draft = match begin(self.plot.as_deref()) {
            Ok(draft) => draft,
            Err(exit) => return Ok(exit),
        };
        let tuner = Tuner {
            stage: &stage,
            subject: &subject,
            registry,
            clock,
            price: self.price_per_hour,
        };
        // The production code asks its runtime for the time-out of a decision.
        let searched = crate::system::block_on(async { self.run(&tuner, &space) })?;
        let (report, trials, thin) = match searched {
            Ok(done) => done,
            Err(why) => return Ok(refuse(&why)),
        };
        let text = |report: &Report| report.text(&thin);
        let picture = |report: &Report| plot::svg(report, &trials);
        deliver(&report, self.json, text, draft, picture)
    }

    /// Searches; the report, all that was tried, and the rows to be told. Else why nothing could be tried.
    fn run(&self, tuner: &Tuner<'_>, space: &Space) -> Result<Result<Done, String>> {
        let runs = usize::try_from(self.runs)?;
        let (first, many) = tuner.stage.seeds;
        let beyond = first.saturating_add(many);
        let scenes = (first..beyond).map(|seed| tuner.scene(seed));
        let scenes = scenes.collect::<Result<Vec<Scene>>>()?;
        let mut progress = Progress::of(length(runs + 1));
        let found = search(
            space,
            self.budget,
            runs,
            self.load.seed,
            &mut |lines, trials| {
                let what = so_far(trials, self.budget);
                let outcome = tuner.attempt(lines, &scenes, |part| progress.at(&what, part))?;
                if outcome.is_ok() {
                    progress.next();
                }
                Ok(outcome)
            },
        )?;
        if let (1, Some(why)) = (found.trials.len(), &found.why) {
            return Ok(Err(format!(
                "none of the settings to be tried is allowed: {why}"
            )));
        }
        let scene = scenes.first().context("there is no seed")?;
        let subject = told(tuner.stage, tuner.subject, scene, self.price_per_hour);
        let held_out = [tuner.scene(beyond)?];
        let hold = |trial: &Trial| {
            let row = tuner.attempt(&trial.lines, &held_out, |_| {})?;
            row.map_err(anyhow::Error::msg)
        };
        let best = frontier::best(&found.trials, self.budget);
        let present = found.trials.first().context("nothing was tried")?;
        let proposal = found.trials.get(best).context("nothing was tried")?;
        let line = frontier::frontier(&found.trials);
        let thin = tried(&found, &frontier::told(&found.trials, self.budget, ROWS));
        let report = Report {
            subject,
            budget: self.budget,
            tried: found.trials.len(),
            refused: found.refused,
            within_budget: proposal.late() <= self.budget,
            better: !proposal.lines.is_empty(),
            present: present.row.clone(),
            hold_out: HoldOut {
                seed: beyond,
                present: hold(present)?,
                proposal: hold(proposal)?,
            },
            proposal: proposal.into(),
            frontier: tried(&found, &line),
        };
        Ok(Ok((report, found.trials, thin)))
    }
}

/// The report, all that was tried, and the rows of the frontier to be told.
type Done = (Report, Vec<Trial>, Vec<Tried>);

impl From<&Trial> for Tried {
    fn from(trial: &Trial) -> Self {
        Self {
            settings: trial.lines.clone(),
            row: trial.row.clone(),
        }
    }
}

fn tried(found: &Found, places: &[usize]) -> Vec<Tried> {
    let trials = places.iter().filter_map(|place| found.trials.get(*place));
    trials.map(Tried::from).collect()
}

/// Beside the bar.
fn so_far(trials: &[Trial], budget: f64) -> String {
    let best = trials.get(frontier::best(trials, budget));
    best.map_or_else(String::new, |best| {
        format!(
            "{:.2} % late at {:.0} process-hours a day",
            best.late(),
            best.hours()
        )
    })
}

/// What tries settings.
struct Tuner<'a> {
    stage: &'a Stage,
    subject: &'a Subject,
    registry: &'a Registry,
    clock: Clock,
    price: Option<f64>,
}

impl Tuner<'_> {
    fn scene(&self, seed: u64) -> Result<Scene> {
        self.stage.scene(seed).map_err(anyhow::Error::msg)
    }

    /// The process with these settings instead of its own, on each of the scenes; the settings' check may refuse them.
    fn attempt(
        &self,
        lines: &[String],
        scenes: &[Scene],
        mut hear: impl FnMut(f64),
    ) -> Result<Outcome> {
        let changed = self.subject.with(lines, self.registry);
        let changed = changed.and_then(|subject| {
            let plan = Plan::new(&subject.settings, &subject.process);
            Ok((plan.map_err(|error| error.to_string())?, subject))
        });
        let (plan, subject) = match changed {
            Ok(changed) => changed,
            Err(why) => return Ok(Err(why)),
        };
        let mut runs = Vec::new();
        for scene in scenes {
            hear(length(runs.len()) / length(scenes.len()));
            let mut policy = self.stage.production(&subject, self.registry, self.clock)?;
            let (least, most) = self.stage.bounds(&plan, scene.scenario.seconds());
            let conditions = Conditions {
                least,
                most,
                ..scene.conditions
            };
            let figures = run(&scene.scenario, &conditions, &mut policy, |_| {});
            runs.push((figures, scene.demand_hours()));
        }
        let name = Contender::Own.name(self.subject);
        Ok(Ok(Row::new(name, &runs, self.price)))
    }
}
