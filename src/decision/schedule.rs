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

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::America::Vancouver;
    use chrono_tz::Australia::Lord_Howe;
    use chrono_tz::UTC;
    use serde_json::json;

    fn time(text: &str) -> TimeOfDay {
        text.parse().unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        format!("{text}:00Z").parse().unwrap()
    }

    fn schedule(written: serde_json::Value) -> Schedule {
        serde_json::from_value(written).unwrap()
    }

    #[test]
    fn times_of_day() {
        let table = "
            0:00  | 0:00  | the first minute
            00:00 | 0:00  | with a leading zero
            8:00  | 8:00  | usual
            08:05 | 8:05  | with a leading zero
            23:59 | 23:59 | the last minute
            24:00 | -     | that is tomorrow
            8:0   | -     | a missing digit could be 8:00 or 8:0x
            8     | -     | an hour alone
            8:60  | -     | no such minute
            25:00 | -     | no such hour
            008:00 | -    | too many digits
            8:000 | -     | too many digits
            -1:00 | -     | no sign
            +8:00 | -     | no sign
            8:-1  | -     | no sign
            8:00:00 | -   | no seconds
            8.00  | -     | no point
            :00   | -     | no hour
            8:    | -     | no minutes
            8 :00 | -     | no blanks inside
            ٨:٠٠  | -     | digits, but not ours
        ";
        for row in table.lines().filter(|row| !row.trim().is_empty()) {
            let [text, wanted, because] = row.split('|').map(str::trim).collect::<Vec<_>>()[..]
            else {
                panic!("three columns, please: {row}");
            };
            let read = text.parse::<TimeOfDay>();
            let shown = read.map_or("-".to_owned(), |time| time.to_string());
            assert_eq!(shown, wanted, "{because}: {text}");
        }
        assert!("".parse::<TimeOfDay>().is_err(), "nothing at all");
    }

    #[test]
    fn a_schedule_over_the_day() {
        let office = schedule(json!({ "0:00": 1, "8:00": 3, "18:00": 1 }));
        let night = schedule(json!({ "8:00": 3, "22:30": 7 })); // no entry at 0:00
        let single = schedule(json!({ "12:00": 4 }));
        let fixed = schedule(json!(5));
        let rows = [
            (&office, "0:00", 1, "from the first minute on"),
            (&office, "7:59", 1, "the minute before"),
            (&office, "8:00", 3, "from that very minute on"),
            (&office, "17:59", 3, "the last minute of it"),
            (&office, "18:00", 1, "the next entry"),
            (&office, "23:59", 1, "until midnight"),
            (
                &night,
                "0:00",
                7,
                "before its first entry the last one holds, from the day before",
            ),
            (&night, "7:59", 7, "until the first entry"),
            (&night, "8:00", 3, "the first entry"),
            (&night, "22:29", 3, "to the minute"),
            (&night, "22:30", 7, "to the minute"),
            (&single, "11:59", 4, "one entry holds all day"),
            (&single, "12:00", 4, "one entry holds all day"),
            (&fixed, "3:21", 5, "a number alone"),
        ];
        for (schedule, at, count, because) in rows {
            assert_eq!(schedule.at(time(at)), count, "{because}: {at}");
        }
        assert_eq!(
            (office.least(), night.least(), fixed.least()),
            (1, 3, 5),
            "the least of the day"
        );
    }

    #[test]
    fn a_schedule_that_cannot_be_read() {
        let rows = [
            (json!({}), "an empty table"),
            (json!({ "24:00": 1 }), "no such time"),
            (json!({ "8:0": 1 }), "no such time"),
            (json!({ "8:00": -1 }), "a negative count"),
            (json!({ "8:00": 1.5 }), "half a process"),
            (json!({ "8:00": "1" }), "a text"),
            (json!("8:00"), "neither a number nor a table"),
            (json!(null), "nothing"),
        ];
        for (written, because) in rows {
            let read = serde_json::from_value::<Schedule>(written);
            assert!(read.is_err(), "{because}: {read:?}");
        }
    }

    /// Each row: a moment in UTC, the local time of day then, why.
    #[track_caller]
    fn local_times(zone: Tz, rows: &[(&str, &str, &str)]) {
        for (moment, local, because) in rows {
            assert_eq!(
                TimeOfDay::at(utc(moment), zone).to_string(),
                *local,
                "{because}: {moment}"
            );
        }
    }

    #[test]
    fn local_time_in_vancouver() {
        local_times(UTC, &[("2025-03-09T10:00", "10:00", "UTC has no summer")]);
        // Spring: at 2:00 it is 3:00. Autumn: at 2:00 it is 1:00 once more.
        local_times(
            Vancouver,
            &[
                ("2025-03-09T09:59", "1:59", "the last minute of winter"),
                (
                    "2025-03-09T10:00",
                    "3:00",
                    "the first of summer: 2:00 to 2:59 never were",
                ),
                ("2025-11-02T08:59", "1:59", "1:59 in summer time"),
                ("2025-11-02T09:00", "1:00", "1:00 for the second time"),
                ("2025-11-02T09:59", "1:59", "1:59 for the second time"),
                ("2025-11-02T10:00", "2:00", "and on"),
            ],
        );
    }

    #[test]
    fn local_time_on_lord_howe_moves_by_half_an_hour() {
        // Spring (October): at 2:00 it is 2:30. Autumn (April): at 2:00 it is 1:30 once more.
        local_times(
            Lord_Howe,
            &[
                (
                    "2025-10-04T15:29",
                    "1:59",
                    "the last minute of winter, UTC+10:30",
                ),
                (
                    "2025-10-04T15:30",
                    "2:30",
                    "the first of summer, UTC+11: 2:00 to 2:29 never were",
                ),
                (
                    "2025-04-05T14:59",
                    "1:59",
                    "the last minute of summer, UTC+11",
                ),
                ("2025-04-05T15:00", "1:30", "1:30 for the second time"),
                ("2025-04-05T15:29", "1:59", "1:59 for the second time"),
                ("2025-04-05T15:30", "2:00", "and on"),
            ],
        );
    }

    /// The count in force at each minute of a stretch of time, run-length encoded: `1 x60, 3 x30`.
    fn minutes(schedule: &Schedule, zone: Tz, from: &str, many: i64) -> String {
        let mut runs: Vec<(Count, u32)> = Vec::new();
        for minute in 0..many {
            let moment = utc(from) + chrono::TimeDelta::minutes(minute);
            let count = schedule.at(TimeOfDay::at(moment, zone));
            match runs.last_mut() {
                Some((last, length)) if *last == count => *length += 1,
                _ => runs.push((count, 1)),
            }
        }
        let shown: Vec<String> = runs
            .iter()
            .map(|(count, length)| format!("{count} x{length}"))
            .collect();
        shown.join(", ")
    }

    #[test]
    fn a_schedule_across_the_changes() {
        let skipped = schedule(json!({ "0:00": 1, "2:15": 4 }));
        let twice = schedule(json!({ "0:00": 1, "1:45": 4 }));
        let rows = [
            (
                &skipped,
                Vancouver,
                "2025-03-09T09:30",
                "1 x30, 4 x30",
                "an entry in the lost hour holds from its end on",
            ),
            (
                &twice,
                Vancouver,
                "2025-11-02T08:30",
                "1 x15, 4 x15, 1 x30",
                "an hour lived twice is scheduled twice",
            ),
            (
                &twice,
                Vancouver,
                "2025-11-02T09:30",
                "1 x15, 4 x45",
                "an hour lived twice is scheduled twice",
            ),
            (
                &skipped,
                Lord_Howe,
                "2025-10-04T15:00",
                "1 x30, 4 x30",
                "an entry in the lost half hour",
            ),
            (
                &twice,
                Lord_Howe,
                "2025-04-05T14:30",
                "1 x15, 4 x15, 1 x15, 4 x15",
                "half an hour lived twice",
            ),
        ];
        for (schedule, zone, from, wanted, because) in rows {
            assert_eq!(
                minutes(schedule, zone, from, 60),
                wanted,
                "{because}: {zone} {from}"
            );
        }
    }

    #[test]
    fn days_that_are_not_24_hours_long() {
        let day = schedule(json!({ "0:00": 1, "12:00": 2 }));
        let rows = [
            (
                Vancouver,
                "2025-03-09T08:00",
                23 * 60,
                "1 x660, 2 x720",
                "a day of 23 hours loses one of the morning",
            ),
            (
                Vancouver,
                "2025-11-02T07:00",
                25 * 60,
                "1 x780, 2 x720",
                "a day of 25 hours gains one",
            ),
            (
                Lord_Howe,
                "2025-10-04T13:30",
                47 * 30,
                "1 x690, 2 x720",
                "a day of 23.5 hours",
            ),
            (
                Lord_Howe,
                "2025-04-05T13:00",
                49 * 30,
                "1 x750, 2 x720",
                "a day of 24.5 hours",
            ),
        ];
        for (zone, from, many, wanted, because) in rows {
            assert_eq!(
                minutes(&day, zone, from, many),
                wanted,
                "{because}: {zone} {from}"
            );
        }
    }

    fn periods(texts: &[&str]) -> Periods {
        serde_json::from_value(json!(texts)).unwrap()
    }

    #[test]
    fn periods_of_the_day() {
        let quiet = periods(&["22:00-7:00", "12:00 - 13:30"]);
        let rows = [
            ("21:59", false, "the minute before"),
            ("22:00", true, "its first minute"),
            ("23:59", true, "up to midnight"),
            ("0:00", true, "over midnight"),
            ("6:59", true, "its last minute"),
            ("7:00", false, "its end is outside"),
            ("12:00", true, "the second period"),
            ("13:29", true, "the second period"),
            ("13:30", false, "its end is outside"),
            ("15:00", false, "between"),
        ];
        for (at, inside, because) in rows {
            assert_eq!(quiet.contain(time(at)), inside, "{because}: {at}");
        }
        let minutes = |periods: &Periods| {
            TimeOfDay::every_minute()
                .filter(|t| periods.contain(*t))
                .count()
        };
        assert_eq!(
            minutes(&quiet),
            9 * 60 + 90,
            "nine hours and a half, and one"
        );
        assert_eq!(minutes(&Periods::default()), 0, "no period, no quiet");
        let midnight = periods(&["18:00-0:00"]);
        assert_eq!(minutes(&midnight), 6 * 60, "up to midnight, and not beyond");
        assert_eq!(
            minutes(&periods(&["0:00-23:59"])),
            24 * 60 - 1,
            "all but the last minute"
        );
    }

    #[test]
    fn periods_across_the_changes() {
        let night = periods(&["1:30-2:30"]);
        let quiet_minutes = |zone: Tz, from: &str, hours: i64| {
            let at = |minute| utc(from) + chrono::TimeDelta::minutes(minute);
            (0..hours * 60)
                .filter(|m| night.contain(TimeOfDay::at(at(*m), zone)))
                .count()
        };
        let rows = [
            (Vancouver, "2025-03-08T08:00", 60, "an ordinary night"),
            (
                Vancouver,
                "2025-03-09T08:00",
                30,
                "its end was in the lost hour: it ends when that would have begun",
            ),
            (
                Vancouver,
                "2025-11-02T07:00",
                90,
                "half an hour lived twice is quiet twice",
            ),
            (Lord_Howe, "2025-10-04T13:30", 30, "the lost half hour"),
            (
                Lord_Howe,
                "2025-04-05T13:00",
                90,
                "the half hour lived twice",
            ),
        ];
        for (zone, from, wanted, because) in rows {
            assert_eq!(
                quiet_minutes(zone, from, 6),
                wanted,
                "{because}: {zone} {from}"
            );
        }
    }

    #[test]
    fn periods_that_cannot_be_read() {
        let rows = [
            ("22:00", "no end"),
            ("22:00-", "no end"),
            ("-7:00", "no beginning"),
            ("22:00-24:00", "no such time"),
            ("8:0-9:00", "no such time"),
            ("8:00-8:00", "all day or never? say which"),
            ("8:00-9:00-10:00", "one too many"),
            ("", "nothing"),
        ];
        for (text, because) in rows {
            assert_eq!(
                Periods::parse_one(text),
                Err(BadPeriod),
                "{because}: {text}"
            );
            assert!(
                serde_json::from_value::<Periods>(json!([text])).is_err(),
                "{because}: {text}"
            );
        }
    }
}
