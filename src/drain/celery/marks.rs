//! What is owed to workers that were told to take no more: their queues, written into the broker's Redis before they are
//! cancelled, in a hash of ours, a field a node. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How much two looks at the clock may differ about when one worker started.
const SLACK: TimeDelta = TimeDelta::seconds(5);

/// How long a worker is not there before it is gone: one that lost the broker comes back sooner.
const GONE_AFTER: Duration = Duration::from_secs(60);

/// What is owed to one worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The queues that it took tasks from.
    pub(super) queues: Vec<String>,
    /// Which life of the worker it was: one of the same name that was started since takes from all its queues already.
    pub(super) life: Life,
}

/// One life of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Life {
    pid: u64,
    since: DateTime<Utc>,
}

impl Life {
    /// Reads it out of an answer to `stats`.
    pub(super) fn read(said: &Value, now: DateTime<Utc>) -> Option<Self> {
        let pid = said.get("pid")?.as_u64()?;
        let uptime = said.get("uptime")?.as_f64()?;
        let uptime = Duration::try_from_secs_f64(uptime).ok()?;
        let since = now.checked_sub_signed(TimeDelta::from_std(uptime).ok()?)?;
        Some(Self { pid, since })
    }

    /// Whether it is the same.
    pub(super) fn is(self, other: Self) -> bool {
        self.pid == other.pid && (self.since - other.since).abs() <= SLACK
    }
}

impl Mark {
    /// The queues that a worker of this life took from are now these too.
    pub(super) fn with(before: Option<Self>, queues: &[String], life: Life) -> Self {
        let before = before.filter(|mark| mark.life.is(life));
        let mut all = before.map_or_else(Vec::new, |mark| mark.queues);
        for queue in queues {
            if !all.contains(queue) {
                all.push(queue.clone());
            }
        }
        Self { queues: all, life }
    }

    /// Its text.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// All that is owed, as far as we know.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(BTreeMap<String, Owed>);

#[derive(Clone, Debug)]
struct Owed {
    mark: Mark,
    /// Since when the worker has not been there.
    missing: Option<Duration>,
}

impl Known {
    /// Takes in what stands in the hash; answers the fields that make no sense.
    pub(super) fn learn(&mut self, fields: Vec<(String, String)>) -> Vec<String> {
        let mut odd = Vec::new();
        for (node, text) in fields {
            match serde_json::from_str(&text) {
                Ok(mark) => self.mark(node, mark),
                Err(_no_mark) => odd.push(node),
            }
        }
        odd
    }

    /// This is owed to a worker.
    pub(super) fn mark(&mut self, node: String, mark: Mark) {
        let missing = self.0.get(&node).and_then(|owed| owed.missing);
        self.0.insert(node, Owed { mark, missing });
    }

    /// Nothing is owed to a worker.
    pub(super) fn unmark(&mut self, node: &str) {
        self.0.remove(node);
    }

    /// What is owed to a worker.
    pub(super) fn of(&self, node: &str) -> Option<Mark> {
        self.0.get(node).map(|owed| owed.mark.clone())
    }

    /// Whether nothing is owed to anybody.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// To whom something is owed.
    pub(super) fn nodes(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// A worker was there, or was not although everybody has answered; whether it is gone. It may only have lost the
    /// broker for a moment.
    pub(super) fn is_gone(&mut self, node: &str, is_there: bool, now: Duration) -> bool {
        let Some(owed) = self.0.get_mut(node) else {
            return false;
        };
        if is_there {
            owed.missing = None;
            return false;
        }
        let since = *owed.missing.get_or_insert(now);
        now.saturating_sub(since) >= GONE_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn life(pid: u64, since: i64) -> Life {
        Life {
            pid,
            since: at(since),
        }
    }

    #[test]
    fn a_worker_that_was_started_anew_is_another() {
        let first = Life::read(&json!({"pid": 7, "uptime": 100}), at(1000)).unwrap();
        for (pid, uptime, now, same, because) in [
            (7, 160, 1060, true, "a minute later"),
            (7, 158, 1060, true, "whole seconds, and a slow answer"),
            (7, 3, 1060, false, "the same number in another container"),
            (8, 160, 1060, false, "another process"),
        ] {
            let later = Life::read(&json!({"pid": pid, "uptime": uptime}), at(now)).unwrap();
            assert_eq!(first.is(later), same, "{because}");
        }
        for odd in [
            json!({}),
            json!({"pid": 7}),
            json!({"pid": 7, "uptime": -1}),
            json!([]),
        ] {
            assert_eq!(Life::read(&odd, at(0)), None, "{odd}");
        }
    }

    #[test]
    fn queues_add_up_within_a_life() {
        let (a, b) = (["a".to_owned()], ["b".to_owned(), "a".to_owned()]);
        let first = Mark::with(None, &a, life(1, 0));
        let again = |life| Mark::with(Some(first.clone()), &b, life).queues;
        assert_eq!(again(life(1, 0)), ["a", "b"]);
        assert_eq!(again(life(2, 0)), ["b", "a"]);
    }

    #[test]
    fn what_is_written_is_read() {
        let mark = Mark::with(None, &["mail".to_owned()], life(1, 5));
        let fields = [("w@h", mark.text()), ("x@h", "odd".to_owned())];
        let fields = fields.map(|(node, text)| (node.to_owned(), text)).to_vec();
        let mut known = Known::default();
        assert_eq!(known.learn(fields), ["x@h"]);
        assert_eq!(
            (known.of("w@h"), known.nodes()),
            (Some(mark), vec!["w@h".to_owned()])
        );
        known.unmark("w@h");
        assert!(known.is_empty());
    }

    #[test]
    fn a_worker_is_gone_when_it_has_not_been_there_for_a_while() {
        let mut known = Known::default();
        known.mark("w@h".to_owned(), Mark::with(None, &[], life(1, 0)));
        for (second, is_there, gone) in [
            (0, false, false),
            (59, false, false),
            (59, true, false),
            (61, false, false),
            (120, false, false),
            (121, false, true),
        ] {
            let now = Duration::from_secs(second);
            assert_eq!(known.is_gone("w@h", is_there, now), gone, "{second} s");
        }
        assert!(
            !known.is_gone("x@h", false, Duration::from_secs(500)),
            "nobody's"
        );
    }
}
