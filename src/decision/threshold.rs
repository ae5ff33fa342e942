//! What the two backends with thresholds share: the thresholds, their checks, and numbers written for people.

use serde::Deserialize;

use super::{DecideError, Level, Reading};
use crate::settings::problem::Fault;
use crate::settings::schema::{Kind, Section};

/// What a threshold may be. Negative ones are for applications that report what is left over.
pub(super) const VALUE: Kind = Kind::Number(-1e15, 1e15);

/// What a number of results may be: as many as can be kept.
pub(super) const RESULTS: Kind = Kind::Whole(1, 10_000);

/// Between which values a process is loaded as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(super) struct Thresholds {
    #[serde(rename = "min_measurement_value")]
    pub(super) min: f64,
    #[serde(rename = "max_measurement_value")]
    pub(super) max: f64,
}

impl Thresholds {
    /// The range as a person says it: `400 to 1200`.
    pub(super) fn range(self) -> String {
        format!("{} to {}", exact(self.min), exact(self.max))
    }

    /// A number beside these thresholds. It is shortened, unless that would make it look like one of them: "20 is above
    /// 20" explains nothing.
    pub(super) fn write(self, number: f64) -> String {
        let short = shortened(number);
        let misleading = |threshold: f64| {
            let reads_the_same = short == exact(threshold);
            reads_the_same && threshold.total_cmp(&number).is_ne()
        };
        if misleading(self.min) || misleading(self.max) {
            exact(number)
        } else {
            short
        }
    }
}

/// The readings that say something to a threshold, oldest first. Those without a number are passed over, unless the
/// newest is one: then there is nothing to decide on.
pub(super) fn levels(history: &[Reading]) -> Result<Vec<Level>, DecideError> {
    let says = |reading: &&Reading| reading.level != Level::None;
    match history.last() {
        None => Err(unusable("there is no result to decide on")),
        Some(newest) if newest.level == Level::None => Err(unusable(
            "the measurement has no number that a threshold could be compared with",
        )),
        Some(_) => Ok(history.iter().filter(says).map(|r| r.level).collect()),
    }
}

/// `the last result` or `the last 3 results`.
pub(super) fn last_results(many: usize) -> String {
    match many {
        1 => "the last result".to_owned(),
        _ => format!("the last {many} results"),
    }
}

/// A number without needless decimals, but no digit lost: for what a person wrote.
pub(super) fn exact(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 {
        "0".to_owned() // also for -0
    } else if (1e-6..1e15).contains(&size) {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}

/// Whether the thresholds fit each other, and each of `windows` (settings that count results) fits `history_length`.
pub(super) fn check(section: &Section, windows: &[&str]) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(check_thresholds(section));
    faults.extend(check_windows(section, windows));
    faults.dedup_by(|second, first| second.setting == first.setting);
    faults
}

/// Whether each of `windows` (settings that count results) fits `history_length`.
pub(super) fn check_windows(section: &Section, windows: &[&str]) -> Vec<Fault> {
    let faults = windows.iter().filter_map(|name| too_long(section, name));
    let mut faults: Vec<Fault> = faults.collect();
    // When the history was shortened and several windows were left alone, one sentence is enough.
    faults.dedup_by(|second, first| second.setting == first.setting);
    faults
}

fn check_thresholds(section: &Section) -> Option<Fault> {
    let min = section.number("min_measurement_value")?;
    let max = section.number("max_measurement_value")?;
    if min <= max {
        return None;
    }
    let min_text = section.shown("min_measurement_value", &exact(min));
    let max_text = section.shown("max_measurement_value", &exact(max));
    // The one that was written is at fault; when both were, the first of the pair.
    let of_default = |name: &str| {
        if section.is_written(name) {
            ""
        } else if section.is_of_preset(name) {
            " (the preset's)"
        } else {
            " (the default)"
        }
    };
    if section.is_written("min_measurement_value") || !section.is_written("max_measurement_value") {
        let note = of_default("max_measurement_value");
        return Some(Fault::at(
            "min_measurement_value",
            format!("{min_text} is above max_measurement_value, {max_text}{note}"),
            format!("at most {max_text}, or a greater max_measurement_value"),
        ));
    }
    let note = of_default("min_measurement_value");
    Some(Fault::at(
        "max_measurement_value",
        format!("{max_text} is below min_measurement_value, {min_text}{note}"),
        format!("at least {min_text}, or a smaller min_measurement_value"),
    ))
}

fn too_long(section: &Section, window: &str) -> Option<Fault> {
    let needed = section.number(window)?;
    let kept = section.number("history_length")?;
    if needed <= kept {
        return None;
    }
    let needed = section.shown(window, &needed.to_string());
    let kept = section.shown("history_length", &kept.to_string());
    if section.is_written(window) || !section.is_written("history_length") {
        return Some(Fault::at(
            window,
            format!("{needed} results are needed, but only {kept} are kept"),
            format!("at most {kept}, or a history_length of at least {needed}"),
        ));
    }
    Some(Fault::at(
        "history_length",
        format!("only {kept} results are kept, but {window} needs {needed}"),
        format!("at least {needed}, or a smaller {window}"),
    ))
}

pub(super) fn unusable(text: &str) -> DecideError {
    DecideError::Unusable(text.to_owned())
}

/// Three or four digits that mean something: 1234.5678 is 1234.6, 12.345 is 12.35, 0.012345 is 0.0123.
pub(super) fn shortened(number: f64) -> String {
    let size = number.abs();
    let decimals = match size {
        s if !(1e-6..1e15).contains(&s) => return exact(number),
        s if s >= 100.0 => 1,
        s if s >= 1.0 => 2,
        s if s >= 0.1 => 3,
        s if s >= 0.01 => 4,
        _ => 8,
    };
    let text = format!("{number:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
