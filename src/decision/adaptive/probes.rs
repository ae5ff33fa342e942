//! The load behind responses of single requests, which vary too much to tell it one by one. Pure.
//!
//! A single response is exponential around what responses take on average (exact for an M/M/1 queue), the mean of `n` of
//! them a Gamma of shape `n`. That average is the service time over the part that is not busy, so each response says a
//! little of both. What is believed of the two is a table of chances, to which each response is put as Bayes has it: a *hidden
//! Markov model*, whose load wanders a little from look to look and now and then jumps (Rabiner, *A tutorial on hidden Markov
//! models*, Proc. IEEE 77(2), 1989, section III, the forward procedure). Over how many responses it averages is no setting:
//! where they agree over all, and where they contradict what was before, over the last ones.

use num_traits::ToPrimitive as _;
use serde::{Deserialize, Serialize};

use super::forecast::Forecast;
use super::lateness::turned;

/// How far loads are apart, as a logarithm; how many there are; and which is that of the first guess.
const STEP: f64 = 0.1;
const LOADS: usize = 56;
const MIDDLE: f64 = 28.0;

/// The service times that are thought of, as parts of the target: closer where they make a difference to what is carried.
const SERVICES: [f64; 9] = [0.4, 0.28, 0.2, 0.14, 0.1, 0.07, 0.05, 0.025, 0.0125];

/// The variance of the logarithm of the load after a second, by wandering; how likely it jumps within one, and how many steps.
const WANDERS: f64 = 1e-4;
const JUMPS: f64 = 2e-4;
const FAR: usize = 4;

/// The utilisation from which on a backlog may be as long as it looks, and how much less likely that is, for it explains
/// anything.
const PILES_UP: f64 = 0.98;
const EXPLAINS_ALL: f64 = 0.3;

/// One response in so many is long without a reason: a pause of the probe itself, a lost packet.
const STRAY: f64 = 0.01;

/// Chances are kept as logarithms, in whole eighths, so that what is written down is all there is.
const EIGHTHS: f64 = 8.0;

/// Means of more are not taken for those of single responses.
const MOST: f64 = 16.0;

/// Responses that vary by so much from one to the next are taken for single ones, whose logarithms do by 3.3, until they vary by
/// no more than means of two or three: a load that leaps makes a mean of all requests vary as well, but not for long.
const SINGLE: f64 = 2.0;
const NOT_SINGLE: f64 = 1.0;

/// The price of lateness, in fleets, and how often what is believed to be late counts: in doubt it is more.
const CHEAPEST: f64 = 1.0;
const DEAREST: f64 = 30.0;
const FIRST_PRICE: f64 = 6.0;
const DOUBT: f64 = 2.0;

/// What is believed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Probes {
    /// For each service time the chance of each load.
    beliefs: Vec<Vec<u8>>,
    /// The logarithm of the first load, in steps.
    first: f64,
    price: f64,
    /// The last response, and how much one varies from the next: the mean square of the logarithm of their ratio.
    last: Option<f64>,
    varies: f64,
    are_single: bool,
}

impl Default for Probes {
    fn default() -> Self {
        Self {
            beliefs: Vec::new(),
            first: 0.0,
            price: FIRST_PRICE,
            last: None,
            varies: 0.0,
            are_single: false,
        }
    }
}

/// A count of processes that may be needed.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Need {
    processes: f64,
    chance: f64,
}

/// The chances of each load, for each service time.
type Table = Vec<[f64; LOADS]>;

impl Probes {
    /// Of how many requests such a response is the mean, where that is not said: as many as make it vary as it does.
    /// The logarithm of a Gamma of shape `n` has about the variance `1 / (n - 1/2)` (its trigamma), a ratio of two twice that.
    /// `None`: of so many that it says how long responses take by itself.
    pub(super) fn many(&mut self, response: f64, told: Option<f64>) -> Option<f64> {
        let response = response.max(1e-6);
        if let Some(last) = self.last.replace(response) {
            let square = (response / last).ln().powi(2);
            self.varies += 0.05 * (square - self.varies);
        }
        if let Some(many) = told {
            return (many < MOST).then_some(many);
        }
        let least = if self.are_single { NOT_SINGLE } else { SINGLE };
        self.are_single = self.varies > least;
        self.are_single.then(|| (0.5 + 2.0 / self.varies).max(1.0))
    }

