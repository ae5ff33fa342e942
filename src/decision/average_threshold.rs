//! Decides by the mean of the latest results: up when it is above the maximum, down when it is at the minimum or below.
//!
//! Made for queues, whose usual minimum is 0: nothing is less than empty, so an empty queue must already count as low.
//! That is why a mean *equal to* the minimum scales down here, while one equal to the maximum is inside.

use std::rc::Rc;

use async_trait::async_trait;
use serde::Deserialize;

use super::threshold::{self, Thresholds};
use super::{DecideError, DecisionBackend, Level, Situation, Wish};
use crate::backend::Backend;
use crate::settings::schema::{Default, Setting};

/// The row in the room's table.
pub(super) static BACKEND: Backend<dyn DecisionBackend> = Backend {
    name: "average_threshold",
    summary: "up when the mean of the latest results is above the maximum, down when it is at the minimum or below",
    settings: &[
        Setting::new(
            WINDOW,
            threshold::RESULTS,
            Default::Whole(3),
            "Over how many of the latest results the mean is taken. With fewer, nothing is done.",
        ),
        Setting::new(
            "min_measurement_value",
            threshold::VALUE,
            Default::Number(0.0),
            "A mean of this or less scales down.",
        ),
        Setting::new(
            "max_measurement_value",
            threshold::VALUE,
            Default::Number(20.0),
            "A mean above this scales up. Equal to it does not.",
        ),
    ],
    example: "[processes.celery.decision]\n\
              backend = \"average_threshold\"\n\
              min_processes = 0\n\
              max_processes = 5\n\
              number_of_measurements_to_average = 3\n\
              min_measurement_value = 0\n\
              max_measurement_value = 20\n",
    check: |section| threshold::check(section, &[WINDOW]),
    build: |section, _| Ok(Rc::new(section.read::<Rule>()?)),
};

const WINDOW: &str = "number_of_measurements_to_average";

/// The settings of this backend.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
struct Rule {
    #[serde(rename = "number_of_measurements_to_average")]
    window: usize,
    #[serde(flatten)]
    thresholds: Thresholds,
}

#[async_trait(?Send)]
impl DecisionBackend for Rule {
    async fn decide(&self, situation: &Situation) -> Result<Wish, DecideError> {
        self.wish(situation)
    }

    fn window(&self) -> usize {
        self.window
    }

    fn ceiling(&self) -> Option<f64> {
        Some(self.thresholds.max)
    }
}

impl Rule {
    fn wish(&self, situation: &Situation) -> Result<Wish, DecideError> {
        let levels = threshold::levels(&situation.history)?;
        let there = levels.len();
        let Some(latest) = there
            .checked_sub(self.window)
            .and_then(|from| levels.get(from..))
        else {
            let needed = self.window;
            return Ok(situation.stay(format!("{there} of the {needed} results for a mean so far")));
        };
        let mean = self.mean(latest);
        let about = self.about(latest, mean);
        let Thresholds { min, max } = self.thresholds;
        Ok(if mean > max {
            situation.up(format!("{about} above {}", threshold::exact(max)))
        } else if mean <= min {
            situation.down(format!("{about} not above {}", threshold::exact(min)))
        } else {
            situation.stay(format!("{about} within {}", self.thresholds.range()))
        })
    }

    fn mean(&self, latest: &[Level]) -> f64 {
        let numbers = || latest.iter().map(|level| self.number(*level));
        let many = numbers().map(|_| 1.0).sum::<f64>();
        let sum = numbers().sum::<f64>();
        // The sum of numbers near the greatest possible overflows; their mean does not.
        if sum.is_finite() {
            sum / many
        } else {
            let parts = numbers().map(|number| number / many);
            parts.sum::<f64>().clamp(f64::MIN, f64::MAX)
        }
    }

    fn number(&self, level: Level) -> f64 {
        match level {
            Level::Number(number) => number,
            Level::TooHigh => failed(self.thresholds.max),
            Level::None => 0.0, // never here: `levels` passed it over
        }
    }

    /// `the mean of the last 3 results, 25, is`, and how many of them are failures: the number alone would mislead.
    fn about(&self, latest: &[Level], mean: f64) -> String {
        let failed = latest
            .iter()
            .filter(|level| **level == Level::TooHigh)
            .count();
        let value = self.thresholds.write(mean);
        let of = threshold::last_results(latest.len());
        match (latest.len(), failed) {
            (1, 0) => format!("{of}, {value}, is"),
            (1, _) => format!("the last measurement failed and counts as {value}, which is"),
            (_, 0) => format!("the mean of {of}, {value}, is"),
            (_, _) => format!(
                "the mean of {of}, {value} with {failed} failed and counted as too high, is"
            ),
        }
    }
}

