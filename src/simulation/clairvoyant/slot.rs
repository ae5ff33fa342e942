//! A slot: how many come late in it and what is left at its end, for every count and every point of the grid.

use super::SLOT;
use super::Terms;
use super::grid::{Grid, POINTS, Place, Row, points};
use crate::simulation::number::real;
use crate::simulation::plant::table::Stepper;
use crate::simulation::plant::{Kind, Plant, queue, web};
use crate::simulation::scenario::Scenario;

/// The slots of a scenario.
#[derive(Debug)]
pub struct Slots<'a> {
    pub(super) scenario: &'a Scenario,
    grid: Grid,
    stepper: Stepper<'a>,
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
        let grid = Grid::new();
        let stepper = Stepper::new(&scenario.plant);
        Self {
            scenario,
            grid,
            stepper,
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.scenario.arrivals.len().div_ceil(SLOT)
    }

    /// What comes in a slot, second by second.
    pub fn arrivals(&self, slot: usize) -> &'a [u32] {
        self.scenario
            .arrivals
            .chunks(SLOT)
            .nth(slot)
            .unwrap_or_default()
    }

    /// The service time in a slot.
    pub fn service(&self, slot: usize) -> f64 {
        let second = u32::try_from(slot * SLOT + SLOT / 2).unwrap_or(u32::MAX);
        self.scenario.plant.service_at(second)
    }

    /// Fills a slot's table.
    pub fn fill(&self, slot: usize, terms: &Terms, table: &mut Table) {
        let service = self.service(slot);
        let arrivals = self.arrivals(slot);
        table.seconds = real(u64::try_from(arrivals.len()).unwrap_or(0));
        table.late.clear();
        table.next.clear();
        for count in terms.least..=terms.most {
            let mut ends = points();
            let mut late = [0.0; POINTS];
            self.through(arrivals, count, service, &mut ends, &mut late);
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
        arrivals: &[u32],
        count: u32,
        service: f64,
        states: &mut [f64; N],
        late: &mut [f64; N],
    ) {
        let plant = &self.scenario.plant;
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
            (Kind::Web, _) => each(arrivals, slo, states, late, |state, arrivals| {
                let step = self.stepper.step(state, arrivals, ready, service);
                (step.left, step.delay)
            }),
        }
    }

    /// Where a state lies on the grid.
    pub fn place(&self, value: f64) -> Place {
        self.grid.place(value)
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
