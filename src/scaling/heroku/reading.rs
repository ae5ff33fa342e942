//! The last reading of an app's formation and dynos: whom it may still serve, and for how long. Pure; kept by [`app`](super::app).
//!
//! ```text
//!   the reading      0 s          1 s                        5 s                       10 s
//!   who had it       ├─ has it again ┤ reads anew
//!   who had not      ├─ has it ──────────────────────────────┤ reads anew
//!   few calls left   ├─ everybody has it ──────────────────────────────────────────────┤ read anew
//! ```
//!
//! The process types of one app tick together, but each asks for its count when its own measurement has ended, which for
//! one takes milliseconds and for another seconds. So a reading serves each of them once, for as long as that may take;
//! at its next tick it wants another. That way nobody decides on a count that is older than 5 s (while few calls are left:
//! 10 s), or than its own last look; and a measurement that takes longer than the quickest one by more than 5 s costs a
//! call of its own.
//!
//! Never does a count serve its process type across our own change of it: a change counts at its beginning and its end,
//! and a reading that was begun before either knows another number.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use super::api::Failure;
use super::formation::Formation;
use super::look::Seen;

/// How long a reading serves whoever asks.
const FRESH: Duration = Duration::from_secs(1);

/// How long it serves a process type that has not had it yet.
const TICK: Duration = Duration::from_secs(5);

/// How long it serves while few calls are left, and so how long at least there is between two reads.
const SPARING: Duration = Duration::from_secs(10);

/// What a look at the app gave.
pub type Reading = Result<Rc<Seen>, Failure>;

/// Counts the beginnings and ends of our own changes, by process type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(BTreeMap<String, u64>);

impl Changes {
    /// A change of this process type begins, or ends.
    pub fn count(&mut self, process_type: &str) {
        *self.0.entry(process_type.to_owned()).or_default() += 1;
    }

    /// Whether as many are counted here for this process type as in `others`.
    pub fn agree(&self, others: &Self, process_type: &str) -> bool {
        self.of(process_type) == others.of(process_type)
    }

    fn of(&self, process_type: &str) -> u64 {
        self.0.get(process_type).copied().unwrap_or_default()
    }
}

/// A reading that is kept.
#[derive(Debug)]
pub struct Kept {
    at: Duration,
    /// The changes that had been counted when it was begun.
    changes: Changes,
    reading: Reading,
    had: BTreeSet<String>,
}

impl Kept {
    /// A reading that was begun at these changes and has come in at `at`.
    pub fn new(at: Duration, changes: Changes, reading: Reading) -> Self {
        Self {
            at,
            changes,
            reading,
            had: BTreeSet::new(),
        }
    }

    /// The reading, while it may serve this process type.
    pub fn serve(
        &mut self,
        process_type: &str,
        changes: &Changes,
        sparing: bool,
        now: Duration,
    ) -> Option<Reading> {
        let lasts = match (sparing, self.had.contains(process_type)) {
            (true, _) => SPARING,
            (false, true) => FRESH,
            (false, false) => TICK,
        };
        // A failure is kept only to spare calls: else who comes next is to try again.
        let serves = self.changes.agree(changes, process_type)
            && now.saturating_sub(self.at) < lasts
            && (self.reading.is_ok() || sparing);
        serves.then(|| {
            self.had.insert(process_type.to_owned());
            self.reading.clone()
        })
    }

    /// The process type has had this reading, if it is the one that is kept: it had waited for it.
    pub fn was_had(&mut self, process_type: &str, reading: &Reading) {
        if let (Ok(kept), Ok(had)) = (&self.reading, reading)
            && Rc::ptr_eq(kept, had)
        {
            self.had.insert(process_type.to_owned());
        }
    }

    /// Our change has ended with this answer, which is as good as a reading of that process type. How its dynos are, it
    /// does not say.
    pub fn changed(&mut self, answer: &Formation, changes: &Changes) {
        let Ok(seen) = &mut self.reading else {
            return;
        };
        let seen = Rc::make_mut(seen);
        seen.dynos = None;
        seen.formation
            .retain(|entry| entry.process_type != answer.process_type);
        seen.formation.push(answer.clone());
        self.take_over(&answer.process_type, changes);
    }

    /// Our change has ended with a refusal, so that what was read just before it still holds.
    pub fn unchanged(&mut self, process_type: &str, changes: &Changes) {
        if self.changes.of(process_type) + 2 == changes.of(process_type) {
            self.take_over(process_type, changes);
        }
    }

