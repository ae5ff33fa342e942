//! The plainest rule that works: as many as the rate needs at a fixed share, up at once, down only to the highest need of
//! the last two minutes. For a queue, enough to work off what will be there when they are ready.

use std::collections::VecDeque;

use autoscalebot::simulation::number::needed;
use autoscalebot::simulation::plant::{Kind, Plant};
use autoscalebot::simulation::policy::Policy;
use autoscalebot::simulation::sight::Sight;

const TICK: u32 = 15;
const DOWN_AFTER: u32 = 120;
const BOOT: u32 = 30;
/// The part of the allowed wait that may be used up.
const BUFFER: f64 = 0.3;

pub(super) struct Simple {
    plant: Plant,
    share: f64,
    needs: VecDeque<(u32, u32)>,
}

impl Simple {
    pub(super) fn new(plant: &Plant) -> Self {
        Self::with_share(plant, 0.8)
    }

    pub(super) fn with_share(plant: &Plant, share: f64) -> Self {
        Self {
            plant: plant.clone(),
            share,
            needs: VecDeque::new(),
        }
    }

    fn need(&self, sight: &mut Sight<'_>) -> u32 {
        let (service, slots) = (self.plant.service, f64::from(self.plant.slots));
        let erlang = sight.rate(30).max(sight.rate(60)) * service / slots;
        match self.plant.kind {
            Kind::Web => needed(erlang / self.share),
            Kind::Queue => {
                let (there, horizon) = (sight.in_system() / slots, f64::from(BOOT + TICK));
                let mut ahead = there;
                for _ in 0..BOOT {
                    let done = ahead.min(f64::from(sight.target)) / service;
                    ahead = (ahead + erlang / service - done).max(0.0);
                }
                let blend = (ahead * service + erlang * horizon)
                    / (service + BUFFER * self.plant.slo + horizon);
                let least = ahead * service / (service + 0.5 * self.plant.slo);
                needed(blend.max(least))
            }
        }
    }
}

impl Policy for Simple {
    fn interval(&self) -> u32 {
        TICK
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        let need = self.need(sight);
        self.needs.push_back((sight.now, need));
        let old = |at: u32| at + DOWN_AFTER <= sight.now;
        while self.needs.front().is_some_and(|(at, _)| old(*at)) {
            self.needs.pop_front();
        }
        let highest = self.needs.iter().map(|(_, need)| *need).max();
        need.max(highest.unwrap_or(need).min(sight.target))
    }
}
