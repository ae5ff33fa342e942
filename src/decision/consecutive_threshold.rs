//! Decides by runs of results: up when the last few are *all* above the maximum, down when the last few are *all* below
//! the minimum. One result inside the thresholds ends a run; a value equal to a threshold is inside.
//!
//! ```text
//!   1200 ─────────────────────■──■──■──▶ up: the third fail in a row
//!            ■     ■   ■
//!    400 ───────■─────────■─────────────  a pass in between ends the run
//! ```

use std::rc::Rc;

use async_trait::async_trait;
use serde::Deserialize;

use super::threshold::{self, Thresholds};
use super::{DecideError, DecisionBackend, Level, Situation, Wish};
use crate::backend::Backend;
use crate::settings::schema::{Default, Setting};

/// The row in the room's table.
pub(super) static BACKEND: Backend<dyn DecisionBackend> = Backend {
    name: "consecutive_threshold",
    summary: "up after so many results in a row above the maximum, down after so many below the minimum",
    settings: &[
        Setting::new(
            UP_AFTER,
            threshold::RESULTS,
            Default::Whole(3),
            "How many results in a row above max_measurement_value it takes to scale up.",
        ),
        Setting::new(
            DOWN_AFTER,
            threshold::RESULTS,
            Default::Whole(5),
            "How many results in a row below min_measurement_value it takes to scale down.",
        ),
        Setting::new(
            "min_measurement_value",
            threshold::VALUE,
            Default::Number(400.0),
            "Below this a result is a pass: there is more than is needed. Equal to it is neither.",
        ),
        Setting::new(
            "max_measurement_value",
            threshold::VALUE,
            Default::Number(1200.0),
            "Above this a result is a fail: there is less than is needed. Equal to it is neither.",
        ),
    ],
    example: "[processes.web.decision]\n\
              backend = \"consecutive_threshold\"\n\
              min_processes = { \"0:00\" = 1, \"8:00\" = 3, \"18:00\" = 1 }\n\
              max_processes = 5\n\
              number_of_fails_to_scale_up_after = 3\n\
              number_of_passes_to_scale_down_after = 5\n\
              min_measurement_value = 400\n\
              max_measurement_value = 1200\n",
    check: |section| threshold::check(section, &[UP_AFTER, DOWN_AFTER]),
    build: |section, _| Ok(Rc::new(section.read::<Rule>()?)),
};

const UP_AFTER: &str = "number_of_fails_to_scale_up_after";
const DOWN_AFTER: &str = "number_of_passes_to_scale_down_after";

/// The settings of this backend.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
struct Rule {
    #[serde(rename = "number_of_fails_to_scale_up_after")]
    up_after: usize,
    #[serde(rename = "number_of_passes_to_scale_down_after")]
    down_after: usize,
    #[serde(flatten)]
    thresholds: Thresholds,
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
        Some(self.thresholds.max)
    }

    fn otherwise(&self, situation: &Situation) -> Vec<String> {
        let Ok(levels) = threshold::levels(&situation.history) else {
            return Vec::new();
        };
        let fails = run(&levels, |level| self.is_fail(level));
        let passes = run(&levels, |level| self.is_pass(level));
        let (min, max) = (
            threshold::exact(self.thresholds.min),
            threshold::exact(self.thresholds.max),
        );
        let was = self.was(&levels);
        let stay = |many: usize, bound: &str| {
            let which = match many {
                1 => "the last result".to_owned(),
                _ => format!("one of the last {many} results"),
            };
            vec![format!("stay, if {which} had been {bound}")]
        };
        if fails >= self.up_after {
            return stay(self.up_after, &format!("{max} or less"));
        }
        if passes >= self.down_after {
            return stay(self.down_after, &format!("{min} or more"));
        }
        vec![
            format!("up, if {} above {max} ({was})", more(self.up_after - fails)),
            format!(
                "down, if {} below {min} ({was})",
                more(self.down_after - passes)
            ),
        ]
    }
}

/// `one more result had been` or `3 more results had been`.
fn more(many: usize) -> String {
    match many {
        1 => "one more result had been".to_owned(),
        _ => format!("{many} more results in a row had been"),
    }
}

/// How many of the newest are such.
fn run(levels: &[Level], is: impl Fn(Level) -> bool) -> usize {
    levels.iter().rev().take_while(|level| is(**level)).count()
}

