//! How often what was decided for a process, since the program started: counters that only rise.

use std::collections::BTreeMap;

use crate::envelope::{Cause, Rule};
use crate::record::CycleRecord;
use crate::server::views::{DecisionView, OutcomeView};

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
}

impl Tally {
    /// Counts a cycle.
    pub fn count(&mut self, record: &CycleRecord) {
        let outcome = DecisionView::from(record).outcome;
        let cause = match record.cause {
            Cause::Load => "load",
            Cause::Bounds => "bounds",
            Cause::Budget => "budget",
        };
        *self.decisions.entry((outcome, cause)).or_default() += 1;
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
