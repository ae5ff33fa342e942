//! One process's past in three resolutions: an hour, a day, a week. Each is a ring of buckets of equal length, so that a week
//! of a process takes as much memory whatever its interval is: 1632 buckets of 72 bytes.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::Count;
use crate::one_line::one_line;
use crate::record::{CycleRecord, Outcome};

/// How many scales are kept.
const MOST_SCALES: usize = 500;

/// The most characters of a scale's reason.
const MOST_OF_REASON: usize = 200;

/// How far back is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Range {
    /// The last hour, 15 seconds a bucket.
    #[serde(rename = "1h")]
    Hour,
    /// The last day, 2 minutes a bucket.
    #[serde(rename = "24h")]
    Day,
    /// The last week, 15 minutes a bucket.
    #[serde(rename = "7d")]
    Week,
}

impl Range {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
        }
    }

    /// The range of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.name() == name)
    }

    /// Its length in seconds.
    pub fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
        }
    }

    /// The length of a bucket in seconds.
    fn bucket(self) -> i64 {
        match self {
            Self::Hour => 15,
            Self::Day => 120,
            Self::Week => 900,
        }
    }
}

/// What was seen in one bucket of time.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bucket {
    /// Its number: the time divided by its length.
    number: i64,
    /// How many values, and their sum.
    values: u32,
    sum: f64,
    low: f64,
    high: f64,
    count: Option<Count>,
    ready: Option<Count>,
}

/// One point of a history.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Point {
    /// The beginning of the bucket.
    pub at: DateTime<Utc>,
    /// The mean of what was measured in it; null: nothing could be.
    pub value: Option<f64>,
    /// The lowest.
    pub low: Option<f64>,
    /// The highest.
    pub high: Option<f64>,
    /// How many were asked for at its end.
    pub count: Option<Count>,
    /// How many of them were up.
    pub ready: Option<Count>,
}

/// A change of the count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScaleMark {
    /// When.
    pub at: DateTime<Utc>,
    /// The count before.
    pub from: Option<Count>,
    /// The count after.
    pub to: Count,
    /// Why.
    pub reason: String,
}

impl ScaleMark {
    /// Whether fewer run now; what was before it is taken for less where it is not known.
    pub fn is_down(&self) -> bool {
        self.from.is_some_and(|from| from > self.to)
    }
}

/// One process's past.
#[derive(Debug, Clone, Default)]
pub struct History {
    rings: [VecDeque<Bucket>; 3],
    scales: VecDeque<ScaleMark>,
}

impl History {
    /// A cycle has ended. What is older than what is there already is taken in as far as its bucket is still the last.
    pub fn enter(&mut self, record: &CycleRecord) {
        let value = record.inputs.first().and_then(|input| input.value);
        let count = record.reached();
        for (range, ring) in Range::ALL.into_iter().zip(&mut self.rings) {
            let number = record.at.timestamp().div_euclid(range.bucket());
            if ring.back().is_none_or(|last| last.number < number) {
                ring.push_back(Bucket::empty(number));
            }
            if let Some(last) = ring.back_mut().filter(|last| last.number == number) {
                last.take(value, count, record.ready);
            }
            let oldest = number - range.seconds() / range.bucket();
            while ring.front().is_some_and(|first| first.number < oldest) {
                ring.pop_front();
            }
        }
        if let Outcome::Scaled { to } = record.outcome {
            self.scales.push_back(ScaleMark {
                at: record.at,
                from: record.count,
                to,
                reason: one_line(&record.reason, MOST_OF_REASON),
            });
        }
        while self.scales.len() > MOST_SCALES {
            self.scales.pop_front();
        }
    }

    /// The points of a range, the oldest first.
    pub fn points(&self, range: Range, now: DateTime<Utc>) -> Vec<Point> {
        let from = now.timestamp() - range.seconds();
        let rings = Range::ALL.into_iter().zip(&self.rings);
        let ring = rings
            .filter(|(of, _)| *of == range)
            .flat_map(|(_, ring)| ring);
        ring.filter(|bucket| (bucket.number + 1) * range.bucket() > from)
            .filter_map(|bucket| bucket.point(range))
            .collect()
    }

    /// The scales of a range, the oldest first.
    pub fn scales(&self, range: Range, now: DateTime<Utc>) -> Vec<ScaleMark> {
        let from = now.timestamp() - range.seconds();
        let scales = self.scales.iter();
        scales
            .filter(|mark| mark.at.timestamp() >= from)
            .cloned()
            .collect()
    }
}

impl Bucket {
    fn empty(number: i64) -> Self {
        Self {
            number,
            values: 0,
            sum: 0.0,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            count: None,
            ready: None,
        }
    }

    fn take(&mut self, value: Option<f64>, count: Option<Count>, ready: Option<Count>) {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            self.values += 1;
            self.sum += value;
            self.low = self.low.min(value);
            self.high = self.high.max(value);
        }
        self.count = count.or(self.count);
        self.ready = ready.or(self.ready);
    }

    fn point(&self, range: Range) -> Option<Point> {
        let known = |value: f64| Some(value).filter(|_| self.values > 0);
        Some(Point {
            at: DateTime::from_timestamp(self.number * range.bucket(), 0)?,
            value: known(self.sum / f64::from(self.values)),
            low: known(self.low),
            high: known(self.high),
            count: self.count,
            ready: self.ready,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::testing::record;

    #[test]
    fn a_week_is_bounded_in_each_resolution() {
        let mut history = History::default();
        let step = 30;
        for cycle in 0..(9 * 86_400 / step) {
            history.enter(&record("web", cycle * step, Some(1.0), 2));
        }
        let lengths: Vec<usize> = history.rings.iter().map(VecDeque::len).collect();
        assert_eq!(lengths, [121, 721, 673]);
        let now = DateTime::from_timestamp(9 * 86_400, 0).unwrap();
        assert_eq!(history.points(Range::Day, now).len(), 720);
        let bytes: usize = lengths
            .iter()
            .map(|length| length * size_of::<Bucket>())
            .sum();
        assert!(bytes < 120_000, "{bytes}");
    }

    #[test]
    fn a_bucket_has_the_mean_and_the_extremes_and_the_last_count() {
        let mut history = History::default();
        for (second, value, count) in [(0, Some(10.0), 1), (5, Some(30.0), 1), (10, None, 4)] {
            history.enter(&record("web", second, value, count));
        }
        history.enter(&record("web", 20, None, 4));
        let now = DateTime::from_timestamp(30, 0).unwrap();
        let points = history.points(Range::Hour, now);
        assert_eq!(points.len(), 2);
        let first = &points[0];
        assert_eq!(
            (first.value, first.low, first.high),
            (Some(20.0), Some(10.0), Some(30.0))
        );
        assert_eq!(first.count, Some(4));
        assert_eq!(points[1].value, None, "an outage is a gap, not a zero");
    }

    #[test]
    fn what_comes_too_late_changes_nothing_that_is_over() {
        let mut history = History::default();
        history.enter(&record("web", 100, Some(1.0), 1));
        history.enter(&record("web", 10, Some(9.0), 9));
        let now = DateTime::from_timestamp(110, 0).unwrap();
        assert_eq!(history.points(Range::Hour, now).len(), 1);
    }
}
