//! Single requests and jobs, one by one, for holding the plants against: random routing, first come first served,
//! exponential service times. And for web processes the law of chance that those follow, which no number of runs changes.

use crate::simulation::number::{length, place, whole};
use crate::simulation::random::{Random, Stream};

/// A load on a fleet that does not change.
pub(super) struct Course {
    /// Requests a second, each second.
    pub(super) rates: Vec<f64>,
    /// Processes.
    pub(super) ready: usize,
    /// Slots of each.
    pub(super) slots: u32,
    /// Seconds a request.
    pub(super) service: f64,
}

impl Course {
    /// Phases, each with the busy share and its seconds.
    pub(super) fn of_shares(phases: &[(f64, usize)], ready: u32, slots: u32) -> Self {
        let service = 0.1;
        let full = f64::from(ready) * f64::from(slots) / service;
        let rates = phases
            .iter()
            .flat_map(|(share, seconds)| std::iter::repeat_n(share * full, *seconds))
            .collect();
        Self {
            rates,
            ready: place(ready),
            slots,
            service,
        }
    }
}

/// The mean response time of those who came in each second, over so many runs.
pub(super) fn simulate_web(course: &Course, runs: u64) -> Vec<f64> {
    means(course, runs, |random, free, at| {
        let process = place(whole(random.uniform() * length(course.ready)));
        let slots = place(course.slots);
        let own = &mut free[process * slots..(process + 1) * slots];
        let done = take(own, at, random.exponential() * course.service);
        done - at
    })
}

/// What [`simulate_web`] comes to with runs without end. Requests spread by chance make each process a queue M/M/c of its
/// own, so this is one process's chances of holding so many, by the forward equations.
pub(super) fn law_of_web(course: &Course) -> Vec<f64> {
    let slots = f64::from(course.slots);
    let steps = 50 * course.slots;
    let moment = 1.0 / f64::from(steps);
    let response = |inside: usize| course.service * ((length(inside) + 1.0) / slots).max(1.0);
    let mut chances = vec![1.0];
    let mut means = Vec::new();
    for rate in &course.rates {
        let comes = rate / length(course.ready) * moment;
        let mut mean = 0.0;
        for _ in 0..steps {
            if chances.last().is_some_and(|chance| *chance > 1e-12) {
                chances.push(0.0);
            }
            // What moves from each number to the next, more up than down.
            let mut before = 0.0;
            for inside in 0..chances.len() {
                mean += chances[inside] * response(inside) * moment;
                let goes = moment / course.service * length(inside + 1).min(slots);
                let up = match chances.get(inside + 1) {
                    Some(next) => chances[inside] * comes - next * goes,
                    None => 0.0,
                };
                chances[inside] += before - up;
                before = up;
            }
        }
        means.push(mean);
    }
    means
}

/// The mean wait of those who came in each second.
pub(super) fn simulate_queue(course: &Course, runs: u64) -> Vec<f64> {
    means(course, runs, |random, free, at| {
        let length = random.exponential() * course.service;
        take(free, at, length) - length - at
    })
}

fn means(
    course: &Course,
    runs: u64,
    mut serve: impl FnMut(&mut Random, &mut [f64], f64) -> f64,
) -> Vec<f64> {
    let mut sums = vec![(0.0, 0_u32); course.rates.len()];
    for run in 0..runs {
        let mut random = Random::new(run, Stream::Arrivals);
        let mut free = vec![0.0; course.ready * place(course.slots)];
        for (second, rate) in course.rates.iter().enumerate() {
            let mut times: Vec<f64> = (0..random.poisson(*rate))
                .map(|_| length(second) + random.uniform())
                .collect();
            times.sort_by(f64::total_cmp);
            for at in times {
                sums[second].0 += serve(&mut random, &mut free, at);
                sums[second].1 += 1;
            }
        }
    }
    sums.iter()
        .map(|(sum, many)| sum / f64::from((*many).max(1)))
        .collect()
}

/// When a request is done that takes the slot that is free first.
fn take(free: &mut [f64], at: f64, length: f64) -> f64 {
    let slot = free
        .iter_mut()
        .min_by(|one, other| one.total_cmp(other))
        .unwrap();
    *slot = slot.max(at) + length;
    *slot
}
