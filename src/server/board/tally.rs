//! How often what was decided for a process, since the program started: counters that only rise.

use std::collections::BTreeMap;

use crate::envelope::Rule;
use crate::record::{CycleRecord, Outcome};
use crate::server::board::clockwork::Histogram;
use crate::server::views::OutcomeView;
use crate::supervisor::cycle::Timing;

/// The counters of one process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cycles, by what became of them and what moved the count.
    pub decisions: BTreeMap<(OutcomeView, &'static str), u64>,
    /// How often each rule of the envelope changed something.
    pub clamps: BTreeMap<Rule, u64>,
    /// Measurements that were taken.
    pub measured: u64,
    /// Measurements that could not be.
    pub unmeasured: u64,
    /// How often the count was raised.
    pub scaled_up: u64,
    /// How often it was lowered.
    pub scaled_down: u64,
    /// How long after their ticks the cycles began.
    pub late: Histogram,
    /// How long they took.
    pub took: Histogram,
}

impl Tally {
    /// Counts a cycle, and how it kept its time.
    pub fn count(&mut self, record: &CycleRecord, timing: Timing) {
        self.late.enter(timing.late);
        self.took.enter(timing.took);
        if let (Outcome::Scaled { to }, Some(from)) = (&record.outcome, record.count) {
            self.scaled_up += u64::from(*to > from);
            self.scaled_down += u64::from(*to < from);
        }
        let outcome = OutcomeView::from(&record.outcome);
        *self
            .decisions
            .entry((outcome, record.cause.name()))
            .or_default() += 1;
        for clamp in &record.clamps {
            *self.clamps.entry(clamp.rule).or_default() += 1;
        }
        for input in &record.inputs {
            if input.error.is_some() {
                self.unmeasured += 1;
            } else {
                self.measured += 1;
            }
        }
    }
}
