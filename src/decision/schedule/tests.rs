//! Schedules and periods: over the day, the week, single dates, and the changes of the clocks.

mod days;
mod periods;
mod starts;

use super::*;
use chrono::{DateTime, Utc};
use chrono_tz::America::Vancouver;
use chrono_tz::Australia::Lord_Howe;
use chrono_tz::{Tz, UTC};
use serde_json::json;

/// A local time on an arbitrary Monday.
fn monday(time: &str) -> LocalTime {
    local(&format!("2026-03-02 {time}"))
}

fn local(text: &str) -> LocalTime {
    let (date, time) = text.split_once(' ').unwrap();
    LocalTime {
        date: date.parse().unwrap(),
        time: time.parse().unwrap(),
    }
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
        let [text, wanted, because] = row.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
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
        assert_eq!(schedule.at(monday(at)), count, "{because}: {at}");
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
            LocalTime::at(utc(moment), zone).time.to_string(),
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
        let count = schedule.at(LocalTime::at(moment, zone));
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

// 2026-12-21 is a Monday.
