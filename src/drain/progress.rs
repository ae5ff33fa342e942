//! How far a drain is, and what follows from it. Kept in a process's memory while it is under way. Pure.

use std::time::Duration;

use chrono_tz::Tz;

use super::Held;
use crate::clock::Now;
use crate::model::Count;

/// A drain under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draining {
    /// Since when.
    pub since: Now,
    /// The count when it began, and still.
    pub from: Count,
    /// The count that it is for.
    pub to: Count,
    /// What was seen last.
    pub last: Option<Look>,
}

/// What a look saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// The platform does not say which processes go.
    Unnamed,
    /// Those who go.
    Seen(Held),
    /// Nothing, for this reason; and who goes.
    Failed(Vec<String>, String),
}

/// What is owed to processes that were told to take no more work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Debt {
    /// That is not known: an earlier run, or another replica, may have left something.
    #[default]
    Unknown,
    /// Nothing.
    Nothing,
    /// Their work, by a drain of this run.
    Work,
}

/// What follows from a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It goes on, so far.
    Wait(String),
    /// The scale is made: it is over, in this way.
    Scale(String),
}

impl Draining {
    /// One that begins.
    pub fn new(from: Count, to: Count, now: Now) -> Self {
        Self {
            since: now,
            from,
            to,
            last: None,
        }
    }

    /// The same one, if it still is, for a scale that is wished for now; else another. It takes in no more processes than
    /// it began with: they would have less time.
    #[must_use]
    pub fn going_on(before: Option<Self>, from: Count, to: Count, now: Now) -> Self {
        match before {
            Some(before) if before.from == from => Self {
                to: before.to.max(to),
                ..before
            },
            Some(_) | None => Self::new(from, to, now),
        }
    }

    /// Whether its time is over.
    pub fn is_late(&self, timeout: Duration, now: Duration) -> bool {
        now.saturating_sub(self.since.mono) >= timeout
    }

    /// Who goes, as far as that is known.
    pub fn names(&self) -> Vec<String> {
        match &self.last {
            Some(Look::Seen(held)) => held.tasks.keys().cloned().collect(),
            Some(Look::Failed(names, _)) => names.clone(),
            Some(Look::Unnamed) | None => Vec::new(),
        }
    }

    /// What follows from the last look. The zone is that of times of day.
    pub fn next(&self, timeout: Duration, now: Duration, zone: Tz) -> Next {
        let (who, lasted) = (self.who(), self.lasted(now));
        let left = match &self.last {
            Some(Look::Unnamed) => {
                return Next::Scale("not drained, for nobody knows which go".to_owned());
            }
            Some(Look::Seen(held)) if held.tasks.is_empty() => {
                return Next::Scale("none of those that go is up".to_owned());
            }
            Some(Look::Seen(held)) if held.tasks.values().all(|left| *left == Some(0)) => {
                return Next::Scale(format!("drained {who} in {lasted}"));
            }
            Some(Look::Seen(held)) => left(held),
            Some(Look::Failed(_, why)) => why.clone(),
            None => "not asked yet".to_owned(),
        };
        if self.is_late(timeout, now) {
            return Next::Scale(format!("{who} not drained after {lasted}: {left}"));
        }
        let since = self.since.wall.with_timezone(&zone).format("%H:%M:%S");
        let most = timeout.as_secs_f64();
        Next::Wait(format!(
            "draining {who} since {since}, {most} s at most: {left}"
        ))
    }

    /// It ends without a scale, for this reason.
    pub fn broken_off(&self, why: &str, now: Duration) -> String {
        let (who, lasted) = (self.who(), self.lasted(now));
        format!(
            "drain of {who} broken off after {lasted}: {why}; what was taken away is given back"
        )
    }

    /// Who goes, for people.
    pub fn who(&self) -> String {
        let names = self.names();
        if names.is_empty() {
            return format!("the {} that go", self.from.saturating_sub(self.to));
        }
        names.join(", ")
    }

    fn lasted(&self, now: Duration) -> String {
        format!("{} s", now.saturating_sub(self.since.mono).as_secs())
    }
}