impl Rule {
    /// `the last was 840`.
    fn was(&self, levels: &[Level]) -> String {
        match levels.last() {
            Some(Level::Number(newest)) => {
                format!("the last was {}", self.thresholds.write(*newest))
            }
            Some(Level::TooHigh | Level::None) | None => "the last measurement failed".to_owned(),
        }
    }

    fn wish(&self, situation: &Situation) -> Result<Wish, DecideError> {
        let levels = threshold::levels(&situation.history)?;
        let fails = run(&levels, |level| self.is_fail(level));
        let passes = run(&levels, |level| self.is_pass(level));
        let (min, max) = (
            threshold::exact(self.thresholds.min),
            threshold::exact(self.thresholds.max),
        );
        Ok(if fails >= self.up_after {
            situation.up(self.too_high(&levels))
        } else if passes >= self.down_after {
            situation.down(format!(
                "{}below {min}",
                self.recent(&levels, self.down_after)
            ))
        } else if fails > 0 {
            situation.stay(format!(
                "{fails} of {} results above {max} so far",
                self.up_after
            ))
        } else if passes > 0 {
            situation.stay(format!(
                "{passes} of {} results below {min} so far",
                self.down_after
            ))
        } else {
            let range = self.thresholds.range();
            situation.stay(format!("{}within {range}", self.recent(&levels, 1)))
        })
    }

    /// A failed measurement that counts as too high is a fail.
    fn is_fail(&self, level: Level) -> bool {
        match level {
            Level::Number(number) => number > self.thresholds.max,
            Level::TooHigh => true,
            Level::None => false,
        }
    }

    fn is_pass(&self, level: Level) -> bool {
        match level {
            Level::Number(number) => number < self.thresholds.min,
            Level::TooHigh | Level::None => false,
        }
    }

    /// Why up. A run of failed measurements is told apart from one of high values: they are mended differently.
    fn too_high(&self, levels: &[Level]) -> String {
        let run = levels.iter().rev().take(self.up_after);
        let failed = run.filter(|level| **level == Level::TooHigh).count();
        let max = threshold::exact(self.thresholds.max);
        if failed == 0 {
            return format!("{}above {max}", self.recent(levels, self.up_after));
        }
        match (failed, self.up_after) {
            (1, 1) => format!("the last measurement failed, which counts as above {max}"),
            (_, all) if failed == all => {
                format!("the last {all} measurements failed, which counts as above {max}")
            }
            (_, all) => format!(
                "the last {all} results are above {max}, {failed} of them failed measurements"
            ),
        }
    }

