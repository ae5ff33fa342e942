//! Web processes with several slots, quickly: what is left of so much in a process at a second's end is looked up instead
//! of solved for. Up to an overload the table goes by how much there is, beyond it by its inverse, so that it has no end.

use std::borrow::Cow;

use super::{Kind, Plant, Step, queue, web};
use crate::simulation::number::{length, place, real, whole};

/// Steps of the table for what a process can do in a second.
const STEPS: f64 = 512.0;
/// How many times that it goes up to. Above it, in an overload, nearly all slots are busy, and it is another table.
const REACH: f64 = 2.0;
/// Steps of that other one.
const BEYOND: f64 = 256.0;
/// How many service times there is a table for where it drifts. In between, it is in between.
const SERVICES: u32 = 33;

/// What a second of one service time does to web processes with several slots. All is in what one of them can do in a
/// second, so that curves of service times near each other are near each other.
#[derive(Debug, Clone)]
pub struct Curve {
    /// What is left of so much, from nothing up to [`REACH`].
    left: Vec<f64>,
    /// What leaves of [`REACH`] and more, from without end down to it.
    leaves: Vec<f64>,
    slots: f64,
    service: f64,
}

impl Curve {
    fn of(slots: u32, service: f64) -> Self {
        let able = f64::from(slots) / service;
        let steps = |many: f64| (0..=whole(many)).map(|step| real(u64::from(step)));
        let left = steps(STEPS * REACH).map(|step| {
            let there = step / STEPS * able;
            web::step_slots(0.0, there, 1.0, service, slots).left / able
        });
        let leaves = steps(BEYOND).map(|step| {
            if step == 0.0 {
                return 1.0;
            }
            let there = REACH * BEYOND / step * able;
            (there - web::step_slots(0.0, there, 1.0, service, slots).left) / able
        });
        Self {
            left: left.collect(),
            leaves: leaves.collect(),
            slots: f64::from(slots),
            service,
        }
    }

    /// The curve so far from one to another.
    fn between(from: &Self, to: &Self, part: f64) -> Self {
        let mix = |one: &f64, other: &f64| one + (other - one) * part;
        let all = |one: &[f64], other: &[f64]| {
            let both = one.iter().zip(other);
            both.map(|(one, other)| mix(one, other)).collect()
        };
        Self {
            left: all(&from.left, &to.left),
            leaves: all(&from.leaves, &to.leaves),
            slots: from.slots,
            service: mix(&from.service, &to.service),
        }
    }

    /// So many processes on it.
    pub fn on(&self, ready: f64) -> Fleet<'_> {
        let able = ready * self.slots / self.service;
        Fleet {
            curve: self,
            able,
            part: 1.0 / able,
        }
    }
}

/// So many processes on a curve.
#[derive(Debug, Clone, Copy)]
pub struct Fleet<'a> {
    curve: &'a Curve,
    /// What they can do in a second.
    able: f64,
    part: f64,
}

impl Fleet<'_> {
    /// One second: so much is there, before and new. Nothing where nobody is ready.
    #[inline]
    pub fn step(self, there: f64) -> Option<Step> {
        if self.able <= 0.0 {
            return None;
        }
        let much = there * self.part;
        let left = if much < REACH {
            between(&self.curve.left, much * STEPS)?
        } else {
            much - between(&self.curve.leaves, REACH * BEYOND / much)?
        };
        let service = self.curve.service;
        let left = left * self.able;
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

/// What a table has at a place between its numbers.
#[inline]
fn between(table: &[f64], at: f64) -> Option<f64> {
    let below = whole(at);
    let part = at - f64::from(below);
    let below = place(below);
    let low = table.get(below)?;
    // The last has nothing after it, and is only met as it is.
    let high = table.get(below + 1).unwrap_or(low);
    Some(low + (high - low) * part)
}

/// The curves of a plant, whatever its service time drifts to. Only web processes with several slots have any.
#[derive(Debug, Clone)]
pub struct Curves {
    all: Vec<Curve>,
    /// The shortest service time, and how many curves there are for each second more.
    shortest: f64,
    steps: f64,
}

impl Curves {
    /// Those of a plant.
    pub fn new(plant: &Plant) -> Self {
        let (service, swing) = (plant.service, plant.service * plant.drift.abs());
        let shortest = service - swing;
        let many = match (plant.kind, plant.slots) {
            (Kind::Queue, _) | (Kind::Web, 1) => 0,
            (Kind::Web, _) if swing == 0.0 => 1,
            (Kind::Web, _) => SERVICES,
        };
        let apart = 2.0 * swing / f64::from(SERVICES - 1);
        let all = (0..many)
            .map(|number| Curve::of(plant.slots, shortest + apart * f64::from(number)))
            .collect();
        Self {
            all,
            shortest,
            steps: if apart > 0.0 { 1.0 / apart } else { 0.0 },
        }
    }

    /// That of a service time.
    pub fn at(&self, service: f64) -> Option<Cow<'_, Curve>> {
        let last = self.all.len().checked_sub(1)?;
        let at = ((service - self.shortest) * self.steps).clamp(0.0, length(last));
        let below = place(whole(at));
        let from = self.all.get(below)?;
        Some(match self.all.get(below + 1) {
            Some(to) => Cow::Owned(Curve::between(from, to, at.fract())),
            None => Cow::Borrowed(from),
        })
    }
}

