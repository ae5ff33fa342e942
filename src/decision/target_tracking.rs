//! As many as bring a measurement to its target: the rule of Kubernetes' Horizontal Pod Autoscaler (`replica_calculator.go`),
//! which Nomad (target-value), KEDA (by way of it) and the cloud providers have in like form.
//!
//! ```text
//!   metric_type   what is measured                                wished for (rounded up)
//!   average       each process: utilisation, response time        ready × value / target_value
//!   total         all together: a queue's length, requests/s      value / target_value
//! ```
//!
//! Nothing is done while the value is within `tolerance` of the target (of the target times the count, for a total). Of
//! an average, processes that are not up yet count as idle on the way up, so that the same load is not answered twice; on
//! the way down they do not count. When that turns a wish for more into one for fewer, nothing is done.
//!
//! Its patience (a window for scaling down) and its rates are the safety envelope's.

use std::rc::Rc;

use async_trait::async_trait;
use serde::Deserialize;

use super::settings::down_window;
use super::threshold::exact;
use super::wanted::{Newest, beside, failed, limit, needed, real};
use super::{DecideError, DecisionBackend, Situation, Wish};
use crate::backend::{Backend, no_check};
use crate::settings::schema::{Default, Kind, Setting};

/// The row in the room's table.
pub(super) static BACKEND: Backend<dyn DecisionBackend> = Backend {
    name: "target_tracking",
    summary: "as many as bring the measurement to its target, in one step (Kubernetes' rule)",
    settings: SETTINGS,
    example: "[processes.web.decision]\n\
              backend = \"target_tracking\"\n\
              target_value = 0.7\n\
              metric_type = \"average\"\n\
              max_processes = 10\n",
    check: no_check,
    build: |section, _| Ok(Rc::new(section.read::<Rule>()?)),
};

static SETTINGS: &[Setting] = &[
    Setting::new(
        "target_value",
        Kind::Number(1e-6, 1e15),
        Default::Required,
        "What the measurement is to be: of an average the value itself (a utilisation of 0.7), of a total that of each process \
         (10 jobs).",
    ),
    Setting::new(
        "metric_type",
        Kind::OneOf(&["average", "total"]),
        Default::Text("average"),
        "What is measured: `average`, that of a process, which falls as they become more (a utilisation, a response time); or \
         `total`, that of all together, which does not (a queue's length, requests a second).",
    ),
    Setting::new(
        "tolerance",
        Kind::Number(0.0, 1.0),
        Default::Number(0.1),
        "How far from the target nothing is done yet, as a part of it: 0.1 is a tenth.",
    ),
    Setting::new(
        "ready_only",
        Kind::Boolean,
        Default::Boolean(true),
        "Whether an average is taken to be of the processes that are up (Kubernetes); else, of all that were asked for (Nomad).",
    ),
    Setting::new(
        "activation_value",
        Kind::Number(0.0, 1e15),
        Default::Number(0.0),
        "With a total of this or less, none is wanted at all (KEDA's activation threshold).",
    ),
    down_window(300.0),
];

/// The settings of this backend.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
struct Rule {
    #[serde(rename = "target_value")]
    target: f64,
    #[serde(rename = "metric_type")]
    of: Of,
    tolerance: f64,
    ready_only: bool,
    #[serde(rename = "activation_value")]
    activation: f64,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Of {
    Average,
    Total,
}

#[async_trait(?Send)]
impl DecisionBackend for Rule {
    async fn decide(&self, situation: &Situation) -> Result<Wish, DecideError> {
        self.wish(situation)
    }

    /// Only an average grows when fewer carry the same.
    fn ceiling(&self) -> Option<f64> {
        (self.of == Of::Average).then_some(self.target * (1.0 + self.tolerance))
    }

    /// It knows how many are up.
    fn waits_for_rest(&self) -> bool {
        false
    }

    fn otherwise(&self, situation: &Situation) -> Vec<String> {
        let (count, measured) = (real(situation.count.into()), self.measured(situation));
        let Some(value) = Newest::number(situation).filter(|_| measured > 0.0) else {
            return Vec::new();
        };
        let each = match self.of {
            Of::Average => self.target,
            Of::Total => self.target * count,
        };
        // Those that are not up count as idle on the way up alone.
        let idle = match self.of {
            Of::Average => count / measured,
            Of::Total => 1.0,
        };
        let high = each * (1.0 + self.tolerance) * idle;
        let low = each * (1.0 - self.tolerance);
        let fewer = match self.of {
            Of::Average => self.target * (count - 1.0) / measured,
            Of::Total => self.target * (count - 1.0),
        };
        let mut otherwise = Vec::new();
        if value <= high {
            let was = beside(value, high);
            otherwise.push(format!(
                "up, if the last result had been above {} (it was {was})",
                limit(high)
            ));
        }
        let least = low.min(fewer);
        if value > high || value < least {
            otherwise.push(format!("stay, if it had been about {}", limit(each)));
        }
        if value >= least {
            let was = beside(value, least);
            otherwise.push(format!(
                "down, if it had been below {} (it was {was})",
                limit(least)
            ));
        }
        otherwise
    }
}

impl Rule {
    fn wish(&self, situation: &Situation) -> Result<Wish, DecideError> {
        let value = match Newest::of(situation)? {
            Newest::Number(value) => value,
            Newest::TooHigh => return Ok(failed(situation)),
        };
        Ok(match self.of {
            Of::Average => self.average(value, situation),
            Of::Total => self.total(value, situation),
        })
    }

