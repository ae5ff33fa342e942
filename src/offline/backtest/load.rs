//! What came, from what was measured: a record tells the response time or queue under the count that ran, and under another
//! count it would have been another, so not it can be played again, but the load. Pure.
//!
//! With `n` processes of `c` slots, a service time `S`, `t` seconds between two looks:
//!
//! | measured | what came, a second | source |
//! | --- | --- | --- |
//! | arrivals `a` | `a / t` | counted |
//! | response time `r` | `n c u / S + (L - L') / t`; `u` the share at which M/M/c answers in `r`, with one slot `1 - S/r`; `L = r n c u / S` in the system now, `L'` at the look before | Erlang's C; Little's law; for a load that moves, Wang, Tipper, Banerjee, *A Simple Approximation for Modeling Nonstationary Queues*, INFOCOM 1996 |
//! | queue's length `q` | `b / S + (q + b - q' - b') / t`; `b` slots are busy: as told, or while jobs wait all, `n c` | counting |
//! | utilisation `u` | `n c u / S` | the utilisation law |
//!
//! An empty queue tells only that the workers were enough: what came then is taken to go straight from what was known before
//! to what was known after, and to be no more than lets jobs pass without a wait.

use super::look::{Look, between, elapsed, smooth};
use super::service::{self, Service};
use crate::simulation::number::length;
use crate::simulation::plant::{Kind, erlang};

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
    /// What part of the slots was busy on average.
    pub busy: f64,
}

/// With `n` slots, half of the jobs do not wait when `n - SPARE sqrt(n)` are busy on average: where none wait, it is hardly more
/// (Halfin and Whitt, *Heavy-Traffic Limits for Queues with Many Exponential Servers*, Operations Research 29, 1981).
const SPARE: f64 = 0.5;

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
    let slots: f64 = looks.iter().map(|look| seen.slots(look.ready)).sum();
    let work: f64 = rates.iter().flatten().map(|rate| rate * seen.service).sum();
    Ok(Load {
        busy: work / slots.max(f64::MIN_POSITIVE),
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
        self.slots(between(before, look))
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
            // The difference of two means of a few is chance.
            .filter(|_| look.probes.is_none())
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
        let (were, are) = (self.at_work(before)?, self.at_work(look)?);
        // Who is stopped at a look is gone at once.
        let worked = if look.ready < before.ready {
            are.min(were)
        } else {
            f64::midpoint(were, are)
        };
        Some(worked / self.service + (length + are - was - were) / seconds)
    }

    /// How many slots are at work: while jobs wait, all.
    fn at_work(&self, look: &Look) -> Option<f64> {
        let slots = self.slots(look.ready);
        let all_work = look.queue.is_some_and(|queue| queue > 0.0) || slots <= 0.0;
        look.busy.or(all_work.then_some(slots))
    }

    /// Between what a rate lies where the queue was empty before or after, so that workers may have waited for jobs.
    fn bounds(&self, before: Option<&Look>, look: &Look) -> Option<(f64, f64)> {
        let length = look.queue?;
        let before = before.unwrap_or(look);
        let was = before.queue.unwrap_or(0.0);
        let more = (length - was) / elapsed(Some(before), look, self.interval);
        let slots = self.between(before, look);
        let busy = if length > 0.0 || was > 0.0 {
            slots
        } else {
            slots - SPARE * slots.sqrt()
        };
        let most = busy / self.service + more;
        Some((more.max(0.0), most.max(more.max(0.0))))
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
        for at in 0..looks.len() {
            let before = at.checked_sub(1).and_then(|before| looks.get(before));
            let bounds = looks.get(at).and_then(|look| self.bounds(before, look));
            if let (Some(rate @ None), Some((least, most))) = (rates.get_mut(at), bounds) {
                filled += 1;
                *rate = Some(likely(&known, at).clamp(least, most));
            }
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

/// What goes straight from what is known before a place to what is known after it.
fn likely(known: &[(usize, f64)], at: usize) -> f64 {
    let next = known.partition_point(|(place, _)| *place < at);
    let before = next.checked_sub(1).and_then(|place| known.get(place));
    match (before, known.get(next)) {
        (Some((from, was)), Some((to, will))) => {
            was + (will - was) * length(at - from) / length(to - from)
        }
        (Some((_, only)), None) | (None, Some((_, only))) => *only,
        (None, None) => 0.0,
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
