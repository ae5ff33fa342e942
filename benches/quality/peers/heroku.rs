//! Heroku's autoscaling of web dynos, whose formula is not published: the fewest dynos whose 95th percentile is in time at
//! the present throughput, by what the last hour showed; one at a time, a minute apart, and down only after five minutes.
//!
//! How the percentile depends on the throughput of a dyno is taken as Little's law has it: its inverse falls in a straight
//! line, which is fitted to the minutes of the last hour.

use std::collections::VecDeque;

use autoscalebot::simulation::number::{length, needed};
use autoscalebot::simulation::plant::Plant;
use autoscalebot::simulation::policy::Policy;
use autoscalebot::simulation::sight::Sight;

const PERIOD: u32 = 60;
const HOUR: usize = 60;
const DOWN_AFTER: u32 = 5;
/// The 95th percentile of an exponential number, in means.
const P95: f64 = 3.0;

pub(super) struct Heroku {
    limit: f64,
    /// Throughput of a dyno, and the inverse of the percentile.
    minutes: VecDeque<(f64, f64)>,
    below: u32,
}

impl Heroku {
    pub(super) fn new(plant: &Plant) -> Self {
        Self {
            limit: plant.slo,
            minutes: VecDeque::new(),
            below: 0,
        }
    }

    /// The throughput of a dyno at which the percentile is the limit.
    fn bearable(&self) -> Option<f64> {
        let many = length(self.minutes.len());
        let (mut sum, mut inverse, mut square, mut product) = (0.0, 0.0, 0.0, 0.0);
        for (throughput, value) in &self.minutes {
            sum += throughput;
            inverse += value;
            square += throughput * throughput;
            product += throughput * value;
        }
        let slope = (many * product - sum * inverse) / (many * square - sum * sum);
        let start = (inverse - slope * sum) / many;
        let bearable = (1.0 / self.limit - start) / slope;
        (self.minutes.len() >= 5 && slope < 0.0 && bearable > 0.0).then_some(bearable)
    }
}

impl Policy for Heroku {
    fn interval(&self) -> u32 {
        PERIOD
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        let Some(mean) = sight.delay(PERIOD) else {
            return sight.target.saturating_sub(1);
        };
        let (percentile, rate) = (P95 * mean, sight.rate(PERIOD));
        let ready = f64::from(sight.ready.max(1));
        self.minutes.push_back((rate / ready, 1.0 / percentile));
        if self.minutes.len() > HOUR {
            self.minutes.pop_front();
        }
        let wish = self
            .bearable()
            .map_or(sight.target, |each| needed(rate / each));
        self.below = if wish < sight.target {
            self.below + 1
        } else {
            0
        };
        if wish > sight.target || percentile >= self.limit {
            return sight.target + 1;
        }
        if self.below >= DOWN_AFTER {
            self.below = 0;
            return sight.target.saturating_sub(1);
        }
        sight.target
    }
}
