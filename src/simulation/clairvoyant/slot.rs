//! A slot: how many come late in it and what is left at its end, for every count and every point of the grid.

use std::borrow::Cow;

use super::SLOT;
use super::Terms;
use super::grid::{Grid, POINTS, Place, Row, points};
use crate::simulation::number::real;
use crate::simulation::plant::table::{Curve, Curves};
use crate::simulation::plant::{Kind, Plant, queue, web};
use crate::simulation::scenario::Scenario;

/// The slots of a scenario.
#[derive(Debug)]
pub struct Slots<'a> {
    pub(super) scenario: &'a Scenario,
    grid: Grid,
    curves: Curves,
}

/// One of them.
#[derive(Debug)]
pub struct Slot<'a> {
    /// What comes, second by second.
    pub arrivals: &'a [u32],
    /// The service time in it.
    pub service: f64,
    curve: Option<Cow<'a, Curve>>,
}

/// What a slot does to each state, count by count.
#[derive(Debug, Default, Clone)]
pub struct Table {
    /// How long it is, in seconds.
    pub seconds: f64,
    /// A row a count: for each point those that come late.
    pub late: Vec<[f32; POINTS]>,
    /// And where its end lies.
    pub next: Vec<[Place; POINTS]>,
}

impl<'a> Slots<'a> {
    /// Those of a scenario.
    pub fn new(scenario: &'a Scenario) -> Self {
        Self {
            scenario,
            grid: Grid::new(),
            curves: Curves::new(&scenario.plant),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.scenario.arrivals.len().div_ceil(SLOT)
    }

    /// One slot.
    pub fn slot(&self, slot: usize) -> Slot<'_> {
        let arrivals = self.scenario.arrivals.chunks(SLOT).nth(slot);
        let second = u32::try_from(slot * SLOT + SLOT / 2).unwrap_or(u32::MAX);
        let service = self.scenario.plant.service_at(second);
        Slot {
            arrivals: arrivals.unwrap_or_default(),
            service,
            curve: self.curves.at(service),
        }
    }

    /// Fills a slot's table.
    pub fn fill(&self, slot: usize, terms: &Terms, table: &mut Table) {
        let slot = self.slot(slot);
        table.seconds = slot.seconds();
        table.late.clear();
        table.next.clear();
        for count in terms.least..=terms.most {
            let mut ends = points();
            let mut late = [0.0; POINTS];
            self.through(&slot, count, &mut ends, &mut late);
            #[expect(
                clippy::as_conversions,
                clippy::cast_possible_truncation,
                reason = "a few thousand at the most: exact in f32"
            )]
            table.late.push(late.map(|late| late as f32));
            table.next.push(ends.map(|end| self.grid.place(end)));
        }
    }

    /// Takes states through a slot's seconds.
    pub fn through<const N: usize>(
        &self,
        slot: &Slot<'_>,
        count: u32,
        states: &mut [f64; N],
        late: &mut [f64; N],
    ) {
        let plant = &self.scenario.plant;
        let (arrivals, service) = (slot.arrivals, slot.service);
        let (ready, slo) = (f64::from(count), plant.slo);
        // The plant is chosen outside the loop, so that within it several states are taken at once.
        match (plant.kind, plant.slots) {
            (Kind::Web, 1) => each(arrivals, slo, states, late, |state, arrivals| {
                let step = web::step(state, arrivals, ready, service);
                (step.left, step.delay)
            }),
            (Kind::Queue, slots) => {
                let slots = ready * f64::from(slots);
                each(arrivals, slo, states, late, |state, arrivals| {
                    let step = queue::step(state, arrivals, slots, service);
                    (step.left, step.delay)
                });
            }
            (Kind::Web, _) => {
                let fleet = slot.curve.as_ref().map(|curve| curve.on(ready));
                each(arrivals, slo, states, late, |state, arrivals| {
                    let quick = fleet.and_then(|fleet| fleet.step(state + arrivals));
                    let step = quick.unwrap_or_else(|| plant.step(state, arrivals, ready, service));
                    (step.left, step.delay)
                });
            }
        }
    }

    /// Where a state lies on the grid.
    pub fn place(&self, value: f64) -> Place {
        self.grid.place(value)
    }
}

impl Slot<'_> {
    /// How long it is, in seconds.
    pub fn seconds(&self) -> f64 {
        real(u64::try_from(self.arrivals.len()).unwrap_or(0))
    }
}

#[inline]
fn each<const N: usize>(
    arrivals: &[u32],
    slo: f64,
    states: &mut [f64; N],
    late: &mut [f64; N],
    step: impl Fn(f64, f64) -> (f64, f64),
) {
    for arrivals in arrivals {
        let arrivals = f64::from(*arrivals);
        for (state, late) in states.iter_mut().zip(late.iter_mut()) {
            let (left, delay) = step(*state, arrivals);
            *state = left;
            *late += if delay > slo { arrivals } else { 0.0 };
        }
    }
}

/// What the work left at the end costs, for each point.
pub fn undone(plant: &Plant) -> Row {
    points().map(|left| left * plant.service / f64::from(plant.slots))
}
