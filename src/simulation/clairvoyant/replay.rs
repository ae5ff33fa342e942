//! From the first slot to the last: at each the count that costs least, on the plant itself, and the figures of that.

use super::backward::{Backward, Checkpoints, KEPT, State};
use super::slot::{Slots, Table};
use super::{PRICES, Terms};
use crate::simulation::figures::{Figures, Moment, Tally};

/// A schedule that was played.
#[derive(Debug, Clone)]
pub struct Played {
    /// What came of it.
    pub figures: Figures,
    /// How many are ready, slot by slot.
    pub schedule: Vec<u32>,
}

impl Default for Played {
    fn default() -> Self {
        Self {
            figures: Tally::new(0.0).figures(0.0, 0, 0),
            schedule: Vec::new(),
        }
    }
}

/// One schedule for each price.
pub fn play(
    slots: &Slots<'_>,
    terms: &Terms,
    prices: &[f64; PRICES],
    saved: &Checkpoints,
    tick: &mut dyn FnMut(),
) -> Vec<Played> {
    let mut players = prices.map(|price| Player::new(slots, terms, price));
    let mut first = 0;
    for (last, states) in saved.iter().rev() {
        let rest = segment(slots, terms, prices, (first, *last), states);
        for (slot, rest) in (first..=*last).zip(rest.iter().rev()) {
            for (player, rest) in players.iter_mut().zip(rest) {
                player.play(slot, rest);
            }
            tick();
        }
        first = last + 1;
    }
    players.into_iter().map(Player::played).collect()
}

/// What the rest costs after each slot of a segment, from its last to its first, for every price.
fn segment(
    slots: &Slots<'_>,
    terms: &Terms,
    prices: &[f64; PRICES],
    (first, last): (usize, usize),
    states: &[State],
) -> Vec<Vec<State>> {
    let mut value = Backward::from(states.to_vec());
    let mut rest = Vec::with_capacity(KEPT);
    let mut table = Table::default();
    rest.push(value.states.clone());
    for slot in (first + 1..=last).rev() {
        slots.fill(slot, terms, &mut table);
        value.step(&table, terms, prices);
        rest.push(value.states.clone());
    }
    rest
}

struct Player<'a> {
    slots: &'a Slots<'a>,
    terms: &'a Terms,
    price: f64,
    state: f64,
    count: u32,
    schedule: Vec<u32>,
    tally: Tally,
    /// Process-seconds of boots and stops.
    moves: f64,
    actions: u64,
    starts: u64,
}

impl<'a> Player<'a> {
    fn new(slots: &'a Slots<'a>, terms: &'a Terms, price: f64) -> Self {
        Self {
            slots,
            terms,
            price,
            state: 0.0,
            count: terms.start.clamp(terms.least, terms.most),
            schedule: Vec::with_capacity(slots.count()),
            tally: Tally::new(slots.scenario.plant.slo),
            moves: 0.0,
            actions: 0,
            starts: 0,
        }
    }

    fn moving(&self, count: u32) -> f64 {
        let up = f64::from(count.saturating_sub(self.count));
        let down = f64::from(self.count.saturating_sub(count));
        self.terms.boot * up + self.terms.grace * down
    }

    /// The count for a slot that costs least with all that follows.
    fn choose(&self, slot: usize, rest: &State) -> u32 {
        let slot = self.slots.slot(slot);
        let mut best = (f64::INFINITY, self.count);
        for (row, count) in (self.terms.least..=self.terms.most).enumerate() {
            let (mut state, mut late) = ([self.state], [0.0]);
            self.slots.through(&slot, count, &mut state, &mut late);
            let ([end], [late]) = (state, late);
            let now = self.moving(count) + f64::from(count) * slot.seconds() + self.price * late;
            let cost = now + self.slots.place(end).of(rest.row(row));
            if cost < best.0 {
                best = (cost, count);
            }
        }
        best.1
    }

    fn play(&mut self, slot: usize, rest: &State) {
        let count = self.choose(slot, rest);
        self.moves += self.moving(count);
        self.actions += u64::from(count != self.count);
        self.starts += u64::from(count.saturating_sub(self.count));
        self.count = count;
        self.schedule.push(count);
        let scenario = self.slots.scenario;
        let first = slot * super::SLOT;
        let slot = self.slots.slot(slot);
        let demand = scenario.demand.iter().skip(first);
        for ((second, arrivals), demand) in (first..).zip(slot.arrivals).zip(demand) {
            let arrivals = f64::from(*arrivals);
            let step = scenario
                .plant
                .step(self.state, arrivals, f64::from(count), slot.service);
            self.state = step.left;
            self.tally.add(&Moment {
                now: u32::try_from(second).unwrap_or(u32::MAX),
                arrivals,
                demand: *demand,
                ready: count,
                target: count,
                billed: count,
                delay: step.delay,
            });
        }
    }

    fn played(self) -> Played {
        let plant = &self.slots.scenario.plant;
        let undone = self.state * plant.service / f64::from(plant.slots);
        Played {
            figures: self
                .tally
                .figures(undone + self.moves, self.actions, self.starts),
            schedule: self.schedule,
        }
    }
}
