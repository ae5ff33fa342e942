//! Whether what was measured can be trusted with a scale down. Every measurement leaves a [`Mark`], a failed one too; a scale
//! down needs the marks of its whole window to be sound and recent. A scale up may act on what there is.
//!
//! ```text
//!   measured   42    38    ✗    ✗     0     0    12     9    11
//!   mark       ✓     ✓    gone  gone  ?     ?     ✓     ✓     ✓
//!                         └ outage ┘ └ zeros ┘   └─ window ─┘ a scale down may act on these three
//!                                     distrusted for a while after it
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::decision::Reading;
use crate::supervisor::keeping::Moved;

/// How far a measurement can be trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "trust")]
pub enum Trust {
    /// A fresh, plausible value.
    Sound,
    /// A value that was already old when it was answered.
    Stale {
        /// How old, in seconds.
        seconds: f64,
    },
    /// The source answered, but without a value.
    Missing,
    /// The source could not be asked, or did not answer.
    SourceDown,
    /// No value that can be: not finite, below `plausible_min` or above `plausible_max`.
    Implausible,
    /// A value out of which something is known to be missing: it may be too low.
    Incomplete {
        /// How much: log lines.
        lost: u64,
    },
    /// A zero shortly after an outage: the source may have lost what it knew.
    ZeroAfterOutage,
    /// Nothing was known, and the user has the last known result taken again, for both directions.
    LastKnown {
        /// How old that is, in seconds.
        seconds: f64,
    },
    /// A zero while workers are busy: nothing waits, but it is not idle.
    ZeroWhileBusy {
        /// How many are being worked on.
        busy: u64,
    },
}

impl Trust {
    /// Whether a scale down may rest on it.
    pub fn is_sound(&self) -> bool {
        matches!(self, Self::Sound | Self::LastKnown { .. })
    }

    /// Whether there was no value at all.
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Stale { .. }
            | Self::Missing
            | Self::SourceDown
            | Self::Implausible
            | Self::LastKnown { .. } => true,
            Self::Sound
            | Self::Incomplete { .. }
            | Self::ZeroAfterOutage
            | Self::ZeroWhileBusy { .. } => false,
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Sound => "sound".to_owned(),
            Self::Stale { seconds } => format!("a value already {seconds:.0} s old"),
            Self::Missing => "an answer without a value".to_owned(),
            Self::SourceDown => "the source could not be read".to_owned(),
            Self::Implausible => "an implausible value".to_owned(),
            Self::LastKnown { seconds } => format!("a result {seconds:.0} s old, taken again"),
            Self::Incomplete { lost } => format!("a value from which {lost} log lines are lost"),
            Self::ZeroAfterOutage => "a zero right after an outage".to_owned(),
            Self::ZeroWhileBusy { busy } => {
                format!("a zero, but {busy} are still being worked on")
            }
        }
    }
}

/// One measurement's trust, and when it was taken (monotonic).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Duration,
    /// How far it can be trusted.
    pub trust: Trust,
}

/// The last result that was known, until a scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The result.
    pub reading: Reading,
    /// When it was taken (monotonic).
    pub at: Duration,
    /// Whether a scale down may rest on it.
    pub is_sound: bool,
}

/// The marks since the last scale, and what is left of the last outage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    marks: VecDeque<Mark>,
    /// Not kept over an end of the program: what is known is soon measured again.
    #[serde(skip)]
    known: Option<Known>,
    /// Since when the source has been away (monotonic), while it is.
    away_since: Option<Duration>,
    /// Until when zeros are distrusted (monotonic).
    distrust_zero_until: Option<Duration>,
}

impl Evidence {
    /// Enters a measurement's trust; what is kept is the newest `length`. A zero after an outage loses its trust here, for
    /// `distrust` from the first value on. Answers what it is marked as.
    pub fn enter(
        &mut self,
        now: Duration,
        trust: Trust,
        is_zero: bool,
        distrust: Duration,
        length: usize,
    ) -> Trust {
        if trust.is_unknown() {
            self.away_since.get_or_insert(now);
        } else if self.away_since.take().is_some() {
            self.distrust_zero_until = Some(now.saturating_add(distrust));
        }
        let distrusted = self.distrust_zero_until.is_some_and(|until| now < until);
        let trust = if is_zero && distrusted && trust.is_sound() {
            Trust::ZeroAfterOutage
        } else {
            trust
        };
        self.marks.push_back(Mark {
            at: now,
            trust: trust.clone(),
        });
        while self.marks.len() > length {
            self.marks.pop_front();
        }
        trust
    }

    /// The same evidence on another program's clock.
    #[must_use]
    pub fn moved(self, moved: Moved) -> Self {
        let mark = |mark: Mark| Mark {
            at: moved.time(mark.at),
            ..mark
        };
        Self {
            known: None,
            marks: self.marks.into_iter().map(mark).collect(),
            away_since: self.away_since.map(|at| moved.time(at)),
            distrust_zero_until: self.distrust_zero_until.map(|at| moved.time(at)),
        }
    }

    /// Keeps a result, for the case that nothing is known after it.
    pub fn know(&mut self, known: Known) {
        self.known = Some(known);
    }

