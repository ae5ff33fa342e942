//! The wishes of a while, for the stabilization windows: the lowest and the highest within each. As in a sliding-window
//! minimum, only those are kept that can still be the extreme, so a long window stays small.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::supervisor::keeping::Moved;

/// The most wishes that are kept; with more, the oldest are forgotten, which only makes a window shorter.
const MOST: usize = 4096;

/// The extremes of the latest wishes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    /// Since when wishes have been entered (monotonic).
    since: Option<Duration>,
    /// Ascending in time and in wish: the first is the lowest of the window.
    lows: VecDeque<(Duration, i64)>,
    /// Ascending in time, descending in wish: the first is the highest.
    highs: VecDeque<(Duration, i64)>,
}

impl Wishes {
    /// A wish at `now` (monotonic). Those older than their window are forgotten; a window of zero keeps none.
    pub fn enter(&mut self, now: Duration, wish: i64, up: Duration, down: Duration) {
        self.since.get_or_insert(now);
        keep(&mut self.lows, now, wish, up, |kept, new| kept >= new);
        keep(&mut self.highs, now, wish, down, |kept, new| kept <= new);
    }

    /// The same wishes on another program's clock.
    #[must_use]
    pub fn moved(self, moved: Moved) -> Self {
        let all = |kept: VecDeque<(Duration, i64)>| {
            let times = kept.into_iter().map(|(at, wish)| (moved.time(at), wish));
            times.collect()
        };
        Self {
            since: self.since.map(|since| moved.time(since)),
            lows: all(self.lows),
            highs: all(self.highs),
        }
    }

    /// The lowest wish within the window for scaling up.
    pub fn lowest(&self) -> Option<i64> {
        self.lows.front().map(|(_, wish)| *wish)
    }

    /// The highest wish within the window for scaling down.
    pub fn highest(&self) -> Option<i64> {
        self.highs.front().map(|(_, wish)| *wish)
    }

    /// How long until a window has been seen in full; `None`: it has.
    pub fn warming(&self, now: Duration, window: Duration) -> Option<Duration> {
        if window.is_zero() {
            return None;
        }
        let seen = self
            .since
            .map_or(Duration::ZERO, |since| now.saturating_sub(since));
        window.checked_sub(seen).filter(|left| !left.is_zero())
    }
}

fn keep(
    kept: &mut VecDeque<(Duration, i64)>,
    now: Duration,
    wish: i64,
    window: Duration,
    is_no_extreme: impl Fn(i64, i64) -> bool,
) {
    if window.is_zero() {
        kept.clear();
        return;
    }
    while kept
        .back()
        .is_some_and(|(_, old)| is_no_extreme(*old, wish))
    {
        kept.pop_back();
    }
    kept.push_back((now, wish));
    while kept.len() > MOST
        || kept
            .front()
            .is_some_and(|(at, _)| now.saturating_sub(*at) > window)
    {
        kept.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extremes_of_each_window() {
        let mut wishes = Wishes::default();
        let (up, down) = (Duration::from_secs(20), Duration::from_secs(50));
        for (second, wish, lowest, highest, because) in [
            (0, 5, 5, 5, "the first"),
            (10, 3, 3, 5, "a lower one"),
            (20, 4, 3, 5, "one between"),
            (30, 4, 3, 5, "the low of 20 s ago still counts"),
            (40, 4, 4, 5, "and now no longer"),
            (50, 4, 4, 5, "the high of 50 s ago still counts"),
            (60, 4, 4, 4, "and now no longer"),
            (70, 9, 4, 9, "a higher one counts at once"),
        ] {
            wishes.enter(Duration::from_secs(second), wish, up, down);
            assert_eq!(
                (wishes.lowest(), wishes.highest()),
                (Some(lowest), Some(highest)),
                "{second} s: {because}"
            );
        }
    }

    #[test]
    fn a_window_is_full_when_it_has_passed() {
        let window = Duration::from_secs(60);
        let mut wishes = Wishes::default();
        let at = Duration::from_secs(100);
        assert_eq!(wishes.warming(at, window), Some(window), "nothing seen");
        wishes.enter(at, 1, Duration::ZERO, window);
        let later = |more| at + Duration::from_secs(more);
        assert_eq!(
            wishes.warming(later(45), window),
            Some(Duration::from_secs(15))
        );
        assert_eq!(wishes.warming(later(60), window), None);
        assert_eq!(wishes.warming(at, Duration::ZERO), None, "no window");
    }

    #[test]
    fn a_long_window_stays_small() {
        let mut wishes = Wishes::default();
        for second in 0..100_000 {
            let wish = i64::try_from(second % 7).unwrap();
            let day = Duration::from_secs(86_400);
            wishes.enter(Duration::from_secs(second), wish, day, day);
        }
        assert!(wishes.lows.len() + wishes.highs.len() < 64, "{wishes:?}");
    }
}
