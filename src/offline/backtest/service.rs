//! How long one request or job takes without waiting, from what was measured. Pure.
//!
//! | what there is | how | source |
//! | --- | --- | --- |
//! | response times and arrivals | the median of the `S` that M/M/c answers in `r` with at such a rate, with one slot `r / (1 + r a/n)` | Erlang's C |
//! | busy slots (or a utilisation) and arrivals | busy slot-seconds for each that was done | the utilisation law |
//! | a queue's length and arrivals | slot-seconds while jobs wait, for each that was done: came, and does not wait | the same |
//! | response times alone | the shortest that is usual: the 2nd of a hundred | without a wait a response is its service |

use super::load::{Basis, Look, Workers, elapsed};
use crate::simulation::number::{length, place, whole};
use crate::simulation::plant::{Kind, erlang};

/// How long one takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Service {
    /// In seconds.
    pub seconds: f64,
    /// How that is known.
    pub because: &'static str,
}

/// The part of the response times that is shorter than the one that is taken for a service time.
const SHORTEST: f64 = 0.02;

/// So many looks tell something.
const ENOUGH: usize = 20;

/// Finds it; else what would tell it.
pub(super) fn of(
    looks: &[Look],
    interval: f64,
    workers: Workers,
    from: Basis,
) -> Result<Service, String> {
    if let Some(seconds) = workers.service {
        let because = "as told";
        return Ok(Service { seconds, because });
    }
    let learned = match (from, workers.kind) {
        (Basis::Arrivals, Kind::Web) => by_response_and_rate(looks, interval, workers)
            .or_else(|| by_work(looks, interval, workers, busy)),
        (Basis::Arrivals, Kind::Queue) => {
            by_work(looks, interval, workers, busy).or_else(|| by_work(looks, interval, workers, waiting))
        }
        (Basis::Responses, _) => shortest(looks),
        // Only how many are busy is known, and only that matters: any service time will do.
        (Basis::Utilisation, _) => Some(Service {
            seconds: match workers.kind {
                Kind::Web => 0.1,
                Kind::Queue => 5.0,
            },
            because: "assumed: the records do not tell it, and late requests depend on it",
        }),
        (Basis::Queue, _) => None,
    };
    learned.filter(|service| service.seconds > 0.0).ok_or_else(|| {
        "the records do not tell how long one request or job takes without waiting: say it with --service-time-ms"
            .to_owned()
    })
}

fn quantile(mut all: Vec<f64>, part: f64) -> Option<f64> {
    all.sort_by(f64::total_cmp);
    all.get(place(whole(part * length(all.len().saturating_sub(1)))))
        .copied()
}

fn shortest(looks: &[Look]) -> Option<Service> {
    let all = looks.iter().filter_map(|look| look.response).collect();
    Some(Service {
        seconds: quantile(all, SHORTEST)?,
        because: "the shortest usual response",
    })
}

fn pairs(looks: &[Look]) -> impl Iterator<Item = (&Look, &Look)> {
    looks.iter().zip(looks.iter().skip(1))
}

fn by_response_and_rate(looks: &[Look], interval: f64, workers: Workers) -> Option<Service> {
    let implied = pairs(looks).filter_map(|(before, look)| {
        let rate = look.arrivals? / elapsed(Some(before), look, interval);
        let slots = f64::midpoint(before.ready, look.ready) * f64::from(workers.slots);
        let usable = rate > 0.0 && slots > 0.0;
        usable
            .then(|| implied(look.response?, rate / slots, workers.slots))
            .flatten()
    });
    let implied: Vec<f64> = implied.collect();
    (implied.len() >= ENOUGH).then_some(())?;
    Some(Service {
        seconds: quantile(implied, 0.5)?,
        because: "learned from the rate and the response time",
    })
}

/// The service time that makes such a response, where so many a second come to a slot.
fn implied(response: f64, rate: f64, slots: u32) -> Option<f64> {
    let (mut low, mut high) = (0.0, response.min(1.0 / rate));
    for _ in 0..50 {
        let service = f64::midpoint(low, high);
        let share = (rate * service).min(0.999_999);
        let waits = erlang::waits(slots, share) / (f64::from(slots) * (1.0 - share));
        if service * (1.0 + waits) < response {
            low = service;
        } else {
            high = service;
        }
    }
    Some(f64::midpoint(low, high)).filter(|service| *service > 0.0)
}

/// How many slots were at work between two looks, and by how many more are in the system at the second.
type Work = fn(&Look, &Look, f64) -> Option<(f64, f64)>;

fn busy(before: &Look, look: &Look, slots: f64) -> Option<(f64, f64)> {
    let at_work = |look: &Look| {
        let part = look
            .utilisation
            .map(|part| part * look.ready * slots);
        look.busy.or(part)
    };
    let (were, are) = (at_work(before)?, at_work(look)?);
    let waiting = |look: &Look| look.queue.unwrap_or(0.0);
    Some((
        f64::midpoint(were, are),
        are + waiting(look) - were - waiting(before),
    ))
}

fn waiting(before: &Look, look: &Look, slots: f64) -> Option<(f64, f64)> {
    let (was, is) = (before.queue?, look.queue?);
    let all_work = was > 0.0 && is > 0.0;
    all_work.then(|| (f64::midpoint(before.ready, look.ready) * slots, is - was))
}

/// Slot-seconds of work for each that was done.
fn by_work(looks: &[Look], interval: f64, workers: Workers, work: Work) -> Option<Service> {
    let (mut worked, mut done, mut many) = (0.0, 0.0, 0);
    for (before, look) in pairs(looks) {
        let seen = look
            .arrivals
            .zip(work(before, look, f64::from(workers.slots)));
        if let Some((arrivals, (slots, more))) = seen {
            worked += slots * elapsed(Some(before), look, interval);
            done += arrivals - more;
            many += 1;
        }
    }
    (many >= ENOUGH && done > 0.0).then(|| Service {
        seconds: worked / done,
        because: "learned from what was done",
    })
}
