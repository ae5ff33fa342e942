//! A schedule says at every minute what a walk through the calendar says, minute by minute, with the rule in its plainest
//! form; and the configuration's check finds a crossing exactly where a look at every day finds one.

use std::collections::{BTreeMap, BTreeSet};

use autoscalebot::decision::schedule::{LocalTime, Schedule, TimeOfDay, When, first_where};
use autoscalebot::model::Count;
use chrono::{Datelike, Days, NaiveDate, TimeDelta, Timelike, Weekday};
use chrono_tz::{America::Vancouver, Australia::Lord_Howe, Tz};
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::runner::holds;

/// The days on which clocks change, those beside them, a leap day and a turn of the year.
const DAYS: [&str; 10] = [
    "2025-03-08", // Vancouver: forwards on the 9th
    "2025-03-09",
    "2025-11-01", // Vancouver: back on the 2nd
    "2025-11-02",
    "2025-04-05", // Lord Howe: back by half an hour on the 6th
    "2025-04-06",
    "2025-10-05", // Lord Howe: forwards by half an hour
    "2025-10-06",
    "2024-02-29",
    "2025-12-31",
];

const NAMES: [[&str; 3]; 7] = [
    ["mon", "monday", "Mon"],
    ["tue", "tuesday", "TUE"],
    ["wed", "wednesday", "Wednesday"],
    ["thu", "thursday", "Thu"],
    ["fri", "friday", "FRIDAY"],
    ["sat", "saturday", "sAt"],
    ["sun", "sunday", "Sun"],
];

/// The days of an entry, as they are written.
#[derive(Clone, Debug)]
enum On {
    Every,
    /// Names in a row.
    Some(Vec<usize>),
    /// From one weekday to another, perhaps over the weekend.
    Range(usize, usize),
    /// So many days after the middle day.
    Date(i64),
}

/// An entry: its days, its minute of the day, how its days are spelt, its number.
type Entry = (On, u32, usize, Count);

/// What an entry is for, one day at a time, to keep each time of each day to one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Day {
    Every,
    Weekday(usize),
    Date(NaiveDate),
}

fn day(middle: NaiveDate, later: i64) -> NaiveDate {
    middle + TimeDelta::days(later)
}

impl On {
    fn days(&self, middle: NaiveDate) -> BTreeSet<Day> {
        match self {
            Self::Every => [Day::Every].into(),
            Self::Some(days) => days.iter().map(|day| Day::Weekday(*day)).collect(),
            Self::Range(from, to) => {
                let length = (to + 7 - from) % 7;
                (0..=length).map(|n| Day::Weekday((from + n) % 7)).collect()
            }
            Self::Date(later) => [Day::Date(day(middle, *later))].into(),
        }
    }

    fn written(&self, middle: NaiveDate, spelling: usize) -> String {
        let name = |day: usize| NAMES[day][spelling % 3];
        match self {
            Self::Every => String::new(),
            Self::Some(days) => {
                let names: Vec<_> = days.iter().map(|day| name(*day)).collect();
                names.join([",", ", ", " , "][spelling % 3]) + " "
            }
            Self::Range(from, to) => {
                let dash = ["-", " - ", "- "][spelling % 3];
                format!("{}{dash}{} ", name(*from), name(*to))
            }
            Self::Date(later) => {
                let date = day(middle, *later);
                if spelling.is_multiple_of(2) {
                    format!("{date} ")
                } else {
                    format!("{}-{}-{} ", date.year(), date.month(), date.day())
                }
            }
        }
    }
}

fn on() -> impl Strategy<Value = On> {
    prop_oneof![
        2 => Just(On::Every),
        2 => prop::collection::vec(0..7_usize, 1..4).prop_map(On::Some),
        2 => (0..7_usize, 1..7_usize).prop_map(|(from, more)| On::Range(from, (from + more) % 7)),
        3 => (-2..3_i64).prop_map(On::Date),
    ]
}

/// Entries of which none is for the same time of the same day, and one is for ordinary days.
fn entries(minute: impl Strategy<Value = u32>) -> impl Strategy<Value = Vec<Entry>> {
    let entry = (on(), minute, 0..6_usize, 0..9_u32);
    prop::collection::vec(entry, 1..12).prop_map(|entries| {
        let middle = NaiveDate::MIN + Days::new(10);
        let mut taken = BTreeSet::new();
        let mut kept: Vec<Entry> = Vec::new();
        for entry in entries {
            let times = entry.0.days(middle).into_iter().map(|day| (day, entry.1));
            let times: BTreeSet<_> = times.collect();
            if taken.is_disjoint(&times) {
                taken.extend(times);
                kept.push(entry);
            }
        }
        if kept.iter().all(|(on, ..)| matches!(on, On::Date(_))) {
            kept.push((On::Every, 8 * 60, 0, 4));
        }
        kept
    })
}

fn schedule(entries: &[Entry], middle: NaiveDate) -> Schedule {
    let table: Map<String, Value> = entries
        .iter()
        .map(|(on, minute, spelling, count)| {
            let time = format!("{}:{:02}", minute / 60, minute % 60);
            (on.written(middle, *spelling) + &time, Value::from(*count))
        })
        .collect();
    serde_json::from_value(Value::Object(table)).expect("the generated table is good")
}

