//! How long a call may still take, and what went wrong meanwhile. Several may wait for one call: it goes on for as
//! long as the most patient of them.

use std::cell::{Cell, RefCell};
use std::time::Duration;

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
