//! Steps by how far the measurement is off, as in the cloud providers' step scaling: a table of values for up, another for down,
//! each with how many processes are added above, or removed below, it.
//!
//! ```text
//!   scale_up_steps   = { "1000" = 1, "3000" = 3, "10000" = "100%" }     above 3000, three more
//!   scale_down_steps = { "400" = 1, "100" = "50%" }                     below 100, half of them
//! ```
//!
//! The step is one that *all* of the last few results call for, so that the mildest of them counts: two results at 5000 and
//! one at 1500 add one. A value equal to a step's does not call for it.

use std::rc::Rc;

use async_trait::async_trait;
use serde::Deserialize;

use super::steps::Steps;
use super::threshold::{self, exact, shortened};
use super::{DecideError, DecisionBackend, Level, Situation, Wish};
use crate::backend::Backend;
use crate::envelope::Step;
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, Section, Setting};

/// The row in the room's table.
pub(super) static BACKEND: Backend<dyn DecisionBackend> = Backend {
    name: "step",
    summary: "the more, the farther the results are off: a table of values and steps for up, another for down",
    settings: &[
        Setting::new(
            UP,
            Kind::Steps,
            Default::Required,
            "How many are added when results are above each of these values; the highest that they are all above counts.",
        ),
        Setting::new(
            DOWN,
            Kind::Steps,
            Default::Required,
            "How many are removed when results are below each of these values; the lowest that they are all below counts.",
        ),
        Setting::new(
            UP_AFTER,
            threshold::RESULTS,
            Default::Whole(3),
            "How many results in a row it takes to scale up.",
        ),
        Setting::new(
            DOWN_AFTER,
            threshold::RESULTS,
            Default::Whole(5),
            "How many results in a row it takes to scale down.",
        ),
    ],
    example: "[processes.web.decision]\n\
              backend = \"step\"\n\
              scale_up_steps = { \"1000\" = 1, \"3000\" = 3, \"10000\" = \"100%\" }\n\
              scale_down_steps = { \"100\" = \"50%\", \"400\" = 1 }\n\
              max_processes = 10\n",
    check,
    build: |section, _| Ok(Rc::new(section.read::<Rule>()?)),
};

const UP: &str = "scale_up_steps";
const DOWN: &str = "scale_down_steps";
const UP_AFTER: &str = "number_of_fails_to_scale_up_after";
const DOWN_AFTER: &str = "number_of_passes_to_scale_down_after";

/// The settings of this backend.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Rule {
    #[serde(rename = "scale_up_steps")]
    up: Steps,
    #[serde(rename = "scale_down_steps")]
    down: Steps,
    #[serde(rename = "number_of_fails_to_scale_up_after")]
    up_after: usize,
    #[serde(rename = "number_of_passes_to_scale_down_after")]
    down_after: usize,
}

/// No value calls for both.
fn check(section: &Section) -> Vec<Fault> {
    #[derive(Deserialize)]
    struct Tables {
        scale_up_steps: Steps,
        scale_down_steps: Steps,
    }
    let mut faults = threshold::check_windows(section, &[UP_AFTER, DOWN_AFTER]);
    let Ok(tables) = section.read::<Tables>() else {
        return faults; // one of them is missing, or was refused
    };
    let (lowest, highest) = (
        tables.scale_up_steps.lowest(),
        tables.scale_down_steps.highest(),
    );
    if highest > lowest {
        let low = section.shown(UP, &exact(lowest));
        let high = section.shown(DOWN, &exact(highest));
        faults.push(Fault::at(
            DOWN,
            format!("its highest value, {high}, is above the lowest of {UP}, {low}: between them it would go both ways"),
            format!("values of at most {low}"),
        ));
    }
    faults
}

#[async_trait(?Send)]
impl DecisionBackend for Rule {
    async fn decide(&self, situation: &Situation) -> Result<Wish, DecideError> {
        self.wish(situation)
    }

    fn window(&self) -> usize {
        self.down_after
    }

    fn ceiling(&self) -> Option<f64> {
        Some(self.up.lowest())
    }