/// The number at each minute of each date, as a walk finds them: it starts long before, as any schedule of ordinary days
/// has said something within a week.
fn walk(
    entries: &[Entry],
    middle: NaiveDate,
    days: std::ops::Range<i64>,
) -> BTreeMap<NaiveDate, Vec<Count>> {
    let mut found = BTreeMap::new();
    let busy: BTreeSet<u32> = entries.iter().map(|entry| entry.1).collect();
    let mut ordinary = None;
    for later in days.start - 8..days.end {
        let date = day(middle, later);
        let weekday = usize::try_from(date.weekday().num_days_from_monday()).unwrap();
        let says = |on: Day, minute: u32| {
            let of_minute = entries.iter().filter(move |entry| entry.1 == minute);
            let mut matching = of_minute.filter(move |entry| entry.0.days(middle).contains(&on));
            matching.next().map(|entry| entry.3)
        };
        let (mut of_weekday, mut of_date) = (false, None);
        let mut counts = Vec::new();
        for minute in 0..TimeOfDay::MINUTES {
            if busy.contains(&minute) {
                if let Some(count) = says(Day::Weekday(weekday), minute) {
                    (ordinary, of_weekday) = (Some(count), true);
                } else if let Some(count) = says(Day::Every, minute)
                    && !of_weekday
                {
                    ordinary = Some(count);
                }
                of_date = says(Day::Date(date), minute).or(of_date);
            }
            counts.push(of_date.or(ordinary));
        }
        if days.contains(&later) {
            let counts: Option<Vec<Count>> = counts.into_iter().collect();
            found.insert(date, counts.expect("a week has an entry"));
        }
    }
    found
}

#[test]
fn every_minute_is_that_of_a_walk_through_the_calendar() {
    let minute = prop_oneof![
        0..TimeOfDay::MINUTES,
        prop::sample::select(vec![
            0, 1, 89, 90, 105, 119, 120, 135, 149, 150, 179, 180, 1439
        ]),
    ];
    let middle = prop_oneof![
        3 => prop::sample::select(DAYS.to_vec()).prop_map(|day| day.parse().unwrap()),
        1 => (0..4000_i64).prop_map(|later| day(NaiveDate::from_ymd_opt(2020, 1, 1).unwrap(), later)),
    ];
    let zone = prop::sample::select(vec![Tz::UTC, Vancouver, Lord_Howe]);
    holds(
        (entries(minute), middle, zone),
        |(entries, middle, zone): (Vec<Entry>, NaiveDate, Tz)| {
            let schedule = schedule(&entries, middle);
            let walked = walk(&entries, middle, -1..3);
            // Wherever it is, these two days have the whole middle day in them.
            let noon = middle.and_hms_opt(12, 0, 0).unwrap().and_utc();
            for minute in -24 * 60..24 * 60 {
                let moment = noon + TimeDelta::minutes(minute);
                let clock = moment.with_timezone(&zone).naive_local();
                let minute = usize::try_from(clock.num_seconds_from_midnight() / 60).unwrap();
                let wanted = walked[&clock.date()][minute];
                let found = schedule.at(LocalTime::at(moment, zone));
                prop_assert_eq!(found, wanted, "{} in {}", clock, zone);
            }
            Ok(())
        },
    );
}

/// Some date of each weekday, none of which has entries of its own.
fn ordinary(weekday: Weekday) -> NaiveDate {
    let monday = NaiveDate::from_ymd_opt(2001, 1, 1).unwrap();
    day(monday, weekday.num_days_from_monday().into())
}

#[test]
fn a_crossing_is_found_where_there_is_one() {
    // Quarters of an hour, so that a look at each of them misses nothing.
    let quarter = || (0..24 * 4_u32).prop_map(|quarter| quarter * 15);
    let quarters: Vec<TimeOfDay> = TimeOfDay::every_minute().step_by(15).collect();
    let middle: NaiveDate = "2026-12-24".parse().unwrap();
    let raised = (entries(quarter()), entries(quarter()), 0..9_u32);
    holds(raised, |(min, mut max, more)| {
        for entry in &mut max {
            entry.3 += more;
        }
        let (min, max) = (schedule(&min, middle), schedule(&max, middle));
        let week = (0..7_u8).map(|day| ordinary(Weekday::try_from(day).unwrap()));
        let dates = (-2..3).map(|later| day(middle, later));
        let mut crossed = week.chain(dates).flat_map(|date| {
            let local = quarters
                .iter()
                .map(move |time| LocalTime { date, time: *time });
            local.filter(|local| min.at(*local) > max.at(*local))
        });
        let first = crossed.next();
        let found = first_where(&min, &max, |min, max| min > max);
        prop_assert_eq!(found.is_some(), first.is_some());
        let (Some(found), Some(first)) = (found, first) else {
            return Ok(());
        };
        let named = match found.when {
            When::Always => first,
            When::Daily(time) => LocalTime { time, ..first },
            When::Weekly(day, time) => LocalTime {
                date: ordinary(day),
                time,
            },
            When::On(date, time) => LocalTime { date, time },
        };
        prop_assert_eq!(named, first, "{} is not the first", found.when);
        prop_assert_eq!((found.one, found.other), (min.at(first), max.at(first)));
        Ok(())
    });
}
