//! Spreads the processes' ticks over their interval, so that not all measure in the same instant. Those of one scaling
//! target (one app) tick together, so that they can share its calls.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// When the next tick of this target comes, at or after `now`. All ticks of a target lie on one grid (its offset and
/// whole intervals from there), so that those of an app still tick together when only some of them were reloaded. A
/// backend without a target shares nothing, and begins at once.
pub fn next_tick(target: &str, interval: Duration, now: Duration) -> Duration {
    if target.is_empty() || interval.is_zero() {
        return now;
    }
    let first = offset(target, interval);
    let since = now.saturating_sub(first).as_nanos();
    let whole = since.div_ceil(interval.as_nanos());
    let passed = interval.as_nanos().saturating_mul(whole);
    first.saturating_add(Duration::from_nanos(
        u64::try_from(passed).unwrap_or(u64::MAX),
    ))
}

/// How long after the start the first tick of this target comes: less than `interval`, and the same at every start.
pub fn offset(target: &str, interval: Duration) -> Duration {
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
    fn ticks_lie_on_the_grid_whenever_they_are_set() {
        let (app, interval) = ("heroku my-app", Duration::from_secs(30));
        let first = next_tick(app, interval, Duration::ZERO);
        assert_eq!(first, offset(app, interval));
        let due = |now| next_tick(app, interval, now);
        assert_eq!(due(first), first, "due at this very moment");
        let late = first + Duration::from_nanos(1);
        assert_eq!(due(late), first + interval);
        assert_eq!(due(first + interval * 100_000), first + interval * 100_000);
        let minute = next_tick(app, interval * 2, late);
        assert!(
            [first, first + interval, first + interval * 2].contains(&minute),
            "a process type with twice the interval ticks with every other tick: {minute:?}"
        );
        assert_eq!(next_tick("", interval, late), late, "at once");
    }

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
