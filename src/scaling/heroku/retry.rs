//! When Heroku may be asked again: how long to wait after a 429 or a 5xx. Pure; the waiting is done in `api`.

use std::time::Duration;

use crate::http::retry::Backoff;

pub use crate::http::retry::retry_after;

/// The first wait, the least that Heroku can ask of us.
const FIRST: Duration = Duration::from_secs(1);

/// The waits of our own choosing.
const OURS: Backoff = Backoff {
    first: FIRST,
    longest: Duration::from_secs(15),
};

/// The longest wait that Heroku can ask of us.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// How long to wait before the next attempt, after `failed` earlier ones (0 for the first wait). Heroku's own
/// `Retry-After` wins, between 1 s (a zero would make us spin) and 60 s. `jitter`, from 0 to 1, lengthens our own waits
/// by up to a quarter, so that many bots that were refused together do not come back together.
pub fn pause(failed: u32, retry_after: Option<Duration>, jitter: f64) -> Duration {
    if let Some(asked) = retry_after {
        return asked.clamp(FIRST, LONGEST_ASKED);
    }
    OURS.pause(failed, jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[track_caller]
    fn check(failed: u32, asked: Option<f64>, jitter: f64, expected: f64, because: &str) {
        let found = pause(failed, asked.map(seconds), jitter);
        assert_eq!(found, seconds(expected), "{because}");
    }

    #[test]
    fn pauses() {
        check(0, None, 0.0, 1.0, "the first wait is a second");
        check(1, None, 0.0, 2.0, "the next is twice as long");
        check(3, None, 0.0, 8.0, "and so on");
        check(4, None, 0.0, 15.0, "up to fifteen");
        check(
            400,
            None,
            0.0,
            15.0,
            "however often it failed, without overflow",
        );
        check(0, None, 1.0, 1.25, "jitter adds a quarter at most");
        check(1, None, 0.5, 2.25, "and in proportion");
        check(
            3,
            Some(2.0),
            1.0,
            2.0,
            "what Heroku asks for wins, without jitter",
        );
        check(0, Some(0.0), 0.0, 1.0, "a zero would make us spin");
        check(0, Some(3600.0), 0.0, 60.0, "but never more than a minute");
    }
}
