//! From look to look to the count that is wanted. Pure: a look in, a count and its reason out; the state is small, and goes on
//! from where it was written down.

use std::collections::VecDeque;

use num_traits::ToPrimitive as _;
use serde::{Deserialize, Serialize};

use super::Goal;
use super::boots::Boots;
use super::jobs::{self, Jobs};
use super::seen::Seen;
use super::web::{self, Web};
use crate::decision::Wish;

/// Over how many seconds the highest want counts on the way down: for as long as it would take to have it again, and a little
/// longer, but neither for ever nor for a moment.
const DOWN: f64 = 1.2;
const SHORTEST_DOWN: f64 = 15.0;
const LONGEST_DOWN: f64 = 45.0;

/// The time between two looks, before there were two.
const FIRST_INTERVAL: f64 = 15.0;

/// Looks that are farther apart tell nothing of what was between them.
const LONGEST_INTERVAL: f64 = 900.0;

/// What is remembered of one process type.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Adaptive {
    at: Option<f64>,
    web: Web,
    jobs: Jobs,
    boots: Boots,
    /// What was wanted lately, each higher than what came after it.
    wants: VecDeque<(f64, f64)>,
}

/// What one decision needs to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// What is to be kept.
    pub goal: Goal,
    /// The part of the requests or jobs that may be late.
    pub budget: f64,
    /// How long a process takes to be up, in seconds, where that is written.
    pub boot: Option<f64>,
}

impl Adaptive {
    /// What is wanted after this look; `None`: it says nothing of the load.
    pub fn decide(&mut self, seen: &Seen, rules: Rules) -> Option<Wish> {
        let seen = &seen.sane();
        let learned = self.boots.learn(seen.at, seen.count, seen.ready);
        let boot = rules.boot.unwrap_or(learned);
        let since = self.at.map_or(FIRST_INTERVAL, |at| seen.at - at);
        let seconds = since.clamp(0.1, LONGEST_INTERVAL);
        let (wanted, mut reason) = match rules.goal {
            Goal::Response(target) => {
                let want = self
                    .web
                    .want(seen, target, rules.budget, seconds, boot + seconds)?;
                let reason = told_web(&want, target, rules.budget, boot + seconds);
                (want.processes, reason)
            }
            Goal::Wait(target) => {
                let want = self.jobs.want(seen, target, rules.budget, seconds, boot)?;
                let reason = told_jobs(&want, target, boot + seconds);
                (want.processes, reason)
            }
        };
        self.at = Some(seen.at);
        let mut desired = wanted;
        let down = (DOWN * (boot + seconds)).clamp(SHORTEST_DOWN, LONGEST_DOWN);
        let highest = self.highest(seen.at, wanted, down);
        if wanted < seen.count && highest > wanted {
            desired = highest.min(seen.count);
            if desired > wanted {
                reason = format!("{reason}; {highest:.0} were wanted within the last {down:.0} s");
            }
        }
        Some(Wish {
            desired: desired.round().to_i64().unwrap_or(i64::MAX),
            reason,
        })
    }

    /// The highest want of so many seconds, this one among them.
    fn highest(&mut self, at: f64, wanted: f64, seconds: f64) -> f64 {
        while self
            .wants
            .pop_back_if(|(_, earlier)| *earlier <= wanted)
            .is_some()
        {}
        self.wants.push_back((at, wanted));
        while self
            .wants
            .pop_front_if(|(when, _)| *when + seconds < at)
            .is_some()
        {}
        self.wants.front().map_or(wanted, |(_, highest)| *highest)
    }
}

fn told_web(want: &web::Want, target: f64, budget: f64, ahead: f64) -> String {
    let forecast = want.forecast;
    let ms = target * 1000.0;
    let backlog = if want.backlog {
        "; there is a backlog"
    } else {
        ""
    };
    format!(
        "by {}, {:.1} busy processes in {ahead:.0} s \u{b1} {:.0} %: {:.0} keep {} % under {ms:.0} ms{backlog}",
        want.source,
        forecast.load,
        forecast.deviation * 100.0,
        want.processes,
        100.0 - budget * 100.0,
    )
}

