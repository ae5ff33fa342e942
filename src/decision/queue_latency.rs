//! As many as get through the queue in time: what waits now, at what a job takes, within the time that a job may wait. The rule
//! of guv (`scale.js`), a deadline autoscaler for workers.
//!
//! ```text
//!   rounds    = jobs / jobs_at_a_time                              rounded up
//!   available = target − 2.33 × deviation − job time               what 99 of 100 jobs leave; at least a job's time
//!   wished    = rounds × job time / available                      rounded up
//! ```
//!
//! guv's deadline is for a job that is done; `target_wait_seconds` is for one that is begun, so a job's own time is
//! in the deadline once more. Up it goes at once; down to the highest wish of `scale_down_stabilization_window_seconds`, for
//! an empty queue says nothing about those who keep it empty.
//!
//! Where the wait itself is measured (the age of the oldest job), `step` or `consecutive_threshold` go by that.

use std::rc::Rc;

use async_trait::async_trait;
use serde::Deserialize;

use super::settings::down_window;
use super::threshold::{exact, shortened};
use super::wanted::{Newest, failed, limit, needed, real};
use super::{DecideError, DecisionBackend, Situation, Wish};
use crate::backend::{Backend, no_check};
use crate::settings::schema::{Default, Kind, MOST_SECONDS, Setting};

/// How many deviations above the mean 99 of 100 are.
const NINETY_NINE: f64 = 2.326_347_9;

/// The row in the room's table.
pub(super) static BACKEND: Backend<dyn DecisionBackend> = Backend {
    name: "queue_latency",
    summary: "as many as begin every job that waits within a time, given how long a job takes",
    settings: SETTINGS,
    example: "[processes.celery.decision]\n\
              backend = \"queue_latency\"\n\
              target_wait_seconds = 60\n\
              job_time_in_seconds = 10\n\
              job_time_deviation_in_seconds = 5\n\
              max_processes = 10\n",
    check: no_check,
    build: |section, _| Ok(Rc::new(section.read::<Rule>()?)),
};

static SETTINGS: &[Setting] = &[
    Setting::new(
        "target_wait_seconds",
        Kind::Number(0.1, MOST_SECONDS),
        Default::Required,
        "How long a job may wait before it is begun.",
    ),
    Setting::new(
        "job_time_in_seconds",
        Kind::Number(0.001, MOST_SECONDS),
        Default::Required,
        "How long a job takes, on average.",
    ),
    Setting::new(
        "job_time_deviation_in_seconds",
        Kind::Number(0.0, MOST_SECONDS),
        Default::Derived("half of job_time_in_seconds"),
        "How much that varies: its standard deviation.",
    ),
    Setting::new(
        "jobs_at_a_time",
        Kind::Whole(1, 10_000),
        Default::Whole(1),
        "How many jobs a process works on at a time (Celery's concurrency).",
    ),
    down_window(120.0),
];

/// The settings of this backend.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
struct Rule {
    #[serde(rename = "target_wait_seconds")]
    target: f64,
    #[serde(rename = "job_time_in_seconds")]
    job: f64,
    #[serde(rename = "job_time_deviation_in_seconds")]
    deviation: Option<f64>,
    #[serde(rename = "jobs_at_a_time")]
    slots: u32,
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
        let count = i64::from(situation.count);
        let (enough, fewer) = (self.in_time(count), self.in_time(count - 1));
        let was = shortened(jobs);
        let mut otherwise = Vec::new();
        if jobs <= enough {
            otherwise.push(format!(
                "up, if more than {} jobs had waited ({was} did)",
                limit(enough)
            ));
        }
        if count > 0 && jobs > fewer {
            otherwise.push(format!(
                "down, if {} jobs or less had waited ({was} did)",
                limit(fewer)
            ));
        }
        otherwise
    }
}

