//! What depends on the time of day: a number that changes over the day ([`Schedule`]), and periods of the day
//! ([`Periods`]). Used for the bounds, the thresholds of `too_rapid` and the quiet hours. Pure: who asks says when.
//!
//! ```text
//! { "0:00" = 1, "8:00" = 3, "18:00" = 1 }      local time, whatever the offset from UTC is on that day
//!    1111111111113333333333333333111111111
//!    0:00        8:00            18:00
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Timelike, Utc};
use chrono_tz::Tz;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::model::Count;

/// A local time of day, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    minutes: u32,
}

impl TimeOfDay {
    /// How many minutes a day has.
    pub const MINUTES: u32 = 24 * 60;

    /// The local time of day at a moment.
    pub fn at(moment: DateTime<Utc>, zone: Tz) -> Self {
        let local = moment.with_timezone(&zone);
        Self {
            minutes: local.hour() * 60 + local.minute(),
        }
    }

    /// Every minute of the day, in order.
    pub fn every_minute() -> impl Iterator<Item = Self> {
        (0..Self::MINUTES).map(|minutes| Self { minutes })
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

/// A text that is no time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time of day is written from \"0:00\" to \"23:59\"")]
pub struct BadTimeOfDay;

impl FromStr for TimeOfDay {
    type Err = BadTimeOfDay;

    fn from_str(text: &str) -> Result<Self, BadTimeOfDay> {
        let number = |digits: &str, most: usize| -> Result<u32, BadTimeOfDay> {
            let plain = !digits.is_empty()
                && digits.len() <= most
                && digits.bytes().all(|b| b.is_ascii_digit());
            if plain {
                digits.parse().or(Err(BadTimeOfDay))
            } else {
                Err(BadTimeOfDay)
            }
        };
        let (hours, minutes) = text.split_once(':').ok_or(BadTimeOfDay)?;
        if minutes.len() != 2 {
            return Err(BadTimeOfDay);
        }
        let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
        if hours > 23 || minutes > 59 {
            return Err(BadTimeOfDay);
        }
        Ok(Self {
            minutes: hours * 60 + minutes,
        })
    }
}

/// A number that may change over the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The value from each time on; never empty.
    entries: BTreeMap<TimeOfDay, Count>,
    /// The value before the first entry: that of the last one, from the day before.
    carried: Count,
}

impl Schedule {
    /// The same number all day.
    pub fn constant(count: Count) -> Self {
        Self {
            entries: BTreeMap::new(),
            carried: count,
        }
    }

    /// A number from each time on; `None` for an empty table.
    pub fn new(entries: BTreeMap<TimeOfDay, Count>) -> Option<Self> {
        let carried = *entries.values().next_back()?;
        Some(Self { entries, carried })
    }

    /// The number in force at a time of day.
    pub fn at(&self, time: TimeOfDay) -> Count {
        self.entries
            .range(..=time)
            .next_back()
            .map_or(self.carried, |(_, count)| *count)
    }

    /// The smallest number of the day.
    pub fn least(&self) -> Count {
        self.entries.values().copied().min().unwrap_or(self.carried)
    }
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
        let mut entries = BTreeMap::new();
        for (time, count) in table {
            entries.insert(time.parse().map_err(D::Error::custom)?, count);
        }
        Self::new(entries)
            .ok_or_else(|| D::Error::custom("a table of times of day has at least one entry"))
    }
}

/// Periods of the day; one that ends before it starts goes over midnight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Periods {
    periods: Vec<(TimeOfDay, TimeOfDay)>,
}

impl Periods {
    /// Whether a time of day lies in one of them; a period's end is outside.
    pub fn contain(&self, time: TimeOfDay) -> bool {
        self.periods.iter().any(|&(from, to)| {
            if from < to {
                from <= time && time < to
            } else {
                from <= time || time < to
            }
        })
    }

    /// Reads one period, `22:00-7:00`.
    pub fn parse_one(text: &str) -> Result<(TimeOfDay, TimeOfDay), BadPeriod> {
        let (from, to) = text.split_once('-').ok_or(BadPeriod)?;
        let read = |time: &str| time.trim().parse().or(Err(BadPeriod));
        let (from, to) = (read(from)?, read(to)?);
        if from == to {
            Err(BadPeriod)
        } else {
            Ok((from, to))
        }
    }
}

/// A text that is no period of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a period is two different times of day, as in \"22:00-7:00\"")]
pub struct BadPeriod;

impl<'de> Deserialize<'de> for Periods {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let periods = texts
            .iter()
            .map(|text| Self::parse_one(text).map_err(D::Error::custom))
            .collect::<Result<_, _>>()?;
        Ok(Self { periods })
    }
}
