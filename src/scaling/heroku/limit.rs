//! Remembers the most dynos that Heroku allowed when it refused a count (a 422 with a `limit`), for as long as that is
//! worth believing. Pure; kept by the scaling backend, and read by the envelope, which clamps the maximum to it.

use std::time::Duration;

use crate::model::Count;

/// How long a limit is believed: after it, the wish is tried again.
const BELIEVED_FOR: Duration = Duration::from_secs(60 * 60);

/// What is known of one process type's limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitBook {
    size: Option<String>,
    told: Option<Told>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    limit: Count,
    at: Duration,
}

impl LimitBook {
    /// Heroku refused to go to `wished` and named `stated` as its limit. The most that is known to be allowed is below
    /// `wished` in any case, since the stated limit may be one of the whole app's (two Eco dynos), of which other
    /// process types have a part.
    pub fn told(&mut self, stated: Count, wished: Count, now: Duration) {
        let limit = stated.min(wished.saturating_sub(1));
        self.told = Some(Told { limit, at: now });
    }

    /// The formation was read, with dynos of this size. Another size has other limits, so that a change forgets ours.
    pub fn seen(&mut self, size: Option<&str>) {
        let changed = match (self.size.as_deref(), size) {
            (Some(before), Some(after)) => before != after,
            // The first size that is seen, or none: that is no change.
            (None, _) | (_, None) => false,
        };
        if changed {
            self.told = None;
        }
        if let Some(size) = size {
            self.size = Some(size.to_owned());
        }
    }

    /// The limit that holds now.
    pub fn in_force(&self, now: Duration) -> Option<Count> {
        self.told
            .filter(|told| now.saturating_sub(told.at) < BELIEVED_FOR)
            .map(|told| told.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(100);

    #[test]
    fn a_limit_holds_for_an_hour() {
        let mut book = LimitBook::default();
        assert_eq!(book.in_force(START), None);
        book.told(2, 3, START);
        let almost = Duration::from_millis(3_599_999);
        assert_eq!(book.in_force(START), Some(2));
        assert_eq!(book.in_force(START + almost), Some(2));
        assert_eq!(
            book.in_force(START + Duration::from_secs(3600)),
            None,
            "then it is tried again"
        );
    }

    #[test]
    fn another_size_forgets_it() {
        let mut book = LimitBook::default();
        book.seen(Some("eco"));
        book.told(2, 3, START);
        book.seen(Some("eco"));
        assert_eq!(book.in_force(START), Some(2), "the same size");
        book.seen(None);
        assert_eq!(book.in_force(START), Some(2), "no size told");
        book.seen(Some("standard-1x"));
        assert_eq!(book.in_force(START), None, "another size");
    }

    #[test]
    fn the_first_size_seen_is_no_change() {
        let mut book = LimitBook::default();
        book.told(2, 3, START);
        book.seen(Some("eco"));
        assert_eq!(book.in_force(START), Some(2));
    }

    #[test]
    fn what_was_refused_is_above_the_limit() {
        let mut book = LimitBook::default();
        book.told(2, 2, START);
        assert_eq!(
            book.in_force(START),
            Some(1),
            "other process types have the other dyno"
        );
        book.told(10, 4, START);
        assert_eq!(book.in_force(START), Some(3));
    }
}
