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

/// Until when Heroku wants no call for this key's account, and what it said. It outlives the call that was told: the
/// next cycle would else ask again at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoldOff(Option<(Duration, String)>);

impl HoldOff {
    /// Heroku has answered 429 at `now`. Without a `Retry-After` each call finds its own pace.
    pub fn told(&mut self, trouble: &str, retry_after: Option<Duration>, now: Duration) {
        if retry_after.is_some() {
            let until = now + pause(0, retry_after, 0.0);
            self.0 = Some((until, trouble.to_owned()));
        }
    }

    /// What it said, and for how long it still holds.
    pub fn left(&self, now: Duration) -> Option<(String, Duration)> {
        let (until, trouble) = self.0.as_ref()?;
        let left = until.saturating_sub(now);
        (!left.is_zero()).then(|| (trouble.clone(), left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_heroku_asked_for_is_kept_to() {
        let mut hold = HoldOff::default();
        assert_eq!(hold.left(seconds(5.0)), None, "nothing was told");
        hold.told("429", None, seconds(5.0));
        assert_eq!(hold.left(seconds(5.0)), None, "no time was named");
        hold.told("429", Some(seconds(30.0)), seconds(5.0));
        let left = |left| Some(("429".to_owned(), seconds(left)));
        assert_eq!(hold.left(seconds(6.0)), left(29.0));
        assert_eq!(hold.left(seconds(35.0)), None, "it is over");
        hold.told("429", Some(seconds(3600.0)), seconds(40.0));
        assert_eq!(hold.left(seconds(40.0)), left(60.0), "a minute at most");
    }

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
