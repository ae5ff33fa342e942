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
    use super::super::erlang::{busiest, inside};
    use super::super::testing::{Course, simulate_web};
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

    /// Rising, overloaded, recovering: the mean response of each phase, and the share of late seconds, against single
    /// requests. On the whole they are within a tenth; in a short overload, in which no queue stands long enough to be what
    /// the fluid takes it for, it is a little more.
    #[test]
    fn it_is_near_single_requests() {
        for slots in [1, 4] {
            let busiest = busiest(slots, 10.0);
            let course = Course::of_shares(
                &[
                    (0.70, 120),
                    (0.95, 180),
                    (1.15, 60),
                    (0.5, 100),
                    (0.80, 120),
                ],
                10,
                slots,
            );
            // As many requests for each, so that chance is as small.
            let single = simulate_web(&course, 160 / u64::from(slots * slots));
            let mut fluid = Vec::new();
            let mut left = 0.0;
            for rate in &course.rates {
                let now = step_slots(left, *rate, 10.0, 0.1, slots);
                left = now.left;
                fluid.push(now.delay);
            }
            let mean = |of: &[f64], from: usize, to: usize| {
                of[from..to].iter().sum::<f64>() / length(to - from)
            };
            for (from, to, because) in [
                (40, 120, "calm"),
                (200, 300, "busy"),
                (300, 360, "overload"),
                (360, 460, "recovery"),
                (0, 580, "on the whole"),
                (500, 580, "calm again"),
            ] {
                let (single, fluid) = (mean(&single, from, to), mean(&fluid, from, to));
                assert!(
                    (fluid / single - 1.0).abs() < if because == "overload" { 0.13 } else { 0.10 },
                    "{slots} slots, {because}: {fluid} for {single}"
                );
            }
            let late = |of: &[f64]| {
                length(of.iter().filter(|delay| **delay > 1.0).count()) / length(of.len())
            };
            let (single, fluid) = (late(&single), late(&fluid));
            assert!(
                (single - fluid).abs() < 0.05,
                "{slots} slots: late {fluid} for {single} (busiest {busiest})"
            );
        }
    }
}
