//! A group's lives, as its memory sees them: whose faults count, what a departure that is broken off leaves behind, and what
//! goes over into a life under other settings.
//!
//! ```text
//!   life 1 ── fault: Rebuild ──▶ (the supervisor is told) ──▶ life 2
//!             │◀─ faults of life 1 count ─┼ for nothing more ─▶│
//! ```

use std::time::Duration;

use crate::drain::progress::Debt;
use crate::supervisor::memory::{Health, State};
use crate::supervisor::plan::Plan;
use crate::supervisor::restarts::{Restarts, Verdict};

impl State {
    /// What is done about a fault of this life of the group; `None`: nothing, for that life is over or given up, and
    /// its faults are not held against the next.
    pub fn judge(&mut self, life: u64, now: Duration) -> Option<Verdict> {
        if life != self.life {
            return None;
        }
        self.faults += 1;
        let retried = self.health != Health::Working;
        let verdict = self.restarts.record(now, retried);
        match verdict {
            Verdict::Restart { .. } => {}
            Verdict::Rebuild | Verdict::Degrade => self.life += 1,
        }
        Some(verdict)
    }

    /// A departure was broken off: cycles begin again. Whether there was one.
    pub fn come_back(&mut self) -> bool {
        let was_leaving = std::mem::take(&mut self.stopping);
        if was_leaving {
            self.in_flight = None;
        }
        was_leaving
    }

    /// Goes on under another plan, once the life under the old one has ended.
    pub fn take_up(&mut self, old: &Plan, new: &Plan) {
        self.in_flight = None;
        self.stopping = false;
        self.draining = None;
        self.debt = Debt::Unknown;
        if new.supervision != old.supervision {
            self.restarts = Restarts::new(new.supervision.into());
        }
        if matches!(self.health, Health::Degraded { .. }) {
            // It is started now, not at its next retry: whether it has recovered, its first cycle will show.
            self.health = Health::OnTrial;
        }
        if new.max_is_written != old.max_is_written {
            // A maximum that is written now is the maximum; one that no longer is cuts nothing down.
            self.adopted_max = None;
            self.counted = false;
        }
    }

    /// The notifiers are others now: each goes on with what the old one that it is the heir of has told, if it is one.
    pub fn hand_on(&mut self, heirs: &[Option<usize>]) {
        let told = std::mem::take(&mut self.told);
        let mut rapid = std::mem::take(&mut self.rapid);
        let of = |heir: &Option<usize>| heir.and_then(|old| told.get(old).cloned());
        self.told = heirs
            .iter()
            .map(|heir| of(heir).unwrap_or_default())
            .collect();
        for (new, heir) in heirs.iter().enumerate() {
            if let Some(reason) = heir.and_then(|old| rapid.remove(&old)) {
                self.rapid.insert(new, reason);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervisor::restarts::Policy;

    const NOW: Duration = Duration::from_secs(100);

    /// No restart is borne, and the first life has begun.
    fn frail() -> State {
        State {
            restarts: Restarts::new(Policy {
                max_restarts: 0,
                window: Duration::from_secs(60),
            }),
            life: 1,
            ..State::default()
        }
    }

    #[test]
    fn a_life_that_is_given_up_is_judged_once() {
        let mut state = frail();
        assert_eq!(state.judge(1, NOW), Some(Verdict::Rebuild));
        assert_eq!(state.judge(1, NOW), None, "another of its actors fails too");
        assert_eq!(state.judge(2, NOW), Some(Verdict::Degrade), "its heir");
        assert_eq!(state.judge(2, NOW), None);
        assert_eq!(state.judge(1, NOW), None, "long gone");
    }

    #[test]
    fn no_fault_of_a_retry_is_borne() {
        let mut state = State {
            health: Health::OnTrial,
            life: 1,
            ..State::default()
        };
        assert_eq!(state.judge(1, NOW), Some(Verdict::Degrade));
        state.health = Health::Working;
        let backoff = Duration::from_millis(100);
        assert_eq!(state.judge(2, NOW), Some(Verdict::Restart { backoff }));
    }
}
