//! A ledger as `why --since` and `why --follow` tell it: a line for each change.

use anyhow::{Result, anyhow};
use chrono_tz::Tz;

use super::{CycleRecord, telling};
use crate::state::Record;

/// A ledger line by line. What says the same as the line before is only counted.
pub(super) struct Lines {
    zone: Tz,
    json: bool,
    last: Option<String>,
    alike: usize,
}

impl Lines {
    pub(super) fn new(zone: Tz, json: bool) -> Self {
        Self {
            zone,
            json,
            last: None,
            alike: 0,
        }
    }

    pub(super) fn line(&mut self, record: &Record) -> Result<String> {
        if self.json {
            return Ok(format!("{}\n", record.text));
        }
        let record = read(record)?;
        let told = telling::in_short(&record);
        if self.last.as_ref() == Some(&told) {
            self.alike += 1;
            return Ok(String::new());
        }
        self.last = Some(told);
        Ok(self.rest() + &telling::in_a_line(&record, self.zone) + "\n")
    }

    /// How many were not told.
    pub(super) fn rest(&mut self) -> String {
        match std::mem::take(&mut self.alike) {
            0 => String::new(),
            1 => format!("{:>14}  and the same once more\n", ""),
            alike => format!("{:>14}  and the same {alike} times more\n", ""),
        }
    }
}

/// What a record says.
pub(super) fn read(record: &Record) -> Result<CycleRecord> {
    serde_json::from_str(&record.text).map_err(|error| {
        anyhow!(
            "the record of cycle {} cannot be read: {error}",
            record.cycle
        )
    })
}