    /// `the last result, 840, is ` or `the last 3 results are `.
    fn recent(&self, levels: &[Level], many: usize) -> String {
        match (levels.last(), many) {
            (Some(Level::Number(newest)), 1) => {
                format!("the last result, {}, is ", self.thresholds.write(*newest))
            }
            (_, 1) => "the last result is ".to_owned(),
            _ => format!("{} are ", threshold::last_results(many)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::testing::{check, section_faults};

    const RULE: Rule = Rule {
        up_after: 3,
        down_after: 5,
        thresholds: Thresholds {
            min: 400.0,
            max: 1200.0,
        },
    };

    #[test]
    fn runs_of_results() {
        let table = "
            1500 1500 1500      | up: the last 3 results are above 1200           | three fails are enough
            100 1500 1500 1500  | up: the last 3 results are above 1200           | only the latest three matter
            1500 1500 1500 1500 | up: the last 3 results are above 1200           | four fails: the same sentence
            1500 1500           | stay: 2 of 3 results above 1200 so far          | two fails are not yet enough
            1500 1500 840 1500  | stay: 1 of 3 results above 1200 so far          | one inside starts the run anew
            1500 1500 840       | stay: the last result, 840, is within 400 to 1200 | the newest ends the run
            1200 1200 1200 1200 | stay: the last result, 1200, is within 400 to 1200 | equal to the maximum: inside
            400 400 400 400 400 | stay: the last result, 400, is within 400 to 1200 | equal to the minimum: inside
            840.123456          | stay: the last result, 840.1, is within 400 to 1200 | no needless decimals
            1500 1500 1200.0001 | up: the last 3 results are above 1200           | above by a hair is above
            100 100 100 100 100 | down: the last 5 results are below 400          | five passes are enough
            100 100 100 100     | stay: 4 of 5 results below 400 so far           | four are not
            100 100 1500 100    | stay: 1 of 5 results below 400 so far           | a fail ends a run of passes
        ";
        check(|situation| RULE.wish(situation), table);
    }

    #[test]
    fn failed_and_numberless_measurements() {
        let table = "
            F F F            | up: the last 3 measurements failed, which counts as above 1200 | a failure is a fail
            1500 F 1500      | up: the last 3 results are above 1200, 1 of them failed measurements | mixed
            F                | stay: 1 of 3 results above 1200 so far | one failure is one fail
            100 100 100 F    | stay: 1 of 3 results above 1200 so far | a failure ends a run of passes
            1500 - 1500 1500 | up: the last 3 results are above 1200  | without a number: passed over
            1500 1500 1500 - | error: the measurement has no number that a threshold could be compared with | old news
                             | error: there is no result to decide on | the caller's mistake, and no panic
        ";
        check(|situation| RULE.wish(situation), table);
    }

    #[test]
    fn runs_of_one() {
        let rule = Rule {
            up_after: 1,
            down_after: 1,
            ..RULE
        };
        let table = "
            1500    | up: the last result, 1500, is above 1200    | one is told with its value
            1200.04 | up: the last result, 1200.04, is above 1200 | never: 1200 is above 1200
            -3.5    | down: the last result, -3.5, is below 400   | negative is low
            F       | up: the last measurement failed, which counts as above 1200 | one failure is enough
        ";
        check(|situation| rule.wish(situation), table);
    }

    #[test]
    fn what_would_have_led_elsewhere() {
        use Level::{Number, TooHigh};
        let rows: &[(&[Level], &[&str])] = &[
            (
                &[Number(1500.0), Number(840.0)],
                &[
                    "up, if 3 more results in a row had been above 1200 (the last was 840)",
                    "down, if 5 more results in a row had been below 400 (the last was 840)",
                ],
            ),
            (
                &[Number(1500.0), TooHigh],
                &[
                    "up, if one more result had been above 1200 (the last measurement failed)",
                    "down, if 5 more results in a row had been below 400 (the last measurement failed)",
                ],
            ),
            (
                &[Number(1500.0); 3],
                &["stay, if one of the last 3 results had been 1200 or less"],
            ),
            (
                &[Number(1.0); 5],
                &["stay, if one of the last 5 results had been 400 or more"],
            ),
            (&[], &[]),
        ];
        for (levels, wanted) in rows {
            let situation = crate::decision::testing::situation(levels);
            assert_eq!(RULE.otherwise(&situation), *wanted, "{levels:?}");
        }
    }

    #[test]
    fn settings_against_each_other() {
        section_faults(
            &BACKEND,
            &[
                ("", &[], "the defaults fit"),
                ("min_measurement_value=1200", &[], "equal thresholds fit"),
                (
                    "min_measurement_value=1300",
                    &[
                        "min_measurement_value: 1300 is above max_measurement_value, 1200 (the default); \
                   at most 1200, or a greater max_measurement_value",
                    ],
                    "the written one is at fault",
                ),
                (
                    "max_measurement_value=300.5",
                    &[
                        "max_measurement_value: 300.5 is below min_measurement_value, 400 (the default); \
                   at least 400, or a smaller min_measurement_value",
                    ],
                    "the written one is at fault",
                ),
                (
                    "min_measurement_value=9 max_measurement_value=8",
                    &[
                        "min_measurement_value: 9 is above max_measurement_value, 8; \
                   at most 8, or a greater max_measurement_value",
                    ],
                    "both written: told once",
                ),
                (
                    "number_of_fails_to_scale_up_after=11 number_of_passes_to_scale_down_after=12",
                    &[
                        "number_of_fails_to_scale_up_after: 11 results are needed, but only 10 are kept; \
                     at most 10, or a history_length of at least 11",
                        "number_of_passes_to_scale_down_after: 12 results are needed, but only 10 are kept; \
                     at most 10, or a history_length of at least 12",
                    ],
                    "each window is told",
                ),
                (
                    "history_length=4",
                    &[
                        "history_length: only 4 results are kept, but number_of_passes_to_scale_down_after needs 5; \
                   at least 5, or a smaller number_of_passes_to_scale_down_after",
                    ],
                    "the history was shortened under the defaults",
                ),
                ("history_length=5", &[], "just long enough"),
            ],
        );
    }
}