    /// Takes in the mean of so many responses, as a part of the target, from so many processes, so many seconds after the
    /// last one; a target takes `target` seconds. The count that is wanted so many seconds ahead, and what is expected then.
    pub(super) fn want(
        &mut self,
        (response, many): (f64, f64),
        ready: f64,
        (seconds, ahead, target): (f64, f64, f64),
        budget: f64,
    ) -> (f64, Forecast) {
        let mut table = self.table(ready);
        wander(&mut table, seconds);
        let first = self.first;
        for (chances, service) in table.iter_mut().zip(SERVICES) {
            for (place, chance) in chances.iter_mut().enumerate() {
                let busy = load(first, place) / ready;
                *chance *= likelihood(response, many, service, busy, seconds / target);
            }
        }
        self.keep(&mut table);
        let late: f64 = needs(&table, self.first)
            .iter()
            .filter(|need| need.processes > ready)
            .map(|need| need.chance)
            .sum();
        let turned = turned((DOUBT * late).min(1.0), budget);
        self.price = (self.price * turned).clamp(CHEAPEST, DEAREST);
        wander(&mut table, ahead);
        cheapest(needs(&table, self.first), self.price)
    }

    /// The table, which begins with all as likely as the rest, about idle and about busy.
    fn table(&mut self, ready: f64) -> Table {
        if self.beliefs.len() != SERVICES.len() {
            self.first = (ready.ln() / STEP).round() - MIDDLE - 8.0;
            return vec![[1.0; LOADS]; SERVICES.len()];
        }
        let chance = |eighths: &u8| (-f64::from(*eighths) / EIGHTHS).exp();
        let row = |beliefs: &Vec<u8>| {
            let mut row = [0.0; LOADS];
            for (place, eighths) in row.iter_mut().zip(beliefs) {
                *place = chance(eighths);
            }
            row
        };
        self.beliefs.iter().map(row).collect()
    }

    /// Makes the chances one together, moves what is likely to the middle of the table, and writes it down.
    fn keep(&mut self, table: &mut Table) {
        let total: f64 = table.iter().flatten().sum();
        let mut middle = 0.0;
        for chances in table.iter_mut() {
            for (place, chance) in chances.iter_mut().enumerate() {
                *chance /= total.max(f64::MIN_POSITIVE);
                middle += place.to_f64().unwrap_or_default() * *chance;
            }
        }
        let off = (middle - MIDDLE).round();
        if off.abs() >= 6.0 {
            self.first += off;
            let places = off.abs().to_usize().unwrap_or(0).min(LOADS);
            for chances in table.iter_mut() {
                if off > 0.0 {
                    chances.rotate_left(places);
                    chances
                        .iter_mut()
                        .rev()
                        .take(places)
                        .for_each(|chance| *chance = 0.0);
                } else {
                    chances.rotate_right(places);
                    chances
                        .iter_mut()
                        .take(places)
                        .for_each(|chance| *chance = 0.0);
                }
            }
        }
        let eighths = |chance: &f64| {
            let eighths = (-chance.ln() * EIGHTHS).round();
            eighths.clamp(0.0, 255.0).to_u8().unwrap_or(u8::MAX)
        };
        self.beliefs = table
            .iter()
            .map(|chances| chances.iter().map(eighths).collect())
            .collect();
    }
}

/// The load goes its way for so long.
fn wander(table: &mut Table, seconds: f64) {
    let all = WANDERS * seconds / (2.0 * STEP * STEP);
    // A part that is less than a quarter spreads as far as it should.
    let turns = (all / 0.2).ceil().clamp(1.0, 50.0);
    let near = (all / turns).min(0.25);
    let far = (JUMPS * seconds / turns / 2.0).min(0.2);
    for _ in 0..turns.to_u32().unwrap_or(1) {
        for chances in table.iter_mut() {
            *chances = spread(&spread(chances, 1, near), FAR, far);
        }
    }
}

/// A part of each chance goes to the places so far to either side.
fn spread(chances: &[f64; LOADS], far: usize, part: f64) -> [f64; LOADS] {
    let at = |place: usize| chances.get(place).copied().unwrap_or_default();
    let mut spread = [0.0; LOADS];
    for (place, chance) in spread.iter_mut().enumerate() {
        let (below, above) = (place.saturating_sub(far), (place + far).min(LOADS - 1));
        *chance = at(place) * (1.0 - 2.0 * part) + part * (at(below) + at(above));
    }
    spread
}

fn load(first: f64, place: usize) -> f64 {
    ((first + place.to_f64().unwrap_or_default()) * STEP).exp()
}

/// How likely such a response is, where a service takes so long and the processes are so busy. What comes beyond what they
/// carry has piled up for so many targets' time at the least.
fn likelihood(response: f64, many: f64, service: f64, busy: f64, piled: f64) -> f64 {
    let mean = service / (1.0 - busy.min(PILES_UP));
    let gamma = |mean: f64| (-many * (mean.ln() + response / mean)).exp();
    if busy > PILES_UP {
        let least = mean.max((busy - 1.0) * piled / 2.0);
        return gamma(least.max(response)) * EXPLAINS_ALL;
    }
    let stray = if response > mean {
        STRAY * gamma(response)
    } else {
        0.0
    };
    gamma(mean).max(stray)
}