    fn otherwise(&self, situation: &Situation) -> Vec<String> {
        let Ok(levels) = threshold::levels(&situation.history) else {
            return Vec::new();
        };
        let was = match levels.last() {
            Some(Level::Number(newest)) => format!("the last was {}", shortened(*newest)),
            Some(Level::TooHigh | Level::None) | None => "the last measurement failed".to_owned(),
        };
        let more = |after: usize, run: usize| match after - run {
            1 => "one more result".to_owned(),
            more => format!("{more} more results in a row"),
        };
        let run = |calls: &dyn Fn(Level) -> usize| {
            let newest = levels.iter().rev();
            newest.take_while(|level| calls(**level) > 0).count()
        };
        let fails = run(&|level| self.above(level));
        let passes = run(&|level| self.below(level));
        let mut otherwise = Vec::new();
        for (way, beyond, after, run, value) in [
            ("up", "above", self.up_after, fails, self.up.lowest()),
            (
                "down",
                "below",
                self.down_after,
                passes,
                self.down.highest(),
            ),
        ] {
            let value = exact(value);
            if run >= after {
                return vec![format!(
                    "stay, if one of the last {after} results had not been {beyond} {value}"
                )];
            }
            let more = more(after, run);
            otherwise.push(format!(
                "{way}, if {more} had been {beyond} {value} ({was})"
            ));
        }
        otherwise
    }
}

impl Rule {
    fn wish(&self, situation: &Situation) -> Result<Wish, DecideError> {
        let levels = threshold::levels(&situation.history)?;
        let count = i64::from(situation.count);
        let of_last = |after: usize| {
            levels
                .len()
                .checked_sub(after)
                .and_then(|from| levels.get(from..))
        };
        let mildest = |after: usize, calls: &dyn Fn(Level) -> usize| {
            let last = of_last(after).unwrap_or_default();
            last.iter().map(|level| calls(*level)).min().unwrap_or(0)
        };
        let up = mildest(self.up_after, &|level| self.above(level));
        if let Some((value, step)) = self.up.above_lowest(up) {
            return Ok(Wish {
                desired: count + i64::from(step.of(situation.count)),
                reason: reason(&levels, self.up_after, "above", value, step),
            });
        }
        let down = mildest(self.down_after, &|level| self.below(level));
        if let Some((value, step)) = self.down.below_highest(down) {
            return Ok(Wish {
                desired: count - i64::from(step.of(situation.count)),
                reason: reason(&levels, self.down_after, "below", value, step),
            });
        }
        Ok(situation.stay(self.not_yet(&levels)))
    }

    /// How many of the values for up a result is above.
    fn above(&self, level: Level) -> usize {
        match level {
            Level::Number(number) => self.up.exceeded(number),
            // It says that it is too high, but not by how much.
            Level::TooHigh => 1,
            Level::None => 0,
        }
    }

    /// How many of the values for down a result is below.
    fn below(&self, level: Level) -> usize {
        match level {
            Level::Number(number) => self.down.undercut(number),
            Level::TooHigh | Level::None => 0,
        }
    }

    fn not_yet(&self, levels: &[Level]) -> String {
        let run = |calls: &dyn Fn(Level) -> usize| {
            levels
                .iter()
                .rev()
                .take_while(|level| calls(**level) > 0)
                .count()
        };
        let (fails, passes) = (
            run(&|level| self.above(level)),
            run(&|level| self.below(level)),
        );
        let said = |run: usize, of: usize, beyond: &str, value: f64| {
            format!("{run} of {of} results {beyond} {} so far", exact(value))
        };
        if fails > 0 {
            return said(fails, self.up_after, "above", self.up.lowest());
        }
        if passes > 0 {
            return said(passes, self.down_after, "below", self.down.highest());
        }
        match levels.last() {
            Some(Level::Number(newest)) => {
                format!("the last result, {}, calls for no step", shortened(*newest))
            }
            _ => "the last result calls for no step".to_owned(),
        }
    }
}

