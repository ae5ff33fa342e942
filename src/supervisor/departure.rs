//! The end of a group's life: what is under way is finished, the teardown hooks are run, all within a grace.

use std::rc::Rc;
use std::time::Duration;

use actix::{Addr, Handler};
use futures_util::future::join;
use log::warn;

use crate::clock::Clock;
use crate::decision::actor::DeciderActor;
use crate::measurement::actor::MeasureActor;
use crate::messages::Teardown;
use crate::model::ProcessName;
use crate::notification::actor::NotifierActor;
use crate::scaling::ScalingBackend;
use crate::scaling::actor::ScalerActor;
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
}

impl std::fmt::Debug for Departure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Departure({})", self.process)
    }
}

impl Departure {
    /// Lets no new cycle begin, waits for a scale in flight, and runs the teardown hooks in the order of a cycle, all
    /// until `end` (monotonic). `for_good` lets the scaling backend go as well.
    pub async fn leave(self, end: Duration, for_good: bool) {
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
        match &self.scale {
            Some(scale) => stop(Some(scale), left()).await,
            // A degraded group has no scaler; what its backend runs must still be stopped.
            None if for_good => {
                let grace = left().grace;
                let fence = grace + Duration::from_secs(1);
                if fenced(fence, self.scaling.teardown(grace)).await.is_none() {
                    let process = &self.process;
                    warn!(process:% = process; "the scaling backend of {process} did not end in time");
                }
            }
            None => {}
        }
        let last = Teardown {
            grace: left().grace.max(LAST_NOTICES),
            for_good,
        };
        stop(self.notify.as_ref(), last).await;
    }
}

fn is_scaling(state: &State) -> bool {
    state
        .in_flight
        .as_ref()
        .is_some_and(|running| running.stage == Stage::Scaling)
}

/// How long the hooks of the measurement and the decision backend may take at the end.
const HOOKS_GRACE: Duration = Duration::from_secs(2);

/// How long the last notices have, even when the grace is used up.
const LAST_NOTICES: Duration = Duration::from_secs(1);

/// How often a departure looks whether the scale in flight is done.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

async fn stop<A>(actor: Option<&Addr<A>>, teardown: Teardown)
where
    A: actix::Actor<Context = actix::Context<A>> + Handler<Teardown>,
{
    if let Some(actor) = actor {
        let fence = teardown.grace + Duration::from_secs(2);
        // Whether it answers, is too late or is just being restarted: it ends with its group in any case.
        let _answer = tokio::time::timeout(fence, actor.send(teardown)).await;
    }
}
