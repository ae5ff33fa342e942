//! How a process's group is doing, for whoever asks: the harness, and whatever will show it to people.

use serde::Serialize;

use crate::model::{Count, Cycle, ProcessName};
use crate::supervisor::memory::{Health, Memory};

/// One process's group at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The process.
    pub process: ProcessName,
    /// The last cycle that began.
    pub cycle: Cycle,
    /// Whether a cycle is under way.
    pub in_flight: bool,
    /// How many ticks found their predecessor still busy.
    pub skipped: u64,
    /// How many results the history has.
    pub history: usize,
    /// How many scales the ledger has.
    pub scales: usize,
    /// The count as it was last read or set.
    pub count: Option<Count>,
    /// What was decided last, in words.
    pub reason: String,
    /// Whether the group failed too often and does not scale.
    pub degraded: bool,
}

impl Status {
    /// What a memory says.
    pub fn of(process: &ProcessName, memory: &Memory) -> Self {
        memory.read(|state| Self {
            process: process.clone(),
            cycle: state.cycle,
            in_flight: state.in_flight.is_some(),
            skipped: state.skipped,
            history: state.views.readings(),
            scales: state.ledger.scales().count(),
            count: state.last.as_ref().and_then(|last| last.count),
            reason: state
                .last
                .as_ref()
                .map(|last| last.reason.clone())
                .unwrap_or_default(),
            degraded: matches!(state.health, Health::Degraded { .. }),
        })
    }
}
