//! How often a command has ended lately, and how long it is left alone for that. Pure.

use std::cell::{Cell, RefCell};
use std::time::Duration;

/// The wait before a command that ended is started again: doubling, from the first to the last.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LAST_WAIT: Duration = Duration::from_secs(60);

/// How often the command has ended lately, and what follows from it.
#[derive(Default)]
pub(super) struct Ends {
    /// How often in a row it ended after a short life.
    count: Cell<u32>,
    started: Cell<Duration>,
    not_before: Cell<Duration>,
    why: RefCell<String>,
}

impl Ends {
    /// When it may be started again, on the monotonic clock.
    pub(super) fn not_before(&self) -> Duration {
        self.not_before.get()
    }

    /// How it ended the last time.
    pub(super) fn why(&self) -> String {
        self.why.borrow().clone()
    }

    /// It is started.
    pub(super) fn note_start(&self, now: Duration) {
        self.started.set(now);
    }

    /// It has ended.
    pub(super) fn note_end(&self, why: &str, now: Duration) {
        let lived = now.saturating_sub(self.started.get());
        let before = if lived > LAST_WAIT {
            0
        } else {
            self.count.get()
        };
        let wait = FIRST_WAIT
            .saturating_mul(2_u32.saturating_pow(before))
            .min(LAST_WAIT);
        self.count.set(before.saturating_add(1));
        self.not_before.set(now + wait);
        why.clone_into(&mut self.why.borrow_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_keeps_ending_is_started_less_and_less_often() {
        let ends = Ends::default();
        let mut now = Duration::from_secs(1_000);
        let mut waits = Vec::new();
        for _ in 0..9 {
            ends.note_start(now);
            ends.note_end("ended", now);
            waits.push(ends.not_before().saturating_sub(now).as_secs_f64());
            now = ends.not_before();
        }
        assert_eq!(waits, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
        ends.note_start(now);
        now += Duration::from_secs(61);
        ends.note_end("ended", now);
        let wait = ends.not_before().saturating_sub(now);
        assert_eq!(wait, FIRST_WAIT, "one that lived for long starts anew");
    }
}
