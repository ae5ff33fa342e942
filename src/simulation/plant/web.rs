//! Web processes behind a router that knows nothing: each is a queue of its own.
//!
//! The *pointwise stationary fluid flow* of Wang, Tipper and Banerjee (INFOCOM 1996, doi 10.1109/INFCOM.1996.497901): what
//! leaves is what would leave a queue that has stood long enough to hold as much as there is.
//!
//! ```text
//!   dx/dt = A - N·mu·x/(N+x),  mu = 1/S        in the long run x = N·rho/(1-rho)
//! ```
//!
//! A step is implicit: the state at its end decides what leaves in it, so no step is too long to be stable.

use super::Step;
use super::erlang::waits;

/// One second of processes with one slot each.
#[inline]
pub fn step(before: f64, arrivals: f64, ready: f64, service: f64) -> Step {
    let there = before + arrivals;
    if ready <= 0.0 {
        return stands_still(there);
    }
    let half = (ready + ready / service - there) / 2.0;
    let left = ((half * half + ready * there).sqrt() - half).max(0.0);
    Step {
        left,
        busy: ((there - left) * service).max(0.0),
        delay: service * (1.0 + left / ready),
    }
}

/// One second of processes with several slots each: the same for M/M/c. The share of busy slots at the end is the root
/// of what comes, what is there and what leaves.
pub fn step_slots(before: f64, arrivals: f64, ready: f64, service: f64, slots: u32) -> Step {
    let there = before + arrivals;
    if ready <= 0.0 {
        return stands_still(there);
    }
    let each = there / ready;
    let slots_real = f64::from(slots);
    // Multiplied by `1 - share`, it has no pole: below zero at none busy, above at all.
    let excess = |share: f64| {
        let free = 1.0 - share;
        slots_real * share * free * (1.0 + 1.0 / service) + waits(slots, share) * share
            - each * free
    };
    let share = root(excess, each, excess(1.0));
    let leaves = ready * slots_real * share / service;
    let left = (there - leaves).max(0.0);
    let delay = if share > 1e-9 {
        (left / (ready * slots_real * share) * service).max(service)
    } else {
        service
    };
    Step {
        left,
        busy: leaves * service,
        delay,
    }
}

/// The root between 0 and 1 of a rising function, by false position (the Illinois rule), whose values at 0 and 1 are
/// `-below` and `above`.
fn root(function: impl Fn(f64) -> f64, below: f64, above: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    let (mut at_low, mut at_high) = (-below, above);
    let mut last = 0.0_f64;
    let enough = 1e-9 * (below + above);
    for _ in 0..60 {
        let middle = (low * at_high - high * at_low) / (at_high - at_low);
        let value = function(middle);
        if value.abs() < enough || (middle - last).abs() < 1e-15 {
            return middle;
        }
        last = middle;
        if value < 0.0 {
            (low, at_low) = (middle, value);
            at_high /= 2.0;
        } else {
            (high, at_high) = (middle, value);
            at_low /= 2.0;
        }
    }
    last
}

