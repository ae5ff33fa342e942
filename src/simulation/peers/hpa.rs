//! Kubernetes' Horizontal Pod Autoscaler, version 2 (`replica_calculator.go`, `horizontal.go`).
//!
//! Every 15 s: what the metric wants; nothing within a tenth of the target; on the way down the highest wish of the last
//! five minutes; on the way up at most the double, or four more, in 15 s.

use std::collections::VecDeque;

use super::Goal;
use crate::simulation::number::needed;
use crate::simulation::policy::Policy;
use crate::simulation::sight::Sight;

const SYNC: u32 = 15;
const TOLERANCE: f64 = 0.1;
/// Over how many seconds the metrics server averages the use of a processor.
const WINDOW: u32 = 30;
/// Over how many seconds a rate is taken, as in `rate(…[1m])`.
const RATE_WINDOW: u32 = 60;
const DOWN_WINDOW: u32 = 300;
const UP_PODS: u32 = 4;

/// The autoscaler of one deployment.
#[derive(Debug, Clone)]
pub struct Hpa {
    goal: Goal,
    /// What was wished for, and when, for as long as it counts.
    wishes: VecDeque<(u32, u32)>,
    /// Added within the period of the rate limit: when, and how many.
    added: VecDeque<(u32, u32)>,
}

impl Hpa {
    /// One with the default behaviour.
    pub fn new(goal: Goal) -> Self {
        Self {
            goal,
            wishes: VecDeque::new(),
            added: VecDeque::new(),
        }
    }

    /// What the metric wants.
    fn wish(&self, sight: &mut Sight<'_>) -> Option<u32> {
        match self.goal {
            Goal::Utilisation(goal) => {
                let used = sight.utilisation(WINDOW)?;
                Some(by_pods(used / goal, sight.ready, sight.target))
            }
            Goal::Rate(goal) => Some(by_average(sight.rate(RATE_WINDOW), goal, sight.target)),
            Goal::Inside(goal) => Some(by_average(sight.in_flight(1), goal, sight.target)),
        }
    }

    /// The highest wish of the window, on the way down.
    fn stabilised(&mut self, wish: u32, now: u32, current: u32) -> u32 {
        self.wishes.push_back((now, wish));
        while self
            .wishes
            .front()
            .is_some_and(|(at, _)| at + DOWN_WINDOW < now)
        {
            self.wishes.pop_front();
        }
        if wish >= current {
            return wish;
        }
        let highest = self.wishes.iter().map(|(_, wish)| *wish).max();
        highest.unwrap_or(wish).min(current)
    }

    /// At most the double, or four more, of what there was a period ago.
    fn limited(&mut self, wish: u32, now: u32, current: u32) -> u32 {
        while self.added.front().is_some_and(|(at, _)| at + SYNC <= now) {
            self.added.pop_front();
        }
        let added: u32 = self.added.iter().map(|(_, many)| many).sum();
        let start = current.saturating_sub(added);
        let limited = wish.min((start + UP_PODS).max(start * 2));
        if limited > current {
            self.added.push_back((now, limited - current));
        }
        limited
    }

    /// The count, of a wish.
    pub(super) fn settle(&mut self, wish: u32, now: u32, current: u32) -> u32 {
        let stabilised = self.stabilised(wish, now, current);
        self.limited(stabilised, now, current)
    }
}

impl Policy for Hpa {
    fn interval(&self) -> u32 {
        SYNC
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        let wish = self.wish(sight).unwrap_or(sight.target);
        self.settle(wish, sight.now, sight.target)
    }
}

/// A metric of each pod. Those that are not ready have none; on the way up they count as idle.
fn by_pods(ratio: f64, ready: u32, all: u32) -> u32 {
    if ready == all || ratio <= 1.0 {
        return if (ratio - 1.0).abs() <= TOLERANCE {
            all
        } else {
            needed(ratio * f64::from(ready))
        };
    }
    let sum = ratio * f64::from(ready);
    let damped = sum / f64::from(all);
    if damped <= 1.0 + TOLERANCE {
        all
    } else {
        needed(sum)
    }
}

/// A sum of which each pod shall have so much.
pub(super) fn by_average(sum: f64, goal: f64, all: u32) -> u32 {
    let ratio = sum / (goal * f64::from(all.max(1)));
    if (ratio - 1.0).abs() <= TOLERANCE {
        all
    } else {
        needed(sum / goal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_metric_wants() {
        for (used, ready, all, expected, because) in [
            (0.70, 10, 10, 10, "on target"),
            (0.76, 10, 10, 10, "within the tolerance"),
            (0.80, 10, 10, 12, "above: 11.4"),
            (0.60, 10, 10, 9, "below: 8.6"),
            (
                0.90,
                10,
                12,
                12,
                "two boot, and count as idle: within the tolerance",
            ),
            (0.98, 10, 12, 14, "and above it"),
            (
                0.80,
                10,
                14,
                14,
                "turned round by those that boot: nothing is done",
            ),
            (0.35, 10, 12, 5, "on the way down they do not count"),
        ] {
            assert_eq!(by_pods(used / 0.7, ready, all), expected, "{because}");
        }
        for (sum, all, expected) in [
            (70.0, 10, 10),
            (76.0, 10, 10),
            (78.0, 10, 12),
            (62.0, 10, 9),
            (0.0, 3, 0),
        ] {
            assert_eq!(by_average(sum, 7.0, all), expected, "{sum}");
        }
    }

    #[test]
    fn down_waits_and_up_is_limited() {
        let mut hpa = Hpa::new(Goal::Rate(7.0));
        for (now, wish, current, expected, because) in [
            (0, 9, 10, 9, "the first wish is the highest"),
            (15, 12, 9, 12, "up at once"),
            (30, 6, 12, 12, "the highest of five minutes"),
            (300, 6, 12, 12, "still"),
            (330, 6, 12, 6, "gone"),
            (345, 50, 6, 12, "the double"),
            (360, 50, 12, 24, "and again"),
            (375, 3, 24, 24, "held by its own wish"),
        ] {
            assert_eq!(hpa.settle(wish, now, current), expected, "{now}: {because}");
        }
        let mut small = Hpa::new(Goal::Rate(7.0));
        assert_eq!(small.settle(20, 15, 1), 5, "four more");
    }
}
