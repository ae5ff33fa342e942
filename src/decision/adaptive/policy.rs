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

/// Over how many seconds the highest want counts on the way down.
const DOWN: f64 = 45.0;

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
        let highest = self.highest(seen.at, wanted);
        if wanted < seen.count && highest > wanted {
            desired = highest.min(seen.count);
            if desired > wanted {
                reason = format!("{reason}; {highest:.0} were wanted within the last {DOWN:.0} s");
            }
        }
        Some(Wish {
            desired: desired.round().to_i64().unwrap_or(i64::MAX),
            reason,
        })
    }

    /// The highest want of a while, this one among them.
    fn highest(&mut self, at: f64, wanted: f64) -> f64 {
        while self
            .wants
            .pop_back_if(|(_, earlier)| *earlier <= wanted)
            .is_some()
        {}
        self.wants.push_back((at, wanted));
        while self
            .wants
            .pop_front_if(|(when, _)| *when + DOWN < at)
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