    fn take_over(&mut self, process_type: &str, changes: &Changes) {
        let counted = changes.of(process_type);
        self.changes.0.insert(process_type.to_owned(), counted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn formation(process_type: &str, quantity: u32) -> Formation {
        Formation {
            process_type: process_type.to_owned(),
            quantity,
            size: None,
        }
    }

    /// A reading that came in at 100 s, before any change.
    fn kept() -> Kept {
        let seen = Seen {
            formation: vec![formation("web", 2), formation("worker", 1)],
            dynos: Some(Vec::new()),
        };
        Kept::new(seconds(100.0), Changes::default(), Ok(Rc::new(seen)))
    }

    fn changed(process_type: &str, times: u32) -> Changes {
        let mut changes = Changes::default();
        for _ in 0..times {
            changes.count(process_type);
        }
        changes
    }

    fn quantity(reading: Option<Reading>, process_type: &str) -> Option<u32> {
        let seen = reading?.ok()?;
        let of = |entry: &Formation| (entry.process_type == process_type).then_some(entry.quantity);
        seen.formation.iter().find_map(of)
    }

    #[test]
    fn each_has_it_once_in_a_tick_and_again_for_a_moment() {
        let none = Changes::default();
        for (had, sparing, after, serves, because) in [
            (
                false,
                false,
                4.9,
                true,
                "a slow measurement ends later than a quick one",
            ),
            (false, false, 5.0, false, "nobody decides on an old count"),
            (true, false, 0.9, true, "asked twice in a moment"),
            (true, false, 1.0, false, "at its next tick it wants another"),
            (true, true, 9.9, true, "calls are spared"),
            (false, true, 10.0, false, "but not for ever"),
        ] {
            let mut kept = kept();
            if had {
                assert!(kept.serve("web", &none, false, seconds(100.0)).is_some());
            }
            let served = kept.serve("web", &none, sparing, seconds(100.0 + after));
            assert_eq!(served.is_some(), serves, "{after} s: {because}");
        }
        let (mut kept, now) = (kept(), seconds(102.0));
        kept.was_had("web", &kept.reading.clone());
        assert!(kept.serve("web", &none, false, now).is_none());
        kept.was_had("worker", &Ok(Rc::default()));
        let served = kept.serve("worker", &none, false, now);
        assert!(served.is_some(), "that was another reading");
    }

    #[test]
    fn a_failure_is_kept_to_spare_calls_alone() {
        let none = Changes::default();
        let failure = Failure::Unavailable("no".to_owned());
        let mut kept = Kept::new(seconds(100.0), none.clone(), Err(failure));
        assert!(kept.serve("web", &none, false, seconds(100.0)).is_none());
        assert!(kept.serve("web", &none, true, seconds(109.0)).is_some());
        kept.changed(&formation("web", 3), &changed("web", 2));
        assert!(kept.serve("worker", &none, true, seconds(109.0)).is_some());
    }

    #[test]
    fn it_serves_nobody_across_a_change_of_its_own() {
        let (mut kept, now) = (kept(), seconds(100.5));
        for times in 1..=2 {
            let changes = changed("web", times);
            assert!(kept.serve("web", &changes, true, now).is_none());
            let other = kept.serve("worker", &changes, true, now);
            assert_eq!(quantity(other, "worker"), Some(1), "its count is as it was");
        }
    }

    #[test]
    fn the_answer_to_a_change_is_as_good_as_a_reading_and_no_newer() {
        let mut kept = kept();
        let changes = changed("web", 2);
        kept.changed(&formation("web", 3), &changes);
        let web = kept.serve("web", &changes, true, seconds(109.0));
        let dynos = web.clone().unwrap().unwrap().dynos.clone();
        assert_eq!(dynos, None, "how they are is not known");
        assert_eq!(quantity(web, "web"), Some(3));
        let worker = kept.serve("worker", &changes, true, seconds(109.0));
        assert_eq!(quantity(worker, "worker"), Some(1));
        assert!(kept.serve("web", &changes, true, seconds(110.0)).is_none());
        let next = changed("web", 3);
        assert!(kept.serve("web", &next, true, seconds(109.0)).is_none());
    }

    #[test]
    fn a_refused_change_leaves_what_was_read_just_before_it() {
        let now = seconds(101.0);
        for (times, serves, because) in [
            (2, true, "the refused change is the only one since"),
            (4, false, "what came of the one before it is not known"),
        ] {
            let (mut kept, changes) = (kept(), changed("web", times));
            kept.unchanged("web", &changes);
            let served = kept.serve("web", &changes, true, now);
            assert_eq!(served.is_some(), serves, "{because}");
        }
    }
}
