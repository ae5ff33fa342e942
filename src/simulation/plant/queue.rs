//! Workers of one queue: whoever is free takes the job that waits longest.

use super::Step;

/// One second of so many slots. A job that comes waits until all before it that no slot is free for are taken.
#[inline]
pub fn step(before: f64, arrivals: f64, slots: f64, service: f64) -> Step {
    let there = before + arrivals;
    let busy = there.min(slots);
    let left = (there - busy / service).max(0.0);
    let waiting = (left - slots).max(0.0);
    let delay = if slots > 0.0 {
        waiting * service / slots
    } else if waiting > 0.0 {
        f64::INFINITY
    } else {
        0.0
    };
    Step { left, busy, delay }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Course, simulate_queue};
    use super::*;
    use crate::simulation::number::length;

    #[test]
    fn a_second() {
        let near = |one: f64, other: f64| (one - other).abs() < 1e-9;
        for (before, arrivals, slots, expected, because) in [
            (0.0, 4.0, 10.0, (3.2, 4.0, 0.0), "all are worked on"),
            (
                20.0,
                0.0,
                10.0,
                (18.0, 10.0, 4.0),
                "eight wait, and two are done a second",
            ),
            (0.0, 0.0, 10.0, (0.0, 0.0, 0.0), "nothing to do"),
            (3.0, 0.0, 0.0, (3.0, 0.0, f64::INFINITY), "nobody to do it"),
        ] {
            let Step { left, busy, delay } = step(before, arrivals, slots, 5.0);
            let same = near(delay, expected.2) || delay.total_cmp(&expected.2).is_eq();
            assert!(
                near(left, expected.0) && near(busy, expected.1) && same,
                "{because}: {left} {busy} {delay}"
            );
        }
        assert!(
            step(0.0, 3.0, 100.0, 0.5).left >= 0.0,
            "a job shorter than a second"
        );
    }

    /// A burst of jobs, and how long they wait, against single jobs.
    #[test]
    fn it_is_within_a_tenth_of_single_jobs() {
        let course = Course::of_shares(
            &[(0.6, 300), (2.0, 120), (0.5, 300), (1.3, 300), (0.4, 400)],
            10,
            1,
        );
        let course = Course {
            service: 5.0,
            rates: course.rates.iter().map(|rate| rate / 50.0).collect(),
            ..course
        };
        let single = simulate_queue(&course, 300);
        let mut left = 0.0;
        let mut fluid = Vec::new();
        for rate in &course.rates {
            let now = step(left, *rate, 10.0, 5.0);
            left = now.left;
            fluid.push(now.delay);
        }
        let mean = |of: &[f64], from: usize, to: usize| {
            of[from..to].iter().sum::<f64>() / length(to - from)
        };
        for (from, to, because) in [
            (350, 420, "the burst"),
            (420, 640, "worked off"),
            (820, 1020, "slowly over"),
            (1020, 1150, "worked off again"),
        ] {
            let (single, fluid) = (mean(&single, from, to), mean(&fluid, from, to));
            assert!(
                (fluid / single - 1.0).abs() < 0.10,
                "{because}: {fluid} for {single}"
            );
        }
    }
}
