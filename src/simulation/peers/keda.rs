//! KEDA: it asks every 30 s, and hands what it found to a Horizontal Pod Autoscaler as an average a pod. What it does
//! itself is between none and one process; that is out of reach where one is the least.

use super::Goal;
use super::hpa::{Hpa, by_average};
use crate::simulation::policy::Policy;
use crate::simulation::sight::Sight;

const POLLING: u32 = 30;
/// Over how many seconds a rate is taken, as in `rate(…[1m])`.
const RATE_WINDOW: u32 = 60;

/// The scaler of one deployment.
#[derive(Debug, Clone)]
pub struct Keda {
    goal: Goal,
    hpa: Hpa,
    /// What was found, and when.
    found: Option<(u32, f64)>,
}

impl Keda {
    /// One with the default settings.
    pub fn new(goal: Goal) -> Self {
        Self {
            goal,
            hpa: Hpa::new(goal),
            found: None,
        }
    }
}

impl Policy for Keda {
    fn interval(&self) -> u32 {
        self.hpa.interval()
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        let known = self.found.filter(|(at, _)| at + POLLING > sight.now);
        let (at, sum) = known.unwrap_or_else(|| (sight.now, sum(self.goal, sight)));
        self.found = Some((at, sum));
        let wish = by_average(sum, each(self.goal), sight.target);
        self.hpa.settle(wish, sight.now, sight.target)
    }
}

/// How much there is of what is measured.
fn sum(goal: Goal, sight: &mut Sight<'_>) -> f64 {
    match goal {
        Goal::Utilisation(_) => sight.utilisation(POLLING).unwrap_or(0.0) * f64::from(sight.ready),
        Goal::Rate(_) => sight.rate(RATE_WINDOW),
        Goal::Inside(_) => sight.in_flight(1),
    }
}

/// How much of it one process shall have.
fn each(goal: Goal) -> f64 {
    match goal {
        Goal::Utilisation(each) | Goal::Rate(each) | Goal::Inside(each) => each,
    }
}
