//! What it takes to show everything: the page's size, and the memory of what is remembered for its charts.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use autoscalebot::envelope::Cause;
use autoscalebot::model::ProcessName;
use autoscalebot::record::{CycleRecord, Input, Outcome};
use autoscalebot::server::board::Board;
use autoscalebot::server::page::{ASSETS, INDEX};
use autoscalebot::supervisor::cycle::Timing;
use chrono::DateTime;

use crate::usage::{count, memory};

/// How many process types.
const PROCESSES: usize = 20;

/// How often each cycles, in seconds, for a week.
const STEP: i64 = 30;
const WEEK: i64 = 7 * 86_400;

pub(crate) fn figure() -> Result<String> {
    let before = memory("self")?.own;
    let mut board = Board::default();
    let names: Result<Vec<_>, _> = (0..PROCESSES)
        .map(|number| ProcessName::new(&format!("p{number}")))
        .collect();
    let names = names?;
    for cycle in 0..WEEK / STEP {
        for name in &names {
            board.enter(&Arc::new(record(name, cycle)?), Timing::default());
        }
    }
    let used = memory("self")?.own - before;
    let files = ASSETS.iter().chain([&INDEX]);
    let page: usize = files.map(|file| file.text.len()).sum();
    let remembered = board.latest().count();
    Ok(format!(
        "shown: what the page takes
  the page, all its files    {:.1} kB, not compressed
  a week of {PROCESSES} process types  {used:.1} MB, a cycle each {STEP} s, one of 50 scales; with the {remembered} latest records

",
        count(page) / 1000.0,
    ))
}

fn record(process: &ProcessName, cycle: i64) -> Result<CycleRecord> {
    let at = DateTime::from_timestamp(cycle * STEP, 0).context("a time")?;
    let scales = cycle % 50 == 0;
    Ok(CycleRecord {
        process: process.clone(),
        cycle: cycle.unsigned_abs(),
        at,
        count: Some(2),
        ready: Some(2),
        min: 1,
        max: 5,
        inputs: vec![Input {
            backend: "request_queue_time".to_owned(),
            at,
            value: Some(412.0),
            data: None,
            busy: None,
            error: None,
            trust: None,
            doubts: Vec::new(),
            alone: None,
        }],
        wish: None,
        silence: None,
        manual: None,
        clamps: Vec::new(),
        cause: Cause::Load,
        outcome: if scales {
            Outcome::Scaled { to: 3 }
        } else {
            Outcome::Held
        },
        reason: "the last 3 results were above the maximum of 400: 412, 430, 408".to_owned(),
        otherwise: Vec::new(),
    })
}