impl Rule {
    fn wish(&self, situation: &Situation) -> Result<Wish, DecideError> {
        let jobs = match Newest::of(situation)? {
            Newest::Number(jobs) => jobs.max(0.0),
            Newest::TooHigh => return Ok(failed(situation)),
        };
        let (target, job) = (exact(self.target), exact(self.job));
        let rounds = (jobs / f64::from(self.slots)).ceil();
        let desired = needed(rounds * self.job / self.available());
        let many = shortened(jobs);
        let reason = if jobs > 0.0 {
            format!(
                "{many} jobs wait, each takes about {job} s: for none to wait longer than {target} s, {desired} are needed"
            )
        } else {
            "no job waits".to_owned()
        };
        Ok(Wish { desired, reason })
    }

    /// The time in which the queue is to be worked off.
    fn available(&self) -> f64 {
        let deviation = self.deviation.unwrap_or(self.job / 2.0);
        let left = self.target - NINETY_NINE * deviation - self.job;
        left.max(self.job)
    }

    /// How many jobs so many processes begin in time.
    fn in_time(&self, count: i64) -> f64 {
        let rounds = (real(count.max(0)) * self.available() / self.job + 1e-9).floor();
        rounds * f64::from(self.slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::testing::{check_counts, counted};

    /// guv's own defaults: 10 s a job, half of it its deviation; a minute until it is done.
    const RULE: Rule = Rule {
        target: 60.0,
        job: 10.0,
        deviation: None,
        slots: 1,
    };

    #[test]
    fn the_queue_in_time() {
        assert!((RULE.available() - 38.368).abs() < 1e-3);
        let tail = "each takes about 10 s: for none to wait longer than 60 s";
        let table = format!(
            "
            1 | 1   | 1: 1 jobs wait, {tail}, 1 are needed | the first
            1 | 3   | 1: 3 jobs wait, {tail}, 1 are needed | 30 s of work
            1 | 4   | 2: 4 jobs wait, {tail}, 2 are needed | 40 s
            1 | 100 | 27: 100 jobs wait, {tail}, 27 are needed | at once as far as it takes
            9 | 0   | 0: no job waits | none
            9 | -1  | 0: no job waits | less than none
            9 | F   | 11: the last measurement failed, which counts as too high | one step
            9 | -   | error: the measurement has no number that a count could be computed from | no number
            9 | 1e300 | 9223372036854775807: 1e300 jobs wait, {tail}, 9223372036854775807 are needed | absurd
        "
        );
        check_counts(|situation| RULE.wish(situation), &table);
    }

    #[test]
    fn several_at_a_time_and_a_target_below_a_jobs_time() {
        let slots = Rule { slots: 4, ..RULE };
        let short = Rule {
            target: 5.0,
            ..RULE
        };
        let steady = Rule {
            deviation: Some(0.0),
            ..RULE
        };
        for (rule, jobs, wanted, because) in [
            (slots, "100", 7, "25 rounds"),
            (slots, "101", 7, "26 rounds"),
            (short, "7", 7, "one round at once is the best that there is"),
            (steady, "100", 20, "50 s for 1000 s of work"),
        ] {
            let wish = rule.wish(&counted("1", jobs)).unwrap();
            assert_eq!(wish.desired, wanted, "{because}");
        }
    }

    #[test]
    fn what_would_have_led_elsewhere_does() {
        for rule in [RULE, Rule { slots: 4, ..RULE }] {
            for (count, jobs) in [(3_i64, 8.0), (3, 50.0), (10, 1.0)] {
                let counts = count.to_string();
                let told = rule.otherwise(&counted(&counts, &jobs.to_string()));
                for told in told {
                    let number = told
                        .split_whitespace()
                        .find_map(|word| word.parse::<f64>().ok())
                        .unwrap();
                    let (way, at) = if told.starts_with("up") {
                        (1, number + 1.0)
                    } else {
                        (-1, number)
                    };
                    let desired = rule
                        .wish(&counted(&counts, &at.to_string()))
                        .unwrap()
                        .desired;
                    assert_eq!((desired - count).signum(), way, "{count} {jobs}: {told}");
                }
            }
        }
    }
}