/// Nobody is there to answer.
fn stands_still(there: f64) -> Step {
    Step {
        left: there,
        busy: 0.0,
        delay: f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::super::erlang::inside;
    use super::super::testing::{Course, law_of_web, simulate_web};
    use super::*;
    use crate::simulation::number::length;

    #[test]
    fn in_the_long_run_it_is_the_queue() {
        for (slots, share) in [(1, 0.0), (1, 0.5), (1, 0.9), (4, 0.3), (4, 0.9), (2, 0.99)] {
            let rate = 10.0 * f64::from(slots) * share / 0.1;
            let mut now = step_slots(0.0, rate, 10.0, 0.1, slots);
            for _ in 0..20_000 {
                now = step_slots(now.left, rate, 10.0, 0.1, slots);
            }
            let expected = 10.0 * inside(slots, share);
            assert!(
                (now.left - expected).abs() <= 1e-3 * expected.max(1.0),
                "{slots}, {share}: {now:?}"
            );
            assert!(
                (now.busy - rate * 0.1).abs() < 1e-3 * (1.0 + rate),
                "{slots}, {share}: {now:?}"
            );
        }
    }

    #[test]
    fn one_slot_is_the_same_both_ways() {
        for (before, arrivals, ready) in [
            (0.0, 0.0, 3.0),
            (5.0, 40.0, 5.0),
            (900.0, 120.0, 10.0),
            (0.0, 1000.0, 7.0),
        ] {
            let (plain, general) = (
                step(before, arrivals, ready, 0.1),
                step_slots(before, arrivals, ready, 0.1, 1),
            );
            for (one, other) in [
                (plain.left, general.left),
                (plain.busy, general.busy),
                (plain.delay, general.delay),
            ] {
                assert!(
                    (one - other).abs() < 1e-6 * one.max(1.0),
                    "{plain:?} {general:?}"
                );
            }
        }
    }

    #[test]
    fn nobody_ready_is_no_answer() {
        for now in [step(3.0, 2.0, 0.0, 0.1), step_slots(3.0, 2.0, 0.0, 0.1, 4)] {
            assert!(
                (now.left - 5.0).abs() < 1e-9 && now.delay.is_infinite(),
                "{now:?}"
            );
        }
    }

    /// Rising, overloaded, recovering.
    fn course(slots: u32) -> Course {
        let phases = [
            (0.70, 120),
            (0.95, 180),
            (1.15, 60),
            (0.5, 100),
            (0.80, 120),
        ];
        Course::of_shares(&phases, 10, slots)
    }

    fn mean(of: &[f64], (from, to): (usize, usize)) -> f64 {
        of[from..to].iter().sum::<f64>() / length(to - from)
    }

    fn late(of: &[f64]) -> f64 {
        length(of.iter().filter(|delay| **delay > 1.0).count()) / length(of.len())
    }

    /// That the law is right, and the single requests too: neither knows of the other.
    #[test]
    fn single_requests_follow_their_law() {
        for slots in [1, 4] {
            let course = course(slots);
            let law = law_of_web(&course);
            // As many requests for each, so that chance is as small.
            let single = simulate_web(&course, 160 / u64::from(slots * slots));
            for seconds in [(40, 120), (120, 200), (200, 300), (300, 360), (360, 460)] {
                let (single, law) = (mean(&single, seconds), mean(&law, seconds));
                assert!(
                    (single / law - 1.0).abs() < 0.04,
                    "{slots} slots, {seconds:?}: {single} for {law}"
                );
            }
        }
    }

    /// The mean response of each phase, and the share of late seconds, against the law of single requests. It is within a
    /// tenth but where a queue has not stood long enough to be what the fluid takes it for: on the way up the fluid has
    /// its queue too soon, and at the end of a recovery, when all processes of the fluid are done at once, some real ones
    /// still have a queue. More runs do not change that, nor does a shorter step (0.01 s: 13.7 % and -45 %). A second
    /// number for the spread of the queues (Rothkopf and Oren's closure) would make it -2 % and +23 %.
    #[test]
    fn it_is_near_single_requests() {
        for (slots, rise, end) in [(1, 0.14, 0.50), (4, 0.10, 0.40)] {
            let course = course(slots);
            let law = law_of_web(&course);
            let mut left = 0.0;
            let step = |rate: &f64| {
                let now = step_slots(left, *rate, 10.0, 0.1, slots);
                left = now.left;
                now.delay
            };
            let fluid: Vec<f64> = course.rates.iter().map(step).collect();
            for (seconds, within, because) in [
                ((40, 120), 0.01, "calm"),
                ((120, 200), rise, "it gets busy"),
                ((200, 300), 0.10, "busy"),
                ((300, 360), 0.10, "overload"),
                ((360, 460), 0.10, "recovery"),
                ((380, 400), end, "the end of the recovery"),
                ((400, 460), 0.10, "after it"),
                ((500, 580), 0.01, "calm again"),
                ((0, 580), 0.10, "on the whole"),
            ] {
                let (law, fluid) = (mean(&law, seconds), mean(&fluid, seconds));
                assert!(
                    (fluid / law - 1.0).abs() < within,
                    "{slots} slots, {because}: {fluid} for {law}"
                );
            }
            let (law, fluid) = (late(&law), late(&fluid));
            assert!(
                (law - fluid).abs() < 0.01,
                "{slots} slots: late {fluid} for {law}"
            );
        }
    }
}
