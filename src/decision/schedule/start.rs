//! When an entry of a schedule begins: the key of its table, as in `"mon-fri 8:00"`.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::WeekdaySet;

use super::days::{DAYS_ARE, WEEK, full};
use super::{BadText, BadTimeOfDay, Days, TimeOfDay, words};

/// When an entry begins: on which days, and at which time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Start {
    /// The days.
    pub days: Days,
    /// The time of day.
    pub time: TimeOfDay,
}

impl FromStr for Start {
    type Err = BadText;

    fn from_str(text: &str) -> Result<Self, BadText> {
        let (days, time) = match &words(text)[..] {
            [time] if is_time_like(time) => (Days::Every, time_of_day(time)?),
            [days, time] => (days.parse()?, time_of_day(time)?),
            [days] => {
                let _known: Days = days.parse()?;
                return Err(BadText {
                    wrong: format!("{text:?} names no time of day"),
                    right: format!("\"{days} 0:00\" for the whole day, or another time"),
                });
            }
            _ => {
                return Err(BadText {
                    wrong: format!(
                        "{text:?} is not one time of day, with days before it or without"
                    ),
                    right: format!("one blank, between days and time; {DAYS_ARE}"),
                });
            }
        };
        Ok(Self { days, time })
    }
}

/// Whether a word was meant as a time of day, not as days.
fn is_time_like(word: &str) -> bool {
    word.contains(':') || (!word.contains('-') && word.starts_with(|c: char| c.is_ascii_digit()))
}

fn time_of_day(word: &str) -> Result<TimeOfDay, BadText> {
    word.parse().map_err(|error: BadTimeOfDay| BadText {
        wrong: format!("{word:?} is not a time of day"),
        right: format!("{error}, with days before it or without, as in \"mon-fri 8:00\""),
    })
}

/// The starts seen so far, so that none is written twice: neither in two spellings, nor by weekdays that overlap.
#[derive(Debug, Default)]
pub struct Starts {
    /// For each time of each day that is told apart, how it was written.
    seen: BTreeMap<Start, String>,
}

impl Starts {
    /// Takes one more, or says which one it meets.
    pub fn take(&mut self, start: Start, written: &str) -> Result<(), BadText> {
        let Start { days, time } = start;
        let apart = match days {
            Days::Week(weekdays) => WEEK
                .into_iter()
                .filter(|day| weekdays.contains(*day))
                .map(|day| Days::Week(WeekdaySet::single(day)))
                .collect(),
            Days::Every | Days::On(_) => vec![days],
        };
        for days in apart {
            let seen = self.seen.insert(Start { days, time }, written.to_owned());
            let Some(earlier) = seen else {
                continue;
            };
            let (what, once) = match days {
                Days::Every => (
                    "are the same time of day".to_owned(),
                    "each time of day once",
                ),
                Days::Week(weekdays) => {
                    let day = weekdays.first().map(full).unwrap_or_default();
                    let what = format!("both say what begins on {day} at {time}");
                    (what, "each time of each weekday once")
                }
                Days::On(date) => {
                    let what = format!("both say what begins on {date} at {time}");
                    (what, "each time of each date once")
                }
            };
            return Err(BadText {
                wrong: format!("\"{written}\" and \"{earlier}\" {what}"),
                right: once.to_owned(),
            });
        }
        Ok(())
    }
}
