//! How long one request or job takes without waiting, from what was measured. Pure.
//!
//! | what there is | how | source |
//! | --- | --- | --- |
//! | response times and arrivals | the median of the `S` that M/M/c answers in `r` with at such a rate, with one slot `r / (1 + r a/n)` | Erlang's C |
//! | busy slots (or a utilisation) and arrivals | busy slot-seconds for each that was done | the utilisation law |
//! | a queue's length and arrivals | slot-seconds while jobs wait, for each that was done: came, and does not wait | the same |
//! | response times alone | the shortest that is usual: the 2nd of a hundred | without a wait a response is its service |

use super::load::{Basis, Workers};
use super::look::{Look, between, elapsed};
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
        (Basis::Arrivals, Kind::Queue) => by_work(looks, interval, workers, busy)
            .or_else(|| by_work(looks, interval, workers, waiting)),
        (Basis::Responses, _) => by_changes(looks, workers).or_else(|| shortest(looks)),
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

/// How many looks before a change of the count are compared with how many after it.
const WINDOW: usize = 8;

/// One slot: what comes is `n/S - n/r` and what piles up, `(n r - n' r')/(t S) - (n - n')/t`; times `S`, that is `a - S b` with `a =
/// n + (n r - n' r')/t` and `b = n/r + (n - n')/t`. What comes does not change much in the minutes around a change of the
/// count, so that `S` is by how much `a` then changes for each change of `b`.
fn by_changes(looks: &[Look], workers: Workers) -> Option<Service> {
    if workers.slots != 1 {
        return None;
    }
    let sides: Vec<Option<[f64; 3]>> = pairs(looks)
        .map(|(before, look)| {
            let (was, is, seconds) = (before.response?, look.response?, look.at - before.at);
            let count = between(before, look);
            (count > 0.0 && is > 0.0 && seconds > 0.0).then(|| {
                let piled = look.ready * is - before.ready * was;
                let more = look.ready - before.ready;
                [count, count + piled / seconds, count / is + more / seconds]
            })
        })
        .collect();
    let (mut over, mut under, mut many) = (0.0, 0.0, 0.0);
    for window in sides.windows(2 * WINDOW) {
        let (before, after) = window.split_at(WINDOW);
        let Some((before, after)) = means(before).zip(means(after)) else {
            continue;
        };
        let [count, a, b] = [0, 1, 2].map(|at: usize| {
            let of = |side: &[f64; 3]| side.get(at).copied().unwrap_or_default();
            of(&after) - of(&before)
        });
        over += count * a;
        under += count * b;
        many += count * count;
    }
    let enough = many >= length(ENOUGH) && under > 0.0;
    let seconds = enough.then_some(over / under)?;
    let most = shortest(looks)?.seconds;
    (seconds > 0.0 && seconds < most).then_some(Service {
        seconds,
        because: "learned from how responses change with the count",
    })
}

fn means(sides: &[Option<[f64; 3]>]) -> Option<[f64; 3]> {
    let mut sums = [0.0; 3];
    for side in sides {
        for (sum, value) in sums.iter_mut().zip((*side)?) {
            *sum += value / length(WINDOW);
        }
    }
    Some(sums)
}

fn pairs(looks: &[Look]) -> impl Iterator<Item = (&Look, &Look)> {
    looks.iter().zip(looks.iter().skip(1))
}

fn by_response_and_rate(looks: &[Look], interval: f64, workers: Workers) -> Option<Service> {
    let implied = pairs(looks).filter_map(|(before, look)| {
        let rate = look.arrivals? / elapsed(Some(before), look, interval);
        let slots = between(before, look) * f64::from(workers.slots);
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
        let part = look.utilisation.map(|part| part * look.ready * slots);
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
    all_work.then(|| (between(before, look) * slots, is - was))
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
