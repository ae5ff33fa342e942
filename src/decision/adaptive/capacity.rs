//! How much one process can carry and still answer in time. Pure.
//!
//! A process works on `c` requests at a time, each takes `S` seconds, and at utilisation `u` a response takes `S` times
//!
//! ```text
//!   stretch(u) = 1 + u^(sqrt(2(c + 1)) - 1) / (c (1 - u))
//! ```
//!
//! (Sakasegawa's approximation of the M/M/c queue, *An approximation formula Lq ≈ αρ^β/(1-ρ)*, Annals of the Institute of
//! Statistical Mathematics 29, 1977; with one slot it is the exact 1/(1 - u).) Neither `S` nor `c` is told: for each of a few
//! `c`, every measured response and rate imply an `S`, and the `c` under which `S` varies least as the load varies is the
//! one that is believed.

use serde::{Deserialize, Serialize};

/// How many requests a process may work on at a time, as far as that is looked for.
const SLOTS: [f64; 5] = [1.0, 2.0, 4.0, 8.0, 16.0];

/// A utilisation that is never planned for.
const FULL: f64 = 0.9999;

/// By how much a mean response may be measured too short.
const UNSURE: f64 = 1.15;

/// No response is shorter, in seconds.
const LEAST: f64 = 1e-5;

/// No service takes longer.
const LONGEST: f64 = 3600.0;

/// How many halvings find a root.
const HALVINGS: u32 = 40;

/// How many secants come near it before, and when one is as near as numbers are.
const SECANTS: u32 = 6;
const EXACT: f64 = 1e-13;

/// How near to it is looked whether it is there, and by how much a value must be off to be sure: a power is less exact than
/// its last place, so that right beside the root it need not grow.
const NEAR: f64 = 1e-11;
const SURE: f64 = 1e-12;

/// Over how many seconds the service time is learned: at first, and once it is known.
const FIRST_SPAN: f64 = 60.0;
const SPAN: f64 = 900.0;

/// How much one look at an overload tells.
const OVERLOADED: f64 = 0.25;

/// And by how much a logarithm can be off in it: twenty times.
const MOST_OFF: f64 = 3.0;

/// After how many measurements it is known.
const KNOWN_AFTER: f64 = 40.0;

/// By how much a larger `c` must explain better, for each doubling: in doubt, more processes are needed.
const DOUBT: f64 = 0.05;

/// How much longer than its service a response takes at this utilisation.
pub(super) fn stretch(slots: f64, utilisation: f64) -> f64 {
    let busy = utilisation.clamp(0.0, FULL);
    if slots <= 1.0 {
        // The same, without the power.
        return 1.0 / (1.0 - busy);
    }
    1.0 + busy.powf((2.0 * (slots + 1.0)).sqrt() - 1.0) / (slots * (1.0 - busy))
}

/// The utilisation at which a response takes so many times its service.
pub(super) fn busiest(slots: f64, stretched: f64) -> f64 {
    /// What takes too long even without waiting is spread thin; more would be of no use.
    const LEAST: f64 = 0.05;
    // With one slot this is it.
    let guess = 1.0 - 1.0 / (1.0 + slots * (stretched - 1.0));
    root(FULL, guess, stretched, |busy| stretch(slots, busy)).max(LEAST)
}

/// The service time that makes a response of this length, where so many requests a second come to a process. It is found the
/// sooner, the nearer the guess.
fn service(slots: f64, response: f64, rate: f64, guess: f64) -> f64 {
    let most = response.min(slots / rate.max(f64::MIN_POSITIVE));
    root(most, guess.min(0.999 * most), response, |service| {
        service * stretch(slots, rate * service / slots)
    })
}

