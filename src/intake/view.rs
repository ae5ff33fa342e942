//! What the page shows of the sources: when each last spoke, what it told last, what of it was refused.

use std::time::Duration;

use chrono::{DateTime, Utc};
use num_traits::ToPrimitive as _;
use serde::Serialize;

use super::Intake;
use super::queues::Figure;
use super::sketch::{Sketch, Statistic};
use super::state::{Fed, Routed, SourceState, Web};

/// The window of the figures that are shown.
const WINDOW: Duration = Duration::from_secs(60);

/// One source.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SourceView {
    /// What it is called.
    pub name: String,
    /// The processes that it feeds.
    pub feeds: Vec<String>,
    /// When it last sent something.
    pub last: Option<DateTime<Utc>>,
    /// How many requests of it were taken, repetitions included.
    pub deliveries: u64,
    /// How many of them had come before.
    pub repeated: u64,
    /// How many measured things were taken.
    pub accepted: u64,
    /// How often something was refused.
    pub refused: u64,
    /// What was refused lately.
    pub refusals: Vec<Refusal>,
    /// What it told last.
    pub series: Vec<Series>,
}

/// Something that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Refusal {
    /// What. It may hold names that the source chose: to be escaped where it is shown.
    pub what: String,
    /// Why.
    pub why: String,
}

/// One thing that a source tells.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Series {
    /// Of which process; nothing for a queue, which is any's.
    pub process: Option<String>,
    /// What.
    pub name: &'static str,
    /// Of which queue.
    pub queue: Option<String>,
    /// In what.
    pub unit: Option<&'static str>,
    /// The latest: of times the p95 of the last minute that was told.
    pub value: f64,
    /// Of how many that is, where it is of several.
    pub of: Option<u64>,
}

impl Intake {
    /// All sources.
    pub fn view(&self) -> Vec<SourceView> {
        let known = self.0.borrow();
        known
            .iter()
            .map(|(name, state)| shown(name, state))
            .collect()
    }
}

fn shown(name: &str, state: &SourceState) -> SourceView {
    let feeds = state.feeds.keys().map(ToString::to_string).collect();
    let of_processes = state.feeds.iter().flat_map(|(process, fed)| {
        let told = of_process(fed).into_iter();
        told.map(|series| Series {
            process: Some(process.to_string()),
            ..series
        })
    });
    let refusals = state.refusals.iter().cloned();
    SourceView {
        name: name.to_owned(),
        feeds,
        last: state.last.map(|now| now.wall),
        deliveries: state.counts.deliveries,
        repeated: state.counts.repeated,
        accepted: state.counts.accepted,
        refused: state.counts.refused,
        refusals: refusals.map(|(what, why)| Refusal { what, why }).collect(),
        series: of_processes.chain(of_queues(state)).collect(),
    }
}

/// A series of a process, where there is a value.
fn one(name: &'static str, unit: Option<&'static str>, value: Option<f64>) -> Option<Series> {
    Some(Series {
        process: None,
        name,
        queue: None,
        unit,
        value: value?,
        of: None,
    })
}

fn times(name: &'static str, sketch: &Sketch) -> Option<Series> {
    let series = one(name, Some("ms"), sketch.statistic(Statistic::P95))?;
    let of = Some(sketch.count());
    Some(Series { of, ..series })
}

fn of_process(fed: &Fed) -> Vec<Series> {
    let mut web = Web::default();
    if let Some(heard) = fed.web_heard {
        let slots = fed.web.within(WINDOW, heard);
        slots.for_each(|slot| web.merge(slot));
    }
    let mut routed = Routed::default();
    if let Some(heard) = fed.routed_heard {
        let slots = fed.routed.within(WINDOW, heard);
        slots.for_each(|slot| routed.merge(slot));
    }
    let lost = routed.dropped.to_f64().filter(|many| *many > 0.0);
    let busy = fed.containers.values().max_by_key(|busy| busy.heard);
    let dyno = fed.dynos.values().max_by_key(|dyno| dyno.heard);
    let memory = dyno.and_then(|dyno| dyno.memory_mb);
    let all = [
        times("request_queue_time", &web.queue),
        times("request_time", &web.app),
        times("service_time", &routed.service),
        times("connect_time", &routed.connect),
        one("lost_lines", None, lost),
        one("utilisation", Some("%"), busy.map(|busy| busy.percent)),
        one("load", None, dyno.and_then(|dyno| dyno.load)),
        one("memory", Some("MB"), memory),
        one("pushed", None, fed.pushed.as_ref().map(|kept| kept.value)),
    ];
    all.into_iter().flatten().collect()
}

fn of_queues(state: &SourceState) -> impl Iterator<Item = Series> + '_ {
    let figures = [
        ("job_queue_depth", None, Figure::Depth),
        ("job_queue_latency", Some("ms"), Figure::Latency),
        ("busy_jobs", None, Figure::Busy),
    ];
    state.queues.names().flat_map(move |queue| {
        figures.into_iter().filter_map(move |(name, unit, figure)| {
            let told = state.queues.figure(queue, figure)?;
            Some(Series {
                process: None,
                name,
                queue: Some(queue.to_owned()),
                unit,
                value: told.value,
                of: None,
            })
        })
    })
}
