//! Which of HireFire's queue times were counted already.
//!
//! A client that did not see the answer puts what it sent back into its buffer, and sends it again with whatever came
//! meanwhile, under the same seconds: a longer list. Nothing in a push says which client sends it, and the clients of several
//! dynos have times of the same seconds. So: a push that holds everything of an earlier one (each second of it, each time) is
//! that one again, and only the rest counts; one that does not is another client's, and counts whole. As no client sends
//! more than once a second, one that comes sooner after the earlier is another client's in any case.

use std::collections::BTreeMap;
use std::time::Duration;

use super::hirefire::Batch;

/// How long clients try to send something: 60 s, and their time-out.
const REMEMBERED: Duration = Duration::from_secs(70);

/// No client sends again so soon; a little less than its second.
const SOONEST: Duration = Duration::from_millis(900);

/// How many pushes are remembered of a source.
const MOST_BATCHES: usize = 8192;

/// How many of them begin with one second, that is: how many clients a source may have.
const MOST_OF_A_SECOND: usize = 512;

/// How many times they hold together: eight bytes each.
const MOST_TIMES: usize = 500_000;

/// What was pushed lately, by its first second.
#[derive(Clone, Debug, Default)]
pub(super) struct Remerged {
    batches: BTreeMap<u64, Vec<(Duration, Batch)>>,
    many: usize,
    times: usize,
}

impl Remerged {
    /// What of this push is new.
    pub(super) fn new_of(&mut self, batch: &Batch, now: Duration) -> BTreeMap<u64, Vec<f64>> {
        self.forget(now);
        let mut new = batch.seconds.clone();
        if let Some(before) = self.largest_in(batch, now) {
            for (second, times) in &before.seconds {
                if let Some(all) = new.get_mut(second) {
                    *all = without(all, times);
                }
            }
        }
        self.remember(batch, now);
        new.retain(|_, times| !times.is_empty());
        new
    }

    /// The largest earlier push of which this one holds everything; it is taken out.
    fn largest_in(&mut self, batch: &Batch, now: Duration) -> Option<Batch> {
        let mut largest: Option<(usize, u64, usize)> = None;
        for second in batch.seconds.keys() {
            for (place, (at, before)) in self.batches.get(second).into_iter().flatten().enumerate()
            {
                let is_in = now.saturating_sub(*at) >= SOONEST && holds(batch, before);
                let many = size(before);
                if is_in && largest.is_none_or(|(most, _, _)| many > most) {
                    largest = Some((many, *second, place));
                }
            }
        }
        let (many, second, place) = largest?;
        let list = self.batches.get_mut(&second)?;
        let (_, before) = list.swap_remove(place);
        self.many -= 1;
        self.times -= many;
        Some(before)
    }

    fn remember(&mut self, batch: &Batch, now: Duration) {
        let many = size(batch);
        let Some(first) = batch.seconds.keys().next().filter(|_| many > 0) else {
            return;
        };
        // The oldest second goes first.
        while self.many >= MOST_BATCHES || (self.times + many > MOST_TIMES && self.many > 0) {
            let Some((_, gone)) = self.batches.pop_first() else {
                break;
            };
            self.uncount(&gone);
        }
        self.many += 1;
        self.times += many;
        let list = self.batches.entry(*first).or_default();
        let gone = (list.len() >= MOST_OF_A_SECOND).then(|| list.remove(0));
        list.push((now, batch.clone()));
        self.uncount(gone.as_slice());
    }

    fn forget(&mut self, now: Duration) {
        let mut gone = Vec::new();
        self.batches.retain(|_, list| {
            let is_old = |(at, _): &mut (Duration, Batch)| now.saturating_sub(*at) > REMEMBERED;
            gone.extend(list.extract_if(.., is_old));
            !list.is_empty()
        });
        self.uncount(&gone);
    }

    fn uncount(&mut self, gone: &[(Duration, Batch)]) {
        self.many -= gone.len();
        self.times -= gone.iter().map(|(_, batch)| size(batch)).sum::<usize>();
    }
}

fn size(batch: &Batch) -> usize {
    batch.seconds.values().map(Vec::len).sum()
}

/// Whether the push has every time of every second of the other.
fn holds(batch: &Batch, other: &Batch) -> bool {
    other.seconds.iter().all(|(second, times)| {
        let all = batch.seconds.get(second);
        all.is_some_and(|all| has_all(all, times))
    })
}

/// Whether each of these times is in the other list, as often. Both are in order.
fn has_all(all: &[f64], these: &[f64]) -> bool {
    let mut all = all.iter();
    these.len() <= all.len()
        && these
            .iter()
            .all(|time| all.by_ref().any(|one| one.total_cmp(time).is_eq()))
}

/// The times without these, each taken out once. Both are in order.
fn without(all: &[f64], these: &[f64]) -> Vec<f64> {
    let mut these = these.iter().peekable();
    let mut rest = Vec::new();
    for time in all {
        while these.next_if(|next| next.total_cmp(time).is_lt()).is_some() {}
        if these.next_if(|next| next.total_cmp(time).is_eq()).is_none() {
            rest.push(*time);
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::hirefire::parse;

    #[test]
    fn each_request_counts_once() {
        let mut remerged = Remerged::default();
        for (at, body, new, why) in [
            (0, r#"{"100": [5, 9]}"#, 2, "new"),
            (500, r#"{"100": [5, 9]}"#, 2, "too soon: another dyno's"),
            (
                5000,
                r#"{"100": [5, 9], "105": [1]}"#,
                1,
                "sent again with more",
            ),
            (
                10_000,
                r#"{"100": [7, 5, 9], "105": [1], "110": [2]}"#,
                2,
                "and once more; a late one in its second",
            ),
            (11_000, r#"{"100": [5, 9]}"#, 0, "the other dyno's again"),
            (
                12_000,
                r#"{"100": [5], "112": [3]}"#,
                2,
                "another client's: it does not hold all of any",
            ),
            (13_000, r#"{"113": []}"#, 0, "nothing"),
            (90_000, r#"{"100": [5, 9]}"#, 2, "forgotten"),
        ] {
            let batch = parse(body.as_bytes()).unwrap();
            let found = remerged.new_of(&batch, Duration::from_millis(at));
            let many: usize = found.values().map(Vec::len).sum();
            assert_eq!(many, new, "{why}: {body}");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut remerged = Remerged::default();
        for number in 0..20_000_u64 {
            let list = vec!["1"; 100].join(",");
            let body = format!(r#"{{"{number}": [{list}]}}"#);
            remerged.new_of(&parse(body.as_bytes()).unwrap(), Duration::from_secs(1));
            assert!(remerged.many <= MOST_BATCHES && remerged.times <= MOST_TIMES);
        }
        remerged.forget(Duration::from_secs(100));
        assert_eq!((remerged.many, remerged.times), (0, 0));
    }
}