/// A plant, and what can be known of it beforehand. Where its service time drifts, each second is solved.
#[derive(Debug, Clone)]
pub struct Stepper<'a> {
    plant: &'a Plant,
    curve: Option<Curve>,
}

impl<'a> Stepper<'a> {
    /// That of a plant.
    pub fn new(plant: &'a Plant) -> Self {
        let several = plant.kind == Kind::Web && plant.slots > 1 && plant.drift == 0.0;
        Self {
            plant,
            curve: several.then(|| Curve::of(plant.slots, plant.service)),
        }
    }

    /// One second, as [`Plant::step`] has it.
    #[inline]
    pub fn step(&self, before: f64, arrivals: f64, ready: f64, service: f64) -> Step {
        let plant = self.plant;
        match plant.kind {
            Kind::Web if plant.slots == 1 => web::step(before, arrivals, ready, service),
            Kind::Web => self
                .curve
                .as_ref()
                .and_then(|curve| curve.on(ready).step(before + arrivals))
                .unwrap_or_else(|| plant.step(before, arrivals, ready, service)),
            Kind::Queue => queue::step(before, arrivals, ready * f64::from(plant.slots), service),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From nothing to a thousand times what can be done in a second.
    const PARTS: [f64; 19] = [
        0.0, 0.001, 0.1, 0.5, 0.9, 0.99, 1.0, 1.05, 1.5, 1.999, 2.0, 2.001, 2.5, 3.9, 4.1, 7.0,
        40.0, 574.0, 1e3,
    ];

    fn assert_near(quick: Step, exact: Step, within: f64, because: &str) {
        for (one, other) in [
            (quick.left, exact.left),
            (quick.busy, exact.busy),
            (quick.delay, exact.delay),
        ] {
            assert!(
                (one - other).abs() <= within * other,
                "{because}: {quick:?} {exact:?}"
            );
        }
    }

    #[test]
    fn what_is_looked_up_is_what_is_solved() {
        for slots in [2, 4, 16] {
            let plant = Plant {
                slots,
                ..Plant::web()
            };
            let stepper = Stepper::new(&plant);
            for part in PARTS {
                let arrivals = 7.0 * f64::from(slots) * part / 0.1;
                let exact = plant.step(0.0, arrivals, 7.0, 0.1);
                // Where little waits, what is left is a small difference of large numbers.
                let within = if part > REACH { 1e-4 } else { 0.005 };
                assert_near(
                    stepper.step(0.0, arrivals, 7.0, 0.1),
                    exact,
                    within,
                    &format!("{slots} slots, {part}"),
                );
            }
            assert!(
                stepper.step(1.0, 1.0, 0.0, 0.1).delay.is_infinite(),
                "nobody is ready"
            );
        }
    }

    #[test]
    fn nothing_is_solved_however_much_there_is() {
        let curves = Curves::new(&Plant {
            slots: 4,
            ..Plant::web()
        });
        let curve = curves.at(0.1).unwrap();
        for part in PARTS.into_iter().chain([1e6, 1e12]) {
            assert!(curve.on(3.0).step(120.0 * part).is_some(), "{part}");
        }
        for plant in [Plant::web(), Plant::queue(5.0)] {
            assert!(Curves::new(&plant).at(plant.service).is_none(), "{plant:?}");
        }
    }

    #[test]
    fn a_service_time_that_drifts_is_between_its_neighbours() {
        for (slots, drift) in [(4, 0.2), (2, 0.5), (16, -0.2)] {
            let plant = Plant {
                slots,
                drift,
                ..Plant::web()
            };
            let curves = Curves::new(&plant);
            for second in [0, 7_000, 21_600, 50_001, 64_800] {
                let service = plant.service_at(second);
                let curve = curves.at(service).unwrap();
                for part in PARTS {
                    let there = 7.0 * f64::from(slots) * part / service;
                    assert_near(
                        curve.on(7.0).step(there).unwrap(),
                        plant.step(0.0, there, 7.0, service),
                        0.005,
                        &format!("{slots} slots, {service} s, {part}"),
                    );
                }
            }
        }
    }
}
