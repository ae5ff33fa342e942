//! How many processes an application had, and when: kept from what the scaling backend answered.

use std::time::Duration;

use crate::model::{Count, Direction};

/// The counts of one application over time.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Since when (monotonic) there are so many; oldest first.
    steps: Vec<(Duration, Count)>,
}

impl History {
    /// From `at` on there are `count`.
    pub fn keep(&mut self, at: Duration, count: Count) {
        self.steps.push((at, count));
    }

    /// How often the count went this way after `from`, the start left out: from nothing to the first process is no
    /// answer to any load.
    pub fn scales(&self, way: Direction, from: Duration) -> usize {
        let pairs = self.steps.iter().zip(self.steps.iter().skip(1));
        pairs
            .filter(|(before, after)| {
                after.0 >= from && Direction::between(before.1, after.1) == Some(way)
            })
            .count()
    }

    /// The least and the most that there were between `from` and `to`.
    pub fn range(&self, from: Duration, to: Duration) -> (Count, Count) {
        let counts = || self.spans(from, to).map(|(count, _)| count);
        (counts().min().unwrap_or(0), counts().max().unwrap_or(0))
    }

    /// The seconds of all processes between `from` and `to` together: what a platform sends a bill for.
    pub fn process_seconds(&self, from: Duration, to: Duration) -> f64 {
        self.spans(from, to)
            .map(|(count, span)| f64::from(count) * span.as_secs_f64())
            .sum()
    }

    /// Each count between `from` and `to`, and how long it held.
    fn spans(&self, from: Duration, to: Duration) -> impl Iterator<Item = (Count, Duration)> {
        let ends = self
            .steps
            .iter()
            .skip(1)
            .map(|(at, _)| *at)
            .chain([Duration::MAX]);
        self.steps
            .iter()
            .zip(ends)
            .filter_map(move |((begin, count), end)| {
                let span = end.min(to).checked_sub((*begin).max(from))?;
                (!span.is_zero()).then_some((*count, span))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        let mut history = History::default();
        for (second, count) in [(1, 1), (10, 2), (12, 3), (20, 2), (30, 1)] {
            history.keep(Duration::from_secs(second), count);
        }
        history
    }

    #[test]
    fn scales_are_counted_by_direction_and_the_start_is_none() {
        let from = Duration::from_secs(2);
        assert_eq!(history().scales(Direction::Up, from), 2);
        assert_eq!(history().scales(Direction::Down, from), 2);
        assert_eq!(
            history().scales(Direction::Up, Duration::from_secs(11)),
            1,
            "those before do not count"
        );
        assert_eq!(History::default().scales(Direction::Up, from), 0);
    }

    #[test]
    fn process_seconds_are_the_area_under_the_count() {
        for (from, to, expected, because) in [
            (
                2,
                40,
                8.0 + 4.0 + 24.0 + 20.0 + 10.0,
                "all of it, the last count to the end",
            ),
            (0, 2, 1.0, "nothing before the first"),
            (11, 13, 2.0 + 3.0, "a part of two spans"),
            (5, 5, 0.0, "no time"),
        ] {
            let area =
                history().process_seconds(Duration::from_secs(from), Duration::from_secs(to));
            assert!(
                (area - expected).abs() < 1e-9,
                "{from} to {to}: {area}: {because}"
            );
        }
    }

    #[test]
    fn the_range_is_that_of_the_time_asked_for() {
        let range = |from, to| history().range(Duration::from_secs(from), Duration::from_secs(to));
        assert_eq!(range(2, 40), (1, 3));
        assert_eq!(range(21, 25), (2, 2));
        assert_eq!(range(0, 1), (0, 0), "there were none yet");
    }
}
