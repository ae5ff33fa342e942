//! `HireFire`: a checkup a minute. A web process by a range of response times, so many dynos a step; a worker by a ratio of
//! jobs to dynos, which goes down only when there are none.
//!
//! The steps, sensitivities and time-outs are those of its published Terraform example; the range keeps the example's
//! proportion (100 to 250 ms) below the target.

use super::Goal;
use crate::simulation::number::needed;
use crate::simulation::plant::Plant;
use crate::simulation::policy::Policy;
use crate::simulation::sight::Sight;

const CHECKUP: u32 = 60;
/// The lower end of a range, of its upper end.
const LOWER_END: f64 = 0.4;
const UP: u32 = 5;
const DOWN: u32 = 1;
const UP_SENSITIVITY: u32 = 1;
const DOWN_SENSITIVITY: u32 = 2;
const TIMEOUT: u32 = 60;

/// A manager of the type `ResponseTime`.
#[derive(Debug, Clone)]
pub struct Range {
    least: f64,
    most: f64,
    /// How often in a row it was above, and below.
    breaches: (u32, u32),
    last_up: Option<u32>,
    last_down: Option<u32>,
}

impl Range {
    /// One that adds above so many seconds, on average.
    pub fn new(most: f64) -> Self {
        Self {
            least: most * LOWER_END,
            most,
            breaches: (0, 0),
            last_up: None,
            last_down: None,
        }
    }

    fn weigh(&mut self, value: f64, count: u32, now: u32) -> u32 {
        let (above, below) = self.breaches;
        self.breaches = if value > self.most {
            (above + 1, 0)
        } else if value < self.least {
            (0, below + 1)
        } else {
            (0, 0)
        };
        let over = |last: Option<u32>| last.is_none_or(|last| now >= last + TIMEOUT);
        if self.breaches.0 >= UP_SENSITIVITY && over(self.last_up) {
            (self.breaches, self.last_up) = ((0, 0), Some(now));
            return count + UP;
        }
        if self.breaches.1 >= DOWN_SENSITIVITY && over(self.last_down) {
            (self.breaches, self.last_down) = ((0, 0), Some(now));
            return count.saturating_sub(DOWN);
        }
        count
    }
}

impl Policy for Range {
    fn interval(&self) -> u32 {
        CHECKUP
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        let value = sight.delay(CHECKUP).unwrap_or(0.0);
        self.weigh(value, sight.target, sight.now)
    }
}

/// A manager of the type `JobQueue`.
#[derive(Debug, Clone)]
pub struct Ratio {
    each: f64,
}

impl Ratio {
    /// One that wants as many jobs for each dyno as it is done with in time.
    pub fn new(plant: &Plant) -> Self {
        let Goal::Inside(each) = Goal::jobs_in_time(plant) else {
            return Self { each: 1.0 };
        };
        Self { each }
    }

    fn weigh(&self, jobs: f64, count: u32) -> u32 {
        if jobs < 0.5 {
            return 0;
        }
        needed(jobs / self.each).max(count)
    }
}

impl Policy for Ratio {
    fn interval(&self) -> u32 {
        CHECKUP
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        // Those that are worked on are counted too.
        self.weigh(sight.in_system(), sight.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_steps_and_patience() {
        let mut range = Range::new(1.0);
        for (now, value, expected, because) in [
            (60, 0.7, 10, "within"),
            (120, 1.1, 15, "five more at once"),
            (180, 1.1, 15, "and again after a minute"),
            (240, 0.3, 10, "once below is not enough"),
            (300, 0.3, 9, "twice is"),
            (360, 0.3, 10, "counted anew"),
        ] {
            assert_eq!(range.weigh(value, 10, now), expected, "{now}: {because}");
        }
    }

    #[test]
    fn a_ratio_goes_down_only_when_all_is_done() {
        let ratio = Ratio::new(&Plant::queue(5.0));
        for (jobs, expected, because) in [
            (28.0, 10, "ten for each are 2.8 jobs"),
            (100.0, 36, "up at once"),
            (3.0, 10, "not down while there is a job"),
            (0.0, 0, "to the least when there is none"),
        ] {
            assert_eq!(ratio.weigh(jobs, 10), expected, "{because}");
        }
    }
}
