//! When is a round complete, and when is it time to say that none is? Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::ProcessName;

/// After how many of the longest intervals without a complete round that is told.
const PATIENCE: u32 = 3;

/// A process type as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Its name.
    pub process: ProcessName,
    /// How often it is measured.
    pub interval: Duration,
    /// Whether it does not scale because it failed too often.
    pub degraded: bool,
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A round is complete.
    Complete,
    /// None is, for this reason.
    Incomplete(String),
}

/// What a process has done in this round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Nothing,
    Unmeasured,
    Measured,
}

/// The round under way.
#[derive(Debug)]
pub struct Rounds {
    parts: BTreeMap<ProcessName, Part>,
    degraded: Vec<ProcessName>,
    longest: Duration,
    /// When the round began.
    since: Duration,
    /// When a complete one was last told.
    called: Option<Duration>,
    /// When it was told that none is complete; `None`: not since the last complete one.
    complained: Option<Duration>,
    /// Whether that arrived.
    heard: bool,
}

impl Rounds {
    /// The first round begins.
    pub fn new(now: Duration) -> Self {
        Self {
            parts: BTreeMap::new(),
            degraded: Vec::new(),
            longest: Duration::ZERO,
            since: now,
            called: None,
            complained: None,
            heard: false,
        }
    }

    /// The longest interval; zero before the processes are known.
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// These are the process types now.
    pub fn expect(&mut self, processes: impl IntoIterator<Item = Expected>) {
        let before = std::mem::take(&mut self.parts);
        self.degraded.clear();
        self.longest = Duration::ZERO;
        for one in processes {
            let part = before.get(&one.process).copied().unwrap_or(Part::Nothing);
            self.longest = self.longest.max(one.interval);
            if one.degraded {
                self.degraded.push(one.process.clone());
            }
            self.parts.insert(one.process, part);
        }
    }

    /// A cycle of this process has ended. Others than the expected ones (challengers) have no part in a round.
    pub fn ended(&mut self, process: &ProcessName, measured: bool) {
        if let Some(part) = self.parts.get_mut(process) {
            *part = match (*part, measured) {
                (Part::Measured, _) | (_, true) => Part::Measured,
                (Part::Nothing | Part::Unmeasured, false) => Part::Unmeasured,
            };
        }
    }

    /// What is to be told now, if anything. What is returned counts as told.
    pub fn next(&mut self, leads: bool, now: Duration) -> Option<Call> {
        if !leads {
            self.begin(now);
            self.complained = None;
            return None;
        }
        if self.parts.is_empty() {
            return None;
        }
        if self.is_complete() {
            let due = self.called.is_none_or(|at| now >= at + self.longest);
            if due {
                self.begin(now);
                self.called = Some(now);
                self.complained = None;
            }
            return due.then_some(Call::Complete);
        }
        let late = now.saturating_sub(self.since) >= self.longest * PATIENCE;
        let repeats = self
            .complained
            .is_none_or(|at| !self.heard && now >= at + self.longest);
        let is_wrong = late || !self.degraded.is_empty();
        if !is_wrong || !repeats {
            return None;
        }
        self.complained = Some(now);
        self.heard = true;
        Some(Call::Incomplete(self.reason(now)))
    }

    /// What was told did not arrive. Of a complete round the next one tells.
    pub fn unheard(&mut self) {
        self.heard = false;
    }

    fn is_complete(&self) -> bool {
        self.degraded.is_empty() && self.parts.values().all(|part| *part == Part::Measured)
    }

    fn begin(&mut self, now: Duration) {
        self.since = now;
        self.parts
            .values_mut()
            .for_each(|part| *part = Part::Nothing);
    }

