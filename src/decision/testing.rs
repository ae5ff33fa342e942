//! Tables for the tests of the decision backends: levels in, a step and a sentence out.

use serde_json::{Map, Value};

use super::{DecideError, DecisionBackend, Level, Reading, SHARED, Situation, Wish};
use crate::backend::Backend;
use crate::model::Bounds;
use crate::settings::schema::{Default, Section};

/// A situation with a count of 5 and an increment of 2.
pub(super) fn situation(levels: &[Level]) -> Situation {
    let reading = |&level: &Level| Reading {
        at: chrono::DateTime::UNIX_EPOCH,
        level,
        data: std::sync::Arc::new(Value::Null),
        busy: None,
    };
    Situation {
        at: chrono::DateTime::UNIX_EPOCH,
        history: levels.iter().map(reading).collect(),
        count: 5,
        ready: Some(5),
        bounds: Bounds::new(1, 10).unwrap(),
        increment: 2,
        up_step: 2,
        down_step: 2,
    }
}

/// Checks each row of a table, one a line: the levels, oldest first (`F`: a failed measurement that counts as too high,
/// `-`: one without a number); `up`, `stay`, `down` or `error` and the sentence; why.
#[track_caller]
pub(super) fn check(rule: impl Fn(&Situation) -> Result<Wish, DecideError>, table: &str) {
    for row in table.lines().filter(|row| !row.trim().is_empty()) {
        let [levels, wanted, because] = row.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("three columns, please: {row}");
        };
        let levels: Vec<Level> = levels.split_whitespace().map(level).collect();
        let situation = situation(&levels);
        let (step, sentence) = wanted.trim().split_once(": ").unwrap();
        let wanted = match step {
            "up" => Ok(situation.up(sentence)),
            "stay" => Ok(situation.stay(sentence)),
            "down" => Ok(situation.down(sentence)),
            "error" => Err(DecideError::Unusable(sentence.to_owned())),
            _ => panic!("no such step: {row}"),
        };
        assert_eq!(rule(&situation), wanted, "{because}: {levels:?}");
    }
}

/// Checks each row of a table, one a line: the count, `/` and how many are up where that differs; the levels, oldest first
/// (as in [`check`]); the count wished for and the sentence, or `error` and the sentence; why.
#[track_caller]
pub(super) fn check_counts(rule: impl Fn(&Situation) -> Result<Wish, DecideError>, table: &str) {
    for row in table.lines().filter(|row| !row.trim().is_empty()) {
        let [counts, levels, wanted, because] = row.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("four columns, please: {row}");
        };
        let situation = counted(counts, levels);
        let (desired, sentence) = wanted.trim().split_once(": ").unwrap();
        let wanted = match desired {
            "error" => Err(DecideError::Unusable(sentence.to_owned())),
            desired => Ok(Wish {
                desired: desired.parse().unwrap(),
                reason: sentence.to_owned(),
            }),
        };
        assert_eq!(rule(&situation), wanted, "{because}: {counts} {levels:?}");
    }
}

/// A situation with counts and levels as in [`check_counts`].
pub(super) fn counted(counts: &str, levels: &str) -> Situation {
    let (count, ready) = counts.trim().split_once('/').unwrap_or((counts, counts));
    let levels: Vec<Level> = levels.split_whitespace().map(level).collect();
    Situation {
        count: count.trim().parse().unwrap(),
        ready: ready.trim().parse().ok(),
        ..situation(&levels)
    }
}

fn level(text: &str) -> Level {
    match text {
        "F" => Level::TooHigh,
        "-" => Level::None,
        number => Level::Number(number.parse().unwrap()),
    }
}

/// Written settings (`a=1 b=2`), the faults (`setting: wrong; right`), why.
pub(super) type Faults<'a> = (&'a str, &'a [&'a str], &'a str);

/// Checks what a backend's `check` finds in a table of those settings and the defaults.
#[track_caller]
pub(super) fn section_faults(backend: &Backend<dyn DecisionBackend>, rows: &[Faults<'_>]) {
    for (written, wanted, because) in rows {
        let found = (backend.check)(&section(backend, written));
        let found: Vec<String> = found
            .iter()
            .map(|fault| format!("{}: {}; {}", fault.setting, fault.wrong, fault.right))
            .collect();
        assert_eq!(found, *wanted, "{because}");
    }
}

/// A table of written numbers and the defaults of the backend and the room.
pub(super) fn section(backend: &Backend<dyn DecisionBackend>, written: &str) -> Section {
    let mut values = Map::new();
    for setting in SHARED.iter().chain(backend.settings) {
        let value = match setting.default {
            Default::Whole(whole) => Value::from(whole),
            Default::Number(number) => Value::from(number),
            Default::Boolean(truth) => Value::from(truth),
            Default::Text(text) => Value::from(text),
            Default::Texts(texts) => Value::from(texts),
            Default::Required | Default::Absent | Default::Derived(_) => continue,
        };
        values.insert(setting.name.to_owned(), value);
    }
    let mut names = Vec::new();
    for pair in written.split_whitespace() {
        let (name, value) = pair.split_once('=').unwrap();
        values.insert(name.to_owned(), value.parse().unwrap());
        names.push(name.to_owned());
    }
    Section::new(values, names)
}

#[test]
fn every_backend_reads_its_own_defaults() {
    let site = crate::backend::Site {
        process: crate::model::ProcessName::new("web").unwrap(),
        clock: crate::clock::Clock::system(),
        http: crate::http::Http::default(),
        program: std::path::PathBuf::new(),
        shared: crate::backend::Shared::default(),
    };
    let complete = |backend: &&Backend<dyn DecisionBackend>| {
        let mut settings = backend.settings.iter();
        // One of two is required: that is for its check to say.
        let has_a_choice = backend.name == "adaptive";
        !has_a_choice && settings.all(|setting| setting.default != Default::Required)
    };
    for backend in super::BACKENDS.iter().copied().filter(complete) {
        let section = section(backend, "");
        assert_eq!(
            (backend.check)(&section),
            vec![],
            "{}: the defaults are good",
            backend.name
        );
        let built = (backend.build)(&section, &site);
        assert!(built.is_ok(), "{}: {:?}", backend.name, built.err());
        assert!(
            backend
                .example
                .contains(&format!("backend = \"{}\"", backend.name))
        );
    }
}
