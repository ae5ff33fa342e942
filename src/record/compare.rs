//! Where a process's own decision and its challenger's differed, and what that would have cost. Pure.
//!
//! Each cycle is compared from the count that really ran: the challenger says what it would have set then. What its own
//! count would have done to the measurements nobody can know from a record; a simulation can (`backtest`).

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::{CycleRecord, Outcome};
use crate::model::{Count, Cycle};

/// How many stretches are told at the most: the longest.
const MOST_TOLD: usize = 20;

/// A gap between two cycles that is longer than so many usual ones is time in which the bot did not run.
const LONGEST_GAP: i32 = 3;

/// How far apart the two decisions of one cycle may be: the challenger's is made after the other, and may take its time.
const FURTHEST_APART: TimeDelta = TimeDelta::seconds(60);

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// How many cycles both decided.
    pub cycles: usize,
    /// From when; `None`: there are none.
    pub from: Option<DateTime<Utc>>,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
    /// What the process used.
    pub live: Use,
    /// What the challenger would have used.
    pub challenger: Use,
    /// In how many cycles they differed.
    pub differing: usize,
    /// The stretches of cycles in which they differed in the same way, in the order of time.
    pub stretches: Vec<Stretch>,
}

/// What one of the two used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Use {
    /// Process-hours.
    pub process_hours: f64,
    /// How many cycles set, or would have set, another count.
    pub scales: usize,
}

/// Cycles in a row in which the two differed by the same counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stretch {
    /// When it began.
    pub at: DateTime<Utc>,
    /// How long it lasted.
    pub seconds: f64,
    /// The process's count.
    pub live: Count,
    /// The challenger's.
    pub challenger: Count,
    /// Why the process had its own.
    pub because: String,
    /// Why the challenger would have had another.
    pub challenger_because: String,
}

/// One cycle of both.
struct Pair<'r> {
    at: DateTime<Utc>,
    lasts: TimeDelta,
    live: Count,
    challenger: Count,
    records: (&'r CycleRecord, &'r CycleRecord),
}

/// Compares the records of a process with those of its challenger, each in the order of time.
pub fn compare(live: &[CycleRecord], challenger: &[CycleRecord]) -> Comparison {
    let pairs = pairs(live, challenger);
    let last = pairs.last();
    let mut found = Comparison {
        cycles: pairs.len(),
        from: pairs.first().map(|pair| pair.at),
        until: last.map(|pair| pair.at + pair.lasts),
        live: Use::default(),
        challenger: Use::default(),
        differing: 0,
        stretches: Vec::new(),
    };
    let mut goes_on = false;
    for pair in &pairs {
        let hours = seconds(pair.lasts) / 3600.0;
        found.live.process_hours += f64::from(pair.live) * hours;
        found.challenger.process_hours += f64::from(pair.challenger) * hours;
        found.live.scales += usize::from(sets(pair.records.0));
        found.challenger.scales += usize::from(sets(pair.records.1));
        let differs = pair.live != pair.challenger;
        found.differing += usize::from(differs);
        if differs {
            found.enter(pair, goes_on);
        }
        goes_on = differs;
    }
    found
}

impl Comparison {
    fn enter(&mut self, pair: &Pair<'_>, goes_on: bool) {
        let counts = (pair.live, pair.challenger);
        let last = self.stretches.last_mut().filter(|_| goes_on);
        if let Some(last) = last.filter(|last| (last.live, last.challenger) == counts) {
            last.seconds += seconds(pair.lasts);
            return;
        }
        self.stretches.push(Stretch {
            at: pair.at,
            seconds: seconds(pair.lasts),
            live: pair.live,
            challenger: pair.challenger,
            because: pair.records.0.reason.clone(),
            challenger_because: pair.records.1.reason.clone(),
        });
    }

    /// For a person.
    pub fn told(&self, process: &str, zone: Tz) -> String {
        let (Some(from), Some(until)) = (self.from, self.until) else {
            return format!(
                "{process}: there is no cycle that both decided: has the bot run with a [processes.{process}.challenger] and this \
                 store?\n"
            );
        };
        let time = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
        let (live, challenger) = (self.live, self.challenger);
        let more = challenger.process_hours - live.process_hours;
        let part = if live.process_hours > 0.0 {
            format!(", {:+.1} %", more / live.process_hours * 100.0)
        } else {
            String::new()
        };
        let text = format!(
            "{process} and its challenger, {} to {} ({})\n  \
             live        {:.2} process-hours, {}\n  \
             challenger  {:.2} process-hours ({more:+.2}{part}), {} wished for\n",
            time(from),
            time(until),
            plural(self.cycles, "cycle"),
            live.process_hours,
            plural(live.scales, "scale"),
            challenger.process_hours,
            plural(challenger.scales, "scale"),
        );
        let many = self.stretches.len();
        let shown = self.longest();
        let cycles = plural(self.differing, "cycle");
        let stretches = plural(many, "stretch");
        let differed = match self.differing {
            0 => "  they did not differ\n".to_owned(),
            _ if shown.len() < many => {
                let told = shown.len();
                format!("  they differed in {cycles}, in {stretches}; the longest {told}:\n")
            }
            _ => format!("  they differed in {cycles}, in {stretches}\n"),
        };
        let stretches: String = shown.iter().map(|stretch| stretch.told(zone)).collect();
        text + &differed + &stretches + "Each cycle is compared from the count that really ran.\n"
    }

