//! Local time, to the minute: what schedules and quiet hours are asked with.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;

/// The local date and time of day at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    /// The date.
    pub date: NaiveDate,
    /// The time of day.
    pub time: TimeOfDay,
}

impl LocalTime {
    /// What clocks and calendars show in a zone at a moment.
    pub fn at(moment: DateTime<Utc>, zone: Tz) -> Self {
        let local = moment.with_timezone(&zone).naive_local();
        Self {
            date: local.date(),
            time: TimeOfDay {
                minutes: local.hour() * 60 + local.minute(),
            },
        }
    }
}

/// A local time of day, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    minutes: u32,
}

impl TimeOfDay {
    /// How many minutes a day has.
    pub const MINUTES: u32 = 24 * 60;

    /// The first minute of the day.
    pub const MIDNIGHT: Self = Self { minutes: 0 };

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
        let (hours, minutes) = text.split_once(':').ok_or(BadTimeOfDay)?;
        if minutes.len() != 2 {
            return Err(BadTimeOfDay);
        }
        let read = |digits| number(digits, 2).ok_or(BadTimeOfDay);
        let (hours, minutes) = (read(hours)?, read(minutes)?);
        if hours > 23 || minutes > 59 {
            return Err(BadTimeOfDay);
        }
        Ok(Self {
            minutes: hours * 60 + minutes,
        })
    }
}

/// A number of at most so many digits, and nothing but digits.
pub(super) fn number(digits: &str, most: usize) -> Option<u32> {
    let plain =
        !digits.is_empty() && digits.len() <= most && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}
