//! What came, from what was measured: a record tells the response time or queue under the count that ran, and under another
//! count it would have been another, so that not it but the load is what can be played again. Pure.
//!
//! With `n` processes of `c` slots, a service time `S`, `t` seconds between two looks:
//!
//! | measured | what came, a second | source |
//! | --- | --- | --- |
//! | arrivals `a` | `a / t` | counted |
//! | response time `r` | `n c u / S + (L - L') / t`; `u` the share at which M/M/c answers in `r`, with one slot `1 - S/r`; `L = r n c u / S` in the system now, `L'` at the look before | Erlang's C; Little's law; for a load that moves, Wang, Tipper, Banerjee, *A Simple Approximation for Modeling Nonstationary Queues*, INFOCOM 1996 |
//! | queue's length `q` | `n c / S + (q - q') / t` while jobs wait; `b / S + (q + b - q' - b') / t` where `b` slots are known to be busy | counting |
//! | utilisation `u` | `n c u / S` | the utilisation law |
//!
//! An empty queue tells only that the workers were enough: what came then is taken to go straight from what was known before
//! to what was known after, and to be no more than they can do.

use super::service::{self, Service};
use crate::simulation::number::length;
use crate::simulation::plant::{Kind, erlang};

/// One look at the process, in the order of time. Times in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Look {
    /// When, since the first.
    pub at: f64,
    /// How many processes were asked for; `None`: not known.
    pub count: Option<f64>,
    /// How many of them were up.
    pub ready: f64,
    /// How long a request took.
    pub response: Option<f64>,
    /// How many single requests `response` is the mean of; `None`: of all.
    pub probes: Option<f64>,
    /// How many came since the look before.
    pub arrivals: Option<f64>,
    /// How many jobs waited.
    pub queue: Option<f64>,
    /// How many slots were busy.
    pub busy: Option<f64>,
    /// The busy part of the slots, from 0 to 1.
    pub utilisation: Option<f64>,
}

/// Who works.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Workers {
    /// On requests or on jobs.
    pub kind: Kind,
    /// How many a process works on at a time.
    pub slots: u32,
    /// How long one takes, where somebody said it.
    pub service: Option<f64>,
}

/// From what it was inferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Counted arrivals.
    Arrivals,
    /// Response times.
    Responses,
    /// A queue's length.
    Queue,
    /// How busy the processes were.
    Utilisation,
}

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// From what it was inferred.
    pub from: Basis,
    /// How long one takes, and how that is known.
    pub service: Service,
    /// What came a second up to each look; `None`: not known.
    pub rates: Vec<Option<f64>>,
    /// The response time or wait at each look, in seconds, where it is known.
    pub delays: Vec<Option<f64>>,
    /// In what part of the looks the queue was empty, so that the rate is no more than likely.
    pub likely: f64,
}

/// So many single requests are averaged: one takes any time from none to many times the mean.
const PROBES: f64 = 20.0;

/// A counter that was not read for longer is taken to have counted since one usual interval.
const COUNTED: f64 = 300.0;

/// Infers it from looks that are usually `interval` seconds apart; else why that cannot be.
pub fn infer(looks: &[Look], interval: f64, workers: Workers) -> Result<Load, String> {
    let from = from(looks, workers.kind)?;
    let looks = smooth(looks);
    let service = service::of(&looks, interval, workers, from)?;
    let pairs = std::iter::once(None)
        .chain(looks.iter().map(Some))
        .zip(&looks);
    let seen = Seen {
        workers,
        service: service.seconds,
        interval,
    };
    let rates = pairs.map(|(before, look)| match from {
        Basis::Arrivals => arrivals(look, elapsed(before, look, interval)),
        Basis::Responses => seen.by_response(before, look),
        Basis::Queue => seen.by_queue(before, look),
        Basis::Utilisation => seen.by_utilisation(look),
    });
    let mut rates: Vec<Option<f64>> = rates.collect();
    repay(&mut rates);
    let delays = looks.iter().map(|look| seen.delay(look)).collect();
    let likely = if from == Basis::Queue {
        seen.fill(&looks, &mut rates)?
    } else {
        0.0
    };
    Ok(Load {
        from,
        service,
        rates,
        delays,
        likely,
    })
}

/// What most of the looks that were measured at all can be inferred from: the surest that there is.
fn from(looks: &[Look], kind: Kind) -> Result<Basis, String> {
    let many = |known: fn(&Look) -> bool| looks.iter().filter(|look| known(look)).count();
    let queue = (Basis::Queue, many(|look| look.queue.is_some()));
    let response = (Basis::Responses, many(|look| look.response.is_some()));
    let usable = match kind {
        Kind::Web => response,
        Kind::Queue => queue,
    };
    let all = [
        (Basis::Arrivals, many(|look| look.arrivals.is_some())),
        usable,
        (
            Basis::Utilisation,
            many(|look| look.utilisation.or(look.busy).is_some()),
        ),
    ];
    let most = all.iter().map(|(_, many)| *many).max().unwrap_or(0);
    let best = all
        .iter()
        .find(|(_, many)| *many > 0 && 2 * many >= most)
        .map(|(from, _)| *from);
    best.ok_or_else(|| {
        "no record has a measurement that tells of the load (response_time_ms, arrivals, queue_length, busy or utilisation); of a \
         queue: --kind queue"
            .to_owned()
    })
}

