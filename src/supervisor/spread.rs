//! Spreads the processes' ticks over their interval, so that not all measure in the same instant. Those of one scaling
//! target (one app) tick together, so that they can share its calls.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// How long after the start the first tick of this target comes: less than `interval`, and the same at every start.
/// A backend without a target shares nothing, and begins at once.
pub fn offset(target: &str, interval: Duration) -> Duration {
    if target.is_empty() {
        return Duration::ZERO;
    }
    let mut hasher = DefaultHasher::new();
    target.hash(&mut hasher);
    let millis = u64::try_from(interval.as_millis())
        .unwrap_or(u64::MAX)
        .max(1);
    Duration::from_millis(hasher.finish() % millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_lies_in_the_interval_and_is_the_targets_own() {
        let interval = Duration::from_secs(30);
        let mut seen = std::collections::BTreeSet::new();
        for app in 0..100 {
            let target = format!("heroku https://api.heroku.com app-{app}");
            let first = offset(&target, interval);
            assert!(first < interval);
            assert_eq!(
                first,
                offset(&target, interval),
                "the same target ticks at the same time"
            );
            seen.insert(first);
        }
        assert!(seen.len() > 90, "different targets are spread");
    }
}