fn reason(levels: &[Level], after: usize, beyond: &str, value: f64, step: Step) -> String {
    let failed = levels.iter().rev().take(after);
    let failed = failed.filter(|level| **level == Level::TooHigh).count();
    let verb = if after == 1 { "is" } else { "are" };
    let last = threshold::last_results(after);
    let note = match failed {
        0 => String::new(),
        failed => format!(" ({failed} failed, and counted as above)"),
    };
    format!(
        "{last} {verb} {beyond} {}{note}: a step of {step}",
        exact(value)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::testing::{check_counts, counted, section_faults};

    fn rule(up_after: usize, down_after: usize) -> Rule {
        let table = serde_json::json!({
            UP: { "10000": "100%", "1000": 1, "3000": 3 },
            DOWN: { "100": "50%", "400": 1 },
            UP_AFTER: up_after,
            DOWN_AFTER: down_after,
        });
        Rule::deserialize(table).unwrap()
    }

    #[test]
    fn one_result_is_enough() {
        let table = "
            5 | 1500  | 6: the last result is above 1000: a step of 1 | a little
            5 | 3000  | 6: the last result is above 1000: a step of 1 | equal does not call for it
            5 | 3001  | 8: the last result is above 3000: a step of 3 | more
            5 | 2e4   | 10: the last result is above 10000: a step of 100% | twice as many
            0 | 2e4   | 1: the last result is above 10000: a step of 100% | at least one
            5 | 399   | 4: the last result is below 400: a step of 1 | a little less
            5 | 100   | 4: the last result is below 400: a step of 1 | equal does not call for it
            5 | 99    | 2: the last result is below 100: a step of 50% | half, rounded up
            5 | 400   | 5: the last result, 400, calls for no step | inside
            5 | 1000  | 5: the last result, 1000, calls for no step | inside
            5 | F     | 6: the last result is above 1000 (1 failed, and counted as above): a step of 1 | the smallest
            5 | nan   | 5: the last result, NaN, calls for no step | no number
            5 | inf   | 10: the last result is above 10000: a step of 100% | absurd
            5 | -     | error: the measurement has no number that a threshold could be compared with | none
        ";
        check_counts(|situation| rule(1, 1).wish(situation), table);
    }

    #[test]
    fn the_mildest_of_several_counts() {
        let table = "
            5 | 2e4 2e4 1500 | 6: the last 3 results are above 1000: a step of 1 | the mildest
            5 | 9 2e4 4e3 2e4 | 8: the last 3 results are above 3000: a step of 3 | of the last three
            5 | 2e4 2e4      | 5: 2 of 3 results above 1000 so far | two are not enough
            5 | 2e4 F 2e4    | 6: the last 3 results are above 1000 (1 failed, and counted as above): a step of 1 | a failure
            5 | 50 300 50 50 | 5: 4 of 5 results below 400 so far | four are not enough
            5 | 50 300 50 50 50 | 4: the last 5 results are below 400: a step of 1 | the mildest
            5 | 50 50 50 50 50 | 2: the last 5 results are below 100: a step of 50% | all five
            5 | 50 50 50 50 F | 5: 1 of 3 results above 1000 so far | a failure ends it
        ";
        check_counts(|situation| rule(3, 5).wish(situation), table);
    }

    #[test]
    fn what_would_have_led_elsewhere() {
        for (levels, wanted) in [
            (
                "2e4 840",
                vec![
                    "up, if 3 more results in a row had been above 1000 (the last was 840)",
                    "down, if 5 more results in a row had been below 400 (the last was 840)",
                ],
            ),
            (
                "50 50 50 50",
                vec![
                    "up, if 3 more results in a row had been above 1000 (the last was 50)",
                    "down, if one more result had been below 400 (the last was 50)",
                ],
            ),
            (
                "2e4 2e4 2e4",
                vec!["stay, if one of the last 3 results had not been above 1000"],
            ),
            (
                "5 5 5 5 5",
                vec!["stay, if one of the last 5 results had not been below 400"],
            ),
            ("", vec![]),
        ] {
            assert_eq!(
                rule(3, 5).otherwise(&counted("5", levels)),
                wanted,
                "{levels}"
            );
        }
        assert_eq!(
            (rule(3, 5).ceiling(), rule(3, 5).window()),
            (Some(1000.0), 5)
        );
    }

    #[test]
    fn settings_against_each_other() {
        let tables = r#"scale_up_steps={"20":1,"50":2} scale_down_steps={"20":1}"#;
        let crossed = r#"scale_up_steps={"20":1,"50":2} scale_down_steps={"5":1,"30":1}"#;
        section_faults(
            &BACKEND,
            &[
                (tables, &[], "they may touch"),
                (
                    crossed,
                    &[
                        "scale_down_steps: its highest value, 30, is above the lowest of scale_up_steps, 20: between them it \
                       would go both ways; values of at most 20",
                    ],
                    "they cross",
                ),
                (
                    &format!("{tables} history_length=4"),
                    &[
                        "history_length: only 4 results are kept, but number_of_passes_to_scale_down_after needs 5; \
                       at least 5, or a smaller number_of_passes_to_scale_down_after",
                    ],
                    "a window that does not fit",
                ),
            ],
        );
    }
}
