//! Records for the tests of this room.

use chrono::DateTime;

use crate::envelope::Cause;
use crate::model::{Count, ProcessName};
use crate::record::{CycleRecord, Input, Outcome};

/// A cycle that held, at a second since 1970.
pub(crate) fn record(process: &str, second: i64, value: Option<f64>, count: Count) -> CycleRecord {
    let at = DateTime::from_timestamp(second, 0).unwrap_or_default();
    CycleRecord {
        process: ProcessName::kept(process).unwrap(),
        cycle: second.unsigned_abs(),
        at,
        count: Some(count),
        ready: Some(count),
        min: 1,
        max: 5,
        inputs: vec![Input {
            backend: "response_time".to_owned(),
            at,
            value,
            data: None,
            busy: None,
            error: value.is_none().then(|| "no answer within 30 s".to_owned()),
            trust: None,
            doubts: Vec::new(),
            alone: None,
        }],
        wish: None,
        silence: None,
        manual: None,
        clamps: Vec::new(),
        cause: Cause::Load,
        outcome: Outcome::Held,
        reason: "steady".to_owned(),
        otherwise: Vec::new(),
    }
}
