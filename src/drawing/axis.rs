//! Times and numbers along the edges of a chart.

use chrono::{DateTime, TimeDelta, Timelike as _};
use chrono_tz::Tz;

const HOUR: u32 = 3600;
const DAY: u32 = 24 * HOUR;

/// How far times may be apart, in seconds.
const STEPS: [u32; 14] = [
    60,
    300,
    900,
    1800,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
    56 * DAY,
];

/// The times to be told, by the clock of the zone at the start, about as many as that at most: the second, and how it is
/// written.
pub(crate) fn ticks_of_time(start: DateTime<Tz>, seconds: u32, most: u32) -> Vec<(u32, String)> {
    let step = STEPS
        .into_iter()
        .find(|step| seconds / step <= most)
        .unwrap_or(56 * DAY);
    let since_midnight = start.num_seconds_from_midnight();
    let first = (step - since_midnight % step) % step;
    // A step of days begins at midnight.
    let first = if step > DAY {
        (DAY - since_midnight % DAY) % DAY
    } else {
        first
    };
    let count = seconds.saturating_sub(first) / step;
    (0..=count)
        .map(|number| first + number * step)
        .filter(|second| *second <= seconds)
        .map(|second| {
            let at = start + TimeDelta::seconds(i64::from(second));
            let format = match step {
                step if step >= DAY => "%a %d %b",
                _ if at.num_seconds_from_midnight() == 0 => "%a %d %b",
                _ => "%H:%M",
            };
            (second, at.format(format).to_string())
        })
        .collect()
}

/// Round numbers from 0 to what is at least `most`: about `count` of them.
pub(crate) fn ticks(most: f64, count: f64) -> Vec<f64> {
    let rough = (most / count).max(1e-9);
    let magnitude = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * magnitude)
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    let mut ticks = vec![0.0];
    let mut value = 0.0;
    while value < most {
        value += step;
        ticks.push(value);
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_round_and_local() {
        let start: DateTime<chrono::Utc> = "2026-01-05T05:30:00Z".parse().unwrap();
        let start = start.with_timezone(&Tz::Europe__Berlin);
        for (seconds, count, first) in [
            (DAY, 8, (9_000, "09:00")),
            (7 * DAY, 7, (63_000, "Tue 06 Jan")),
            (HOUR, 13, (0, "06:30")),
        ] {
            let ticks = ticks_of_time(start, seconds, 12);
            let (second, label) = ticks.first().unwrap();
            assert_eq!((*second, label.as_str()), first);
            assert_eq!(ticks.len(), count, "{ticks:?}");
        }
    }

    #[test]
    fn numbers_are_round() {
        assert_eq!(ticks(23.0, 4.0), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!(ticks(4.0, 4.0), [0.0, 1.0, 2.0, 3.0, 4.0]);
    }
}