/// `3 tasks left; worker.3 does not answer`.
fn left(held: &Held) -> String {
    let all: u64 = held.tasks.values().flatten().sum();
    let silent: Vec<&str> = held
        .tasks
        .iter()
        .filter_map(|(name, left)| left.is_none().then_some(name.as_str()))
        .collect();
    let plural = if all == 1 { "" } else { "s" };
    let left = format!("{all} task{plural} left");
    let verb = if silent.len() == 1 { "does" } else { "do" };
    match (silent.len(), held.tasks.len()) {
        (0, _) => left,
        (all, many) if all == many => format!("{} {verb} not answer", silent.join(", ")),
        (_, _) => format!("{left}; {} {verb} not answer", silent.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(600);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// So many seconds after 22:03:30 UTC.
    fn at(second: u64) -> Now {
        let begin: chrono::DateTime<chrono::Utc> = "2026-11-24T22:03:30Z".parse().unwrap();
        Now {
            wall: begin + seconds(second),
            mono: seconds(second),
        }
    }

    /// `worker.3=2 worker.4=?`.
    fn seen(words: &str) -> Look {
        let pair = |word: &str| {
            let (name, left) = word.split_once('=').unwrap();
            (name.to_owned(), left.parse().ok())
        };
        Look::Seen(Held {
            tasks: words.split_whitespace().map(pair).collect(),
            owed: Vec::new(),
        })
    }

    /// What follows from a look so many seconds after the beginning.
    #[track_caller]
    fn check(last: Option<Look>, second: u64, expected: &str) {
        let drain = Draining {
            last,
            ..Draining::new(3, 2, at(0))
        };
        let zone = chrono_tz::America::Vancouver;
        let next = match drain.next(TIMEOUT, seconds(second), zone) {
            Next::Wait(told) => format!("… {told}"),
            Next::Scale(told) => format!("scale {told}"),
        };
        assert_eq!(next, expected);
    }

    #[test]
    fn what_a_look_leads_to() {
        for (words, second, expected) in [
            ("worker.3=0", 34, "scale drained worker.3 in 34 s"),
            ("worker.3=0", 700, "scale drained worker.3 in 700 s"),
            (
                "worker.3=0 worker.4=0",
                1,
                "scale drained worker.3, worker.4 in 1 s",
            ),
            (
                "worker.3=2",
                600,
                "scale worker.3 not drained after 600 s: 2 tasks left",
            ),
            (
                "worker.3=?",
                600,
                "scale worker.3 not drained after 600 s: worker.3 does not answer",
            ),
            ("", 0, "scale none of those that go is up"),
        ] {
            check(Some(seen(words)), second, expected);
        }
        for (words, left) in [
            ("worker.3=2", "worker.3 …: 2 tasks left"),
            ("worker.3=1", "worker.3 …: 1 task left"),
            ("worker.3=?", "worker.3 …: worker.3 does not answer"),
            (
                "worker.3=0 worker.4=?",
                "worker.3, worker.4 …: 0 tasks left; worker.4 does not answer",
            ),
            (
                "worker.3=? worker.4=?",
                "worker.3, worker.4 …: worker.3, worker.4 do not answer",
            ),
        ] {
            let left = left.replace('…', "since 14:03:30, 600 s at most");
            check(Some(seen(words)), 599, &format!("… draining {left}"));
        }
    }

    #[test]
    fn what_a_look_leads_to_that_saw_nothing() {
        let failed = || {
            Some(Look::Failed(
                vec!["worker.3".to_owned()],
                "no Redis".to_owned(),
            ))
        };
        for (last, second, expected) in [
            (
                failed(),
                5,
                "… draining worker.3 since 14:03:30, 600 s at most: no Redis",
            ),
            (
                failed(),
                600,
                "scale worker.3 not drained after 600 s: no Redis",
            ),
            (
                Some(Look::Unnamed),
                0,
                "scale not drained, for nobody knows which go",
            ),
            (
                None,
                5,
                "… draining the 1 that go since 14:03:30, 600 s at most: not asked yet",
            ),
        ] {
            check(last, second, expected);
        }
    }

    #[test]
    fn a_drain_takes_in_nobody_later_and_lets_go_at_once() {
        let first = Draining::new(5, 3, at(10));
        for (from, to, since, wanted, because) in [
            (5, 3, 10, 3, "nothing has changed"),
            (5, 1, 10, 3, "more are to go: later"),
            (5, 4, 10, 4, "fewer are to go"),
            (4, 3, 60, 3, "another count: another drain"),
        ] {
            let going_on = Draining::going_on(Some(first.clone()), from, to, at(60));
            assert_eq!(
                (going_on.since.mono, going_on.to),
                (seconds(since), wanted),
                "{because}"
            );
        }
    }

    #[test]
    fn how_it_was_broken_off() {
        let drain = Draining {
            last: Some(seen("worker.3=2")),
            ..Draining::new(3, 2, at(0))
        };
        assert_eq!(
            drain.broken_off("the load has risen", seconds(34)),
            "drain of worker.3 broken off after 34 s: the load has risen; what was taken away is given back"
        );
    }
}
