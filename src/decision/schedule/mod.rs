//! What depends on the local time: a number that changes over the day, the week and on single dates ([`Schedule`]), and
//! periods ([`Periods`]). Used for the bounds, the numbers of `too_rapid` and the quiet hours. Pure: who asks says when.
//!
//! ```text
//! { "0:00" = 1, "mon-fri 8:00" = 3, "mon-fri 18:00" = 1, "2026-12-24 12:00" = 6 }
//!
//! Wed 23rd                Thu 24th                Fri 25th                Sat 26th
//! 111111113333333333111111111111113333666666666666111111113333333333111111111111111111
//! 0:00    8:00      18:00 0:00    8:00 12:00      0:00    8:00      18:00 0:00
//! ```
//!
//! In force is today's latest entry that has begun: one of today's date; while there is none, one of today's weekday;
//! while there is none, one without days; and before any of them what held when the day before ended. An entry with a
//! date holds until midnight at most: the next day begins as if it had not been.
//!
//! So an entry never changes what holds before it, and a day that shall have nothing of the less special entries begins
//! its own at 0:00. Daylight-saving changes follow from the clock on the wall: an entry in the hour that is left out
//! holds from its end on, and an hour lived twice is scheduled twice.

mod day;
mod days;
mod local_time;
mod periods;
mod start;
mod when;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::model::Count;
use day::Day;
use days::WEEK;

pub use days::Days;
pub use local_time::{BadTimeOfDay, LocalTime, TimeOfDay};
pub use periods::{Period, Periods};
pub use start::{Start, Starts};
pub use when::{Found, When, first_where};

/// A number that may change over the day, the week and on single dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    week: Week,
    /// The days that have entries of their own date.
    dates: BTreeMap<NaiveDate, Day>,
}

/// The days without entries of their own date.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Week {
    /// They are all alike. Most are, and there are thousands: so it takes a seventh of the memory.
    Alike(Day),
    /// From Monday on.
    Each(Box<[Day; 7]>),
}

impl Week {
    fn day(&self, weekday: Weekday) -> &Day {
        let [mon, tue, wed, thu, fri, sat, sun] = match self {
            Self::Alike(day) => return day,
            Self::Each(days) => &**days,
        };
        match weekday {
            Weekday::Mon => mon,
            Weekday::Tue => tue,
            Weekday::Wed => wed,
            Weekday::Thu => thu,
            Weekday::Fri => fri,
            Weekday::Sat => sat,
            Weekday::Sun => sun,
        }
    }
}

impl Schedule {
    /// The same number always.
    pub fn constant(count: Count) -> Self {
        Self {
            week: Week::Alike(Day::constant(count)),
            dates: BTreeMap::new(),
        }
    }

    /// A number from each start on; `None` when all have a date or there is none, for then nothing says what holds on
    /// other days. Of two for the same time the last one counts.
    pub fn new(entries: impl IntoIterator<Item = (Start, Count)>) -> Option<Self> {
        let mut daily = BTreeMap::new();
        let mut weekly = [const { BTreeMap::new() }; 7];
        let mut on_date: BTreeMap<NaiveDate, BTreeMap<TimeOfDay, Count>> = BTreeMap::new();
        for (Start { days, time }, count) in entries {
            match days {
                Days::Every => {
                    daily.insert(time, count);
                }
                Days::Week(weekdays) => {
                    for (day, own) in WEEK.into_iter().zip(&mut weekly) {
                        if weekdays.contains(day) {
                            own.insert(time, count);
                        }
                    }
                }
                Days::On(date) => {
                    on_date.entry(date).or_default().insert(time, count);
                }
            }
        }
        let week = week(&daily, &weekly)?;
        let dates = on_date
            .into_iter()
            .map(|(date, own)| (date, week.day(date.weekday()).overlaid(&own)))
            .collect();
        Some(Self { week, dates })
    }

    /// The number in force at a local time.
    pub fn at(&self, local: LocalTime) -> Count {
        self.day(local.date).at(local.time)
    }

    /// The smallest number that is ever in force.
    pub fn least(&self) -> Count {
        // It is never empty.
        self.counts().min().unwrap_or_default()
    }

    /// The largest number that is ever in force.
    pub fn most(&self) -> Count {
        self.counts().max().unwrap_or_default()
    }

    fn counts(&self) -> impl Iterator<Item = Count> {
        let week = WEEK.into_iter().map(|weekday| self.week.day(weekday));
        week.chain(self.dates.values()).flat_map(Day::counts)
    }

    /// The dates that have entries of their own.
    pub fn dates(&self) -> impl Iterator<Item = NaiveDate> {
        self.dates.keys().copied()
    }

    fn day(&self, date: NaiveDate) -> &Day {
        let own = self.dates.get(&date);
        own.unwrap_or_else(|| self.week.day(date.weekday()))
    }
}

/// The seven ordinary days.
fn week(
    daily: &BTreeMap<TimeOfDay, Count>,
    weekly: &[BTreeMap<TimeOfDay, Count>; 7],
) -> Option<Week> {
    // What each day ends with, where an entry says so.
    let ends = weekly
        .each_ref()
        .map(|own| own.values().next_back().or(daily.values().next_back()));
    // Before a week's beginning there is its end.
    let mut carried = *ends.into_iter().flatten().next_back()?;
    if weekly.iter().all(BTreeMap::is_empty) {
        return Some(Week::Alike(Day::constant(carried).overlaid(daily)));
    }
    let days = weekly.each_ref().map(|own| {
        let day = Day::constant(carried).overlaid(daily).overlaid(own);
        carried = day.end();
        day
    });
    Some(Week::Each(Box::new(days)))
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(Count),
            Table(BTreeMap<String, Count>),
        }
        let table = match Written::deserialize(deserializer)? {
            Written::Number(count) => return Ok(Self::constant(count)),
            Written::Table(table) => table,
        };
        let mut entries = Vec::new();
        let mut starts = Starts::default();
        for (written, count) in table {
            let start: Start = written.parse().map_err(D::Error::custom)?;
            starts.take(start, &written).map_err(D::Error::custom)?;
            entries.push((start, count));
        }
        Self::new(entries)
            .ok_or_else(|| D::Error::custom("a schedule has at least one entry without a date"))
    }
}

/// A text that is no [`Start`] or no [`Period`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}: {right}")]
pub struct BadText {
    /// What is wrong; it quotes the text.
    pub wrong: String,
    /// What would be right; it does not.
    pub right: String,
}

/// The words of a text, of which blanks beside `-` and `,` do not make two.
fn words(text: &str) -> Vec<String> {
    let joined = |text: &str, at: char| {
        let parts: Vec<&str> = text.split(at).map(str::trim).collect();
        parts.join(at.encode_utf8(&mut [0; 4]))
    };
    let text = joined(&joined(text, '-'), ',');
    text.split_whitespace().map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests;
