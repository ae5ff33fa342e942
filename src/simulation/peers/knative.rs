//! Knative's pod autoscaler (`autoscaler.go`): every 2 s, by the average of a minute; when the last six seconds want twice
//! of what is ready, by those, and never down until a minute has passed since.

use super::Goal;
use crate::simulation::number::{needed, whole};
use crate::simulation::policy::Policy;
use crate::simulation::sight::Sight;

const TICK: u32 = 2;
const STABLE: u32 = 60;
const PANIC: u32 = 6;
const PANIC_THRESHOLD: f64 = 2.0;
const MOST_UP: f64 = 1000.0;
const MOST_DOWN: f64 = 2.0;

/// The autoscaler of one revision.
#[derive(Debug, Clone)]
pub struct Knative {
    goal: Goal,
    panic: Option<Panic>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Panic {
    since: u32,
    most: u32,
}

impl Knative {
    /// One with the default settings.
    pub fn new(goal: Goal) -> Self {
        Self { goal, panic: None }
    }

    /// How many a window wants.
    fn wants(&self, sight: &mut Sight<'_>, seconds: u32) -> u32 {
        match self.goal {
            Goal::Utilisation(each) => {
                let used = sight.utilisation(seconds).unwrap_or(0.0);
                needed(used * f64::from(sight.ready) / each)
            }
            Goal::Rate(each) => needed(sight.rate(seconds) / each),
            Goal::Inside(each) => needed(sight.in_flight(seconds) / each),
        }
    }

    fn weigh(&mut self, stable: u32, panic: u32, ready: u32, now: u32) -> u32 {
        let ready = f64::from(ready.max(1));
        let (up, down) = (needed(MOST_UP * ready), whole(ready / MOST_DOWN));
        let over = f64::from(panic) / ready >= PANIC_THRESHOLD;
        let (stable, panic) = (stable.clamp(down, up), panic.clamp(down, up));
        let most = self.panic.map_or(0, |panic| panic.most);
        if over {
            self.panic = Some(Panic { since: now, most });
        } else if self.panic.is_some_and(|panic| panic.since + STABLE < now) {
            self.panic = None;
        }
        let Some(panicking) = &mut self.panic else {
            return stable;
        };
        panicking.most = panicking.most.max(stable).max(panic);
        panicking.most
    }
}

impl Policy for Knative {
    fn interval(&self) -> u32 {
        TICK
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        let (stable, panic) = (self.wants(sight, STABLE), self.wants(sight, PANIC));
        self.weigh(stable, panic, sight.ready, sight.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_goes_up_and_stays() {
        let mut knative = Knative::new(Goal::Rate(7.0));
        for (now, stable, panic, ready, expected, because) in [
            (2, 5, 6, 5, 5, "the minute decides"),
            (4, 6, 10, 5, 10, "twice of what is ready: panic"),
            (6, 7, 8, 5, 10, "never down in it"),
            (8, 7, 14, 8, 14, "but further up"),
            (40, 14, 20, 14, 20, "up without being over"),
            (64, 14, 14, 20, 20, "a minute later"),
            (66, 14, 14, 20, 14, "more than a minute: over"),
            (72, 3, 3, 14, 7, "half at the most"),
        ] {
            assert_eq!(
                knative.weigh(stable, panic, ready, now),
                expected,
                "{now}: {because}"
            );
        }
    }
}
