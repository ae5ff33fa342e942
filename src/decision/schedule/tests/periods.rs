//! Periods of the day, the week and of dates.

use super::*;

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
