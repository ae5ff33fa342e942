//! Knative's pod autoscaler (`autoscaler.go`): so much for each process by the mean of a minute; and by that of the last six
//! seconds as soon as those want twice of what is up, which is called panic, and in which nothing goes down.
//!
//! ```text
//!   stable = mean(60 s) / target_value    panic = mean(6 s) / target_value      rounded up
//!   panic ≥ 2 × ready    the panic begins, or lasts a minute more
//!   wished               stable; in a panic the most that either wanted since it began
//! ```
//!
//! What is measured is a total: requests or jobs in flight, or requests a second, of all processes together. A scale clears
//! the history, and these windows look across scales, so it keeps the values itself; they outlive a restart.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use async_trait::async_trait;
use num_traits::ToPrimitive as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::threshold::{exact, shortened};
use super::wanted::{Newest, failed, limit, needed, real};
use super::{DecideError, DecisionBackend, Situation, Wish};
use crate::backend::Backend;
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, Section, Setting};

/// The most values that are kept; with more, the oldest are forgotten, which only makes a window shorter.
const MOST_KEPT: usize = 512;

/// The row in the room's table.
pub(super) static BACKEND: Backend<dyn DecisionBackend> = Backend {
    name: "knative",
    summary: "so much for each process by the mean of a minute, and of six seconds when those want twice of it (Knative's rule)",
    settings: SETTINGS,
    example: "[processes.web.decision]\nbackend = \"knative\"\ntarget_value = 7\nmax_processes = 10\n",
    check,
    build: |section, _| {
        Ok(Rc::new(Backed {
            rule: section.read()?,
            seen: RefCell::default(),
        }))
    },
};

const STABLE: &str = "stable_window_in_seconds";
const PANIC: &str = "panic_window_in_seconds";

static SETTINGS: &[Setting] = &[
    Setting::new(
        "target_value",
        Kind::Number(1e-6, 1e15),
        Default::Required,
        "How much of what is measured (a total: requests in flight, or requests a second, of all together) each process is to \
         have.",
    ),
    Setting::new(
        STABLE,
        Kind::Number(1.0, 3600.0),
        Default::Number(60.0),
        "Over how long the mean is taken, and how long a panic lasts after it was last called for.",
    ),
    Setting::new(
        PANIC,
        Kind::Number(1.0, 3600.0),
        Default::Number(6.0),
        "Over how long the mean is taken that calls for a panic.",
    ),
    Setting::new(
        "panic_threshold",
        Kind::Number(1.1, 1000.0),
        Default::Number(2.0),
        "How many times of what is up must be wanted for a panic.",
    ),
    Setting::new(
        "max_scale_up_rate",
        Kind::Number(1.0, 1e6),
        Default::Number(1000.0),
        "How many times of what is up may be wanted at once.",
    ),
    Setting::new(
        "max_scale_down_rate",
        Kind::Number(1.0, 1e6),
        Default::Number(2.0),
        "By how much what is up may be divided at once: 2 is by half, rounded down.",
    ),
];

/// The settings of this backend.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
struct Rule {
    target_value: f64,
    stable_window_in_seconds: f64,
    panic_window_in_seconds: f64,
    panic_threshold: f64,
    max_scale_up_rate: f64,
    max_scale_down_rate: f64,
}

