//! The mean of the last three measurements against the limits of 2012; one more or one less; then it counts anew.

use std::collections::VecDeque;

use autoscalebot::simulation::number::length;
use autoscalebot::simulation::peers::autoscalebot_2012::{limits, measured};
use autoscalebot::simulation::plant::Kind;
use autoscalebot::simulation::policy::Policy;
use autoscalebot::simulation::sight::Sight;

const MEASUREMENTS: usize = 3;

pub(super) struct Average {
    kind: Kind,
    seen: VecDeque<f64>,
}

impl Average {
    pub(super) fn new(kind: Kind) -> Self {
        let seen = VecDeque::new();
        Self { kind, seen }
    }
}

impl Policy for Average {
    fn interval(&self) -> u32 {
        30
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        self.seen.push_back(measured(self.kind, sight));
        if self.seen.len() < MEASUREMENTS {
            return sight.target;
        }
        let mean = self.seen.iter().sum::<f64>() / length(self.seen.len());
        self.seen.pop_front();
        let (least, most) = limits(self.kind);
        let wish = match () {
            () if mean > most => sight.target + 1,
            () if mean < least => sight.target.saturating_sub(1),
            () => return sight.target,
        };
        self.seen.clear();
        wish
    }
}
