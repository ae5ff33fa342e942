//! How often somebody may do something: a bucket for each key, that fills with time. Bounded: of too many keys, the one
//! that was seen longest ago is forgotten.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// Buckets, one for each key.
#[derive(Debug)]
pub(super) struct Buckets<K> {
    /// How many a second flow in.
    rate: f64,
    /// How many a bucket holds.
    size: f64,
    /// How many buckets there may be.
    most: usize,
    levels: HashMap<K, Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    level: f64,
    at: Duration,
}

impl<K: Eq + Hash + Clone> Buckets<K> {
    /// Full buckets.
    pub(super) fn new(rate: f64, size: f64, most: usize) -> Self {
        Self {
            rate,
            size,
            most,
            levels: HashMap::new(),
        }
    }

    /// Takes one out of the bucket; `Err` with the time until there is one.
    pub(super) fn take(&mut self, key: &K, now: Duration) -> Result<(), Duration> {
        if !self.levels.contains_key(key) && self.levels.len() >= self.most {
            self.forget(now);
        }
        let (size, rate) = (self.size, self.rate);
        let bucket = self.levels.entry(key.clone()).or_insert(Bucket {
            level: size,
            at: now,
        });
        let passed = now.saturating_sub(bucket.at).as_secs_f64();
        bucket.level = (bucket.level + passed * rate).min(size);
        bucket.at = now;
        if bucket.level >= 1.0 {
            bucket.level -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - bucket.level) / rate;
        Err(Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX))
    }

    /// Makes room: buckets that are full again mean nothing; else the one that was seen longest ago goes.
    fn forget(&mut self, now: Duration) {
        let (size, rate) = (self.size, self.rate);
        let is_full = |bucket: &Bucket| {
            bucket.level + now.saturating_sub(bucket.at).as_secs_f64() * rate >= size
        };
        self.levels.retain(|_, bucket| !is_full(bucket));
        if self.levels.len() >= self.most {
            let oldest = self.levels.iter().min_by_key(|(_, bucket)| bucket.at);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.levels.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_fills_with_time() {
        let mut buckets = Buckets::new(2.0, 3.0, 10);
        let at = Duration::from_millis;
        for _ in 0..3 {
            assert_eq!(buckets.take(&"a", at(0)), Ok(()));
        }
        assert_eq!(buckets.take(&"a", at(0)), Err(at(500)));
        assert_eq!(
            buckets.take(&"b", at(0)),
            Ok(()),
            "another has a bucket of its own"
        );
        assert_eq!(buckets.take(&"a", at(500)), Ok(()));
        assert!(buckets.take(&"a", at(500)).is_err());
    }

    #[test]
    fn there_are_so_many_at_the_most() {
        let mut buckets = Buckets::new(0.001, 1.0, 4);
        for key in 0..100_u64 {
            buckets.take(&key, Duration::from_millis(key)).unwrap();
            assert!(buckets.levels.len() <= 4);
        }
        assert!(
            buckets.take(&99, Duration::from_millis(100)).is_err(),
            "the latest is known"
        );
    }
}
