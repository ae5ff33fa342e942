//! So many jobs for each process: the ratio of `HireFire`'s `JobQueue` (`want = jobs / ratio`, rounded up), which other
//! autoscalers of queues have in like form.
//!
//! Up it goes at once, as far as the queue asks. Down it goes only when the queue is empty, and then all the way: a process
//! that is taken away while there are jobs may be in the middle of one. With `decrementable` it follows the queue
//! down, too; for workers that finish what they have begun (`drain`), or jobs that may be begun anew.

use std::rc::Rc;

use async_trait::async_trait;
use serde::Deserialize;

use super::threshold::{exact, shortened};
use super::wanted::{Newest, failed, limit, needed, real};
use super::{DecideError, DecisionBackend, Situation, Wish};
use crate::backend::{Backend, no_check};
use crate::settings::schema::{Default, Kind, Setting};

/// The row in the room's table.
pub(super) static BACKEND: Backend<dyn DecisionBackend> = Backend {
    name: "queue_ratio",
    summary: "one process for so many jobs, in one step; down when the queue is empty",
    settings: &[
        Setting::new(
            "jobs_per_process",
            Kind::Number(1e-3, 1e9),
            Default::Required,
            "For how many jobs there is to be a process.",
        ),
        Setting::new(
            "decrementable",
            Kind::Boolean,
            Default::Boolean(false),
            "Whether it goes down with the queue's length. Else only when the queue is empty, and then to min_processes.",
        ),
    ],
    example: "[processes.celery.decision]\n\
              backend = \"queue_ratio\"\n\
              jobs_per_process = 10\n\
              min_processes = 0\n\
              max_processes = 10\n",
    check: no_check,
    build: |section, _| Ok(Rc::new(section.read::<Rule>()?)),
};

/// The settings of this backend.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
struct Rule {
    #[serde(rename = "jobs_per_process")]
    ratio: f64,
    decrementable: bool,
}

#[async_trait(?Send)]
impl DecisionBackend for Rule {
    async fn decide(&self, situation: &Situation) -> Result<Wish, DecideError> {
        self.wish(situation)
    }

    /// What waits does not depend on how many are up.
    fn waits_for_rest(&self) -> bool {
        false
    }

    fn otherwise(&self, situation: &Situation) -> Vec<String> {
        let Some(jobs) = Newest::number(situation) else {
            return Vec::new();
        };
        let enough = real(situation.count.into()) * self.ratio;
        let was = shortened(jobs);
        let mut otherwise = Vec::new();
        if jobs <= enough {
            otherwise.push(format!(
                "up, if there had been more than {} jobs ({was} were)",
                limit(enough)
            ));
        }
        let fewer = if self.decrementable {
            enough - self.ratio
        } else {
            0.0
        };
        if situation.count > 0 && jobs > fewer {
            otherwise.push(format!(
                "down, if there had been {} jobs or less ({was} were)",
                limit(fewer)
            ));
        }
        otherwise
    }
}

impl Rule {
    fn wish(&self, situation: &Situation) -> Result<Wish, DecideError> {
        let jobs = match Newest::of(situation)? {
            Newest::Number(jobs) => jobs,
            Newest::TooHigh => return Ok(failed(situation)),
        };
        if jobs <= 0.0 {
            let reason = "the queue is empty".to_owned();
            return Ok(Wish { desired: 0, reason });
        }
        let desired = needed(jobs / self.ratio);
        let (many, ratio) = (shortened(jobs), exact(self.ratio));
        let reason = format!("{many} jobs, at jobs_per_process of {ratio}, are for {desired}");
        if desired < i64::from(situation.count) && !self.decrementable {
            return Ok(situation.stay(format!("{reason}; not down before the queue is empty")));
        }
        Ok(Wish { desired, reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::testing::{check_counts, counted};

    const RULE: Rule = Rule {
        ratio: 2.8,
        decrementable: false,
    };

    #[test]
    fn jobs_for_each() {
        // The rule of the simulation's peer.
        let table = "
            10 | 28   | 10: 28 jobs, at jobs_per_process of 2.8, are for 10 | ten for each
            10 | 100  | 36: 100 jobs, at jobs_per_process of 2.8, are for 36 | up at once
            10 | 3    | 10: 3 jobs, at jobs_per_process of 2.8, are for 2; not down before the queue is empty | not down
            10 | 0    | 0: the queue is empty | to the least when there is none
            10 | -3   | 0: the queue is empty | less than none
            0  | 1    | 1: 1 jobs, at jobs_per_process of 2.8, are for 1 | the first job
            10 | 9 28.1 | 11: 28.1 jobs, at jobs_per_process of 2.8, are for 11 | the newest
            10 | F    | 12: the last measurement failed, which counts as too high | one step
            10 | -    | error: the measurement has no number that a count could be computed from | no number
            10 | inf  | 9223372036854775807: inf jobs, at jobs_per_process of 2.8, are for 9223372036854775807 | absurd
        ";
        check_counts(|situation| RULE.wish(situation), table);
        let both = Rule {
            decrementable: true,
            ..RULE
        };
        let table = "
            10 | 3 | 2: 3 jobs, at jobs_per_process of 2.8, are for 2 | with the queue
        ";
        check_counts(|situation| both.wish(situation), table);
    }

    #[test]
    fn what_would_have_led_elsewhere() {
        let whole = Rule {
            ratio: 10.0,
            ..RULE
        };
        let both = Rule {
            decrementable: true,
            ..whole
        };
        for (rule, counts, jobs, wanted) in [
            (
                whole,
                "3",
                "12",
                vec![
                    "up, if there had been more than 30 jobs (12 were)",
                    "down, if there had been 0 jobs or less (12 were)",
                ],
            ),
            (
                both,
                "3",
                "42",
                vec!["down, if there had been 20 jobs or less (42 were)"],
            ),
            (
                both,
                "0",
                "0",
                vec!["up, if there had been more than 0 jobs (0 were)"],
            ),
            (both, "3", "F", vec![]),
        ] {
            assert_eq!(
                rule.otherwise(&counted(counts, jobs)),
                wanted,
                "{counts} {jobs}"
            );
        }
    }
}
