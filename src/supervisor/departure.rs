//! The end of a group's life: what is under way is finished, the teardown hooks are run, all within a grace.

use std::rc::Rc;
use std::time::Duration;

use actix::{Addr, Handler};
use futures_util::future::join;
use log::{error, warn};

use crate::clock::Clock;
use crate::decision::actor::DeciderActor;
use crate::measurement::actor::MeasureActor;
use crate::messages::Teardown;
use crate::model::ProcessName;
use crate::notification::actor::NotifierActor;
use crate::notification::outbox::Outbox;
use crate::scaling::ScalingBackend;
use crate::scaling::actor::ScalerActor;
use crate::supervisor::caught::caught_io;
use crate::supervisor::desk::fenced;
use crate::supervisor::memory::{Memory, Stage, State};

/// The end of a group's life.
pub struct Departure {
    pub(super) clock: Clock,
    pub(super) memory: Memory,
    pub(super) process: ProcessName,
    pub(super) measure: Option<Addr<MeasureActor>>,
    pub(super) decide: Option<Addr<DeciderActor>>,
    pub(super) scale: Option<Addr<ScalerActor>>,
    pub(super) notify: Option<Addr<NotifierActor>>,
    pub(super) scaling: Rc<dyn ScalingBackend>,
    pub(super) outbox: Outbox,
}

/// On which terms a group leaves.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Until when (monotonic).
    pub end: Duration,
    /// The scaling backend is let go of as well.
    pub for_good: bool,
    /// Others wait until it has left: what cannot be told at once is left to its next life.
    pub hurried: bool,
}

impl std::fmt::Debug for Departure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Departure({})", self.process)
    }
}

impl Departure {
    /// Lets no new cycle begin, waits for a scale in flight, and runs the teardown hooks in the order of a cycle.
    pub async fn leave(self, terms: Terms) {
        let Terms {
            end,
            for_good,
            hurried,
        } = terms;
        self.memory.commit(|state| state.stopping = true);
        while self.memory.read(is_scaling) && !self.clock.until(end).is_zero() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let left = || Teardown {
            grace: self.clock.until(end),
            for_good,
        };
        // A hook that hangs may not eat what the scaling backend needs to stop its processes.
        // The two side by side, so that neither has only what the other leaves.
        let hooks = join(
            stop(self.measure.as_ref(), left()),
            stop(self.decide.as_ref(), left()),
        );
        if fenced(HOOKS_GRACE.min(left().grace), hooks).await.is_none() {
            let process = &self.process;
            warn!(process:% = process; "a teardown hook of {process} did not end in time");
        }
        let heard = stop(self.scale.as_ref(), left()).await;
        if for_good && !heard {
            // A degraded group has no scaler, and one that was rebuilt on the way has another; what the backend runs
            // must still be stopped.
            self.let_go(left().grace).await;
        }
        let grace = if hurried {
            LAST_NOTICES
        } else {
            left().grace.max(LAST_NOTICES)
        };
        if !stop(self.notify.as_ref(), Teardown { grace, for_good }).await {
            // Whoever took its place tells what is left.
            fenced(grace, self.told()).await.unwrap_or_default();
        }
    }

    /// Tears the scaling backend down where its actor cannot.
    async fn let_go(&self, grace: Duration) {
        let process = &self.process;
        let fence = grace + Duration::from_secs(1);
        match fenced(fence, caught_io(self.scaling.teardown(grace))).await {
            Some(Ok(())) => {}
            Some(Err(text)) => {
                error!(process:% = process; "the teardown hook of the scaling backend of {process} panicked: {text}");
            }
            None => {
                warn!(process:% = process; "the scaling backend of {process} did not end in time");
            }
        }
    }

    async fn told(&self) {
        while !self.outbox.is_empty() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

fn is_scaling(state: &State) -> bool {
    state
        .in_flight
        .as_ref()
        .is_some_and(|running| matches!(running.stage, Stage::Draining | Stage::Scaling))
}

/// How long the hooks of the measurement and the decision backend may take at the end.
const HOOKS_GRACE: Duration = Duration::from_secs(2);

/// How long the last notices have, even when the grace is used up.
const LAST_NOTICES: Duration = Duration::from_secs(1);

/// How often a departure looks whether the scale in flight is done.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Whether the actor was there to hear it. Whether it is too late or is just being restarted: it ends with its group
/// in any case.
async fn stop<A>(actor: Option<&Addr<A>>, teardown: Teardown) -> bool
where
    A: actix::Actor<Context = actix::Context<A>> + Handler<Teardown>,
{
    let Some(actor) = actor else {
        return false;
    };
    let fence = teardown.grace + Duration::from_secs(2);
    let answer = tokio::time::timeout(fence, actor.send(teardown)).await;
    !matches!(answer, Ok(Err(_)))
}
