//! How many workers keep the wait of a queue's jobs short. Pure.
//!
//! The service time is what the workers were busy for, over the jobs that they finished: those that came, less those by
//! which the system grew (Little). The count is an inventory rule: what will be in the system when a worker that is ordered
//! now is up, and what comes meanwhile, is to be worked off within a service time, a part of the target, and that time.
//! The part goes down while more jobs are late than the budget allows, and up while fewer are.

use serde::{Deserialize, Serialize};

use super::forecast::{Forecast, Forecaster};
use super::lateness::{late, turned};
use super::seen::Seen;

/// Over how many seconds the service time is learned.
const SPAN: f64 = 1800.0;

/// After so many finished jobs it is known.
const KNOWN_AFTER: f64 = 2.0;

/// The service time before, as a part of the target.
const UNLEARNED: f64 = 1.0 / 3.0;

/// No job is shorter or longer, in seconds.
const LEAST: f64 = 1e-3;
const LONGEST_JOB: f64 = 1e6;

/// How fast a guess of it grows while jobs wait on, in a target's time.
const GROWS: f64 = 0.2;

/// Over how many arrivals, and at most how many seconds, the rate is taken.
const ARRIVALS: f64 = 30.0;
const LONGEST: f64 = 600.0;

/// The part of the target that jobs may wait.
const FIRST_PART: f64 = 0.3;
const LEAST_PART: f64 = 0.1;
const MOST_PART: f64 = 0.5;

/// How many deviations above the forecast are planned for.
const MARGIN: f64 = 0.6;

/// Within which part of the target what waits is to be worked off in any case.
const IN_ANY_CASE: f64 = 0.5;

/// What is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Jobs {
    pub(super) forecaster: Forecaster,
    /// Slot-seconds of work, and jobs finished, both forgetting.
    worked: f64,
    finished: f64,
    rate: Option<f64>,
    /// The most slots that were at work in one worker while jobs waited.
    slots: f64,
    slots_seen: f64,
    part: f64,
    guess: f64,
    /// For how long jobs have been waiting without a break.
    waited: f64,
    /// What was in the system, and at work, at the last look.
    last: Option<(f64, f64)>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            forecaster: Forecaster::default(),
            worked: 0.0,
            finished: 0.0,
            rate: None,
            slots: 1.0,
            slots_seen: 0.0,
            part: FIRST_PART,
            guess: 1.0,
            waited: 0.0,
            last: None,
        }
    }
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Want {
    pub(super) processes: f64,
    pub(super) forecast: Forecast,
    /// How long a job takes, in seconds.
    pub(super) service: f64,
    pub(super) waiting: f64,
}

impl Jobs {
    /// What is wanted after this look, `seconds` after the last one. `boot` is how long a worker takes to be up. `None`:
    /// nothing is known of the queue.
    pub(super) fn want(
        &mut self,
        seen: &Seen,
        target: f64,
        budget: f64,
        seconds: f64,
        boot: f64,
    ) -> Option<Want> {
        let ready = seen.ready.max(1.0);
        let waiting = match seen.queue {
            Some(waiting) => waiting,
            None => (seen.in_flight? - seen.busy.unwrap_or(ready)).max(0.0),
        };
        let busy = seen
            .busy
            .or_else(|| Some(seen.utilisation? * ready * self.slots));
        let busy = busy.unwrap_or(if waiting > 0.0 {
            ready * self.slots
        } else {
            0.0
        });
        self.learn_slots(busy / ready, waiting, seconds);
        let inside = waiting + busy;
        let service =
            self.service(seen, inside, busy, target, seconds) / self.slots.round().max(1.0);
        let growth = self
            .last
            .map_or(0.0, |(before, _)| (inside - before) / seconds);
        self.last = Some((inside, busy));
        // Where arrivals are not counted: those that were finished, and those by which the system grew.
        let rate = match seen.arrivals {
            Some(arrivals) => arrivals / seconds,
            None => (growth + busy / self.slots.round().max(1.0) / service).max(0.0),
        };
        let rate = self.smooth(rate, seconds);
        let late = late(waiting * service / ready, target);
        self.part = (self.part / turned(late, budget)).clamp(LEAST_PART, MOST_PART);
        let horizon = boot + seconds;
        let load = rate * service;
        let forecast = self.forecaster.forecast(load, seen.at, seconds, horizon);
        let ahead = self.ahead(seen, inside, service, forecast, boot);
        let work = ahead * service;
        let margin = (MARGIN * forecast.deviation).exp();
        let patient = service + self.part * target + horizon;
        let blend = ((work + forecast.load * margin * horizon) / patient).ceil();
        let least = (work / (service + IN_ANY_CASE * target)).ceil();
        Some(Want {
            processes: blend.max(least).max(1.0),
            forecast,
            service: service * self.slots.round().max(1.0),
            waiting,
        })
    }

