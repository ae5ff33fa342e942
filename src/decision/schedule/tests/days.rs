//! Schedules whose entries have weekdays and dates.

use super::*;

/// Rows of a local time, the number in force then, and why.
#[track_caller]
fn in_force(written: serde_json::Value, rows: &[(&str, Count, &str)]) {
    let schedule = schedule(written);
    for (at, count, because) in rows {
        assert_eq!(schedule.at(local(at)), *count, "{because}: {at}");
    }
}

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
