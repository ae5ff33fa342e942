//! The record of a cycle, acted or not: what was measured and how far it was trusted, what was wished for and why, what
//! each rule of the safety [`envelope`](crate::envelope) made of it, what became of the count, and what would have changed
//! it. One is written a cycle, by `supervisor::recording`; whoever asks why is told from it ([`telling`]).

pub(crate) mod command;
pub mod compare;
pub(crate) mod compared;
mod lines;
mod moment;
pub mod telling;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::envelope::doubt::Trust;
use crate::envelope::{Cause, Clamp};
use crate::model::{Count, Cycle, ProcessName};

/// The most characters of a text that came from elsewhere.
pub const MOST_QUOTED: usize = 200;

/// One cycle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CycleRecord {
    /// The process.
    pub process: ProcessName,
    /// The cycle.
    pub cycle: Cycle,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// How many there were; `None`: it could not be read.
    pub count: Option<Count>,
    /// How many of them were up; `None`: that is not known.
    pub ready: Option<Count>,
    /// The fewest that were allowed.
    pub min: Count,
    /// The most that were allowed.
    pub max: Count,
    /// What was measured.
    pub inputs: Vec<Input>,
    /// What was wished for; `None`: nothing, for the reason in `silence`.
    pub wish: Option<Wished>,
    /// Why nothing was wished for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<String>,
    /// The latest change of the count by hand, in the cycle in which it was noticed and while it is respected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual: Option<ManualScale>,
    /// Each rule that changed something, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clamps: Vec<Clamp>,
    /// What moved the count.
    pub cause: Cause,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in words; the same as in the notice, where there was one.
    pub reason: String,
    /// What would have changed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<String>,
}

/// One measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The backend that took it.
    pub backend: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The number that was compared.
    pub value: Option<f64>,
    /// The data, shortened, where it is more than that number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// How many are being worked on, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy: Option<u64>,
    /// Why it could not be taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How far it was trusted.
    pub trust: Option<Trust>,
    /// Why a scale down was not to rest on the window that it ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
    /// What it alone would have led to, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone: Option<Alone>,
}

/// What one of several measurements alone would have led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alone {
    /// Whether it only limits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_ceiling: bool,
    /// How many it wishes for; `None`: nothing.
    pub desired: Option<i64>,
    /// Why.
    pub reason: String,
}

/// A change of the count by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualScale {
    /// The count before.
    pub from: Count,
    /// The count that somebody set.
    pub to: Count,
    /// When it was noticed.
    pub at: DateTime<Utc>,
    /// Until when it is respected; `None`: it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// A wish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wished {
    /// The backend that wished it.
    pub backend: String,
    /// How many.
    pub desired: i64,
    /// Why.
    pub reason: String,
}

/// What became of the count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It stayed.
    Held,
    /// It is being set, or was when the program ended.
    Ordered {
        /// To how many.
        to: Count,
    },
    /// It was set.
    Scaled {
        /// To how many.
        to: Count,
    },
    /// It is to be set once those that go have finished their work.
    Draining {
        /// To how many.
        to: Count,
    },
    /// It would have been set, were the process not in the shadow.
    Would {
        /// To how many.
        to: Count,
    },
    /// It was to be set, and could not be.
    Failed {
        /// To how many.
        to: Count,
        /// Why not.
        why: String,
    },
    /// It could not be read.
    Uncounted,
    /// A part of the group failed in the middle of the cycle.
    Lost,
}

impl CycleRecord {
    /// What the store keeps of it.
    pub fn kept(&self) -> crate::state::Record {
        crate::state::Record {
            process: self.process.clone(),
            at: self.at,
            cycle: self.cycle,
            text: serde_json::to_string(self).unwrap_or_default(),
        }
    }

    /// The count that the record itself leads to: the wish, through each rule. It is what was ordered, or the count.
    pub fn recomputed(&self) -> Option<i64> {
        let count = i64::from(self.count?);
        match (self.clamps.last(), &self.wish) {
            (Some(last), _) => Some(last.to),
            (None, Some(wish)) => Some(wish.desired),
            (None, None) => Some(count),
        }
    }

    /// The count after the cycle, if it is known.
    pub fn reached(&self) -> Option<Count> {
        match self.outcome {
            Outcome::Scaled { to } => Some(to),
            Outcome::Held
            | Outcome::Ordered { .. }
            | Outcome::Draining { .. }
            | Outcome::Would { .. }
            | Outcome::Failed { .. }
            | Outcome::Uncounted
            | Outcome::Lost => self.count,
        }
    }
}
