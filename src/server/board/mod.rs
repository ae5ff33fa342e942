//! What is remembered for showing: each process's past in three resolutions, the latest records, and how often what was
//! decided. Pure and bounded; it lives on the main thread and is lost with the program, but for what the store gives back.

pub mod clockwork;
pub mod history;
pub mod tally;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::model::ProcessName;
use crate::record::CycleRecord;
use crate::supervisor::cycle::Timing;
use history::History;
use tally::Tally;

/// How many of the latest records are kept for the ledger, of all processes together.
pub const MOST_RECORDS: usize = 2000;

/// Everything that is remembered.
#[derive(Debug, Default)]
pub struct Board {
    histories: BTreeMap<ProcessName, History>,
    latest: VecDeque<Arc<CycleRecord>>,
    tally: BTreeMap<ProcessName, Tally>,
}

impl Board {
    /// A cycle has ended.
    pub fn enter(&mut self, record: &Arc<CycleRecord>, timing: Timing) {
        self.remember(record);
        let tally = self.tally.entry(record.process.clone()).or_default();
        tally.count(record, timing);
        self.latest.push_back(Arc::clone(record));
        while self.latest.len() > MOST_RECORDS {
            self.latest.pop_front();
        }
    }

    /// A cycle of the past, from the store.
    pub fn remember(&mut self, record: &CycleRecord) {
        let history = self.histories.entry(record.process.clone()).or_default();
        history.enter(record);
    }

    /// A process's past.
    pub fn history(&self, process: &ProcessName) -> Option<&History> {
        self.histories.get(process)
    }

    /// The latest records, the newest first.
    pub fn latest(&self) -> impl Iterator<Item = &Arc<CycleRecord>> {
        self.latest.iter().rev()
    }

    /// How often what was decided, since the start.
    pub fn tallies(&self) -> &BTreeMap<ProcessName, Tally> {
        &self.tally
    }

    /// Processes that are not these are forgotten.
    pub fn keep_only(&mut self, wanted: impl Fn(&ProcessName) -> bool) {
        self.histories.retain(|process, _| wanted(process));
        self.tally.retain(|process, _| wanted(process));
    }
}
