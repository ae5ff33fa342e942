//! The days that an entry or a period is for: every day, weekdays, or one date.

use std::str::FromStr;

use chrono::{Datelike, NaiveDate, Weekday, WeekdaySet};

use super::BadText;
use super::local_time::number;
use crate::settings::similar::nearest;

/// What days look like, for people.
pub(super) const DAYS_ARE: &str =
    "days are written as in \"mon-fri\", \"sat,sun\" or \"2026-12-24\"";

/// The days that an entry or a period is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Days {
    /// Every day.
    Every,
    /// These days of each week.
    Week(WeekdaySet),
    /// One day of one year.
    On(NaiveDate),
}

impl Days {
    /// Whether a date is one of them.
    pub fn include(self, date: NaiveDate) -> bool {
        match self {
            Self::Every => true,
            Self::Week(weekdays) => weekdays.contains(date.weekday()),
            Self::On(day) => day == date,
        }
    }
}

impl FromStr for Days {
    type Err = BadText;

    /// Reads `mon-fri`, `sat,sun` or `2026-12-24`. There is no text for every day: it is what stands without days.
    fn from_str(text: &str) -> Result<Self, BadText> {
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return date(text).map(Self::On);
        }
        let mut weekdays = WeekdaySet::EMPTY;
        for part in text.split(',') {
            weekdays = weekdays.union(part_of_week(part)?);
        }
        Ok(Self::Week(weekdays))
    }
}

/// One weekday, or a range that may go over the weekend: `fri-mon`.
fn part_of_week(text: &str) -> Result<WeekdaySet, BadText> {
    let Some((from, to)) = text.split_once('-') else {
        return Ok(WeekdaySet::single(weekday(text)?));
    };
    let (from, to) = (weekday(from)?, weekday(to)?);
    if from == to {
        let one = short(from);
        return Err(BadText {
            wrong: format!("{text:?} begins and ends on the same day"),
            right: format!("\"{one}\" for that day, \"mon-sun\" for all seven"),
        });
    }
    let mut days = WeekdaySet::single(to);
    let mut day = from;
    while day != to {
        days.insert(day);
        day = day.succ();
    }
    Ok(days)
}

fn weekday(text: &str) -> Result<Weekday, BadText> {
    let text = text.trim();
    if let Ok(day) = text.parse() {
        return Ok(day);
    }
    let right = match meant(text) {
        Some(meant) => format!("did you mean \"{meant}\"? {DAYS_ARE}"),
        None => DAYS_ARE.to_owned(),
    };
    Err(BadText {
        wrong: format!("{text:?} is not a weekday"),
        right,
    })
}

/// What a misspelt weekday, or another word for some, should have been.
fn meant(text: &str) -> Option<String> {
    let words = ["weekend", "weekday", "workday"];
    // A plural is one letter more, which `nearest` forgives.
    let names = WEEK
        .map(short)
        .into_iter()
        .chain(WEEK.map(full))
        .chain(words);
    nearest(text, names).map(|name| match name {
        "weekend" => "sat,sun".to_owned(),
        "weekday" | "workday" => "mon-fri".to_owned(),
        day => day.to_lowercase(),
    })
}

fn date(text: &str) -> Result<NaiveDate, BadText> {
    let parts: Vec<&str> = text.split('-').collect();
    let read = if let [year, month, day] = parts[..]
        && year.len() == 4
    {
        number(year, 4)
            .and_then(|year| i32::try_from(year).ok())
            .zip(number(month, 2).zip(number(day, 2)))
    } else {
        None
    };
    let Some((year, (month, day))) = read else {
        return Err(BadText {
            wrong: format!("{text:?} is not a date"),
            right: "a date is written as in \"2026-12-24\", one for each entry".to_owned(),
        });
    };
    NaiveDate::from_ymd_opt(year, month, day).ok_or_else(|| {
        let last = (28..=31)
            .rev()
            .find_map(|day| NaiveDate::from_ymd_opt(year, month, day));
        BadText {
            wrong: format!("there is no {text} in the calendar"),
            right: match last {
                Some(last) => format!("a day from {year:04}-{month:02}-01 to {last}"),
                None => "a month from 01 to 12".to_owned(),
            },
        }
    })
}

/// The days of the week, in order.
pub(super) const WEEK: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];

/// A weekday's whole name.
pub(super) fn full(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

fn short(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "mon",
        Weekday::Tue => "tue",
        Weekday::Wed => "wed",
        Weekday::Thu => "thu",
        Weekday::Fri => "fri",
        Weekday::Sat => "sat",
        Weekday::Sun => "sun",
    }
}
