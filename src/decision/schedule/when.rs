//! When something holds of two schedules: the question that the configuration's checks ask. Every minute of every kind
//! of day is looked at: the seven weekdays, and each date that has entries of its own.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{NaiveDate, Weekday};

use super::day::Day;
use super::days::{WEEK, full};
use super::{Schedule, TimeOfDay};
use crate::model::Count;

/// The first time at which something holds of two schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What the one says then.
    pub one: Count,
    /// What the other says then.
    pub other: Count,
    /// The time.
    pub when: When,
}

/// A time, named no closer than it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing depends on the time.
    Always,
    /// On every day of the week.
    Daily(TimeOfDay),
    /// On one day of the week.
    Weekly(Weekday, TimeOfDay),
    /// On one date.
    On(NaiveDate, TimeOfDay),
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("at any time"),
            Self::Daily(time) => write!(f, "at {time}"),
            Self::Weekly(day, time) => write!(f, "on {}s at {time}", full(*day)),
            Self::On(date, time) => write!(f, "on {date} at {time}"),
        }
    }
}

/// The first time at which `holds` of the numbers of two schedules; days of the week come before dates.
pub fn first_where(
    one: &Schedule,
    other: &Schedule,
    holds: impl Fn(Count, Count) -> bool,
) -> Option<Found> {
    let on = |one: &Day, other: &Day| {
        // Between two changes every minute is like the first.
        let changes: BTreeSet<TimeOfDay> = one.changes().chain(other.changes()).collect();
        let numbers = |time| (time, one.at(time), other.at(time));
        let mut minutes = changes.into_iter().map(numbers);
        minutes.find(|(_, one, other)| holds(*one, *other))
    };
    let constant = [one, other].iter().all(|schedule| schedule.is_constant());
    for weekday in WEEK {
        if let Some((time, a, b)) = on(one.week.day(weekday), other.week.day(weekday)) {
            let like = |day| holds(one.week.day(day).at(time), other.week.day(day).at(time));
            let when = if constant {
                When::Always
            } else if WEEK.into_iter().all(like) {
                When::Daily(time)
            } else {
                When::Weekly(weekday, time)
            };
            let (one, other) = (a, b);
            return Some(Found { one, other, when });
        }
    }
    let dates: BTreeSet<NaiveDate> = one.dates().chain(other.dates()).collect();
    dates.into_iter().find_map(|date| {
        let (time, one, other) = on(one.day(date), other.day(date))?;
        let when = When::On(date, time);
        Some(Found { one, other, when })
    })
}

impl Schedule {
    /// Whether it says the same always.
    fn is_constant(&self) -> bool {
        *self == Self::constant(self.least())
    }
}