    fn reason(&self, now: Duration) -> String {
        let mut parts = Vec::new();
        for (process, part) in &self.parts {
            let what = match part {
                _ if self.degraded.contains(process) => "is degraded",
                Part::Nothing => "has ended no cycle",
                Part::Unmeasured => "could not be measured",
                Part::Measured => continue,
            };
            parts.push(format!("{process} {what}"));
        }
        let seconds = now.saturating_sub(self.since).as_secs();
        let since = format!("no complete round for {seconds} s");
        format!("{since}: {}", parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens at a second.
    enum Event {
        Ends(&'static str, bool),
        Degraded(&'static [&'static str]),
        Look,
        Standby,
        Unheard,
    }
    use Event::{Degraded, Ends, Look, Standby, Unheard};

    fn name(name: &str) -> ProcessName {
        ProcessName::new(name).unwrap()
    }

    fn expected(degraded: &[&str]) -> Vec<Expected> {
        let all = [("web", 10), ("worker", 30)].into_iter();
        all.map(|(process, seconds)| Expected {
            process: name(process),
            interval: Duration::from_secs(seconds),
            degraded: degraded.contains(&process),
        })
        .collect()
    }

    /// What is told at which second: `ok`, or the reason.
    fn told(events: Vec<(u64, Event)>) -> Vec<(u64, String)> {
        let mut rounds = Rounds::new(Duration::ZERO);
        rounds.expect(expected(&[]));
        let mut told = Vec::new();
        for (second, event) in events {
            let mut leads = true;
            match event {
                Ends(process, measured) => rounds.ended(&name(process), measured),
                Degraded(those) => rounds.expect(expected(those)),
                Look => {}
                Standby => leads = false,
                Unheard => rounds.unheard(),
            }
            match rounds.next(leads, Duration::from_secs(second)) {
                Some(Call::Complete) => told.push((second, "ok".to_owned())),
                Some(Call::Incomplete(why)) => told.push((second, why)),
                None => {}
            }
        }
        told
    }

    fn ok(second: u64) -> (u64, String) {
        (second, "ok".to_owned())
    }

    fn no(second: u64, why: &str) -> (u64, String) {
        (second, why.to_owned())
    }

    #[test]
    fn a_round_is_told_when_all_were_measured_and_no_more_often_than_the_longest_interval() {
        let events = vec![
            (1, Ends("web", true)),
            (2, Ends("worker", false)),
            (11, Ends("web", false)),
            (32, Ends("worker", true)),
            (33, Ends("web", true)),
            (40, Ends("worker", true)),
            (61, Look),
            (62, Look),
            (63, Look),
        ];
        assert_eq!(told(events), [ok(32), ok(62)]);
    }

    #[test]
    fn what_is_not_complete_in_time_is_told_once_and_ends_with_the_next_round() {
        let missing =
            "no complete round for 90 s: web could not be measured; worker has ended no cycle";
        let events = vec![
            (1, Ends("web", false)),
            (89, Look),
            (90, Look),
            (91, Look),
            (500, Ends("web", true)),
            (501, Ends("worker", true)),
            (590, Look),
            (591, Look),
        ];
        let again = "no complete round for 90 s: web has ended no cycle; worker has ended no cycle";
        assert_eq!(told(events), [no(90, missing), ok(501), no(591, again)]);
    }

    #[test]
    fn a_degraded_process_is_told_at_once() {
        let events = vec![
            (1, Ends("web", true)),
            (2, Degraded(&["worker"])),
            (3, Ends("worker", true)),
            (99, Look),
            (100, Degraded(&[])),
        ];
        let why = "no complete round for 2 s: worker is degraded";
        assert_eq!(told(events), [no(2, why), ok(100)]);
    }

    #[test]
    fn what_did_not_arrive_is_told_again_after_an_interval() {
        let why = |seconds: u64| {
            format!(
                "no complete round for {seconds} s: web has ended no cycle; worker has ended no cycle"
            )
        };
        let events = vec![
            (90, Look),
            (91, Unheard),
            (119, Look),
            (120, Look),
            (160, Look),
        ];
        assert_eq!(told(events), [(90, why(90)), (120, why(120))]);
    }

    #[test]
    fn a_standby_is_silent_and_its_rounds_do_not_count() {
        let events = vec![
            (1, Ends("web", true)),
            (2, Standby),
            (3, Ends("worker", true)),
            (80, Standby),
            (169, Look),
            (170, Look),
        ];
        let why = "no complete round for 90 s: web has ended no cycle; worker has ended no cycle";
        assert_eq!(told(events), [no(170, why)]);
    }

    #[test]
    fn who_is_no_longer_there_is_not_waited_for() {
        let mut rounds = Rounds::new(Duration::ZERO);
        rounds.expect(expected(&[]));
        rounds.ended(&name("web"), true);
        rounds.ended(&name("stranger"), false);
        rounds.expect(expected(&[]).into_iter().take(1));
        assert_eq!(
            rounds.next(true, Duration::from_secs(5)),
            Some(Call::Complete)
        );
        assert_eq!(rounds.longest(), Duration::from_secs(10));
    }
}
