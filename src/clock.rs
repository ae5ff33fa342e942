//! The only file that reads a clock. Everything else is given [`Now`], or a [`Clock`] to ask.
//!
//! Two times are kept apart: the *wall* time, for schedules, quiet hours and records, which a person or NTP may
//! set; and the *monotonic* time since the program started, for cooldowns, windows and deadlines, which only runs on.
//! A third is only for what others count too: the time since the machine's *boot*, which runs on while it sleeps.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

/// One moment, on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The wall time.
    pub wall: DateTime<Utc>,
    /// The time since the clock was made, on top of the past that it was given: never set back, never stepped.
    pub mono: Duration,
}

/// Where the time comes from.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    past: Duration,
    wall: Wall,
}

#[derive(Clone, Copy, Debug)]
enum Wall {
    System,
    Virtual(DateTime<Utc>),
}

impl Clock {
    /// The machine's clocks.
    #[expect(
        clippy::disallowed_methods,
        reason = "this file is where the clock is read"
    )]
    pub fn system() -> Self {
        Self {
            start: Instant::now(),
            past: Duration::ZERO,
            wall: Wall::System,
        }
    }

    /// A wall clock that starts at `base` and runs with tokio's clock, so that it stands still when that is paused.
    #[expect(
        clippy::disallowed_methods,
        reason = "this file is where the clock is read"
    )]
    pub fn starting_at(base: DateTime<Utc>) -> Self {
        Self {
            start: Instant::now(),
            past: Duration::ZERO,
            wall: Wall::Virtual(base),
        }
    }

    /// A clock whose monotonic time begins at `past` instead of zero, so that what an earlier program did that long ago
    /// has a time on it.
    #[must_use]
    pub fn with_past(self, past: Duration) -> Self {
        Self { past, ..self }
    }

    /// The present moment.
    #[expect(
        clippy::disallowed_methods,
        reason = "this file is where the clock is read"
    )]
    pub fn now(&self) -> Now {
        let elapsed = self.start.elapsed();
        let wall = match self.wall {
            Wall::System => Utc::now(),
            Wall::Virtual(base) => base + TimeDelta::from_std(elapsed).unwrap_or(TimeDelta::MAX),
        };
        Now {
            wall,
            mono: self.past + elapsed,
        }
    }

    /// The time since the machine's boot. Unlike the monotonic time it runs on while the machine is suspended, so that it
    /// can be held against a time that another machine counts; like it, it runs on while the program is stopped (SIGSTOP).
    pub fn boot(&self) -> Duration {
        match self.wall {
            Wall::System => {
                let time = clock_gettime(ClockId::Boottime);
                let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
                Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
            }
            Wall::Virtual(_) => self.now().mono,
        }
    }

    /// How long from now until the monotonic time `mono`; zero when it has passed.
    pub fn until(&self, mono: Duration) -> Duration {
        mono.saturating_sub(self.now().mono)
    }
}
