//! AWS target tracking, as its documentation lets one infer: a value a minute; three in a row above the target, and it
//! grows by the newest; fifteen in a row more than a tenth below, and it shrinks,
//! and counts anew. What was added already counts.

use std::collections::VecDeque;

use autoscalebot::simulation::number::needed;
use autoscalebot::simulation::peers::Goal;
use autoscalebot::simulation::policy::Policy;
use autoscalebot::simulation::sight::Sight;

const PERIOD: u32 = 60;
const HIGH_POINTS: usize = 3;
const LOW_POINTS: usize = 15;
const LOW: f64 = 0.9;

pub(super) struct Aws {
    goal: Goal,
    /// The newest values, in parts of the target.
    values: VecDeque<f64>,
}

impl Aws {
    pub(super) fn new(goal: Goal) -> Self {
        let values = VecDeque::new();
        Self { goal, values }
    }

    fn value(&self, sight: &mut Sight<'_>) -> f64 {
        match self.goal {
            Goal::Utilisation(each) => sight.utilisation(PERIOD).unwrap_or(0.0) / each,
            Goal::Rate(each) => sight.rate(PERIOD) / each / f64::from(sight.ready.max(1)),
            Goal::Inside(each) => sight.in_flight(PERIOD) / each / f64::from(sight.ready.max(1)),
        }
    }
}

impl Policy for Aws {
    fn interval(&self) -> u32 {
        PERIOD
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        let value = self.value(sight);
        self.values.push_front(value);
        self.values.truncate(LOW_POINTS);
        let wish = needed(f64::from(sight.target) * value);
        let all = |points: usize, is: fn(f64) -> bool| {
            self.values.len() >= points && self.values.iter().take(points).all(|value| is(*value))
        };
        if all(HIGH_POINTS, |value| value > 1.0) {
            return wish.max(sight.target);
        }
        if all(LOW_POINTS, |value| value < LOW) {
            self.values.clear();
            return wish.min(sight.target);
        }
        sight.target
    }
}
