//! When a service may be asked again: how long to wait after a failure, and what a `Retry-After` header asks for. Pure;
//! the waiting is done by the callers, who know their deadlines.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Waits that grow: how long the first is, and how long any may become.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The first wait; each further one is twice as long.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Backoff {
    /// The wait after `failed` earlier ones (0 for the first). `jitter`, from 0 to 1, lengthens it by up to a quarter,
    /// so that many that were refused together do not come back together.
    pub fn pause(self, failed: u32, jitter: f64) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(failed));
        let wait = doubled.min(self.longest);
        wait + wait.mul_f64(jitter.clamp(0.0, 1.0) / 4.0)
    }
}

/// What a `Retry-After` header asks for: seconds, or an HTTP date. `None` when it is neither.
pub fn retry_after(header: &str, wall: DateTime<Utc>) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(header).ok()?;
    let ahead = date.with_timezone(&Utc).signed_duration_since(wall);
    // A date that has passed means: now.
    Some(ahead.to_std().unwrap_or(Duration::ZERO))
}

/// A number from 0 to 1. The bits are those of a random id, which we make anyway: no generator of our own.
pub fn jitter() -> f64 {
    let [.., low, high, _] = *uuid::Uuid::new_v4().as_bytes();
    f64::from(u16::from_le_bytes([low, high])) / f64::from(u16::MAX)
}

/// The part of a setting's time that a backend spends itself. Its actor puts a fence around the call at the full time,
/// whose error knows no more than that; ours, a little earlier, says what went wrong.
pub fn own_part(timeout: Duration) -> Duration {
    timeout.saturating_sub((timeout / 20).min(Duration::from_millis(250)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let backoff = Backoff {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(15),
        };
        for (failed, jitter, expected, because) in [
            (0, 0.0, 1.0, "the first wait"),
            (1, 0.0, 2.0, "the next is twice as long"),
            (3, 0.0, 8.0, "and so on"),
            (4, 0.0, 15.0, "up to the longest"),
            (400, 0.0, 15.0, "however often it failed, without overflow"),
            (0, 1.0, 1.25, "jitter adds a quarter at most"),
            (1, 0.5, 2.25, "and in proportion"),
            (0, 7.0, 1.25, "and no more, whatever it is given"),
        ] {
            let found = backoff.pause(failed, jitter);
            assert_eq!(found, Duration::from_secs_f64(expected), "{because}");
        }
    }

    #[test]
    fn headers() {
        let wall = DateTime::parse_from_rfc3339("2026-01-01T00:00:00Z")
            .unwrap()
            .with_timezone(&Utc);
        let rows = [
            ("7", Some(7.0), "seconds"),
            (" 7 ", Some(7.0), "with blanks around"),
            (
                "Thu, 01 Jan 2026 00:00:20 GMT",
                Some(20.0),
                "a date ahead of us",
            ),
            (
                "Wed, 31 Dec 2025 23:00:00 GMT",
                Some(0.0),
                "a date that has passed",
            ),
            ("soon", None, "neither"),
            ("-3", None, "no negative seconds"),
            ("", None, "nothing"),
        ];
        for (header, expected, because) in rows {
            assert_eq!(
                retry_after(header, wall),
                expected.map(Duration::from_secs_f64),
                "{because}: {header:?}"
            );
        }
    }

    #[test]
    fn jitter_is_a_share() {
        for _ in 0..100 {
            assert!((0.0..=1.0).contains(&jitter()));
        }
    }

    #[test]
    fn our_own_part_ends_before_the_fence() {
        assert_eq!(
            own_part(Duration::from_secs(10)),
            Duration::from_millis(9750)
        );
        assert_eq!(
            own_part(Duration::from_millis(100)),
            Duration::from_millis(95)
        );
    }
}
