//! The run: second by second, a policy on a scenario.

use super::figures::{Figures, Moment, Tally};
use super::fleet::{Boot, Fleet};
use super::number::place;
use super::plant::Step;
use super::plant::table::Stepper;
use super::policy::Policy;
use super::random::{Random, Stream};
use super::scenario::Scenario;
use super::sight::{Meter, Noise, Sight};

/// What a policy runs under.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// How long a process boots.
    pub boot: Boot,
    /// For how many seconds one that is stopped is billed.
    pub grace: u32,
    /// How many there are at the least.
    pub least: u32,
    /// And at the most.
    pub most: u32,
    /// What measuring adds.
    pub noise: Noise,
    /// The seed of boots and measuring.
    pub seed: u64,
}

impl Conditions {
    /// As the scoreboard has them.
    pub fn scoreboard(seed: u64) -> Self {
        Self {
            boot: Boot::Fixed(30),
            grace: 10,
            least: 1,
            most: 200,
            noise: Noise::SCOREBOARD,
            seed,
        }
    }

    /// How many are ready when a run begins: what the first second needs.
    pub fn at_start(&self, scenario: &Scenario) -> u32 {
        let needed = scenario.demand.first().copied().unwrap_or(1);
        needed.clamp(self.least, self.most)
    }
}

/// What came of a policy on a scenario. Each second is shown to `watch`, for those who draw it.
pub fn run(
    scenario: &Scenario,
    conditions: &Conditions,
    policy: &mut dyn Policy,
    mut watch: impl FnMut(&Moment),
) -> Figures {
    let plant = &scenario.plant;
    let stepper = Stepper::new(plant);
    let slots = f64::from(plant.slots);
    let start = conditions.at_start(scenario);
    let mut fleet = Fleet::new(start, conditions.boot, conditions.grace, conditions.seed);
    let mut random = Random::new(conditions.seed, Stream::Measuring);
    let mut meter = Meter::new();
    let mut tally = Tally::new(plant.slo);
    let mut last = Step {
        left: 0.0,
        busy: 0.0,
        delay: 0.0,
    };
    let interval = place(policy.interval().max(1));
    let mut now = 0;
    let mut service = plant.service_at(0);
    let chunks = scenario
        .arrivals
        .chunks(interval)
        .zip(scenario.demand.chunks(interval));
    for (arrivals, demand) in chunks {
        fleet.advance(now);
        if now > 0 {
            let mut sight = Sight {
                now,
                ready: fleet.ready(),
                target: fleet.target(),
                plant,
                service,
                noise: conditions.noise,
                meter: &meter,
                random: &mut random,
            };
            let desired = policy.decide(&mut sight);
            fleet.order(desired.clamp(conditions.least, conditions.most), now);
        }
        for (arrivals, demand) in arrivals.iter().zip(demand) {
            fleet.advance(now);
            if plant.drift != 0.0 {
                service = plant.service_at(now);
            }
            let (arrivals, ready) = (f64::from(*arrivals), fleet.ready());
            last = stepper.step(last.left, arrivals, f64::from(ready), service);
            meter.push(arrivals, f64::from(ready) * slots, last);
            let moment = Moment {
                now,
                arrivals,
                demand: *demand,
                ready,
                target: fleet.target(),
                billed: fleet.billed(),
                delay: last.delay,
            };
            tally.add(&moment);
            watch(&moment);
            now += 1;
        }
    }
    // Who leaves work undone pays for it.
    let undone = last.left * service / slots;
    tally.figures(undone, fleet.orders(), fleet.starts())
}
