//! `autoscalebot backtest`: what other settings would have done on a process's own past, which its records tell.
//!
//! ```text
//!   records ─▶ looks ─▶ load ─▶ course ─▶ trace ─▶ the simulator, with the production code ─▶ figures
//!      └───────────────── what really ran ──────────────────────────────────────────────────────┘
//! ```
//!
//! It is a model: what was measured under one count says only indirectly what would have been measured under another. So the
//! present settings are simulated too: how far they are from what really ran is the model's own error.
//!
//! | what | file |
//! | --- | --- |
//! | the command line | `arguments.rs` |
//! | the records, from a store or a log | [`records`] |
//! | what each says | [`look`] |
//! | what came, from what was measured | [`load`] |
//! | how long one takes | [`service`] |
//! | the past on a grid of seconds, with its holes | [`course`] |
//! | sentence, table, JSON | [`report`] |

pub(crate) mod arguments;
pub mod course;
pub mod load;
pub mod look;
pub mod records;
pub mod report;
pub mod service;
#[cfg(test)]
mod testing;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};

use self::course::{Course, Sums};
use self::load::{Basis, Load, Workers};
use self::records::Past;
use self::report::{PRESENT, REAL, Report, Row, TRIED};
use super::simulate::arguments::{LoadArguments, PlantArguments};
use super::simulate::plot::series::Series;
use super::simulate::stage::{Stage, kind, target};
use super::simulate::{report as simulated, told};
use super::subject::Subject;
use crate::backend::Registry;
use crate::clock::Clock;
use crate::record::CycleRecord;
use crate::simulation::figures::Figures;
use crate::simulation::number::length;
use crate::simulation::plant::Kind;
use crate::simulation::trace::generator::Shape;

/// Less past than this tells nothing, in seconds.
const LEAST: f64 = 3600.0;

/// A process's past, ready to be played again.
#[derive(Debug)]
pub struct Played {
    past: Past,
    load: Load,
    course: Course,
    kind: Kind,
    /// When the first bin begins.
    start: DateTime<Utc>,
    until: DateTime<Utc>,
    late_after: f64,
    plant: PlantArguments,
}

/// What came of settings that were simulated.
struct Run {
    sums: Sums,
    figures: Figures,
    series: Option<Series>,
}

