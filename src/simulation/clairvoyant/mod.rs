//! The clairvoyant: the fewest hours that one who knows all that will come can do with, at so many late requests. What a
//! policy takes more than this is what it pays for not knowing the future.
//!
//! The time is cut into slots of 30 s, in each of which a whole number `n` is ready. With `x` in the system at a slot's
//! start, `late` those that come late in it, and `next` what is left at its end (both from the plant, second by second, and
//! from what really came), a price `theta` for each late request gives
//!
//! ```text
//!   V_j(n', x) = min over n of  boot·(n-n')⁺ + grace·(n'-n)⁺ + 30·n + theta·late_j(n, x) + V_{j+1}(n, next_j(n, x))
//! ```
//!
//! Who knows the future orders a boot time ahead, so a boot costs its seconds and nothing else. `x` is known on a grid of
//! 47 points and straight in between ([`grid`]); the least over `n` takes two passes, as going up and down cost by the step
//! ([`backward`](mod@backward)). The right `theta` is searched for, and the schedule is played on the plant itself ([`replay`]).
//!
//! By weak duality, `V_0(theta) - theta·budget` is below what any schedule of such slots can reach, whatever the `theta`: how
//! far the best bound is from the schedule found says how good it is. The grid's straight lines make it inexact by up to half a
//! percent, so that it may even be a little above.

pub mod backward;
pub mod grid;
pub mod replay;
pub mod slot;

use self::backward::{Backward, Checkpoints, backward};
use self::replay::{Played, play};
use self::slot::Slots;
use super::figures::Figures;
use super::fleet::Boot;
use super::number::length;
use super::run::Conditions;
use super::scenario::Scenario;

/// The seconds of a slot.
pub const SLOT: usize = 30;

/// How many prices are tried at a time.
pub const PRICES: usize = 8;

/// The least and the greatest price of a late request that is tried at first, in process-seconds, each.
const CHEAPEST: f64 = 1e-4;
const DEAREST: f64 = 1e4;

/// How often the range of prices is narrowed before schedules are played.
const ROUNDS: u32 = 3;

/// What may be done, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// The process-seconds of a boot.
    pub boot: f64,
    /// The process-seconds of a stop.
    pub grace: f64,
    /// How many are ready at the start.
    pub start: u32,
    /// The least and the most.
    pub least: u32,
    /// The most.
    pub most: u32,
}

impl Terms {
    /// Those of a run. More than half as many again as are ever needed are not looked at.
    pub fn new(scenario: &Scenario, conditions: &Conditions) -> Self {
        let highest = scenario.demand.iter().max().copied().unwrap_or(1);
        let enough = highest + highest / 2 + 3;
        Self {
            boot: match conditions.boot {
                Boot::Fixed(seconds) => f64::from(seconds),
                Boot::Between(least, most) => f64::midpoint(f64::from(least), f64::from(most)),
            },
            grace: f64::from(conditions.grace),
            start: conditions.at_start(scenario),
            least: conditions.least.max(1),
            most: conditions.most.min(enough).max(conditions.least.max(1)),
        }
    }

    /// How many counts there are.
    fn counts(&self) -> usize {
        usize::try_from(self.most - self.least + 1).unwrap_or(1)
    }
}

/// The best that was found.
#[derive(Debug, Clone)]
pub struct Best {
    /// The figures of its schedule, played on the plant.
    pub figures: Figures,
    /// The hours below which no schedule can be that is within the budget. Without limit where none is.
    pub bound: f64,
    /// How many are ready, slot by slot.
    pub schedule: Vec<u32>,
}

/// The best with at most `budget` of all requests late, a part of a hundred. `progress` hears from 0 to 1 how far it is.
pub fn best(
    scenario: &Scenario,
    conditions: &Conditions,
    budget: f64,
    progress: &mut dyn FnMut(f64),
) -> Best {
    let terms = Terms::new(scenario, conditions);
    let slots = Slots::new(scenario);
    let allowed = scenario.requests() * budget / 100.0;
    // Each round goes over the slots once, and playing twice.
    let whole = length(slots.count()) * f64::from(ROUNDS + 2);
    let mut done = 0.0;
    let mut tick = || {
        done += 1.0;
        progress(done / whole);
    };
    let mut prices = spread(CHEAPEST, DEAREST);
    let mut bound = 0.0_f64;
    for _ in 0..ROUNDS {
        let values = backward(&slots, &terms, &prices, None, &mut tick).at_start(&terms);
        let bounds = bounds(&values, &prices, allowed);
        bound = bounds.iter().copied().fold(bound, f64::max);
        let (low, high) = around_the_best(&bounds, &prices);
        prices = spread(low, high);
    }
    // The last prices are for the case that the plant, played, is a little less kind than the grid.
    let [_, _, _, _, highest, dear, dearer, dearest] = &mut prices;
    (*dear, *dearer, *dearest) = (*highest * 1.1, *highest * 1.5, *highest * 4.0);
    let mut saved = Checkpoints::default();
    let values = backward(&slots, &terms, &prices, Some(&mut saved), &mut tick).at_start(&terms);
    bound = bounds(&values, &prices, allowed)
        .iter()
        .copied()
        .fold(bound, f64::max);
    let played = play(&slots, &terms, &prices, &saved, &mut tick);
    let chosen = choose(played, budget);
    Best {
        figures: chosen.figures,
        bound: bound / 3600.0,
        schedule: chosen.schedule,
    }
}

/// Prices from one to another, by equal factors.
fn spread(low: f64, high: f64) -> [f64; PRICES] {
    let factor = (high / low).powf(1.0 / length(PRICES - 1));
    let mut price = low;
    [0; PRICES].map(|_| {
        let this = price;
        price *= factor;
        this
    })
}

fn bounds(values: &[f64; PRICES], prices: &[f64; PRICES], allowed: f64) -> [f64; PRICES] {
    let mut bounds = *values;
    for (bound, price) in bounds.iter_mut().zip(prices) {
        *bound -= price * allowed;
    }
    bounds
}

/// The prices beside that with the highest bound: it is a concave function, so its peak is between them.
fn around_the_best(bounds: &[f64; PRICES], prices: &[f64; PRICES]) -> (f64, f64) {
    let best = bounds
        .iter()
        .enumerate()
        .max_by(|(_, one), (_, other)| one.total_cmp(other));
    let best = best.map_or(0, |(at, _)| at);
    let price = |at: usize| prices.get(at.min(PRICES - 1)).copied().unwrap_or(1.0);
    (price(best.saturating_sub(1)), price(best + 1))
}

/// The cheapest within the budget; where none is, that with the fewest late.
fn choose(played: Vec<Played>, budget: f64) -> Played {
    let rank = |one: &Played| {
        let late = one.figures.late;
        if late <= budget {
            (0.0, one.figures.hours)
        } else {
            (late, 0.0)
        }
    };
    let compare = |one: &Played, other: &Played| {
        let (one, other) = (rank(one), rank(other));
        one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1))
    };
    played.into_iter().min_by(compare).unwrap_or_default()
}

impl Backward {
    /// The values at the start: nothing is in the system.
    fn at_start(&self, terms: &Terms) -> [f64; PRICES] {
        let row = usize::try_from(terms.start.saturating_sub(terms.least)).unwrap_or(0);
        let row = row.min(terms.counts() - 1);
        let mut values = [0.0; PRICES];
        for (value, state) in values.iter_mut().zip(&self.states) {
            *value = state.row(row).first().copied().unwrap_or(0.0);
        }
        values
    }
}

#[cfg(test)]
mod tests;
