//! `autoscalebot simulate`: a process's settings on a load and a plant, by the production code under virtual time, and
//! beside it, where that is asked for, what others would have done.
//!
//! | what | file |
//! | --- | --- |
//! | the load and the plant on the command line | `arguments.rs` |
//! | what they come to: a `Scene` a seed, on which anything can be tried | [`stage`] |
//! | who is tried | [`contender`] |
//! | the table, and the JSON | [`report`] |
//! | the picture | [`plot`] |
//! | the bar while it lasts | [`progress`] |

pub(crate) mod arguments;
pub mod contender;
pub mod plot;
pub mod progress;
pub mod report;
pub mod stage;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

use super::outcome::{begin, deliver, refuse};
pub use super::simulated::Visible;
use super::subject::{Subject, SubjectArguments};
use crate::backend::Registry;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::simulation::plant::Kind;
use arguments::{LoadArguments, PlantArguments, price};
use contender::{Contender, Tried};
use plot::series::Series;
use progress::Progress;
use report::{Report, Row};
use stage::{Scene, Stage};

/// What `simulate` is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct SimulateArguments {
    #[command(flatten)]
    subject: SubjectArguments,
    #[command(flatten)]
    load: LoadArguments,
    #[command(flatten)]
    plant: PlantArguments,
    /// Others beside it: hpa, keda, knative, nomad, hirefire, autoscalebot-2012, clairvoyant (knows the future), static
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = contender::named)]
    against: Vec<Contender>,
    /// What an hour of a process costs
    #[arg(long, value_name = "PRICE", allow_negative_numbers = true, value_parser = price)]
    price_per_hour: Option<f64>,
    /// Draw the first seed's runs as an SVG
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl SimulateArguments {
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
        let stage = match Stage::new(&self.load, &self.plant, &subject) {
            Ok(stage) => stage,
            Err(why) => return Ok(refuse(&why)),
        };
        let draft = match begin(self.plot.as_deref()) {
            Ok(draft) => draft,
            Err(exit) => return Ok(exit),
        };
        let tried = Tried {
            stage: &stage,
            subject: &subject,
            registry,
            clock,
        };
        // The production code asks its runtime for the time-out of a decision.
        let (report, drawn) = crate::system::block_on(async { self.run(&tried, draft.is_some()) })?;
        let picture = |report: &Report| plot::svg(report, &stage, &drawn);
        deliver(&report, self.json, Report::text, draft, picture)
    }

    fn run(&self, tried: &Tried<'_>, draw: bool) -> Result<(Report, Vec<Series>)> {
        let (first, many) = tried.stage.seeds;
        let mut contenders = vec![Contender::Own];
        for other in &self.against {
            if !contenders.contains(other) {
                contenders.push(*other);
            }
        }
        let pieces = contenders.len() * usize::try_from(many).unwrap_or(1);
        let mut progress = Progress::of(crate::simulation::number::length(pieces));
        let mut runs = vec![Vec::new(); contenders.len()];
        let mut drawn = Vec::new();
        let mut subject = None;
        for seed in first..first.saturating_add(many) {
            let scene = tried.stage.scene(seed).map_err(anyhow::Error::msg)?;
            for (contender, runs) in contenders.iter().zip(&mut runs) {
                let is_drawn = draw && seed == first;
                let mut series = is_drawn.then(|| Series::new(&scene, contenders.len()));
                let watch = |moment: &_| {
                    if let Some(series) = &mut series {
                        series.add(moment);
                    }
                };
                let figures = tried.run(*contender, &scene, &mut progress, watch)?;
                drawn.extend(series);
                runs.push((figures, scene.demand_hours()));
            }
            subject.get_or_insert_with(|| self.told(tried, &scene));
        }
        let rows = contenders.iter().zip(&runs).map(|(contender, runs)| {
            Row::new(contender.name(tried.subject), runs, self.price_per_hour)
        });
        let report = Report {
            subject: subject.context("there is no seed")?,
            rows: rows.collect(),
        };
        Ok((report, drawn))
    }

    fn told(&self, tried: &Tried<'_>, scene: &Scene) -> report::Subject {
        told(tried.stage, tried.subject, scene, self.price_per_hour)
    }
}

/// What is simulated, for a report.
pub(super) fn told(
    stage: &Stage,
    subject: &Subject,
    scene: &Scene,
    price: Option<f64>,
) -> report::Subject {
    let (seed, seeds) = stage.seeds;
    let plant = &scene.scenario.plant;
    let seconds = f64::from(scene.scenario.seconds());
    report::Subject {
        process: subject.process.name.as_str().to_owned(),
        kind: match stage.kind {
            Kind::Web => "web",
            Kind::Queue => "queue",
        },
        load: stage.load.name(),
        days: seconds / 86_400.0,
        erlang: scene.scenario.requests() * plant.service / seconds,
        late_after_seconds: plant.slo,
        service_seconds: plant.service,
        slots: plant.slots,
        start: stage.start,
        seed,
        seeds,
        price_per_hour: price,
    }
}
