//! What was taken already: a sender that did not see the answer sends the same again.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

/// How long it is remembered. Heroku's drains retry for a minute or so, Judoscale's adapters for a quarter.
const REMEMBERED: Duration = Duration::from_secs(600);

/// How many are remembered of a source; then the oldest go.
const MOST: usize = 10_000;

/// The digests of what was taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Repeats {
    known: BTreeSet<u64>,
    order: VecDeque<(Duration, u64)>,
}

impl Repeats {
    /// Whether this was taken before; from now on it was.
    pub(super) fn is_repeat(&mut self, digest: u64, now: Duration) -> bool {
        let is_old = |at: Duration| now.saturating_sub(at) > REMEMBERED;
        while self.order.front().is_some_and(|(at, _)| is_old(*at)) || self.order.len() > MOST {
            if let Some((_, digest)) = self.order.pop_front() {
                self.known.remove(&digest);
            }
        }
        if !self.known.insert(digest) {
            return true;
        }
        self.order.push_back((now, digest));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_remembered_for_ten_minutes_and_there_are_bounds() {
        let mut repeats = Repeats::default();
        let seconds = Duration::from_secs;
        assert!(!repeats.is_repeat(1, seconds(0)));
        assert!(repeats.is_repeat(1, seconds(1)));
        assert!(repeats.is_repeat(1, seconds(600)));
        assert!(!repeats.is_repeat(1, seconds(601)));
        for digest in 0..30_000 {
            repeats.is_repeat(digest, seconds(700));
        }
        assert!(repeats.known.len() <= MOST + 1);
        assert_eq!(repeats.known.len(), repeats.order.len());
        assert!(repeats.is_repeat(29_999, seconds(700)));
    }
}
