//! What of one measurement's history outlives the program, as a part of its process's snapshot.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decision::{Level, Reading};
use crate::envelope::doubt::Evidence;
use crate::supervisor::keeping::Moved;
use crate::supervisor::views::View;

/// A measurement's data is kept in the history when it has at most so many bytes; a number always is.
const MOST_DATA: usize = 2_000;

/// What is kept of one measurement.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct KeptView {
    history: Vec<KeptReading>,
    evidence: Evidence,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    learned: Option<Arc<Value>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KeptReading {
    at: DateTime<Utc>,
    level: Level,
    data: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    busy: Option<u64>,
}

impl KeptView {
    pub(super) fn of(view: &View) -> Self {
        Self {
            history: view.history.iter().map(KeptReading::of).collect(),
            evidence: view.evidence.clone(),
            learned: view.learned.clone(),
        }
    }

    /// The view on this program's clock; without what was measured, unless that is still fresh.
    pub(super) fn view(self, moved: Moved, is_fresh: bool) -> View {
        let mut view = View {
            history: self.history.into_iter().map(KeptReading::reading).collect(),
            evidence: self.evidence.moved(moved),
            learned: self.learned,
        };
        if !is_fresh {
            view.forget();
        }
        view
    }
}

impl KeptReading {
    fn of(reading: &Reading) -> Self {
        let small = reading.data.is_number() || reading.data.to_string().len() <= MOST_DATA;
        Self {
            at: reading.at,
            level: reading.level,
            data: if small {
                (*reading.data).clone()
            } else {
                Value::Null
            },
            busy: reading.busy,
        }
    }

    fn reading(self) -> Reading {
        Reading {
            at: self.at,
            level: self.level,
            data: Arc::new(self.data),
            busy: self.busy,
        }
    }
}
