//! When an entry begins: every spelling, and what is none.

use super::*;

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
