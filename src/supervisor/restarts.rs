//! How the faults of one process's group are answered: restart the actor, then rebuild the group, then leave it be.
//! Asked by the guard of the actor that failed; the four actors share the budget.
//!
//! ```text
//!   fault ─▶ up to max_restarts within the window? ─yes─▶ Restart, after 0.1 s, 0.2 s, 0.4 s, … 5 s
//!                          │ no
//!                          ▼
//!            rebuilt within the last window? ──────no──▶ Rebuild, with a budget that is full again
//!                          │ yes
//!                          ▼
//!                       Degrade  ◀───────┐  every fault of a retry
//!                          │             │
//!                          ├── retried ──┘
//!                          └── the retry worked: recovered() ──▶ as if nothing had been
//!
//!   max_restarts = 2:    R  R  ■ rebuild  R  R  ■ degrade         R restart
//!                        └─ window ─┘└─ window ─┘
//! ```
//!
//! What the window no longer holds is forgotten, so at most `max_restarts` times are kept.

use std::collections::VecDeque;
use std::time::Duration;

use crate::settings::Supervision;

/// The wait before the first restart in a window; each further one waits twice as long …
pub const FIRST_BACKOFF: Duration = Duration::from_millis(100);
/// … up to this.
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// How many restarts are borne.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// At most so many, the four actors together, …
    pub max_restarts: u32,
    /// … within any time of this length.
    pub window: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Supervision::default().into()
    }
}

impl From<Supervision> for Policy {
    fn from(settings: Supervision) -> Self {
        Self {
            max_restarts: settings.max_restarts,
            window: settings.restart_window,
        }
    }
}

/// What a fault is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The actor is restarted, in place.
    Restart {
        /// After this wait.
        backoff: Duration,
    },
    /// Past the intensity: the group is rebuilt from what the supervisor holds.
    Rebuild,
    /// Past it again soon after: the group stops scaling, and is retried after a rest.
    Degrade,
}

/// The faults of one group, as far as they still matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restarts {
    policy: Policy,
    /// The restarts granted within the window, oldest first.
    recent: VecDeque<Duration>,
    /// When the group was rebuilt last.
    rebuilt: Option<Duration>,
}

impl Restarts {
    /// No fault yet.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            ..Self::default()
        }
    }

    /// An actor of the group failed at `now`: what is done about it. While a degraded group is `retried`, no fault is
    /// borne.
    pub fn record(&mut self, now: Duration, retried: bool) -> Verdict {
        if retried {
            return Verdict::Degrade;
        }
        let window = self.policy.window;
        let passed = |at: Duration| now.saturating_sub(at) > window;
        while self.recent.front().is_some_and(|at| passed(*at)) {
            self.recent.pop_front();
        }
        let so_far = u32::try_from(self.recent.len()).unwrap_or(u32::MAX);
        if so_far < self.policy.max_restarts {
            self.recent.push_back(now);
            return Verdict::Restart {
                backoff: backoff(so_far),
            };
        }
        self.recent.clear();
        if self.rebuilt.is_some_and(|at| !passed(at)) {
            return Verdict::Degrade;
        }
        self.rebuilt = Some(now);
        Verdict::Rebuild
    }

    /// A retry of the degraded group worked: it starts anew, with nothing held against it.
    pub fn recovered(&mut self) {
        *self = Self::new(self.policy);
    }
}

/// 0.1 s, doubled for each restart before it in the window, at most 5 s.
fn backoff(before: u32) -> Duration {
    let factor = 2_u32.saturating_pow(before);
    FIRST_BACKOFF.saturating_mul(factor).min(LONGEST_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a story: moments in seconds with what is expected, `at:verdict`, where a verdict is a backoff in
    /// milliseconds, `rebuild`, `degrade`, or `recovered` for what is done rather than asked.
    #[track_caller]
    fn check(max_restarts: u32, story: &str, because: &str) {
        let window = Duration::from_secs(60);
        let mut restarts = Restarts::new(Policy {
            max_restarts,
            window,
        });
        let mut degraded = false;
        for step in story.split_whitespace() {
            let (at, wanted) = step.split_once(':').unwrap();
            let at = Duration::from_secs_f64(at.parse().unwrap());
            let wanted = match wanted {
                "rebuild" => Verdict::Rebuild,
                "degrade" => Verdict::Degrade,
                "recovered" => {
                    restarts.recovered();
                    degraded = false;
                    continue;
                }
                millis => Verdict::Restart {
                    backoff: Duration::from_millis(millis.parse().unwrap()),
                },
            };
            let verdict = restarts.record(at, degraded);
            assert_eq!(verdict, wanted, "{because}: {step}");
            degraded = verdict == Verdict::Degrade;
            assert!(
                restarts.recent.len() <= usize::try_from(max_restarts).unwrap(),
                "bounded"
            );
        }
    }

    #[test]
    fn stories() {
        let rows = [
            (
                5,
                "0:100 1:200 2:400 3:800 4:1600 5:rebuild",
                "five restarts, then the group is rebuilt",
            ),
            (
                9,
                "0:100 1:200 2:400 3:800 4:1600 5:3200 6:5000 7:5000",
                "the wait is at most 5 s",
            ),
            (
                2,
                "0:100 1:200 2:rebuild 3:100 4:200 5:degrade",
                "after the rebuild the budget is full once more",
            ),
            (
                2,
                "0:100 1:200 2:rebuild 3:100 40:200 62:degrade",
                "one window after the rebuild is still within it",
            ),
            (
                2,
                "0:100 1:200 2:rebuild 3:100 40:200 62.1:rebuild",
                "past the window it is the first time again",
            ),
        ];
        for (max_restarts, story, because) in rows {
            check(max_restarts, story, because);
        }
    }

    #[test]
    fn the_window_slides() {
        check(
            2,
            "0:100 50:200 60:rebuild",
            "a restart exactly one window ago still counts",
        );
        check(
            2,
            "0:100 50:200 60.1:200 109:rebuild",
            "the oldest is forgotten, not all",
        );
        check(
            2,
            "0:100 100:100 200:100 300:100",
            "rare faults are each the first",
        );
        check(1, "0:100 61:100 122:100", "one a window for ever");
    }

    #[test]
    fn degraded() {
        check(
            1,
            "0:100 1:rebuild 2:100 3:degrade 303:degrade 603:degrade",
            "no restart while retrying",
        );
        check(
            1,
            "0:100 1:rebuild 2:100 3:degrade 303:recovered 304:100 305:rebuild",
            "anew after a retry that worked",
        );
        check(0, "0:rebuild 1:degrade", "no restart is borne at all");
        check(0, "0:rebuild 61:rebuild", "but a rebuild in each window is");
    }

    #[test]
    fn backoffs_do_not_overflow() {
        assert_eq!(backoff(u32::MAX), LONGEST_BACKOFF);
        assert_eq!(backoff(31), LONGEST_BACKOFF);
    }
}