    /// The longest stretches, in the order of time.
    fn longest(&self) -> Vec<&Stretch> {
        let mut all: Vec<&Stretch> = self.stretches.iter().collect();
        all.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
        all.truncate(MOST_TOLD);
        all.sort_by_key(|stretch| stretch.at);
        all
    }
}

impl Stretch {
    fn told(&self, zone: Tz) -> String {
        format!(
            "  {}  {:>6.0} s  live {}: {}\n{:33}challenger {}: {}\n",
            self.at.with_timezone(&zone).format("%m-%d %H:%M:%S"),
            self.seconds,
            self.live,
            self.because,
            "",
            self.challenger,
            self.challenger_because,
        )
    }
}

/// The cycles that both decided. One that the challenger said nothing in, for it was waiting or nothing was measured, goes on
/// with what it would have set before.
fn pairs<'r>(live: &'r [CycleRecord], challenger: &'r [CycleRecord]) -> Vec<Pair<'r>> {
    let mut by_cycle: BTreeMap<Cycle, Vec<&CycleRecord>> = BTreeMap::new();
    for record in live {
        by_cycle.entry(record.cycle).or_default().push(record);
    }
    let mut before: Option<Count> = None;
    let mut pairs: Vec<Pair<'r>> = Vec::new();
    for record in challenger {
        let Some(own) = by_cycle
            .get(&record.cycle)
            .and_then(|all| together(all, record))
        else {
            continue;
        };
        let (Some(reached), Some(count)) = (own.reached(), record.count) else {
            continue;
        };
        let would = match record.outcome {
            Outcome::Would { to } => to,
            Outcome::Held if record.wish.is_none() => before.unwrap_or(count),
            Outcome::Held
            | Outcome::Ordered { .. }
            | Outcome::Scaled { .. }
            | Outcome::Failed { .. }
            | Outcome::Draining { .. }
            | Outcome::Uncounted
            | Outcome::Lost => count,
        };
        before = Some(would);
        pairs.push(Pair {
            at: record.at,
            lasts: TimeDelta::zero(),
            live: reached,
            challenger: would,
            records: (own, record),
        });
    }
    last(&mut pairs);
    pairs
}

/// Which of the records with a cycle's number is of that cycle. Replicas that have led in turn count their cycles each for
/// itself, and so does a bot that began anew.
fn together<'r>(all: &[&'r CycleRecord], challenger: &CycleRecord) -> Option<&'r CycleRecord> {
    let apart = |own: &&&CycleRecord| (own.at - challenger.at).abs();
    let nearest = all.iter().min_by_key(apart)?;
    (apart(&nearest) <= FURTHEST_APART).then_some(*nearest)
}