/// What a failed measurement that counts as too high is in a mean: twice the maximum, or, where that would not be
/// above it (a maximum of 0 or less), something that is.
fn failed(max: f64) -> f64 {
    if max > 0.0 {
        max * 2.0
    } else {
        max + max.abs().max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::testing::{check, section_faults};

    const RULE: Rule = Rule {
        window: 3,
        thresholds: Thresholds {
            min: 0.0,
            max: 20.0,
        },
    };

    #[test]
    fn means() {
        let table = "
            10 20 45     | up: the mean of the last 3 results, 25, is above 20 | high
            900 1 1 1    | stay: the mean of the last 3 results, 1, is within 0 to 20 | only the latest three count
            20 20 20     | stay: the mean of the last 3 results, 20, is within 0 to 20 | equal to the maximum: inside
            20 20 20.03  | up: the mean of the last 3 results, 20.01, is above 20 | above by a little
            20 20 20.003 | up: the mean of the last 3 results, 20.001, is above 20 | never: 20 is above 20
            0 0 0        | down: the mean of the last 3 results, 0, is not above 0 | if it is zero, scale down
            0 0 1        | stay: the mean of the last 3 results, 0.333, is within 0 to 20 | one task is not zero
            0 0          | stay: 2 of the 3 results for a mean so far | no mean of two
            99           | stay: 1 of the 3 results for a mean so far | no mean of one
            1e308 1e308 1e308 | up: the mean of the last 3 results, 1e308, is above 20 | the sum overflows
        ";
        check(|situation| RULE.wish(situation), table);
        let huge = RULE.mean(&[Level::Number(f64::MAX); 3]);
        assert!(huge.is_finite(), "the greatest number of all: {huge}");
    }

    #[test]
    fn failed_and_numberless_measurements() {
        let table = "
            F F F   | up: the mean of the last 3 results, 40 with 3 failed and counted as too high, is above 20 | twice
            0 0 F   | stay: the mean of the last 3 results, 13.33 with 1 failed and counted as too high, is within 0 to 20 | once
            1 1 - 1 | stay: the mean of the last 3 results, 1, is within 0 to 20 | passed over, and not 0
            1 1 1 - | error: the measurement has no number that a threshold could be compared with | old news
                    | error: there is no result to decide on | the caller's mistake, and no panic
        ";
        check(|situation| RULE.wish(situation), table);
    }

    #[test]
    fn a_mean_of_one() {
        let rule = Rule {
            window: 1,
            thresholds: Thresholds { min: 5.0, max: 5.0 },
        };
        let table = "
            5   | down: the last result, 5, is not above 5 | equal to both thresholds is low
            4   | down: the last result, 4, is not above 5 | below
            6.5 | up: the last result, 6.5, is above 5     | above
            F   | up: the last measurement failed and counts as 10, which is above 5 | a failure
        ";
        check(|situation| rule.wish(situation), table);
    }

    #[test]
    fn a_failure_is_above_any_maximum() {
        for max in [-1e15, -10.0, -0.5, 0.0, 0.1, 20.0, 1e15] {
            assert!(
                failed(max) > max,
                "a failure must be too high under a maximum of {max}"
            );
        }
        assert!(
            (failed(20.0) - 40.0).abs() < f64::EPSILON,
            "twice the maximum"
        );
    }

    #[test]
    fn settings_against_each_other() {
        section_faults(
            &BACKEND,
            &[
                ("", &[], "the defaults fit"),
                (
                    "max_measurement_value=-1",
                    &[
                        "max_measurement_value: -1 is below min_measurement_value, 0 (the default); \
                   at least 0, or a smaller min_measurement_value",
                    ],
                    "the written one is at fault",
                ),
                (
                    "number_of_measurements_to_average=11",
                    &[
                        "number_of_measurements_to_average: 11 results are needed, but only 10 are kept; \
                   at most 10, or a history_length of at least 11",
                    ],
                    "longer than the history",
                ),
                (
                    "number_of_measurements_to_average=11 history_length=11",
                    &[],
                    "just long enough",
                ),
            ],
        );
    }
}
