//! Schedules and periods: over the day, the week, single dates, and the changes of the clocks.

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
        assert_eq!(quiet.contain(monday(at)), inside, "{because}: {at}");
    }
    let date = monday("0:00").date;
    let minutes = |periods: &Periods| {
        TimeOfDay::every_minute()
            .filter(|time| periods.contain(LocalTime { date, time: *time }))
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
            .filter(|m| night.contain(LocalTime::at(at(*m), zone)))
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
        assert!(text.parse::<Period>().is_err(), "{because}: {text}");
        assert!(
            serde_json::from_value::<Periods>(json!([text])).is_err(),
            "{because}: {text}"
        );
    }
}

/// Rows of a local time, the number in force then, and why.
#[track_caller]
fn in_force(written: serde_json::Value, rows: &[(&str, Count, &str)]) {
    let schedule = schedule(written);
    for (at, count, because) in rows {
        assert_eq!(schedule.at(local(at)), *count, "{because}: {at}");
    }
}

// 2026-12-21 is a Monday.

#[test]
fn weekdays_come_before_entries_without_days_from_their_time_on() {
    in_force(
        json!({ "0:00": 1, "8:00": 3, "18:00": 1, "sat,sun 10:00": 2, "fri 22:00": 5 }),
        &[
            ("2026-12-21 8:00", 3, "a Monday as every day"),
            ("2026-12-25 18:00", 1, "an entry changes nothing before it"),
            ("2026-12-25 22:00", 5, "Friday's own"),
            (
                "2026-12-26 0:00",
                1,
                "until the next entry: the plain one of Saturday's 0:00",
            ),
            ("2026-12-26 9:59", 3, "Saturday has no entry of its own yet"),
            ("2026-12-26 10:00", 2, "and now it has"),
            (
                "2026-12-26 18:00",
                2,
                "so that the plain ones of this day no longer count",
            ),
            ("2026-12-27 0:00", 1, "they count again from midnight on"),
            ("2026-12-28 0:00", 1, "on Monday too"),
        ],
    );
}

#[test]
fn what_a_day_ends_with_goes_on_into_the_next() {
    in_force(
        json!({ "mon 8:00": 3, "Friday 18:00": 1 }),
        &[
            (
                "2026-12-21 7:59",
                1,
                "since Friday, over days without entries",
            ),
            ("2026-12-21 8:00", 3, "Monday's"),
            ("2026-12-22 0:00", 3, "goes on over midnight"),
            ("2026-12-25 17:59", 3, "and over days without entries"),
            ("2026-12-25 18:00", 1, "until Friday's"),
        ],
    );
    in_force(
        json!({ "8:00": 3, "18:00": 1, "fri-mon 22:00": 7 }),
        &[
            (
                "2026-12-24 23:00",
                1,
                "a range over the weekend has no Thursday",
            ),
            ("2026-12-25 22:00", 7, "it has a Friday"),
            ("2026-12-26 7:59", 7, "into the next day"),
            ("2026-12-26 8:00", 3, "whose plain entry then counts"),
            ("2026-12-28 22:00", 7, "it has a Monday"),
            ("2026-12-29 7:59", 7, "into a Tuesday"),
            ("2026-12-29 22:00", 1, "that has none of it"),
        ],
    );
}

#[test]
fn an_entry_with_a_date_ends_at_midnight_and_leaves_no_trace() {
    in_force(
        json!({ "2026-12-24 8:00": 9, "2026-12-24 20:00": 6, "0:00": 1 }),
        &[
            ("2026-12-24 7:59", 1, "nothing before it is changed"),
            ("2026-12-24 8:00", 9, "from its time on"),
            ("2026-12-24 23:59", 6, "until midnight, by its later entry"),
            ("2026-12-25 0:00", 1, "and no longer"),
            ("2027-12-24 8:00", 1, "nor again"),
        ],
    );
    in_force(
        json!({ "mon-fri 8:00": 3, "mon-fri 18:00": 1, "2026-12-24 12:00": 9 }),
        &[
            ("2026-12-24 8:00", 3, "before it the weekday's"),
            ("2026-12-24 18:00", 9, "after it no longer"),
            (
                "2026-12-25 0:00",
                1,
                "what Thursday would have ended with, had it been ordinary",
            ),
        ],
    );
    in_force(
        json!({ "0:00": 1, "2026-12-24 20:00": 9, "2026-12-25 8:00": 7 }),
        &[
            ("2026-12-25 0:00", 1, "one date does not go on into another"),
            ("2026-12-25 8:00", 7, "which begins with its own entry"),
        ],
    );
}

