//! How long after a scale results are not yet evaluated: the new processes must first start and take up load. Started by
//! the supervisor after every scale, asked by it before every decision.
//!
//! ```text
//!   scale          scale
//!     │              │
//!     ●━━━━━━━━━○    ●━━━━━━━━━○           ● starts   ━ cooling   ○ over, at this very moment
//!     │◀ length▶│
//!   ──┼────▲────┼────┼─────────┼──▶ monotonic time
//!          └ remaining(now): half of it
//! ```
//!
//! A correction to the bounds does not wait for it, but starts it anew.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::keeping::Moved;

/// The wait after a scale; by default there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cooldown {
    /// The monotonic time at which the last one started is over.
    until: Option<Duration>,
}

impl Cooldown {
    /// A scale was made at `now`: wait for `length` from now on, whatever was left of an earlier wait.
    pub fn start(&mut self, now: Duration, length: Duration) {
        self.until = Some(now.saturating_add(length));
    }

    /// The same wait on another program's clock.
    #[must_use]
    pub fn moved(self, moved: Moved) -> Self {
        Self {
            until: self.until.map(|until| moved.time(until)),
        }
    }

    /// How long it still lasts; `None` when it is over, or never began.
    pub fn remaining(&self, now: Duration) -> Option<Duration> {
        self.until?.checked_sub(now).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts (at, length) in tenths of a second; the moment of asking; what is left; why.
    type Row<'a> = (&'a [(u64, u64)], u64, Option<u64>, &'a str);

    #[test]
    fn what_is_left() {
        let rows: &[Row<'_>] = &[
            (&[], 0, None, "it never began"),
            (&[(10, 50)], 10, Some(50), "just begun: all of it is left"),
            (&[(10, 50)], 35, Some(25), "half way"),
            (&[(10, 50)], 59, Some(1), "the last moment"),
            (&[(10, 50)], 60, None, "over at its very end"),
            (&[(10, 50)], 999, None, "long over"),
            (
                &[(10, 50), (40, 50)],
                60,
                Some(30),
                "started anew by a correction to the bounds",
            ),
            (
                &[(10, 50), (20, 5)],
                26,
                None,
                "a reload shortened it: the last start counts",
            ),
            (&[(10, 0)], 10, None, "no cooldown is wanted"),
            (
                &[(10, 10_000_000_000)],
                11,
                Some(9_999_999_999),
                "longer than anyone waits",
            ),
        ];
        for (starts, now, left, because) in rows {
            let mut cooldown = Cooldown::default();
            for &(at, length) in *starts {
                cooldown.start(tenths(at), tenths(length));
            }
            assert_eq!(
                cooldown.remaining(tenths(*now)),
                left.map(tenths),
                "{because}"
            );
        }
    }

    #[test]
    fn the_end_of_time_is_no_overflow() {
        let mut cooldown = Cooldown::default();
        cooldown.start(Duration::MAX, Duration::MAX);
        assert_eq!(cooldown.remaining(Duration::ZERO), Some(Duration::MAX));
        assert_eq!(cooldown.remaining(Duration::MAX), None);
    }

    fn tenths(many: u64) -> Duration {
        Duration::from_millis(many.saturating_mul(100))
    }
}
