//! How long a call may still take, and what went wrong meanwhile. Several may wait for one call: it goes on for as
//! long as the most patient of them.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use crate::clock::Clock;
pub use crate::http::retry::own_part;

/// The patience of all who wait for one call.
#[derive(Debug)]
pub struct Patience {
    until: Cell<Duration>,
    trouble: RefCell<Option<String>>,
}

impl Patience {
    /// Patience until the monotonic time `until`.
    pub fn until(until: Duration) -> Self {
        Self {
            until: Cell::new(until),
            trouble: RefCell::new(None),
        }
    }

    /// Another joins, who waits until `until`.
    pub fn extend(&self, until: Duration) {
        self.until.set(self.until.get().max(until));
    }

    /// Until when.
    pub fn deadline(&self) -> Duration {
        self.until.get()
    }

    /// Waits for `call` as long as the patience lasts, also when it is extended meanwhile. `None`: it has run out.
    pub async fn bound<T>(&self, clock: &Clock, call: impl Future<Output = T>) -> Option<T> {
        let mut call = pin!(call);
        loop {
            let rest = clock.until(self.deadline());
            if let Ok(done) = tokio::time::timeout(rest, call.as_mut()).await {
                return Some(done);
            }
            if clock.until(self.deadline()).is_zero() {
                return None;
            }
        }
    }

    /// Remembers what went wrong in an attempt that is followed by another.
    pub fn note(&self, trouble: &str) {
        *self.trouble.borrow_mut() = Some(trouble.to_owned());
    }

    /// The sentence for one whose time is up: no answer within `timeout`.
    pub fn spent(&self, shown: &str, timeout: Duration) -> String {
        let trouble = self.trouble.borrow();
        let before = trouble
            .as_ref()
            .map_or_else(String::new, |trouble| format!(" (before that: {trouble})"));
        format!(
            "Heroku at {shown} gave no answer within {} s{before}; if it is only slow, a longer timeout_in_seconds helps",
            timeout.as_secs_f64()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_patient_decides() {
        let patience = Patience::until(Duration::from_secs(5));
        patience.extend(Duration::from_secs(9));
        patience.extend(Duration::from_secs(2));
        assert_eq!(patience.deadline(), Duration::from_secs(9));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_waited_for_as_long_as_anyone_is_patient() {
        let clock = Clock::system();
        let patience = Patience::until(clock.now().mono + Duration::from_secs(5));
        let more = async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            patience.extend(clock.now().mono + Duration::from_secs(5));
        };
        let call = async {
            tokio::time::sleep(Duration::from_secs(7)).await;
            "done"
        };
        let (done, ()) = tokio::join!(patience.bound(&clock, call), more);
        assert_eq!(done, Some("done"));
        let spent = patience.bound(&clock, std::future::pending::<()>()).await;
        assert_eq!(spent, None);
        assert_eq!(clock.until(patience.deadline()), Duration::ZERO);
    }

    #[test]
    fn the_last_trouble_is_told() {
        let patience = Patience::until(Duration::ZERO);
        patience.note("it answered 503");
        let text = patience.spent("https://api.heroku.com", Duration::from_secs(10));
        assert!(
            text.contains("within 10 s (before that: it answered 503)"),
            "{text}"
        );
    }
}
