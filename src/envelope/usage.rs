//! The process-hours of the day, for the budget: how many processes there were, for how long, since the last midnight in
//! the configured zone.
//!
//! Between two readings the count is taken to have been what the earlier one saw; a gap longer than [`MOST_GAP`] (the
//! program was away) counts as that long at most, and never makes hours out of nothing known.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::model::Count;

/// The longest time that one reading speaks for.
pub const MOST_GAP: Duration = Duration::from_secs(3600);

/// What was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    day: Option<NaiveDate>,
    process_seconds: f64,
    last: Option<(DateTime<Utc>, Count)>,
}

impl Usage {
    /// There were `count` at `now`.
    pub fn enter(&mut self, now: DateTime<Utc>, zone: Tz, count: Count) {
        let day = now.with_timezone(&zone).date_naive();
        let begin = midnight(day, zone);
        if self.day != Some(day) {
            self.day = Some(day);
            self.process_seconds = 0.0;
        }
        if let Some((at, before)) = self.last {
            let from = begin.map_or(at, |begin| at.max(begin));
            let span = (now - from).to_std().unwrap_or_default().min(MOST_GAP);
            self.process_seconds += f64::from(before) * span.as_secs_f64();
        }
        self.last = Some((now, count));
    }

    /// The hours used since midnight.
    pub fn hours(&self, now: DateTime<Utc>, zone: Tz) -> f64 {
        let today = now.with_timezone(&zone).date_naive();
        if self.day == Some(today) {
            self.process_seconds / 3600.0
        } else {
            0.0
        }
    }
}

/// How many hours the day still has.
pub fn hours_left(now: DateTime<Utc>, zone: Tz) -> f64 {
    let today = now.with_timezone(&zone).date_naive();
    let tomorrow = today.checked_add_days(Days::new(1));
    let end = tomorrow.and_then(|day| midnight(day, zone));
    let left = end.and_then(|end| (end - now).to_std().ok());
    left.unwrap_or_default().as_secs_f64() / 3600.0
}

/// The first moment of a day, which is not 0:00 where the clocks are put forward then.
fn midnight(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = day.and_time(NaiveTime::MIN);
    (0..4).find_map(|half_hours| {
        let time = midnight + chrono::Duration::minutes(30 * half_hours);
        let local = zone.from_local_datetime(&time).earliest()?;
        Some(local.with_timezone(&Utc))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_hours_of_a_day_begin_at_its_midnight() {
        let zone = chrono_tz::America::Vancouver;
        let mut usage = Usage::default();
        for (when, count, hours, because) in [
            (
                "2026-06-01T06:00:00Z",
                4,
                0.0,
                "23:00: nothing is known before",
            ),
            ("2026-06-01T06:30:00Z", 4, 2.0, "half an hour of four"),
            (
                "2026-06-01T07:30:00Z",
                2,
                2.0,
                "half past midnight: a new day, half an hour of four",
            ),
            ("2026-06-01T08:00:00Z", 2, 3.0, "and half an hour of two"),
            (
                "2026-06-01T18:00:00Z",
                2,
                5.0,
                "away for ten hours: one counts",
            ),
        ] {
            usage.enter(at(when), zone, count);
            let used = usage.hours(at(when), zone);
            assert!((used - hours).abs() < 1e-9, "{when}: {used}: {because}");
        }
        assert!(
            usage.hours(at("2026-06-02T18:00:00Z"), zone) < 1e-9,
            "tomorrow"
        );
    }

    #[test]
    fn the_day_ends_at_midnight_also_when_the_clocks_change() {
        for (when, zone, hours) in [
            ("2026-06-01T12:00:00Z", Tz::UTC, 12.0),
            ("2026-03-08T09:00:00Z", chrono_tz::America::Vancouver, 22.0), // 1:00, then 2:00 is 3:00
            ("2026-11-01T08:00:00Z", chrono_tz::America::Vancouver, 24.0), // 1:00, which comes twice
            ("2026-03-28T12:00:00Z", chrono_tz::Asia::Beirut, 10.0), // 14:00 the day before one without a 0:00
        ] {
            let left = hours_left(at(when), zone);
            assert!((left - hours).abs() < 1e-9, "{when} {zone}: {left}");
        }
    }
}