#[test]
fn the_least_is_that_of_all_days() {
    for (written, least, because) in [
        (json!({ "0:00": 2, "sat 3:00": 1 }), 1, "a weekday's"),
        (json!({ "0:00": 2, "2026-12-25 3:00": 0 }), 0, "a date's"),
        (
            json!({ "0:00": 0, "mon-sun 0:00": 2 }),
            2,
            "only what is ever in force",
        ),
    ] {
        assert_eq!(schedule(written).least(), least, "{because}");
    }
}

#[test]
fn starts_in_every_spelling() {
    let start = |text: &str| text.parse::<Start>();
    for (one, other) in [
        ("mon 8:00", "Monday 08:00"),
        ("mon-fri 8:00", "MON - FRI  8:00"),
        ("sat,sun 8:00", "saturday , sun 8:00"),
        ("fri-mon 8:00", "fri,sat,sun,mon 8:00"),
        ("sun-sat 8:00", "mon-sun 8:00"),
        ("2026-01-02 8:00", "2026-1-2 8:00"),
        ("8:00", " 08:00 "),
    ] {
        assert_eq!(
            start(one).unwrap(),
            start(other).unwrap(),
            "{one} | {other}"
        );
    }
}

#[test]
fn starts_that_cannot_be_read() {
    let rows = [
        ("mondey 8:00", "did you mean \"monday\"?"),
        ("tues 8:00", "did you mean \"tue\"?"),
        ("mon-fir 8:00", "did you mean \"fri\"?"),
        ("mondays 8:00", "did you mean \"monday\"?"),
        ("weekends 8:00", "did you mean \"sat,sun\"?"),
        ("weekdays 8:00", "did you mean \"mon-fri\"?"),
        (
            "luni 8:00",
            "\"luni\" is not a weekday: days are written as in",
        ),
        ("mon, 8:00", "\"mon,8:00\" is not a time of day"),
        ("mon,,fri 8:00", "\"\" is not a weekday"),
        ("mon-fri-sun 8:00", "\"fri-sun\" is not a weekday"),
        (
            "mon-mon 8:00",
            "\"mon\" for that day, \"mon-sun\" for all seven",
        ),
        ("mon tue 8:00", "one blank, between days and time"),
        ("8:00 mon", "\"8:00\" is not a date"),
        ("mon 8", "\"8\" is not a time of day"),
        ("mon 24:00", "\"24:00\" is not a time of day"),
        ("mon", "\"mon 0:00\" for the whole day"),
        ("2026-12-24", "\"2026-12-24 0:00\" for the whole day"),
        ("2026-12-24T8:00", "is not a time of day"),
        ("2026-02-29 8:00", "a day from 2026-02-01 to 2026-02-28"),
        ("2028-02-30 8:00", "a day from 2028-02-01 to 2028-02-29"),
        ("2026-13-01 8:00", "a month from 01 to 12"),
        ("2026-00-01 8:00", "a month from 01 to 12"),
        ("2026-12-00 8:00", "there is no 2026-12-00"),
        ("26-12-24 8:00", "\"26-12-24\" is not a date"),
        ("24.12.2026 8:00", "as in \"2026-12-24\""),
        ("2026-12-24,2026-12-25 8:00", "one for each entry"),
        ("", "is not one time of day"),
    ];
    for (text, told) in rows {
        let error = text.parse::<Start>().expect_err(text).to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn no_start_is_written_twice() {
    let rows = [
        (
            &["mon 8:00", "monday 08:00"][..],
            "begins on Monday at 8:00",
        ),
        (
            &["mon-fri 8:00", "fri-sun 8:00"],
            "begins on Friday at 8:00",
        ),
        (&["8:00", "08:00"], "are the same time of day"),
        (
            &["2026-1-2 8:00", "2026-01-02 8:00"],
            "begins on 2026-01-02 at 8:00",
        ),
        (
            &[
                "8:00",
                "mon 8:00",
                "2026-12-21 8:00",
                "tue-sun 8:00",
                "mon 8:01",
            ],
            "",
        ),
    ];
    for (texts, told) in rows {
        let mut starts = Starts::default();
        let taken: Result<(), BadText> = texts
            .iter()
            .try_for_each(|text| starts.take(text.parse().unwrap(), text));
        match taken {
            Ok(()) => assert_eq!(told, "", "{texts:?}"),
            Err(bad) => assert!(
                !told.is_empty() && bad.wrong.contains(told),
                "{texts:?}: {bad}"
            ),
        }
    }
    let twice = serde_json::from_value::<Schedule>(json!({ "mon 8:00": 1, "monday 8:00": 1 }));
    assert!(twice.is_err(), "{twice:?}");
    let dates_alone = serde_json::from_value::<Schedule>(json!({ "2026-12-24 8:00": 1 }));
    assert!(dates_alone.is_err(), "{dates_alone:?}");
}

#[test]
fn a_time_is_named_no_closer_than_it_must_be() {
    let rows = [
        (json!(3), json!(2), "3 over 2 at any time"),
        (
            json!(3),
            json!({ "0:00": 3, "8:00": 2 }),
            "3 over 2 at 8:00",
        ),
        (
            json!({ "0:00": 1, "sat,sun 6:00": 3 }),
            json!(2),
            "3 over 2 on Saturdays at 6:00",
        ),
        (
            json!({ "0:00": 1, "8:00": 3, "18:00": 1 }),
            json!({ "0:00": 4, "mon 9:00": 2, "tue 0:00": 4 }),
            "3 over 2 on Mondays at 9:00",
        ),
        (
            json!({ "0:00": 1, "2026-12-24 6:00": 3 }),
            json!({ "0:00": 3, "2026-12-24 12:00": 2, "2026-12-23 0:00": 1 }),
            "3 over 2 on 2026-12-24 at 12:00",
        ),
        (
            json!({ "mon-fri 8:00": 3, "mon-fri 18:00": 1 }),
            json!({ "0:00": 3, "2026-12-24 0:00": 2 }),
            "3 over 2 on 2026-12-24 at 8:00",
        ),
        (
            json!({ "0:00": 1, "8:00": 3 }),
            json!({ "0:00": 1, "8:00": 3 }),
            "never",
        ),
    ];
    for (min, max, wanted) in rows {
        let shown = format!("{min} | {max}");
        let found = first_where(&schedule(min), &schedule(max), |min, max| min > max);
        let told = found.map_or("never".to_owned(), |found| {
            format!("{} over {} {}", found.one, found.other, found.when)
        });
        assert_eq!(told, wanted, "{shown}");
    }
}

#[test]
fn periods_of_the_week_and_of_dates() {
    let quiet = periods(&[
        "22:00-7:00",
        "sat-sun",
        "fri 18:00 - 6:00",
        "2026-12-24 12:00-13:00",
        "2026-12-31",
    ]);
    let rows = [
        ("2026-12-21 21:59", false, "an ordinary evening"),
        ("2026-12-25 18:00", true, "Friday's"),
        ("2026-12-26 12:00", true, "a whole day"),
        ("2026-12-27 23:59", true, "to its last minute"),
        ("2026-12-28 6:59", true, "and every night"),
        ("2026-12-28 7:00", false, "Monday morning"),
        ("2026-12-24 12:59", true, "the date's"),
        ("2026-12-24 13:00", false, "its end is outside"),
        ("2027-12-24 12:00", false, "that date alone"),
        ("2026-12-31 15:00", true, "a whole date"),
    ];
    for (at, inside, because) in rows {
        assert_eq!(quiet.contain(local(at)), inside, "{because}: {at}");
    }
    let friday = periods(&["fri 22:00-7:00"]);
    for (at, inside, because) in [
        ("2026-12-25 6:59", false, "Thursday night is not Friday's"),
        ("2026-12-25 22:00", true, "it begins on Friday"),
        ("2026-12-26 6:59", true, "and ends on Saturday"),
        ("2026-12-26 22:00", false, "and does not begin again"),
    ] {
        assert_eq!(friday.contain(local(at)), inside, "{because}: {at}");
    }
}

#[test]
fn periods_say_which_part_of_them_is_wrong() {
    for (text, told) in [
        ("sta-sun", "did you mean \"sat\"?"),
        ("mon-fri 22:00", "is not a period of the day"),
        ("22:00-7:00 mon-fri", "is not a date"),
        ("2026-02-30", "there is no 2026-02-30"),
        ("mon 1:00-2:00 3:00-4:00", "or both, as in"),
    ] {
        let error = text.parse::<Period>().expect_err(text).to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
}
