//! Web processes with several slots, quickly: what is left of so much in a process at a second's end is looked up instead
//! of solved for. For one service time; where that drifts, each second is solved.

use super::{Kind, Plant, Step, queue, web};
use crate::simulation::number::{place, real, whole};

/// Steps of the table for what a process can do in a second.
const STEPS: f64 = 512.0;
/// How many times that it goes up to. Above it, in a deep overload, it is solved.
const REACH: f64 = 4.0;

/// A plant, and what can be known of it beforehand.
#[derive(Debug, Clone)]
pub struct Stepper<'a> {
    plant: &'a Plant,
    table: Vec<f64>,
    /// Steps of the table for each request in a process.
    steps: f64,
}

impl<'a> Stepper<'a> {
    /// That of a plant.
    pub fn new(plant: &'a Plant) -> Self {
        let per_second = f64::from(plant.slots) / plant.service;
        let steps = STEPS / per_second;
        let mut table = Vec::new();
        if plant.kind == Kind::Web && plant.slots > 1 && plant.drift == 0.0 {
            let last = place(whole(STEPS * REACH));
            table.extend((0..=last).map(|step| {
                let there = real(u64::try_from(step).unwrap_or(0)) / steps;
                web::step_slots(0.0, there, 1.0, plant.service, plant.slots).left
            }));
        }
        Self {
            plant,
            table,
            steps,
        }
    }

    /// One second, as [`Plant::step`] has it.
    #[inline]
    pub fn step(&self, before: f64, arrivals: f64, ready: f64, service: f64) -> Step {
        let plant = self.plant;
        match plant.kind {
            Kind::Web if plant.slots == 1 => web::step(before, arrivals, ready, service),
            Kind::Web => self
                .looked_up(before + arrivals, ready)
                .unwrap_or_else(|| plant.step(before, arrivals, ready, service)),
            Kind::Queue => queue::step(before, arrivals, ready * f64::from(plant.slots), service),
        }
    }

    fn looked_up(&self, there: f64, ready: f64) -> Option<Step> {
        let at = there / ready * self.steps;
        if !at.is_finite() {
            return None;
        }
        let below = place(whole(at));
        let (low, high) = (self.table.get(below)?, self.table.get(below + 1)?);
        let left = (low + (high - low) * at.fract()) * ready;
        let service = self.plant.service;
        let busy = (there - left) * service;
        // What is in the system stays as long as it takes to serve as much.
        let delay = if busy > 0.0 {
            (left / busy * service).max(service)
        } else {
            service
        };
        Some(Step { left, busy, delay })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_up_is_what_is_solved() {
        for slots in [2, 4, 16] {
            let plant = Plant {
                slots,
                ..Plant::web()
            };
            let stepper = Stepper::new(&plant);
            for part in [0.0, 0.001, 0.1, 0.5, 0.9, 0.99, 1.0, 1.05, 1.5, 3.9, 7.0] {
                let arrivals = 7.0 * f64::from(slots) * part / 0.1;
                let (quick, exact) = (
                    stepper.step(0.0, arrivals, 7.0, 0.1),
                    plant.step(0.0, arrivals, 7.0, 0.1),
                );
                for (one, other) in [
                    (quick.left, exact.left),
                    (quick.busy, exact.busy),
                    (quick.delay, exact.delay),
                ] {
                    assert!(
                        (one - other).abs() <= 0.005 * other,
                        "{slots} slots, {part}: {quick:?} {exact:?}"
                    );
                }
            }
            assert!(
                stepper.step(1.0, 1.0, 0.0, 0.1).delay.is_infinite(),
                "nobody is ready"
            );
        }
    }
}