    /// How many an average is of.
    fn measured(&self, situation: &Situation) -> f64 {
        let ready = situation.ready.filter(|_| self.ready_only);
        let many = ready.map_or(situation.count, |ready| ready.min(situation.count));
        real(many.into())
    }

    fn average(&self, value: f64, situation: &Situation) -> Wish {
        let (count, measured) = (real(situation.count.into()), self.measured(situation));
        let ratio = value / self.target;
        let about = self.about(value, ratio, "");
        if situation.count == 0 {
            // There is nothing that it could be the average of, but something is to be done.
            return wish(needed(ratio), about);
        }
        if measured == 0.0 {
            return situation.stay("none is up yet that a measurement could be of");
        }
        if ratio > 1.0 && measured < count {
            let damped = ratio * measured / count;
            let booting = count - measured;
            let about = format!("{about}; {booting} not up yet, and taken for idle");
            if damped <= 1.0 + self.tolerance {
                return situation.stay(about);
            }
            return wish(needed(ratio * measured), about);
        }
        if (ratio - 1.0).abs() <= self.tolerance {
            return situation.stay(self.within(value));
        }
        unless_same(wish(needed(ratio * measured), about), situation)
    }

    fn total(&self, value: f64, situation: &Situation) -> Wish {
        if value <= self.activation {
            let value = beside(value, self.activation);
            let most = exact(self.activation);
            return wish(
                0,
                format!("the last result, {value} in all, is not above {most}"),
            );
        }
        let desired = needed(value / self.target);
        if situation.count == 0 {
            let ratio = value / self.target;
            return wish(desired, self.about(value, ratio, " for each"));
        }
        let ratio = value / (self.target * real(situation.count.into()));
        if (ratio - 1.0).abs() <= self.tolerance {
            let each = value / real(situation.count.into());
            return situation.stay(self.within(each));
        }
        unless_same(
            wish(desired, self.about(value, ratio, " for each")),
            situation,
        )
    }

    fn about(&self, value: f64, ratio: f64, each: &str) -> String {
        let (target, value) = (exact(self.target), beside(value, self.target));
        let ratio = beside(ratio, 1.0);
        format!("the last result, {value}, is {ratio} times target_value, {target}{each}")
    }

