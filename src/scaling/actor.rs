//! The end of each cycle: reads the count for the decision, and sets it when the supervisor says so.

use std::rc::Rc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseActFuture, ResponseFuture,
    Supervised, WrapFuture,
};
use futures_util::FutureExt;
use log::debug;

use crate::cluster::leadership::{Leadership, NotLeading};
use crate::drain::progress::Draining;
use crate::messages::{GetCount, Scale, Scaled, Teardown};
use crate::model::Count;
use crate::scaling::draining::{Drains, FORGETTING};
use crate::scaling::{Observed, ScaleError, ScalingBackend};
use crate::supervisor::desk::{Desk, fenced};
use crate::supervisor::memory::Stage;
use crate::wire::Wire;

/// What a scale has in any case, however long reading the count took (or the whole time-out, where that is less): a
/// change that is cut off before it has reached the platform would be tried in vain cycle after cycle.
const LEAST_LEFT: Duration = Duration::from_secs(1);

/// Scales one process.
pub struct ScalerActor {
    pub(super) desk: Desk,
    pub(super) backend: Rc<dyn ScalingBackend>,
    supervisor: Wire<Scaled>,
    pub(super) leadership: Leadership,
    pub(super) drains: Option<Drains>,
}

impl std::fmt::Debug for ScalerActor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScalerActor")
            .field("desk", &self.desk)
            .finish_non_exhaustive()
    }
}

impl ScalerActor {
    /// An actor that scales by `backend` while this program leads, and tells `supervisor`; and drains, if it is to.
    pub fn new(
        desk: Desk,
        backend: Rc<dyn ScalingBackend>,
        supervisor: Wire<Scaled>,
        leadership: Leadership,
        drains: Option<Drains>,
    ) -> Self {
        Self {
            desk,
            backend,
            supervisor,
            leadership,
            drains,
        }
    }
}

/// What is left for a scale of a cycle's time, when reading the count took so much of it.
fn left(timeout: Duration, counting: Duration) -> Duration {
    let least = LEAST_LEFT.min(timeout);
    timeout.saturating_sub(counting).max(least)
}

/// The platform was too slow: `left` was left of the cycle's time when it was asked.
fn too_late(desk: &Desk, left: Duration) -> ScaleError {
    let all = desk.plan.scale_timeout;
    let mut text = format!("the platform did not answer within {} s", all.as_secs_f64());
    if left < all {
        let (left, all) = (left.as_secs_f64(), all.as_secs_f64());
        text = format!(
            "the platform did not answer within {left:.1} s, which was left to it of the {all} s of timeout_in_seconds \
             after the count was read"
        );
    }
    ScaleError::Unavailable(text)
}

async fn set_up(desk: &Desk, backend: &dyn ScalingBackend) -> Result<(), ScaleError> {
    if !desk.is_set_up.get() {
        backend.setup().await?;
        desk.is_set_up.set(true);
    }
    Ok(())
}

async fn count(desk: &Desk, backend: &dyn ScalingBackend) -> Result<Observed, ScaleError> {
    set_up(desk, backend).await?;
    backend.count().await
}

async fn scale(desk: &Desk, backend: &dyn ScalingBackend, to: Count) -> Result<Count, ScaleError> {
    set_up(desk, backend).await?;
    backend.heartbeat_start().await?;
    backend.scale(to).await
}

/// A call that the lease did not last for is a failed one.
fn led<T>(called: Result<Result<T, ScaleError>, NotLeading>) -> Result<T, ScaleError> {
    called.unwrap_or_else(|error| Err(ScaleError::Unavailable(error.to_string())))
}

impl Handler<GetCount> for ScalerActor {
    type Result = ResponseActFuture<Self, Result<Observed, ScaleError>>;

    fn handle(&mut self, query: GetCount, _: &mut Context<Self>) -> Self::Result {
        let (desk, backend) = (self.desk.clone(), Rc::clone(&self.backend));
        let work = async move {
            let (timeout, began) = (desk.plan.scale_timeout, desk.clock.now().mono);
            let _busy = desk.busy(timeout);
            let counted = fenced(timeout, count(&desk, backend.as_ref())).await;
            let took = desk.clock.now().mono.saturating_sub(began);
            desk.memory
                .commit(|state| state.counted_in(query.cycle, took));
            counted.unwrap_or_else(|| Err(too_late(&desk, timeout)))
        };
        Box::pin(work.into_actor(self))
    }
}

impl Handler<Scale> for ScalerActor {
    type Result = ();

    fn handle(&mut self, order: Scale, ctx: &mut Context<Self>) {
        // An order that waited in the mailbox while this actor was restarted was given up meanwhile.
        let counting = self.desk.memory.read(|state| {
            let current = state.is_at(order.cycle, Stage::Scaling);
            let running = state.in_flight.as_ref().filter(|_| current)?;
            Some(running.counting)
        });
        let Some(counting) = counting else {
            debug!(process:% = order.process, cycle = order.cycle; "a late order to scale is ignored");
            return;
        };
        let (desk, backend) = (self.desk.clone(), Rc::clone(&self.backend));
        let (leadership, drains) = (self.leadership.clone(), self.drains.clone());
        let work = async move {
            let left = left(desk.plan.scale_timeout, counting);
            let _busy = desk.busy(left + desk.intent_deadline() + FORGETTING);
            if leadership.since().is_some() {
                desk.intend().await;
            }
            let call = leadership.while_leading(scale(&desk, backend.as_ref(), order.to));
            let scaled = fenced(left, call.map(led)).await;
            if let (Some(drains), Some(Ok(_))) = (drains, &scaled) {
                let gone = desk
                    .memory
                    .read(|state| state.draining.as_ref().map(Draining::names));
                drains.forget(&gone.unwrap_or_default()).await;
            }
            (order, scaled.unwrap_or_else(|| Err(too_late(&desk, left))))
        };
        ctx.spawn(work.into_actor(self).map(|(order, result), actor, _| {
            let Scale {
                process,
                cycle,
                from,
                to,
            } = order;
            actor.supervisor.tell(Scaled {
                process,
                cycle,
                from,
                to,
                result,
            });
        }));
    }
}

impl Actor for ScalerActor {
    type Context = Context<Self>;
}

impl Supervised for ScalerActor {
    fn restarting(&mut self, _: &mut Context<Self>) {
        self.desk.is_set_up.set(false);
    }
}

impl Handler<Teardown> for ScalerActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, teardown: Teardown, _: &mut Context<Self>) -> ResponseFuture<()> {
        let backend = Rc::clone(&self.backend);
        let undrained = self.undrain(teardown.grace, teardown.for_good);
        Box::pin(async move {
            undrained.await;
            if teardown.for_good {
                // The backend keeps to the grace itself; the fence behind it is for one that does not.
                let fence = teardown.grace + Duration::from_secs(1);
                fenced(fence, backend.teardown(teardown.grace))
                    .await
                    .unwrap_or_default();
            }
        })
    }
}

crate::supervisor::inject::injectable!(ScalerActor);
