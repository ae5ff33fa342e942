//! How a time is distributed: counts in fixed buckets, as Prometheus's histograms are.

use std::time::Duration;

/// The upper ends of the buckets, in seconds; above the last there is one more.
const BOUNDS: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// A distribution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Histogram {
    /// How many lie in each bucket, not in those before it; what is above all of them is only in `count`.
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum: Duration,
}

impl Histogram {
    /// Takes in a time.
    pub fn enter(&mut self, time: Duration) {
        let seconds = time.as_secs_f64();
        let mut buckets = BOUNDS.iter().zip(&mut self.buckets);
        if let Some((_, bucket)) = buckets.find(|(bound, _)| seconds <= **bound) {
            *bucket += 1;
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(time);
    }

    /// How many were entered.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All of them together, in seconds.
    pub fn sum(&self) -> f64 {
        self.sum.as_secs_f64()
    }

    /// Each upper end, the last of them infinite, with how many are not above it.
    pub fn cumulated(&self) -> impl Iterator<Item = (f64, u64)> {
        let mut below = 0;
        let finite = BOUNDS.into_iter().zip(self.buckets);
        finite
            .map(move |(bound, many)| {
                below += many;
                (bound, below)
            })
            .chain([(f64::INFINITY, self.count)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_every_bucket_that_it_is_not_above() {
        let mut times = Histogram::default();
        for millis in [0, 5, 6, 1000, 30_001] {
            times.enter(Duration::from_millis(millis));
        }
        let at = |wanted: f64| {
            let mut all = times.cumulated();
            all.find(|(bound, _)| *bound >= wanted).unwrap().1
        };
        assert_eq!(
            [0.005, 0.01, 0.5, 1.0, 30.0, f64::INFINITY].map(at),
            [2, 3, 3, 4, 4, 5]
        );
        assert_eq!(times.count(), 5);
        assert!((times.sum() - 31.012).abs() < 1e-9);
    }
}
