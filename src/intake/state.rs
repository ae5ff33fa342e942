//! What is known of one source: of each process that it feeds, and of its queues.
//!
//! Memory: for each process two windows of at most 72 slots with two sketches of at most 9.5 kB, that is 2.7 MB at the very
//! most, and a few hundred kilobytes where times are as they are (a sketch has only as many bins as its times span); for
//! each source besides at most 10,000 digests (0.5 MB), 8,192 pushes with 500,000 times together (4 MB), 500 queues
//! (0.5 MB) and 1,000 reporting processes for each process type.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::Value;

use super::queues::Queues;
use super::remerged::Remerged;
use super::repeats::Repeats;
use super::sketch::Sketch;
use super::slots::Slots;
use crate::clock::Now;
use crate::model::ProcessName;
use crate::server::settings::SourceSettings;

/// One source.
#[derive(Clone, Debug, Default)]
pub(super) struct SourceState {
    /// The process that all it sends is of.
    pub(super) process: Option<ProcessName>,
    pub(super) feeds: BTreeMap<ProcessName, Fed>,
    pub(super) queues: Queues,
    pub(super) repeats: Repeats,
    pub(super) remerged: Remerged,
    pub(super) counts: Counts,
    pub(super) last: Option<Now>,
    /// What was refused last, and why.
    pub(super) refusals: VecDeque<(String, String)>,
}

/// What came of a source's deliveries.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) deliveries: u64,
    pub(super) repeated: u64,
    pub(super) accepted: u64,
    pub(super) refused: u64,
}

/// One process that a source feeds.
#[derive(Clone, Debug, Default)]
pub(super) struct Fed {
    pub(super) web: Slots<Web>,
    pub(super) web_heard: Option<Duration>,
    /// How many requests' queue times have come.
    pub(super) requests: u64,
    /// Whether queue times come through the log.
    pub(super) logs_queue_times: bool,
    pub(super) routed: Slots<Routed>,
    pub(super) routed_heard: Option<Duration>,
    /// How many requests the router told of.
    pub(super) lines: u64,
    pub(super) containers: BTreeMap<(String, u64), Busy>,
    pub(super) dynos: BTreeMap<String, Runtime>,
    pub(super) pushed: Option<Kept>,
}

/// The requests of a slot, as the application sees them.
#[derive(Clone, Debug, Default)]
pub(super) struct Web {
    pub(super) queue: Sketch,
    pub(super) app: Sketch,
}

/// The requests of a slot, as Heroku's router sees them.
#[derive(Clone, Debug, Default)]
pub struct Routed {
    /// How long dynos took to answer.
    pub service: Sketch,
    /// How long connecting to them took.
    pub connect: Sketch,
    /// How many answers began with 1, 2, 3, 4, 5.
    pub statuses: [u64; 5],
    /// How many of each of the router's errors. There are a hundred at most.
    pub codes: BTreeMap<String, u64>,
    /// How many lines are known to be lost.
    pub dropped: u64,
}

/// How busy one reporting process is, in percent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Busy {
    pub(super) percent: f64,
    pub(super) at: f64,
    pub(super) heard: Duration,
}

/// How loaded a dyno is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Runtime {
    pub(super) load: Option<f64>,
    pub(super) memory_mb: Option<f64>,
    pub(super) quota_mb: Option<f64>,
    pub(super) heard: Duration,
}

/// What was pushed last.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) value: f64,
    pub(super) data: Value,
    pub(super) heard: Duration,
}

impl SourceState {
    /// What the configuration says of it. What it no longer feeds is forgotten.
    pub(super) fn set(&mut self, settings: &SourceSettings) {
        self.process.clone_from(&settings.process);
        let mut before = std::mem::take(&mut self.feeds);
        for process in &settings.processes {
            let fed = before.remove(process).unwrap_or_default();
            self.feeds.insert(process.clone(), fed);
        }
    }
}

impl Web {
    pub(super) fn merge(&mut self, other: &Self) {
        self.queue.merge(&other.queue);
        self.app.merge(&other.app);
    }
}

impl Routed {
    /// Takes what the other has.
    pub(super) fn merge(&mut self, other: &Self) {
        self.service.merge(&other.service);
        self.connect.merge(&other.connect);
        for (mine, more) in self.statuses.iter_mut().zip(other.statuses) {
            *mine = mine.saturating_add(more);
        }
        for (code, more) in &other.codes {
            let mine = self.codes.entry(code.clone()).or_default();
            *mine = mine.saturating_add(*more);
        }
        self.dropped = self.dropped.saturating_add(other.dropped);
    }
}