fn check(section: &Section) -> Vec<Fault> {
    let (Some(stable), Some(panic)) = (section.number(STABLE), section.number(PANIC)) else {
        return Vec::new();
    };
    if panic <= stable {
        return Vec::new();
    }
    let at = if section.is_written(PANIC) || !section.is_written(STABLE) {
        PANIC
    } else {
        STABLE
    };
    let (long, short) = (
        section.shown(PANIC, &exact(panic)),
        section.shown(STABLE, &exact(stable)),
    );
    vec![Fault::at(
        at,
        format!("{PANIC}, {long}, is longer than {STABLE}, {short}"),
        "a panic's window within the stable one: a tenth of it is usual",
    )]
}

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Seen {
    /// What was measured, and when, in seconds.
    values: VecDeque<(f64, f64)>,
    panic: Option<Panic>,
    /// Whether anything was decided yet.
    began: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Panic {
    /// When it was last called for, in seconds.
    since: f64,
    /// The most that was wanted in it.
    most: i64,
}

impl Seen {
    fn enter(&mut self, at: f64, value: f64, window: f64) {
        if self.values.back().is_some_and(|(last, _)| *last >= at) {
            // A clock that was set back begins the windows anew; the same moment is looked at again.
            self.values.retain(|(earlier, _)| *earlier < at);
        }
        self.values.push_back((at, value));
        while self.values.len() > MOST_KEPT
            || self
                .values
                .front()
                .is_some_and(|(from, _)| from + window <= at)
        {
            self.values.pop_front();
        }
    }

    fn mean(&self, at: f64, window: f64) -> f64 {
        let within = || {
            self.values
                .iter()
                .rev()
                .take_while(|(from, _)| from + window > at)
        };
        let many = within().count().to_f64().unwrap_or(1.0).max(1.0);
        within().map(|(_, value)| value / many).sum()
    }
}

impl Rule {
    /// The count, of what the two windows want, and whether it is one of a panic.
    fn weigh(&self, seen: &mut Seen, stable: f64, panic: f64, ready: i64, now: f64) -> (i64, bool) {
        let up = real(ready.max(1));
        let (most, least) = (
            needed(self.max_scale_up_rate * up),
            (up / self.max_scale_down_rate)
                .floor()
                .to_i64()
                .unwrap_or(0),
        );
        let (stable, panic) = (
            needed(stable / self.target_value),
            needed(panic / self.target_value),
        );
        let is_over = real(panic) / up >= self.panic_threshold;
        let (stable, panic) = (stable.clamp(least, most), panic.clamp(least, most));
        if !std::mem::replace(&mut seen.began, true) && ready > 1 {
            // One that finds several up when it begins takes nothing away before it has seen a window.
            seen.panic = Some(Panic {
                since: now,
                most: ready,
            });
        }
        let before = seen.panic.map_or(0, |panic| panic.most);
        if is_over {
            seen.panic = Some(Panic {
                since: now,
                most: before,
            });
        } else if seen
            .panic
            .is_some_and(|panic| panic.since + self.stable_window_in_seconds < now)
        {
            seen.panic = None;
        }
        let Some(panicking) = &mut seen.panic else {
            return (stable, false);
        };
        panicking.most = panicking.most.max(stable).max(panic);
        (panicking.most, true)
    }

    fn wish(&self, seen: &mut Seen, situation: &Situation) -> Result<Wish, DecideError> {
        let value = match Newest::of(situation)? {
            Newest::Number(value) => value.clamp(0.0, 1e300),
            Newest::TooHigh => return Ok(failed(situation)),
        };
        let now = situation.at.timestamp_millis().to_f64().unwrap_or(0.0) / 1000.0;
        seen.enter(now, value, self.stable_window_in_seconds);
        let stable = seen.mean(now, self.stable_window_in_seconds);
        let panic = seen.mean(now, self.panic_window_in_seconds);
        let ready = situation
            .ready
            .unwrap_or(situation.count)
            .min(situation.count);
        let (desired, is_panic) = self.weigh(seen, stable, panic, ready.into(), now);
        let (long, short) = (
            exact(self.stable_window_in_seconds),
            exact(self.panic_window_in_seconds),
        );
        let each = format!("and target_value is {}", exact(self.target_value));
        let (stable, panic) = (shortened(stable), shortened(panic));
        let reason = if is_panic {
            format!(
                "the mean of {long} s is {stable}, that of {short} s {panic}, {each}: a panic, in which nothing goes down"
            )
        } else {
            format!("the mean of {long} s is {stable}, {each}")
        };
        Ok(Wish { desired, reason })
    }
}

struct Backed {
    rule: Rule,
    seen: RefCell<Seen>,
}

#[async_trait(?Send)]
impl DecisionBackend for Backed {
    async fn decide(&self, situation: &Situation) -> Result<Wish, DecideError> {
        self.rule.wish(&mut self.seen.borrow_mut(), situation)
    }

    /// It goes by how many are up.
    fn waits_for_rest(&self) -> bool {
        false
    }

    fn learned(&self) -> Option<Value> {
        serde_json::to_value(&*self.seen.borrow()).ok()
    }

    fn recall(&self, learned: &Value) -> Result<(), serde_json::Error> {
        *self.seen.borrow_mut() = Seen::deserialize(learned)?;
        Ok(())
    }

    fn otherwise(&self, situation: &Situation) -> Vec<String> {
        let seen = self.seen.borrow();
        let count = i64::from(situation.count);
        let high = limit(real(count) * self.rule.target_value);
        let low = limit(real((count - 1).max(0)) * self.rule.target_value);
        let long = limit(self.rule.stable_window_in_seconds);
        let mut otherwise = vec![format!("up, if the mean of {long} s had been above {high}")];
        if count > 0 {
            let end = if seen.panic.is_some() {
                ", and the panic over"
            } else {
                ""
            };
            otherwise.push(format!("down, if it had been {low} or less{end}"));
        }
        otherwise
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::testing::{counted, section_faults};

    const RULE: Rule = Rule {
        target_value: 1.0,
        stable_window_in_seconds: 60.0,
        panic_window_in_seconds: 6.0,
        panic_threshold: 2.0,
        max_scale_up_rate: 1000.0,
        max_scale_down_rate: 2.0,
    };

    /// One that has begun.
    fn begun() -> Seen {
        Seen {
            began: true,
            ..Seen::default()
        }
    }

    #[test]
    fn panic_goes_up_and_stays() {
        // The rows of the simulation's peer.
        let mut seen = begun();
        for (now, stable, panic, ready, expected, because) in [
            (2.0, 5.0, 6.0, 5, 5, "the minute decides"),
            (4.0, 6.0, 10.0, 5, 10, "twice of what is ready: panic"),
            (6.0, 7.0, 8.0, 5, 10, "never down in it"),
            (8.0, 7.0, 14.0, 8, 14, "but further up"),
            (40.0, 14.0, 20.0, 14, 20, "up without being over"),
            (64.0, 14.0, 14.0, 20, 20, "a minute later"),
            (66.0, 14.0, 14.0, 20, 14, "more than a minute: over"),
            (72.0, 3.0, 3.0, 14, 7, "half at the most"),
            (80.0, 0.0, 0.0, 1, 0, "one alone may go"),
            (82.0, 3.0, 1.0, 0, 3, "none is taken for one"),
        ] {
            let (count, _) = RULE.weigh(&mut seen, stable, panic, ready, now);
            assert_eq!(count, expected, "{now}: {because}");
        }
    }

    #[test]
    fn one_that_finds_several_takes_none_away_for_a_while() {
        let mut seen = Seen::default();
        for (now, expected) in [(2.0, 8), (62.0, 8), (64.0, 4)] {
            assert_eq!(RULE.weigh(&mut seen, 1.0, 1.0, 8, now).0, expected, "{now}");
        }
        assert_eq!(RULE.weigh(&mut Seen::default(), 1.0, 1.0, 1, 2.0).0, 1);
    }

    /// The wish for a value at a second.
    fn wish(seen: &mut Seen, second: i64, count: &str, value: &str) -> i64 {
        let situation = Situation {
            at: chrono::DateTime::from_timestamp(second, 0).unwrap(),
            ..counted(count, value)
        };
        RULE.wish(seen, &situation).unwrap().desired
    }

    #[test]
    fn the_windows_look_across_scales() {
        let mut seen = begun();
        let mut count = 4;
        for second in (0..60).step_by(2) {
            count = wish(&mut seen, second, &count.to_string(), "4");
            assert_eq!(count, 4, "{second}: steady");
        }
        // The last six seconds are three values.
        for (second, value, wanted) in [
            (60, "20", 10),
            (62, "20", 15),
            (64, "20", 20),
            (66, "2", 20),
            (120, "2", 20),
            (190, "2", 10),
        ] {
            count = wish(&mut seen, second, &count.to_string(), value);
            assert_eq!(count, wanted, "{second}");
        }
        assert_eq!(wish(&mut seen, 192, "4", "F"), 6, "a failure is one step");
        assert!(wish(&mut seen, 194, "4", "1e308") > 1000, "absurd");
    }

    #[test]
    fn what_it_has_seen_outlives_a_restart_and_stays_small() {
        let mut seen = begun();
        for second in 0..5000 {
            let at = f64::from(second) / 10.0;
            seen.enter(at, 5.0, 600.0);
        }
        let text = serde_json::to_string(&seen).unwrap();
        assert!(text.len() < 16_000, "{} bytes", text.len());
        assert_eq!(serde_json::from_str::<Seen>(&text).unwrap(), seen);
        seen.enter(3.0, 7.0, 600.0);
        assert_eq!(seen.values.len(), 1, "a clock that was set back");
    }

    #[test]
    fn windows_against_each_other() {
        let rows = [
            ("target_value=7", &[][..], "the defaults fit"),
            (
                "target_value=7 panic_window_in_seconds=90",
                &[
                    "panic_window_in_seconds: panic_window_in_seconds, 90, is longer than stable_window_in_seconds, 60; \
                   a panic's window within the stable one: a tenth of it is usual",
                ],
                "the written one is at fault",
            ),
            (
                "target_value=7 stable_window_in_seconds=3",
                &[
                    "stable_window_in_seconds: panic_window_in_seconds, 6, is longer than stable_window_in_seconds, 3; \
                   a panic's window within the stable one: a tenth of it is usual",
                ],
                "the written one is at fault",
            ),
        ];
        section_faults(&BACKEND, &rows);
    }
}
