//! What is tried where the command line does not say: for each decision backend the settings that move its cost, over ranges
//! around what holds at present.

use super::space::{Dial, Reach, Space, present};
use crate::offline::subject::Subject;

/// A range that depends on what holds at present.
#[derive(Debug, Clone, Copy)]
enum Around {
    /// From one multiple to another of what this setting is.
    Times(&'static str, f64, f64),
    /// These numbers.
    Real(f64, f64),
    /// These whole numbers.
    Whole(f64, f64),
    /// These values, as TOML.
    OneOf(&'static [&'static str]),
}

use Around::{OneOf, Real, Times, Whole};

type Row = (&'static str, Around);

const MAX: &str = "max_measurement_value";

/// By how many a scale adds and removes, and how long it rests: what threshold rules stand on.
const SCALES: [Row; 4] = [
    (
        "scale_up_increment",
        OneOf(&["1", "2", "3", "\"25%\"", "\"50%\"", "\"100%\""]),
    ),
    (
        "scale_down_increment",
        OneOf(&["1", "2", "\"10%\"", "\"25%\""]),
    ),
    (
        "post_scale_wait_time_seconds",
        OneOf(&["0", "5", "15", "30", "60"]),
    ),
    (
        "scale_down_cooldown_seconds",
        OneOf(&["0", "60", "120", "300", "600"]),
    ),
];

const LEVELS: [Row; 2] = [
    ("min_measurement_value", Times(MAX, 0.0, 1.0)),
    (MAX, Times(MAX, 0.1, 2.0)),
];

const RUNS: [Row; 2] = [
    ("number_of_fails_to_scale_up_after", Whole(1.0, 5.0)),
    ("number_of_passes_to_scale_down_after", Whole(1.0, 10.0)),
];

const CALM: Row = (
    "scale_down_stabilization_window_seconds",
    OneOf(&["0", "60", "120", "300", "600"]),
);

const TARGET: Row = ("target_value", Times("target_value", 0.25, 2.0));

/// The rows of a decision backend.
fn rows(backend: &str) -> Vec<Row> {
    match backend {
        "consecutive_threshold" => [&LEVELS[..], &RUNS, &SCALES].concat(),
        "average_threshold" => {
            let results = ("number_of_measurements_to_average", Whole(1.0, 10.0));
            [&LEVELS[..], &[results], &SCALES].concat()
        }
        "step" => {
            let [_, _, wait, rest] = SCALES;
            [&RUNS[..], &[wait, rest]].concat()
        }
        "target_tracking" => vec![TARGET, ("tolerance", Real(0.0, 0.3)), CALM],
        "queue_ratio" => {
            let jobs = Times("jobs_per_process", 0.25, 4.0);
            vec![("jobs_per_process", jobs), CALM]
        }
        "queue_latency" => {
            let wait = Times("target_wait_seconds", 0.25, 2.0);
            vec![("target_wait_seconds", wait), CALM]
        }
        "knative" => vec![
            TARGET,
            ("stable_window_in_seconds", Real(30.0, 300.0)),
            ("panic_threshold", Real(1.2, 4.0)),
            ("max_scale_down_rate", Real(1.1, 4.0)),
        ],
        "adaptive" => vec![
            ("violation_budget", Real(0.0005, 0.05)),
            CALM,
            ("scale_down_cooldown_seconds", OneOf(&["0", "60", "120"])),
        ],
        _ => Vec::new(),
    }
}

/// What is usually tried of a process; else why there is nothing.
pub(super) fn space(subject: &Subject) -> Result<Space, String> {
    let process = &subject.process;
    let name = &process.name;
    if process.metrics().count() > 1 {
        return Err(format!(
            "{name} has several measurements: which of its settings are searched, says --try SETTING=LOW..HIGH"
        ));
    }
    let backend = &process.decision.backend;
    let rows = rows(backend).into_iter();
    let dials = rows.filter_map(|(name, around)| {
        let reach = around.reach(subject)?;
        Some(Dial::new(name, reach, present(subject, name)))
    });
    let dials: Vec<Dial> = dials.collect();
    if dials.is_empty() {
        return Err(format!(
            "{name}: `{backend}` has no settings that are usually searched; name some, as in --try min_processes=1..5"
        ));
    }
    Ok(Space { dials })
}

impl Around {
    fn reach(self, subject: &Subject) -> Option<Reach> {
        match self {
            Self::Times(name, low, high) => {
                let present = subject.process.decision.section.number(name)?;
                (present > 0.0).then_some(Reach::Real(low * present, high * present))
            }
            Self::Real(low, high) => Some(Reach::Real(low, high)),
            Self::Whole(low, high) => Some(Reach::Whole(low, high)),
            Self::OneOf(values) => Some(Reach::Listed(
                values.iter().map(|value| (*value).to_owned()).collect(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Registry;

    /// The settings that each backend cannot do without.
    const NEEDED: [(&str, &str); 8] = [
        ("consecutive_threshold", ""),
        ("average_threshold", ""),
        (
            "step",
            "scale_up_steps = { \"500\" = 1 }\nscale_down_steps = { \"100\" = 1 }",
        ),
        ("target_tracking", "target_value = 0.7"),
        ("queue_ratio", "jobs_per_process = 10"),
        (
            "queue_latency",
            "target_wait_seconds = 30\njob_time_in_seconds = 5",
        ),
        ("knative", "target_value = 0.7"),
        ("adaptive", "target_response_time_ms = 1000"),
    ];

    /// Each of the rows is a setting that the backend has, and both its ends are values that it takes.
    #[test]
    fn every_row_is_a_setting_with_good_ends() {
        let registry = Registry::built_in();
        for (backend, needed) in NEEDED {
            let subject = Subject::bare(backend, needed, &registry).unwrap();
            let space = space(&subject).unwrap();
            assert_eq!(space.dials.len(), rows(backend).len(), "{backend}");
            for dial in &space.dials {
                for at in [0.0, 0.3, 1.0] {
                    let line = format!("{} = {}", dial.name, dial.value(at));
                    let result = subject.with(std::slice::from_ref(&line), &registry);
                    // A maximum may lie below the minimum that is there: the search passes over such.
                    let is_crossed = dial.name == MAX && at < 1.0;
                    assert!(
                        is_crossed || result.is_ok(),
                        "{backend}: {line}: {result:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn where_there_is_nothing_to_search_it_is_told() {
        let registry = Registry::built_in();
        let subject = Subject::bare("schedule_only", "min_processes = 3", &registry).unwrap();
        let told = space(&subject).unwrap_err();
        assert!(told.contains("--try min_processes=1..5"), "{told}");
    }
}