/// Where what grows with a number reaches the limit, up to `most`. It is halved as if nobody had guessed, so that the guess
/// changes nothing of the result; it only spares the powers where they are sure to be too small or too large.
fn root(most: f64, guess: f64, limit: f64, value: impl Fn(f64) -> f64) -> f64 {
    let (below, above) = around(guess, limit, &value);
    let (mut low, mut high) = (0.0, most);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if middle <= below || (middle < above && value(middle) < limit) {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// A number up to which the value is surely below the limit, and one from which on it surely is not: close to each other if
/// the guess was good for anything.
fn around(guess: f64, limit: f64, value: &impl Fn(f64) -> f64) -> (f64, f64) {
    // Nearly straight, so that the secants come near in a few steps.
    let short = |at: f64| at * (limit / value(at) - 1.0);
    let (mut before, mut at) = (0.99 * guess, guess);
    let mut was = short(before);
    for _ in 0..SECANTS {
        let now = short(at);
        if now.abs() <= at * EXACT {
            break;
        }
        let next = at - now * (at - before) / (now - was);
        (before, was, at) = (at, now, next);
    }
    let (below, above) = (at * (1.0 - NEAR), at * (1.0 + NEAR));
    let is_below = value(below) < limit * (1.0 - SURE);
    let is_above = value(above) > limit * (1.0 + SURE);
    (
        if is_below { below } else { 0.0 },
        if is_above { above } else { f64::INFINITY },
    )
}

/// What is believed of the service time under each number of slots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Capacity {
    beliefs: Vec<Belief>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Belief {
    slots: f64,
    /// In seconds.
    service: f64,
    /// The mean square of how far the logarithm of an implied service time was off.
    error: f64,
    seen: f64,
}

/// What is believed in the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Server {
    pub(super) slots: f64,
    /// In seconds.
    pub(super) service: f64,
}

impl Server {
    /// How many requests a second a process answers within so many seconds each.
    pub(super) fn rate(self, target: f64) -> f64 {
        self.slots * busiest(self.slots, target / self.service) / self.service
    }
}

impl Capacity {
    /// Learns from a response time (seconds) at a rate a process (requests a second); `counts`: the count stood still
    /// meanwhile, and there was no backlog, in which a response says more of the past than of the rate.
    pub(super) fn learn(&mut self, response: f64, rate: f64, counts: bool, seconds: f64) {
        let response = response.max(LEAST);
        if self.beliefs.is_empty() {
            let belief = |slots| Belief {
                slots,
                service: service(slots, response, rate, response),
                error: 0.02,
                seen: 0.0,
            };
            self.beliefs = SLOTS.map(belief).to_vec();
            return;
        }
        for belief in &mut self.beliefs {
            // Whatever else is believed, no service takes longer than the response that holds it.
            belief.service = belief.service.min(response * UNSURE);
        }
        if !counts || rate <= 0.0 {
            return;
        }
        for belief in &mut self.beliefs {
            let implied = service(belief.slots, response, rate, belief.service);
            let off = (implied / belief.service).ln();
            let off = if off.is_finite() {
                off.clamp(-0.7, 0.7)
            } else {
                0.0
            };
            belief.error += 0.02 * (off * off - belief.error);
            belief.seen += 1.0;
            let span = if belief.seen < KNOWN_AFTER {
                FIRST_SPAN
            } else {
                SPAN
            };
            belief.service *= ((seconds / span).min(1.0) * off).exp();
            belief.service = belief.service.clamp(LEAST / 100.0, LONGEST);
        }
    }

    /// More comes to a process than it carries, and goes on piling up: its service takes at least as long as it then must.
    /// Whoever says that such a rate is carried with ease is believed less. That is how servers are found out whose
    /// responses say nothing of their load until they are full: with as many slots as there are requests, or with requests
    /// that keep a regular distance.
    pub(super) fn overloaded(&mut self, response: f64, rate: f64) {
        if rate <= 0.0 {
            return;
        }
        for belief in &mut self.beliefs {
            let expected =
                belief.service * stretch(belief.slots, rate * belief.service / belief.slots);
            let off = (response / expected).ln().clamp(0.0, MOST_OFF);
            belief.error += OVERLOADED * (off * off - belief.error).max(0.0);
            let least = (belief.slots / rate).min(LONGEST);
            let raised = (least - belief.service).max(0.0);
            belief.service += OVERLOADED * raised;
        }
    }

    /// The server that explains best what was seen.
    pub(super) fn server(&self) -> Option<Server> {
        let doubted = |belief: &Belief| belief.error * (1.0 + DOUBT * belief.slots.log2());
        let best = self
            .beliefs
            .iter()
            .min_by(|one, other| doubted(one).total_cmp(&doubted(other)))?;
        Some(Server {
            slots: best.slots,
            service: best.service.max(1e-6),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slot_is_exact() {
        for (busy, expected) in [(0.0, 1.0), (0.5, 2.0), (0.9, 10.0)] {
            assert!((stretch(1.0, busy) - expected).abs() < 1e-9, "{busy}");
        }
        assert!((busiest(1.0, 10.0) - 0.9).abs() < 1e-6);
        assert!(busiest(4.0, 10.0) > 0.95, "slots help each other");
        assert!(busiest(1.0, 0.5) <= 0.05, "no count is enough");
    }

    /// Where it is, without a guess.
    fn halved(most: f64, holds: impl Fn(f64) -> bool) -> f64 {
        let (mut low, mut high) = (0.0, most);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if holds(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high)
    }

    /// What was decided must not depend on what was believed before, not in the last place.
    #[test]
    fn no_guess_changes_what_is_found() {
        const WILD: [f64; 6] = [0.0, 1e-5, 0.3, 7.0, 1e300, f64::NAN];
        let responses = [1e-5, 0.07, 0.1, 0.8, 12.0, 1e9, f64::MAX];
        let rates = [0.0, 1e-300, 0.4, 8.0, 9.9, 10.1, 700.0, f64::MAX];
        for slots in SLOTS {
            for (response, rate) in responses
                .iter()
                .flat_map(|response| rates.map(|rate| (*response, rate)))
            {
                let most = response.min(slots / rate.max(f64::MIN_POSITIVE));
                let expected = halved(most, |service| {
                    service * stretch(slots, rate * service / slots) < response
                });
                for guess in WILD.into_iter().chain([expected, 0.9 * expected]) {
                    let found = service(slots, response, rate, guess);
                    assert_eq!(
                        found.to_bits(),
                        expected.to_bits(),
                        "{slots} slots, {response} s, {rate} a second, by {guess}: {found} for {expected}"
                    );
                }
            }
            for stretched in [0.0, 0.5, 1.0, 1.000_001, 1.3, 2.0, 10.0, 9_999.0, 1e9] {
                let expected = halved(FULL, |busy| stretch(slots, busy) < stretched).max(0.05);
                let found = busiest(slots, stretched);
                assert_eq!(
                    found.to_bits(),
                    expected.to_bits(),
                    "{slots} slots, {stretched}: {found} for {expected}"
                );
            }
        }
    }

    #[test]
    fn the_service_time_and_the_slots_are_found() {
        for (slots, seconds) in [(1.0, 0.1), (4.0, 0.25), (16.0, 0.05)] {
            let mut capacity = Capacity::default();
            for turn in 0..400 {
                // The load of one process goes up and down between a fifth and nine tenths.
                let busy = 0.55 + 0.35 * (f64::from(turn) / 12.0).sin();
                let rate = busy * slots / seconds;
                let response = seconds * stretch(slots, busy);
                capacity.learn(response, rate, true, 15.0);
            }
            let server = capacity.server().unwrap();
            assert!(
                (server.service / seconds - 1.0).abs() < 0.05 && (server.slots - slots).abs() < 0.1,
                "{slots} slots of {seconds} s: {server:?}"
            );
        }
    }

    #[test]
    fn what_does_not_count_teaches_nothing() {
        let mut capacity = Capacity::default();
        capacity.learn(0.2, 5.0, true, 15.0);
        let before = capacity.clone();
        capacity.learn(9.0, 5.0, false, 15.0);
        assert_eq!(capacity, before);
    }

    #[test]
    fn what_an_overload_taught_wrongly_is_put_right_by_one_short_response() {
        let mut capacity = Capacity::default();
        capacity.learn(0.12, 2.0, true, 15.0);
        for _ in 0..20 {
            // A crowd: at first it piles up far more than the rate of the last look explains.
            capacity.overloaded(30.0, 1.0);
        }
        capacity.learn(0.11, 2.0, false, 15.0);
        let server = capacity.server().unwrap();
        assert!(server.service < 0.13, "{server:?}");
    }

    #[test]
    fn one_that_shows_its_load_only_when_it_is_full_is_found_out() {
        let mut capacity = Capacity::default();
        for turn in 0..40 {
            // Requests at a regular distance do not wait for each other.
            capacity.learn(0.04, 5.0 + 0.4 * f64::from(turn), true, 0.5);
        }
        let easy = capacity.server().unwrap().rate(0.25);
        for turn in 0..8 {
            capacity.overloaded(0.3 + 0.1 * f64::from(turn), 40.0);
        }
        let carried = capacity.server().unwrap().rate(0.25);
        assert!(
            easy > 80.0 && carried < 40.0,
            "{easy}, then {carried} a second"
        );
    }
}