impl Played {
    /// The past of these records, which are of one process and in the order of time; else why it cannot be played.
    pub(crate) fn new(
        records: &[CycleRecord],
        plant: &PlantArguments,
        present: &Subject,
        tried: Option<&Subject>,
    ) -> Result<Self, String> {
        let told = plant.kind.or_else(|| queue(records));
        let kind = told.unwrap_or_else(|| kind(&present.process));
        let past = Past::of(records, Some(kind));
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return Err("there are no records".to_owned());
        };
        enough(
            f64::from(past.interval) + seconds(last.at - first.at),
            first.at,
        )?;
        let workers = Workers {
            kind,
            slots: plant.slots,
            service: plant.service_time_ms.map(|ms| ms / 1000.0),
        };
        let interval = past.interval;
        let load = load::infer(&past.looks, f64::from(interval), workers)?;
        let course = Course::new(&past.looks, &load, interval, kind);
        enough(course.seconds(), first.at)?;
        let late_after = plant
            .slo_seconds
            .or(plant.slo_ms.map(|ms| ms / 1000.0))
            .or_else(|| target(&present.process))
            .or_else(|| target(&tried?.process));
        let plant = PlantArguments {
            kind: Some(kind),
            service_time_ms: Some(load.service.seconds * 1000.0),
            slo_seconds: late_after,
            slo_ms: None,
            ..plant.clone()
        };
        let start = first.at - TimeDelta::seconds(i64::from(interval));
        let mut played = Self {
            past,
            load,
            course,
            kind,
            start,
            until: last.at,
            late_after: 0.0,
            plant,
        };
        // Where nobody says what is late, it is what a simulation takes.
        let scene = played.stage(present)?.scene(0)?;
        played.late_after = scene.scenario.plant.slo;
        Ok(played)
    }

    /// The load and the plant under the bounds of these settings.
    fn stage(&self, subject: &Subject) -> Result<Stage, String> {
        let load = LoadArguments {
            file: None,
            trace: None,
            load: Some(Shape::DailyWave),
            days: 1,
            seed: 0,
            seeds: 1,
            erlang: 10.0,
            as_it_is: true,
            start: Some(self.start.fixed_offset()),
        };
        let trace = self.course.trace().map_err(|error| error.to_string())?;
        let stage = Stage::new(&load, &self.plant, subject)?;
        Ok(stage.with("its own past", trace))
    }

    /// What really was.
    pub fn real(&self) -> Sums {
        self.course.sums(self.late_after)
    }

    /// Plays it under these settings.
    fn run(
        &self,
        stage: &Stage,
        subject: &Subject,
        works: (&Registry, Clock),
        panels: Option<usize>,
    ) -> Result<Run> {
        let scene = stage.scene(0).map_err(anyhow::Error::msg)?;
        let mut policy = stage.production(subject, works.0, works.1)?;
        let mut sums = Sums::default();
        let mut series = panels.map(|panels| Series::new(&scene, panels));
        let figures = scene.run(&mut policy, |moment| {
            self.course.add(&mut sums, moment, self.late_after);
            if let Some(series) = &mut series {
                series.add(moment);
            }
        });
        Ok(Run {
            sums,
            figures,
            series,
        })
    }

    /// Plays it under the present settings and those to be tried; with a picture, if that is asked for.
    pub(crate) fn report(
        &self,
        present: &Subject,
        tried: Option<&Subject>,
        works: (&Registry, Clock),
        asked: Asked,
    ) -> Result<(Report, Option<String>)> {
        let mut report = self.begun(present, asked.price);
        let settings = std::iter::once((PRESENT, present)).chain(tried.map(|tried| (TRIED, tried)));
        let panels = asked.draw.then_some(1 + usize::from(tried.is_some()));
        let (mut drawn, mut rows) = (Vec::new(), Vec::new());
        for (name, subject) in settings {
            let stage = self.stage(subject).map_err(anyhow::Error::msg)?;
            let run = self.run(&stage, subject, works, panels)?;
            report.rows.push(Row::new(name, &run.sums, asked.price));
            let demand = stage.scene(0).map_err(anyhow::Error::msg)?.demand_hours();
            let runs = [(run.figures, demand)];
            rows.push(simulated::Row::new(name.to_owned(), &runs, asked.price));
            drawn.extend(run.series);
        }
        if let [real, present, ..] = report.rows.as_slice() {
            report.model_error = 100.0 * (present.hours / real.hours.max(1e-9) - 1.0);
        }
        let stage = self.stage(present).map_err(anyhow::Error::msg)?;
        let scene = stage.scene(0).map_err(anyhow::Error::msg)?;
        let picture = asked.draw.then(|| {
            let subject = told(&stage, present, &scene, asked.price);
            let report = simulated::Report { subject, rows };
            super::simulate::plot::svg(&report, &stage, &drawn)
        });
        Ok((report, picture))
    }

    /// With what really was.
    fn begun(&self, present: &Subject, price: Option<f64>) -> Report {
        let rates = self.course.bins.iter().filter(|bin| bin.counts);
        let rates: Vec<f64> = rates.map(|bin| bin.rate).collect();
        let mean = rates.iter().sum::<f64>() / length(rates.len().max(1));
        Report {
            process: present.process.name.as_str().to_owned(),
            kind: report::kind(self.kind),
            from: self.start,
            until: self.until,
            cycles: self.past.looks.len(),
            inferred_from: report::basis(self.load.from),
            service_seconds: self.load.service.seconds,
            service_because: self.load.service.because,
            late_after_seconds: self.late_after,
            busy_processes: mean * self.load.service.seconds / f64::from(self.plant.slots),
            unmeasured: self.past.unmeasured,
            likely: self.load.likely,
            left_out_seconds: self.course.left_out(),
            remarks: self.remarks(),
            model_error: 0.0,
            rows: vec![Row::new(REAL, &self.real(), price)],
            zone: present.settings.time_zone,
        }
    }
}

impl Played {
    fn remarks(&self) -> Vec<String> {
        /// Processes that are less busy answer in about the same time, whatever comes.
        const IDLE: f64 = 0.3;
        let is_idle = self.load.from == Basis::Responses && self.load.busy < IDLE;
        let idle = is_idle.then(|| {
            format!(
                "The processes were {:.0} % busy, and response times tell little of a load as light as that: take it for a guess.",
                100.0 * self.load.busy
            )
        });
        self.past.remarks().into_iter().chain(idle).collect()
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) price: Option<f64>,
    pub(crate) draw: bool,
}

/// What was measured is a queue, whatever the settings look like.
fn queue(records: &[CycleRecord]) -> Option<Kind> {
    Past::is_queue(records).then_some(Kind::Queue)
}

fn seconds(time: TimeDelta) -> f64 {
    time.to_std().unwrap_or_default().as_secs_f64()
}

fn enough(there: f64, first: DateTime<Utc>) -> Result<(), String> {
    if there >= LEAST {
        return Ok(());
    }
    Err(format!(
        "there are {:.0} minutes of measurements since {}: a backtest takes an hour at least, and a week tells more; later, or \
         with a longer --since",
        there / 60.0,
        first.format("%Y-%m-%d %H:%M UTC")
    ))
}

#[cfg(test)]
mod tests;