    /// The last known result, while it is no older than this.
    pub fn last_known(&self, now: Duration, within: Duration) -> Option<&Known> {
        let known = self.known.as_ref()?;
        (now.saturating_sub(known.at) <= within).then_some(known)
    }

    /// For how long nothing has been known; no time at all when something is.
    pub fn unknown_for(&self, now: Duration) -> Duration {
        self.away_since
            .map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }

    /// The count was changed: windows begin anew, and what was known is about another count. An outage goes on all the same.
    pub fn clear(&mut self) {
        self.marks.clear();
        self.known = None;
    }

    /// Why a scale down cannot be trusted, newest first and each kind once; empty when it can.
    ///
    /// `window` is how many measurements it must rest on, `max_age` how old the oldest of them may be.
    pub fn doubts(&self, now: Duration, window: usize, max_age: Duration) -> Vec<String> {
        let mut doubts: Vec<String> = Vec::new();
        let seen = self.marks.iter().rev().take(window);
        for mark in seen.clone().filter(|mark| !mark.trust.is_sound()) {
            let told = mark.trust.told();
            if !doubts.iter().any(|doubt| doubt.starts_with(&told)) {
                let age = now.saturating_sub(mark.at).as_secs_f64();
                doubts.push(format!("{told}, {age:.0} s ago"));
            }
        }
        if let Some(oldest) = seen.clone().next_back()
            && now.saturating_sub(oldest.at) > max_age
        {
            let age = now.saturating_sub(oldest.at).as_secs_f64();
            doubts.push(format!(
                "the oldest of the {} measurements is {age:.0} s old, more than {:.0}",
                seen.clone().count(),
                max_age.as_secs_f64()
            ));
        }
        if self.marks.len() < window {
            doubts.push(format!(
                "{} of {window} measurements so far",
                self.marks.len()
            ));
        }
        doubts
    }

    /// The newest mark.
    pub fn newest(&self) -> Option<&Mark> {
        self.marks.back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISTRUST: Duration = Duration::from_secs(60);
    const MAX_AGE: Duration = Duration::from_secs(100);

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Measurements ten seconds apart, one a word: `+` a value, `0` a zero, `x` the source is down, `m` missing, `i`
    /// implausible, `b` a zero while busy, `o` a stale one.
    fn evidence(words: &str) -> (Evidence, Duration) {
        let mut evidence = Evidence::default();
        let mut now = Duration::ZERO;
        for word in words.split_whitespace() {
            now += s(10);
            let (trust, zero) = match word {
                "0" => (Trust::Sound, true),
                "x" => (Trust::SourceDown, false),
                "m" => (Trust::Missing, false),
                "i" => (Trust::Implausible, false),
                "b" => (Trust::ZeroWhileBusy { busy: 3 }, true),
                "o" => (Trust::Stale { seconds: 900.0 }, false),
                _ => (Trust::Sound, false),
            };
            evidence.enter(now, trust, zero, DISTRUST, 10);
        }
        (evidence, now)
    }

    #[test]
    fn a_scale_down_needs_the_whole_window_sound() {
        let rows = [
            ("+ + +", "", "all sound"),
            ("0 0 0", "", "zeros are sound when nothing was away"),
            ("x + + +", "", "the window has passed the outage"),
            ("+ +", "2 of 3 measurements so far", "not full yet"),
            ("", "0 of 3 measurements so far", "nothing is known"),
            (
                "+ x +",
                "the source could not be read, 10 s ago",
                "an outage inside the window",
            ),
            ("+ m +", "an answer without a value, 10 s ago", "missing"),
            ("+ + i", "an implausible value, 0 s ago", "implausible"),
            ("o + +", "a value already 900 s old, 20 s ago", "stale"),
            (
                "b b b",
                "a zero, but 3 are still being worked on, 0 s ago",
                "said once",
            ),
            (
                "x 0 0 0",
                "a zero right after an outage, 0 s ago",
                "zeros after an outage",
            ),
            (
                "x 5 0 0 0",
                "a zero right after an outage, 0 s ago",
                "also after a first value",
            ),
            (
                "x 0 0 0 0 0 0 0 0 0",
                "",
                "but not for ever: three of them are past 60 s",
            ),
            (
                "x + x",
                "the source could not be read, 0 s ago",
                "newest first, each kind once",
            ),
        ];
        for (words, wanted, because) in rows {
            let (evidence, now) = evidence(words);
            let doubts = evidence.doubts(now, 3, MAX_AGE).join(" | ");
            assert_eq!(doubts, wanted, "{words}: {because}");
        }
    }

    #[test]
    fn a_window_with_a_gap_is_stale() {
        let (evidence, now) = evidence("+ + +");
        let doubts = evidence.doubts(now + s(81), 3, MAX_AGE);
        assert_eq!(
            doubts,
            ["the oldest of the 3 measurements is 101 s old, more than 100"]
        );
        assert!(evidence.doubts(now + s(80), 3, MAX_AGE).is_empty());
    }

    #[test]
    fn an_outage_outlives_a_scale() {
        let (mut evidence, now) = evidence("+ + x");
        evidence.clear();
        let trust = evidence.enter(now + s(10), Trust::Sound, true, DISTRUST, 10);
        assert_eq!(trust, Trust::ZeroAfterOutage);
    }
}