fn told_jobs(want: &jobs::Want, target: f64, ahead: f64) -> String {
    let forecast = want.forecast;
    format!(
        "{:.0} jobs wait, each takes about {:.1} s; {:.1} busy workers in {ahead:.0} s \u{b1} {:.0} %: with {:.0} none waits \
         longer than {target:.0} s",
        want.waiting,
        want.service,
        forecast.load,
        forecast.deviation * 100.0,
        want.processes,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Goal = Goal::Response(1.0);
    const HALF_MINUTE: Goal = Goal::Wait(30.0);

    fn rules(goal: Goal) -> Rules {
        Rules {
            goal,
            budget: 0.01,
            boot: None,
        }
    }

    /// Web processes that take 0.1 s a request: what is seen of them under a load of so many busy ones.
    fn web(at: f64, load: f64, count: f64) -> Seen {
        let busy = (load / count).min(0.99);
        Seen {
            at,
            count,
            ready: count,
            response: Some(0.1 / (1.0 - busy)),
            arrivals: Some(load * 10.0 * 15.0),
            ..Seen::default()
        }
    }

    /// Follows the wishes at once, every 15 s; the last count.
    fn settled(policy: &mut Adaptive, load: impl Fn(f64) -> f64, looks: u32) -> i64 {
        let mut count = 1;
        for look in 0..looks {
            let at = f64::from(look) * 15.0;
            let seen = web(at, load(at), count.to_f64().unwrap());
            count = policy.decide(&seen, rules(SECOND)).unwrap().desired.max(1);
        }
        count
    }

    #[test]
    fn a_steady_load_gets_a_little_more_than_it_needs() {
        // 8 busy ones at nine tenths each are 8.9, and nothing varies.
        for (load, least, most) in [(8.0, 9, 10), (40.0, 45, 54), (0.5, 1, 1)] {
            let count = settled(&mut Adaptive::default(), |_| load, 400);
            assert!((least..=most).contains(&count), "{load}: {count}");
        }
    }

    #[test]
    fn a_surge_is_followed_at_once_and_a_lull_after_a_while() {
        let mut policy = Adaptive::default();
        let surge = |at: f64| if at < 3000.0 { 4.0 } else { 16.0 };
        assert!(
            settled(&mut policy, surge, 203) >= 16,
            "30 s after it began"
        );
        let mut calm = Adaptive::default();
        let lull = |at: f64| if at < 3000.0 { 16.0 } else { 4.0 };
        assert!(
            settled(&mut calm, lull, 201) >= 16,
            "a quarter of a minute is no lull"
        );
        assert!(settled(&mut Adaptive::default(), lull, 260) <= 7);
    }

    #[test]
    fn a_queue_is_worked_off_in_time() {
        let mut policy = Adaptive::default();
        let (mut waiting, mut count, mut longest) = (0.0, 1.0, 0.0_f64);
        for look in 0..800 {
            // Two jobs a second, of 5 s each: ten busy workers.
            let at = f64::from(look) * 15.0;
            let inside: f64 = waiting + 30.0;
            let done = (count * 3.0_f64).min(inside);
            waiting = (inside - done).max(0.0);
            let seen = Seen {
                at,
                count,
                ready: count,
                queue: Some(waiting),
                busy: Some(count.min(waiting + 10.0)),
                arrivals: Some(30.0),
                ..Seen::default()
            };
            count = policy
                .decide(&seen, rules(HALF_MINUTE))
                .unwrap()
                .desired
                .to_f64()
                .unwrap();
            if look > 100 {
                longest = longest.max(waiting * 5.0 / count);
            }
        }
        assert!(longest <= 30.0, "{longest} s");
        assert!((10.0..=13.0).contains(&count), "{count}");
    }

    #[test]
    fn it_goes_on_from_what_was_written_down() {
        let mut one = Adaptive::default();
        settled(&mut one, |at| 5.0 + 3.0 * (at / 600.0).sin(), 300);
        let text = serde_json::to_string(&one).unwrap();
        assert!(text.len() < 8000, "{} bytes", text.len());
        let mut other: Adaptive = serde_json::from_str(&text).unwrap();
        let seen = web(4500.0, 6.0, 8.0);
        assert_eq!(
            one.decide(&seen, rules(SECOND)),
            other.decide(&seen, rules(SECOND))
        );
    }
}
