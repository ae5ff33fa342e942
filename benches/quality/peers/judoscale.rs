//! Thresholds on queue time, in the manner of Judoscale: buckets of 10 s; above the upper limit it adds, at most every two
//! minutes; below the lower one for ten minutes it takes one away. Steps and intervals are those of its API's example.

use autoscalebot::simulation::plant::{Kind, Plant};
use autoscalebot::simulation::policy::Policy;
use autoscalebot::simulation::sight::Sight;

const BUCKET: u32 = 10;
const UP: u32 = 2;
const UP_INTERVAL: u32 = 120;
const DOWN: u32 = 1;
const DOWN_INTERVAL: u32 = 600;

pub(super) struct Judoscale {
    /// What is not waiting in a response time.
    served: f64,
    least: f64,
    most: f64,
    /// When it last was not below the lower limit, and when it last scaled.
    last_above: u32,
    last_up: Option<u32>,
    last_scaled: u32,
}

impl Judoscale {
    pub(super) fn new(plant: &Plant) -> Self {
        let (served, most) = match plant.kind {
            Kind::Web => (plant.service, 0.2 * plant.slo),
            Kind::Queue => (0.0, plant.slo / 3.0),
        };
        Self {
            served,
            least: most / 2.0,
            most,
            last_above: 0,
            last_up: None,
            last_scaled: 0,
        }
    }
}

impl Policy for Judoscale {
    fn interval(&self) -> u32 {
        BUCKET
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        let waited = sight
            .delay(BUCKET)
            .map_or(0.0, |delay| (delay - self.served).max(0.0));
        if waited >= self.least {
            self.last_above = sight.now;
        }
        let rested = self
            .last_up
            .is_none_or(|last| sight.now >= last + UP_INTERVAL);
        if waited > self.most && rested {
            (self.last_up, self.last_scaled) = (Some(sight.now), sight.now);
            return sight.target + UP;
        }
        let calm = sight.now - self.last_above.max(self.last_scaled) >= DOWN_INTERVAL;
        if calm {
            self.last_scaled = sight.now;
            return sight.target.saturating_sub(DOWN);
        }
        sight.target
    }
}