/// How likely which count is needed, from the least to the most.
fn needs(table: &Table, first: f64) -> Vec<Need> {
    let mut needs = Vec::with_capacity(SERVICES.len() * LOADS);
    for (chances, service) in table.iter().zip(SERVICES) {
        needs.extend(chances.iter().enumerate().map(|(place, chance)| Need {
            // In time is what is busy for one part less than the service's of the target.
            processes: load(first, place) / (1.0 - service),
            chance: *chance,
        }));
    }
    needs.sort_by(|one, other| one.processes.total_cmp(&other.processes));
    needs
}

/// The count for which count and price are least together, and what is expected.
fn cheapest(needs: Vec<Need>, price: f64) -> (f64, Forecast) {
    let mean = |of: &dyn Fn(f64) -> f64| -> f64 {
        needs
            .iter()
            .map(|need| need.chance * of(need.processes.ln()))
            .sum()
    };
    let middle = mean(&|log| log);
    let deviation = mean(&|log| (log - middle).powi(2)).sqrt();
    let load = middle.exp();
    let (mut best, mut processes, mut above) = (f64::MAX, 1.0, 1.0);
    for need in needs {
        above -= need.chance;
        let count = need.processes.ceil().max(1.0);
        let cost = count + price * load * above;
        if cost < best {
            (best, processes) = (cost, count);
        }
    }
    (processes, Forecast { load, deviation })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Responses of single requests, spread as an exponential is: its quantiles, in an order without a pattern.
    fn single(look: u32) -> f64 {
        let part = f64::from(look * 37 % 64) + 0.5;
        -(1.0 - part / 64.0).ln()
    }

    /// The last count and deviation after so many looks at processes that take a tenth of the target a request.
    fn settled(many: f64, looks: u32, load: f64) -> (f64, Forecast) {
        let mut probes = Probes::default();
        let mut count = 2.0_f64;
        let mut last = None;
        for look in 0..looks {
            let response = (0.1 / (1.0 - (load / count).min(0.99)))
                * (1.0 + (single(look) - 1.0) / many.sqrt()).max(0.01);
            let (wanted, forecast) = probes.want((response, many), count, (15.0, 45.0, 1.0), 0.01);
            count = wanted;
            last = Some((count, forecast));
        }
        last.unwrap()
    }

    #[test]
    fn single_responses_are_enough_and_more_of_them_are_better() {
        let (one, unsure) = settled(1.0, 800, 9.0);
        let (eight, surer) = settled(8.0, 800, 9.0);
        // 9 busy ones at nine tenths each are 10.
        assert!((10.0..=22.0).contains(&one), "{one}: {unsure:?}");
        assert!((10.0..=14.0).contains(&eight), "{eight}: {surer:?}");
        assert!(surer.deviation < unsure.deviation, "{surer:?} {unsure:?}");
    }

    #[test]
    fn one_long_response_is_none_and_several_are_a_load() {
        let mut probes = Probes::default();
        let mut wanted = 0.0;
        let mut calm = 0.0;
        for look in 0..400 {
            let response = match look {
                398 => 5.0,
                _ => 0.3 * single(look),
            };
            (wanted, _) = probes.want((response, 1.0), 14.0, (15.0, 45.0, 1.0), 0.01);
            if look == 397 {
                calm = wanted;
            }
        }
        assert!(wanted < 1.5 * calm, "{wanted} after {calm}");
        for _ in 0..4 {
            (wanted, _) = probes.want((5.0, 1.0), 14.0, (15.0, 45.0, 1.0), 0.01);
        }
        assert!(wanted > 14.0, "{wanted} after {calm}");
    }

    #[test]
    fn what_varies_as_single_ones_do_is_taken_for_such() {
        for (told, single_ones, expected) in [
            (None, true, true),
            (None, false, false),
            (Some(4.0), false, true),
            (Some(40.0), true, false),
        ] {
            let mut probes = Probes::default();
            let mut many = None;
            for look in 0..100 {
                let response = if single_ones { single(look) } else { 0.2 };
                many = probes.many(response, told);
            }
            assert_eq!(many.is_some(), expected, "{told:?} {single_ones}: {many:?}");
        }
    }

    #[test]
    fn it_is_small_and_the_same_after_being_written_down() {
        let mut one = Probes::default();
        for look in 0..100 {
            one.want((0.3 * single(look), 1.0), 12.0, (15.0, 45.0, 1.0), 0.01);
        }
        let text = serde_json::to_string(&one).unwrap();
        assert!(text.len() < 3000, "{} bytes", text.len());
        let mut other: Probes = serde_json::from_str(&text).unwrap();
        let next = ((0.7, 1.0), 12.0, (15.0, 45.0, 1.0), 0.01);
        assert_eq!(
            one.want(next.0, next.1, next.2, next.3),
            other.want(next.0, next.1, next.2, next.3)
        );
    }
}