    fn within(&self, value: f64) -> String {
        let (target, value) = (exact(self.target), beside(value, self.target));
        let percent = exact((self.tolerance * 1000.0).round() / 10.0);
        match self.of {
            Of::Average => {
                format!("the last result, {value}, is within {percent} % of target_value, {target}")
            }
            Of::Total => {
                format!(
                    "the last result, {value} for each, is within {percent} % of target_value, {target}"
                )
            }
        }
    }
}

/// Rounded up, a wish for a little less is one for the same.
fn unless_same(wish: Wish, situation: &Situation) -> Wish {
    if wish.desired == i64::from(situation.count) {
        situation.stay(format!("{}: one less would be above it", wish.reason))
    } else {
        wish
    }
}

fn wish(desired: i64, reason: String) -> Wish {
    Wish { desired, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::testing::{check_counts, counted, section_faults};

    const AVERAGE: Rule = Rule {
        target: 700.0,
        of: Of::Average,
        tolerance: 0.1,
        ready_only: true,
        activation: 0.0,
    };

    const TOTAL: Rule = Rule {
        target: 7.0,
        of: Of::Total,
        ..AVERAGE
    };

    #[test]
    fn an_average() {
        // The first eight are those of the Kubernetes peer in the simulation.
        let table = "
            10    | 700  | 10: the last result, 700, is within 10 % of target_value, 700 | on target
            10    | 760  | 10: the last result, 760, is within 10 % of target_value, 700 | within the tolerance
            10    | 800  | 12: the last result, 800, is 1.14 times target_value, 700 | above: 11.4
            10    | 600  | 9: the last result, 600, is 0.857 times target_value, 700 | below: 8.6
            12/10 | 900  | 12: the last result, 900, is 1.29 times target_value, 700; 2 not up yet, and taken for idle | within the tolerance
            12/10 | 980  | 14: the last result, 980, is 1.4 times target_value, 700; 2 not up yet, and taken for idle | and above it
            14/10 | 800  | 14: the last result, 800, is 1.14 times target_value, 700; 4 not up yet, and taken for idle | turned round
            12/10 | 350  | 5: the last result, 350, is 0.5 times target_value, 700 | on the way down they do not count
            3     | 500  | 3: the last result, 500, is 0.714 times target_value, 700: one less would be above it | 2.1
            12/0  | 900  | 12: none is up yet that a measurement could be of | of what would it be
            12/-  | 900  | 16: the last result, 900, is 1.29 times target_value, 700 | not known: all are taken to be up
            12/20 | 900  | 16: the last result, 900, is 1.29 times target_value, 700 | more than were asked for are going
            0     | 1500 | 3: the last result, 1500, is 2.14 times target_value, 700 | something is to be done
            0     | 0    | 0: the last result, 0, is 0 times target_value, 700 | nothing is
            10    | 0    | 0: the last result, 0, is 0 times target_value, 700 | idle, and the minimum's to hold
            10    | 9 1400 | 20: the last result, 1400, is 2 times target_value, 700 | the newest alone counts
            10    | 770.1 | 12: the last result, 770.1, is 1.1 times target_value, 700 | just above the tolerance
            10    | 1e308 | 9223372036854775807: the last result, 1e308, is 1.4285714285714286e305 times target_value, 700 | absurd
            10    | F    | 12: the last measurement failed, which counts as too high | one step
            10    | -    | error: the measurement has no number that a count could be computed from | no number
            10    | nan  | error: the measurement is no number that a count could be computed from | no number
            10    |      | error: there is no result to decide on | the caller's mistake, and no panic
        ";
        check_counts(|situation| AVERAGE.wish(situation), table);
    }

    #[test]
    fn an_average_of_all_that_were_asked_for() {
        let nomad = Rule {
            target: 1.0,
            tolerance: 0.01,
            ready_only: false,
            ..AVERAGE
        };
        let table = "
            10   | 1.005 | 10: the last result, 1.005, is within 1 % of target_value, 1 | within the dead band
            10   | 1.02  | 11: the last result, 1.02, is 1.02 times target_value, 1 | up, rounded up
            10/5 | 2     | 20: the last result, 2, is 2 times target_value, 1 | those that boot count as the others
            10   | 0.95  | 10: the last result, 0.95, is 0.95 times target_value, 1: one less would be above it | no change
            10   | 0.5   | 5: the last result, 0.5, is 0.5 times target_value, 1 | down at once as far as it goes
        ";
        check_counts(|situation| nomad.wish(situation), table);
    }

    #[test]
    fn a_total() {
        let table = "
            10    | 70   | 10: the last result, 7 for each, is within 10 % of target_value, 7 | on target
            10    | 76   | 10: the last result, 7.6 for each, is within 10 % of target_value, 7 | within the tolerance
            10/2  | 78   | 12: the last result, 78, is 1.11 times target_value, 7 for each | how many are up does not matter
            10    | 62   | 9: the last result, 62, is 0.886 times target_value, 7 for each | below
            3     | 0    | 0: the last result, 0 in all, is not above 0 | nothing to do
            0     | 1    | 1: the last result, 1, is 0.143 times target_value, 7 for each | one for the first
            0     | 50   | 8: the last result, 50, is 7.14 times target_value, 7 for each | as many as it takes
        ";
        check_counts(|situation| TOTAL.wish(situation), table);
        let active = Rule {
            activation: 5.0,
            ..TOTAL
        };
        let table = "
            3 | 5   | 0: the last result, 5 in all, is not above 5 | equal is not above
            0 | 5.1 | 1: the last result, 5.1, is 0.729 times target_value, 7 for each | above
        ";
        check_counts(|situation| active.wish(situation), table);
    }

    #[test]
    fn what_would_have_led_elsewhere_does() {
        for rule in [AVERAGE, TOTAL] {
            for (counts, value) in [
                ("10", 720.0),
                ("10", 900.0),
                ("10", 20.0),
                ("12/9", 900.0),
                ("3", 68.0),
            ] {
                let situation = counted(counts, &value.to_string());
                let told = rule.otherwise(&situation);
                let count = i64::from(situation.count);
                assert!(!told.is_empty(), "{counts} {value}");
                for told in told {
                    let number = told
                        .split_whitespace()
                        .find_map(|word| word.parse::<f64>().ok())
                        .unwrap();
                    let hair = number * 1e-5;
                    let (way, at) = match told.split_once(',').unwrap().0 {
                        "up" => (1, number + hair),
                        "down" => (-1, number - hair),
                        _ => (0, number),
                    };
                    let desired = rule
                        .wish(&counted(counts, &at.to_string()))
                        .unwrap()
                        .desired;
                    assert_eq!((desired - count).signum(), way, "{counts} {value}: {told}");
                }
            }
        }
        assert!(AVERAGE.otherwise(&counted("3", "F")).is_empty());
        let told = AVERAGE.otherwise(&counted("10", "720"));
        assert_eq!(
            told,
            [
                "up, if the last result had been above 770 (it was 720)",
                "down, if it had been below 630 (it was 720)",
            ]
        );
    }

    #[test]
    fn a_smaller_count_is_projected_for_an_average_alone() {
        assert_eq!(
            (AVERAGE.ceiling().map(f64::round), TOTAL.ceiling()),
            (Some(770.0), None)
        );
        section_faults(&BACKEND, &[("target_value=5", &[], "the target is enough")]);
    }
}
