//! What each of a process's four actors works with: the plan, the clock, the memory that it is lent, its line to the
//! guard, and a fence for every piece of I/O.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::state::journal::Journal;
use crate::supervisor::guard::{Busy, Pulse};
use crate::supervisor::keeping::Kept;
use crate::supervisor::memory::Memory;
use crate::supervisor::plan::{Plan, STUCK_AFTER};

/// An actor's place in its group.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The process's settings.
    pub plan: Rc<Plan>,
    /// The clock.
    pub clock: Clock,
    /// What outlives the actor.
    pub memory: Memory,
    /// Where what outlives the program is kept, if anywhere.
    pub journal: Option<Journal>,
    /// The line to the guard.
    pub pulse: Pulse,
    /// Whether the backend's `setup` has succeeded since the last restart.
    pub is_set_up: Rc<Cell<bool>>,
    ended: Rc<watch::Sender<bool>>,
}

impl Desk {
    /// A desk whose backend is not set up yet.
    pub fn new(
        plan: Rc<Plan>,
        clock: Clock,
        memory: Memory,
        journal: Option<Journal>,
        pulse: Pulse,
    ) -> Self {
        Self {
            plan,
            clock,
            memory,
            journal,
            pulse,
            is_set_up: Rc::new(Cell::new(false)),
            ended: Rc::new(watch::Sender::new(false)),
        }
    }

    /// How long that may take.
    pub fn intent_deadline(&self) -> Duration {
        let journal = self.journal.as_ref();
        journal.map_or(Duration::ZERO, Journal::timeout)
    }

    /// Keeps, before the deed, that it was ordered: should the program end in the middle, its next run knows. A store that
    /// does not answer in time holds nothing up.
    pub async fn intend(&self) {
        let Some(journal) = &self.journal else { return };
        let kept = self
            .memory
            .read(|state| Kept::of(state, &self.plan, self.clock.now()));
        if let Err(error) = journal.intend(kept.snapshot(&self.plan.process)).await {
            log::debug!(process:% = self.plan.process; "the order is not kept: {error}");
        }
    }

    /// Says that the actor is busy with something that a fence ends after `fence`.
    pub fn busy(&self, fence: Duration) -> Busy {
        self.pulse.busy(self.clock.now().mono + fence + STUCK_AFTER)
    }

    /// Work that is dropped, with `None`, when this life of the actor ends for good meanwhile: the backend's teardown
    /// shall not wait for a call that nobody wants any more.
    pub async fn until_end<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut ended = self.ended.subscribe();
        tokio::select! {
            biased;
            _ = ended.wait_for(|ended| *ended) => None,
            done = work => Some(done),
        }
    }

    /// Ends this life: no more work.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }
}

/// A piece of I/O under a deadline; `None` when it did not end in time, and was dropped.
pub async fn fenced<T>(deadline: Duration, io: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(deadline, io).await.ok()
}
