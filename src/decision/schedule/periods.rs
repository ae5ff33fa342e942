//! Periods of the day, the week, or a single date: the quiet hours.

use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::{BadText, Days, LocalTime, TimeOfDay, words};

/// Periods of local time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Periods {
    periods: Vec<Period>,
}

impl Periods {
    /// Whether a local time lies in one of them.
    pub fn contain(&self, local: LocalTime) -> bool {
        self.periods.iter().any(|period| period.contains(local))
    }
}

/// One period: whole days, or hours of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The days on which it begins.
    days: Days,
    /// When it begins and ends, `None` for whole days. One that ends before it begins goes over midnight.
    hours: Option<(TimeOfDay, TimeOfDay)>,
}

impl Period {
    /// The days on which it begins.
    pub fn days(self) -> Days {
        self.days
    }

    /// Whether a local time lies in it; its end is outside.
    pub fn contains(self, LocalTime { date, time }: LocalTime) -> bool {
        let begins_today = self.days.include(date);
        let Some((from, to)) = self.hours else {
            return begins_today;
        };
        if from < to {
            return begins_today && from <= time && time < to;
        }
        let began_yesterday = || date.pred_opt().is_some_and(|day| self.days.include(day));
        (begins_today && from <= time) || (time < to && began_yesterday())
    }
}

impl FromStr for Period {
    type Err = BadText;

    /// Reads `22:00-7:00`, `sat-sun` or `mon-fri 22:00-7:00`.
    fn from_str(text: &str) -> Result<Self, BadText> {
        let bad = || {
            BadText {
            wrong: format!("{text:?} is not a period of the day"),
            right: "a period is two different times of day, as in \"22:00-7:00\", or days, as in \"sat-sun\", or both, as \
                    in \"mon-fri 22:00-7:00\""
                .to_owned(),
        }
        };
        let hours = |word: &str| {
            let (from, to) = word.split_once('-').ok_or_else(bad)?;
            let read = |time: &str| time.parse().or(Err(bad()));
            let (from, to): (TimeOfDay, TimeOfDay) = (read(from)?, read(to)?);
            if from == to {
                Err(bad())
            } else {
                Ok((from, to))
            }
        };
        let (days, hours) = match &words(text)[..] {
            [word] if word.contains(':') => (Days::Every, Some(hours(word)?)),
            [days] => (days.parse()?, None),
            [days, word] => (days.parse()?, Some(hours(word)?)),
            _ => return Err(bad()),
        };
        Ok(Self { days, hours })
    }
}

impl<'de> Deserialize<'de> for Periods {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let periods = texts
            .iter()
            .map(|text| text.parse().map_err(D::Error::custom))
            .collect::<Result<_, _>>()?;
        Ok(Self { periods })
    }
}