/// Sets how long each cycle lasted: until the next, but a gap in which the bot did not run counts as a usual cycle.
fn last(pairs: &mut [Pair<'_>]) {
    let times: Vec<_> = pairs.iter().map(|pair| pair.at).collect();
    let gap = |window: &[DateTime<Utc>]| match window {
        [one, next] => *next - *one,
        _ => TimeDelta::zero(),
    };
    let gaps: Vec<TimeDelta> = times.windows(2).map(gap).collect();
    let mut sorted = gaps.clone();
    sorted.sort();
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    let gaps = gaps.into_iter().map(Some).chain([None]);
    for (pair, gap) in pairs.iter_mut().zip(gaps) {
        let ran = gap.filter(|gap| *gap <= usual * LONGEST_GAP);
        pair.lasts = ran.unwrap_or(usual).max(TimeDelta::zero());
    }
}

/// Whether a cycle set another count, or would have.
fn sets(record: &CycleRecord) -> bool {
    matches!(
        record.outcome,
        Outcome::Scaled { .. } | Outcome::Would { .. }
    )
}

fn plural(many: usize, what: &str) -> String {
    let ending = match (many, what) {
        (1, _) => "",
        (_, "stretch") => "es",
        (_, _) => "s",
    };
    format!("{many} {what}{ending}")
}

fn seconds(time: TimeDelta) -> f64 {
    time.as_seconds_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::Cause;
    use crate::model::ProcessName;
    use crate::record::Wished;

    /// Records in words, one a cycle of 30 s: `3` stays, `3>4` was scaled, `3?4` would be, `3.` said nothing, `_` is none.
    fn records(words: &str) -> Vec<CycleRecord> {
        let start: DateTime<Utc> = "2026-11-24T09:00:00Z".parse().unwrap();
        let mut all = Vec::new();
        for (number, word) in words.split_whitespace().enumerate() {
            if word == "_" {
                continue;
            }
            let counts: Vec<Count> = word
                .split(|mark: char| !mark.is_ascii_digit())
                .filter_map(|count| count.parse().ok())
                .collect();
            let to = *counts.last().unwrap();
            let (outcome, silent) = match word.trim_matches(|mark: char| mark.is_ascii_digit()) {
                ">" => (Outcome::Scaled { to }, false),
                "?" => (Outcome::Would { to }, false),
                "." => (Outcome::Held, true),
                _ => (Outcome::Held, false),
            };
            let desired = i64::from(to);
            let wish = Wished {
                backend: "b".to_owned(),
                desired,
                reason: "R".to_owned(),
            };
            all.push(CycleRecord {
                process: ProcessName::new("web").unwrap(),
                cycle: u64::try_from(number).unwrap() + 1,
                at: start + TimeDelta::seconds(30) * i32::try_from(number).unwrap(),
                count: Some(counts[0]),
                ready: None,
                min: 1,
                max: 9,
                manual: None,
                inputs: Vec::new(),
                wish: (!silent).then_some(wish),
                silence: None,
                clamps: Vec::new(),
                cause: Cause::Load,
                outcome,
                reason: format!("because of {word}"),
                otherwise: Vec::new(),
            });
        }
        all
    }

    #[test]
    fn hours_and_stretches() {
        // Live's own counts are 2 2 3 3 3 3, the challenger's 2 3 3 4 4 3.
        let live = records("2 2 2>3 3 3 3");
        let challenger = records("2 2?3 3. 3?4 3. 3");
        let found = compare(&live, &challenger);
        assert_eq!((found.cycles, found.differing), (6, 3));
        let hours = |counts: f64| counts * 30.0 / 3600.0;
        assert!(
            (found.live.process_hours - hours(16.0)).abs() < 1e-9,
            "{found:?}"
        );
        assert!(
            (found.challenger.process_hours - hours(19.0)).abs() < 1e-9,
            "{found:?}"
        );
        assert_eq!((found.live.scales, found.challenger.scales), (1, 2));
        let shown = found.told("web", Tz::UTC);
        let expected = "\
web and its challenger, 2026-11-24 09:00 to 2026-11-24 09:03 (6 cycles)
  live        0.13 process-hours, 1 scale
  challenger  0.16 process-hours (+0.02, +18.7 %), 2 scales wished for
  they differed in 3 cycles, in 2 stretches
  11-24 09:00:30      30 s  live 2: because of 2
                                 challenger 3: because of 2?3
  11-24 09:01:30      60 s  live 3: because of 3
                                 challenger 4: because of 3?4
Each cycle is compared from the count that really ran.
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn time_in_which_the_bot_was_away_costs_nothing() {
        let words = "2 2 2 _ _ _ _ _ _ _ _ _ _ 2 2";
        let found = compare(&records(words), &records(words));
        assert_eq!(found.cycles, 5);
        let hours = 2.0 * 5.0 * 30.0 / 3600.0;
        assert!((found.live.process_hours - hours).abs() < 1e-9, "{found:?}");
        assert!(found.told("web", Tz::UTC).contains("did not differ"));
    }

    #[test]
    fn cycles_of_one_number_are_told_apart_by_their_time() {
        // Another replica, which leads an hour later, has counted as far only.
        let later = |words: &str| {
            let moved = |record: CycleRecord| CycleRecord {
                at: record.at + TimeDelta::hours(1),
                ..record
            };
            records(words).into_iter().map(moved)
        };
        let both = |first: &str, then: &str| -> Vec<CycleRecord> {
            records(first).into_iter().chain(later(then)).collect()
        };
        let found = compare(&both("2 2 2", "6 6 6"), &both("2 2 2", "6 6?7 6"));
        assert_eq!((found.cycles, found.differing), (6, 1), "{found:?}");
        let told = found.told("web", Tz::UTC);
        assert!(
            told.contains("differed in 1 cycle, in 1 stretch\n"),
            "{told}"
        );
        let none = compare(&records("2 2"), &later("2 2").collect::<Vec<_>>());
        assert_eq!(none.cycles, 0, "{none:?}");
    }

    #[test]
    fn what_only_one_decided_is_not_compared() {
        let found = compare(&records("2 _ 2>3"), &records("_ 2?3 3"));
        assert_eq!((found.cycles, found.differing), (1, 0));
        let none = compare(&records("2"), &[]);
        assert!(
            none.told("web", Tz::UTC)
                .contains("no cycle that both decided")
        );
    }
}