    /// What will be in the system when a worker that is ordered now is up.
    fn ahead(&self, seen: &Seen, inside: f64, service: f64, forecast: Forecast, boot: f64) -> f64 {
        let booting = (seen.count - seen.ready).max(0.0);
        let coming = forecast.load / service * boot;
        let done = (seen.ready.max(1.0) + 0.5 * booting) * boot / service;
        // Work that is under way is never less than what the load keeps busy.
        let steady = (forecast.load * self.slots.round().max(1.0)).min(inside);
        (inside + coming - done).max(steady)
    }

    fn learn_slots(&mut self, a_worker: f64, waiting: f64, seconds: f64) {
        if waiting >= 1.0 {
            let span = if self.slots_seen < 20.0 { 60.0 } else { SPAN };
            self.slots_seen += 1.0;
            self.slots += (seconds / span).min(1.0) * (a_worker - self.slots);
        }
        self.slots = self.slots.max(a_worker).max(1.0);
    }

    /// How long a job takes in a slot.
    fn service(&mut self, seen: &Seen, inside: f64, busy: f64, target: f64, seconds: f64) -> f64 {
        let keep = (-seconds / SPAN).exp();
        if let (Some((before, was_busy)), Some(arrivals)) = (self.last, seen.arrivals) {
            let finished = arrivals - (inside - before);
            self.finished = self.finished * keep + finished.max(-5.0);
            self.worked = self.worked * keep + f64::midpoint(busy, was_busy) * seconds;
        }
        if self.finished > KNOWN_AFTER && self.worked > 0.0 {
            (self.worked / self.finished).clamp(LEAST, LONGEST_JOB)
        } else {
            target * UNLEARNED * self.guess(seen, target, seconds)
        }
    }

    /// By how much the first guess of the service time is to be corrected, where finished jobs cannot be counted: jobs that
    /// wait on and on take longer than was thought, and an empty queue lets it be forgotten.
    fn guess(&mut self, seen: &Seen, target: f64, seconds: f64) -> f64 {
        if seen.queue.is_some_and(|waiting| waiting >= 1.0) {
            self.waited += seconds;
        } else {
            self.waited = 0.0;
        }
        let pace = match self.waited {
            waited if waited > target => seconds / target * GROWS,
            waited if waited > 0.0 => 0.0,
            _ => -seconds / SPAN,
        };
        self.guess = (self.guess * pace.exp()).clamp(0.05, 20.0);
        self.guess
    }

    /// Jobs a second, over as long as it takes to know that.
    fn smooth(&mut self, rate: f64, seconds: f64) -> f64 {
        let span = (ARRIVALS / rate.max(1e-6)).min(LONGEST).max(seconds);
        let before = self.rate.unwrap_or(rate);
        let smooth = before + (1.0 - (-seconds / span).exp()) * (rate - before);
        self.rate = Some(smooth);
        smooth
    }
}
