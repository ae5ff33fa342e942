//! A line that goes out.

use serde::Serialize;

use super::super::replay::Replayed;
use crate::envelope::{Cause, Rule};
use crate::model::Count;
use crate::record::CycleRecord;

/// What was decided, or why a line was refused.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Decided(Box<Decided>),
    Refused { line: u64, error: String },
}

/// What was decided.
#[derive(Debug, Serialize)]
pub(super) struct Decided {
    /// The line's time.
    at: f64,
    /// How many there shall be.
    desired: Count,
    /// Why, in words.
    reason: String,
    /// How many there were.
    count: Option<Count>,
    /// How many the decision alone wished for; `null`: it wished for nothing, for the reason above.
    wish: Option<i64>,
    /// The rules of the safety envelope that changed the wish, in order.
    rules: Vec<Rule>,
    /// What moved the count.
    cause: Cause,
    /// All of it, as `why --json` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<CycleRecord>,
}

impl Answer {
    pub(super) fn new(at: f64, replayed: &Replayed, whole: bool) -> Self {
        let record = replayed.record.as_deref();
        Self::Decided(Box::new(Decided {
            at,
            desired: replayed.desired,
            reason: record
                .map(|record| record.reason.clone())
                .unwrap_or_default(),
            count: record.and_then(|record| record.count),
            wish: record
                .and_then(|record| record.wish.as_ref())
                .map(|wish| wish.desired),
            rules: record
                .map(|record| record.clamps.iter().map(|clamp| clamp.rule).collect())
                .unwrap_or_default(),
            cause: record.map_or(Cause::Load, |record| record.cause),
            record: record.filter(|_| whole).cloned(),
        }))
    }

    pub(super) fn refused(line: u64, error: String) -> Self {
        Self::Refused { line, error }
    }
}