/// A mean response of few requests becomes that of the looks around it.
fn smooth(looks: &[Look]) -> Vec<Look> {
    let reach = |look: &Look| match look.probes {
        Some(probes) if probes < PROBES => {
            crate::simulation::number::whole(PROBES / (2.0 * probes.max(1.0)))
        }
        Some(_) | None => 0,
    };
    let smoothed = looks.iter().enumerate().map(|(at, look)| {
        let reach = crate::simulation::number::place(reach(look));
        if reach == 0 || look.response.is_none() {
            return *look;
        }
        let around = looks
            .get(at.saturating_sub(reach)..(at + reach + 1).min(looks.len()))
            .unwrap_or_default();
        let known: Vec<f64> = around.iter().filter_map(|look| look.response).collect();
        Look {
            response: Some(known.iter().sum::<f64>() / length(known.len().max(1))),
            ..*look
        }
    });
    smoothed.collect()
}

/// Over how many seconds something was counted.
pub(super) fn elapsed(before: Option<&Look>, look: &Look, interval: f64) -> f64 {
    let seconds = before.map_or(interval, |before| look.at - before.at);
    if seconds > 0.0 && seconds <= COUNTED.max(interval) {
        seconds
    } else {
        interval
    }
}

fn arrivals(look: &Look, seconds: f64) -> Option<f64> {
    Some(look.arrivals? / seconds)
}

/// What is known when it is inferred.
struct Seen {
    workers: Workers,
    service: f64,
    interval: f64,
}

impl Seen {
    fn slots(&self, ready: f64) -> f64 {
        ready * f64::from(self.workers.slots)
    }

    /// How many slots there were between two looks.
    fn between(&self, before: &Look, look: &Look) -> f64 {
        self.slots(f64::midpoint(before.ready, look.ready))
    }

    fn by_utilisation(&self, look: &Look) -> Option<f64> {
        let of_all = look.utilisation.map(|part| part * self.slots(look.ready));
        Some(look.busy.or(of_all)? / self.service)
    }

    /// How many requests are answered a second, and how many are in the system.
    fn answered(&self, slots: f64, response: f64) -> (f64, f64) {
        let share = erlang::busiest(self.workers.slots, (response / self.service).max(1.0));
        let rate = slots * share / self.service;
        (rate, rate * response)
    }

    fn by_response(&self, before: Option<&Look>, look: &Look) -> Option<f64> {
        let response = look.response?;
        let slots = before.map_or(self.slots(look.ready), |before| self.between(before, look));
        if slots <= 0.0 {
            return None;
        }
        let (answered, inside) = self.answered(slots, response);
        let growth = before
            .and_then(|before| Some((before, before.response?)))
            .map(|(before, response)| {
                let (_, was) = self.answered(self.slots(before.ready), response);
                (inside - was) / elapsed(Some(before), look, self.interval)
            });
        Some(answered + growth.unwrap_or(0.0))
    }

    fn by_queue(&self, before: Option<&Look>, look: &Look) -> Option<f64> {
        let (before, length) = (before?, look.queue?);
        let was = before.queue?;
        let seconds = elapsed(Some(before), look, self.interval);
        if let (Some(were), Some(are)) = (before.busy, look.busy) {
            let done = f64::midpoint(were, are) / self.service;
            return Some(done + (length + are - was - were) / seconds);
        }
        let slots = self.between(before, look);
        // Nobody works: all that comes waits.
        (length > 0.0 || slots <= 0.0).then(|| slots / self.service + (length - was) / seconds)
    }

    /// Fills in what came while a queue was empty; the part that was so.
    fn fill(&self, looks: &[Look], rates: &mut [Option<f64>]) -> Result<f64, String> {
        let known: Vec<(usize, f64)> = rates
            .iter()
            .enumerate()
            .filter_map(|(at, rate)| Some((at, (*rate)?)))
            .collect();
        if known.is_empty() {
            return Err(
                "the queue was always empty: that tells only that the workers were enough. Measure `arrivals` or `busy` too"
                    .to_owned(),
            );
        }
        let mut filled = 0;
        for (at, (rate, look)) in rates.iter_mut().zip(looks).enumerate() {
            if rate.is_some() || look.queue.is_none() {
                continue;
            }
            filled += 1;
            let next = known.partition_point(|(place, _)| *place < at);
            let after = known.get(next).copied();
            let before = next
                .checked_sub(1)
                .and_then(|place| known.get(place))
                .copied();
            let likely = match (before, after) {
                (Some((from, was)), Some((to, will))) => {
                    was + (will - was) * length(at - from) / length(to - from)
                }
                (Some((_, only)), None) | (None, Some((_, only))) => only,
                (None, None) => 0.0,
            };
            *rate = Some(likely.min(self.slots(look.ready) / self.service));
        }
        Ok(length(filled) / length(looks.len().max(1)))
    }

    fn delay(&self, look: &Look) -> Option<f64> {
        match self.workers.kind {
            Kind::Web => look.response,
            Kind::Queue => {
                let (waiting, slots) = (look.queue?, self.slots(look.ready));
                Some(if waiting <= 0.0 {
                    0.0
                } else if slots > 0.0 {
                    waiting * self.service / slots
                } else {
                    f64::INFINITY
                })
            }
        }
    }
}

/// Less than nothing never came: what a rate is below zero is taken off those that follow.
fn repay(rates: &mut [Option<f64>]) {
    let mut debt = 0.0;
    for rate in rates {
        match rate {
            Some(rate) => {
                let left = *rate + debt;
                (*rate, debt) = (left.max(0.0), left.min(0.0));
            }
            None => debt = 0.0,
        }
    }
}

#[cfg(test)]
mod tests;
