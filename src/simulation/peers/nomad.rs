//! The Nomad Autoscaler with its target-value strategy: every 10 s the newest value; nothing within a hundredth of the
//! target; after a change nothing for the cooldown.

use super::Goal;
use crate::simulation::number::needed;
use crate::simulation::policy::Policy;
use crate::simulation::sight::Sight;

const INTERVAL: u32 = 10;
const THRESHOLD: f64 = 0.01;
/// Over how many seconds the metric is averaged: the query's default window.
const WINDOW: u32 = 60;
const COOLDOWN: u32 = 300;

/// The autoscaler of one group.
#[derive(Debug, Clone)]
pub struct Nomad {
    goal: Goal,
    cooldown: u32,
    last: Option<u32>,
}

impl Nomad {
    /// One with the default cooldown of five minutes.
    pub fn new(goal: Goal) -> Self {
        Self::with_cooldown(goal, COOLDOWN)
    }

    /// One with a cooldown of so many seconds.
    pub fn with_cooldown(goal: Goal, cooldown: u32) -> Self {
        Self {
            goal,
            cooldown,
            last: None,
        }
    }

    /// The count for a value that is so many times the target.
    fn weigh(&mut self, factor: f64, count: u32, now: u32) -> u32 {
        let cooling = self.last.is_some_and(|last| now < last + self.cooldown);
        if cooling || (factor - 1.0).abs() <= THRESHOLD {
            return count;
        }
        let wish = needed(f64::from(count) * factor);
        if wish != count {
            self.last = Some(now);
        }
        wish
    }
}

impl Policy for Nomad {
    fn interval(&self) -> u32 {
        INTERVAL
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        let count = f64::from(sight.target.max(1));
        let factor = match self.goal {
            Goal::Utilisation(each) => sight.utilisation(WINDOW).map(|used| used / each),
            Goal::Rate(each) => Some(sight.rate(WINDOW) / each / count),
            Goal::Inside(each) => Some(sight.in_flight(WINDOW) / each / count),
        };
        factor.map_or(sight.target, |factor| {
            self.weigh(factor, sight.target, sight.now)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_followed_by_rest() {
        let mut nomad = Nomad::new(Goal::Utilisation(0.7));
        for (now, factor, expected, because) in [
            (10, 1.005, 10, "within the dead band"),
            (20, 1.02, 11, "up, rounded up"),
            (30, 2.0, 10, "cooling"),
            (319, 2.0, 10, "still"),
            (
                320,
                0.95,
                10,
                "rounded up to what there is: no change, no cooldown",
            ),
            (330, 0.5, 5, "down at once as far as it goes"),
        ] {
            assert_eq!(nomad.weigh(factor, 10, now), expected, "{now}: {because}");
        }
    }
}
