//! The `command` backend of all four steps against real commands: the documented example, and one that misbehaves.

mod example;
mod faults;

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use autoscalebot::decision::{Level, Reading, Situation};
use autoscalebot::measurement::{self, MeasureError, MeasurementBackend, Sample};
use autoscalebot::model::Bounds;
use chrono::DateTime;
use rustix::process::{Pid, test_kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::making::{section, site};

pub(super) const TOKEN: &str = "hunter22-and-more";

pub(super) fn script(name: &str) -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract");
    dir.join(name).display().to_string()
}

pub(super) fn example() -> Value {
    json!({"command": ["python3", script("command_example.py")]})
}

/// A measurement backend whose command misbehaves.
pub(super) fn odd(how: &str, file: Option<&Path>) -> Rc<dyn MeasurementBackend> {
    let mut words = vec![
        "python3".to_owned(),
        script("command_odd.py"),
        how.to_owned(),
    ];
    words.extend(file.map(|file| file.display().to_string()));
    measuring(json!({"command": words, "environment": {"TOKEN": TOKEN}}))
}

pub(super) fn measuring(table: Value) -> Rc<dyn MeasurementBackend> {
    let row = &measurement::command::BACKEND;
    (row.build)(&section(measurement::SHARED, row.settings, table), &site()).unwrap()
}

/// The error's text; in no case the secret.
#[track_caller]
pub(super) fn failure(outcome: Result<Sample, MeasureError>) -> String {
    let error = outcome.unwrap_err().to_string();
    assert!(!error.contains("hunter22"), "{error}");
    assert!(
        error.chars().count() < 800 && !error.contains('\n'),
        "{error}"
    );
    error
}

/// A measured number, as text.
#[track_caller]
pub(super) fn number(measured: Result<Sample, MeasureError>) -> String {
    measured.unwrap().number.unwrap().to_string()
}

/// A situation with so many readings of every kind.
pub(super) fn situation(readings: usize) -> Situation {
    let levels = [Level::None, Level::TooHigh, Level::Number(7.0)];
    let reading = |level| Reading {
        at: DateTime::UNIX_EPOCH,
        level,
        data: std::sync::Arc::new(json!({"queue": 7})),
        busy: None,
    };
    Situation {
        at: DateTime::UNIX_EPOCH,
        history: levels
            .into_iter()
            .cycle()
            .map(reading)
            .take(readings)
            .collect(),
        count: 2,
        ready: Some(1),
        bounds: Bounds::new(1, 5).unwrap(),
        increment: 1,
        up_step: 1,
        down_step: 1,
    }
}

/// Waits until it is so, up to ten seconds.
pub(super) async fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..500 {
        if so() {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} does not come true");
}

/// A process that runs: a zombie does not.
pub(super) fn runs(pid: &str) -> bool {
    let number: i32 = pid.parse().unwrap();
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    let is_zombie = stat
        .rsplit(')')
        .next()
        .is_some_and(|rest| rest.trim().starts_with('Z'));
    test_kill_process(Pid::from_raw(number).unwrap()).is_ok() && !is_zombie
}

pub(super) fn file() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("notes");
    (dir, file)
}
