//! Begins each cycle: keeps the ticks, takes a measurement at each, and passes it on.

use std::rc::Rc;
use std::sync::Arc;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture, Supervised, WrapFuture,
};
use serde_json::Value;

use crate::measurement::{MeasureError, Measurement, MeasurementBackend, Sample};
use crate::messages::{Measured, Outcome, Teardown};
use crate::model::Cycle;
use crate::supervisor::desk::{Desk, fenced};
use crate::wire::Wire;

/// Measures one process.
#[derive(Debug)]
pub struct MeasureActor {
    desk: Desk,
    backend: Measurer,
    decider: Wire<Measured>,
}

/// A measurement backend with the name that its measurements bear.
#[derive(Clone)]
pub struct Measurer {
    /// The name.
    pub name: String,
    /// The backend.
    pub backend: Rc<dyn MeasurementBackend>,
}

impl std::fmt::Debug for Measurer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl MeasureActor {
    /// An actor that measures by `backend` and tells `decider`.
    pub fn new(desk: Desk, backend: Measurer, decider: Wire<Measured>) -> Self {
        Self {
            desk,
            backend,
            decider,
        }
    }

    fn arm(&self, ctx: &mut Context<Self>) {
        let next = self.desk.memory.read(|state| state.next_tick);
        ctx.run_later(self.desk.clock.until(next), Self::tick);
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        let now = self.desk.clock.now().mono;
        let cycle = self
            .desk
            .memory
            .commit(|state| state.begin_cycle(now, &self.desk.plan));
        self.arm(ctx);
        if let Some(cycle) = cycle {
            self.measure(cycle, ctx);
        }
    }

    fn measure(&self, cycle: Cycle, ctx: &mut Context<Self>) {
        let (desk, backend) = (self.desk.clone(), Rc::clone(&self.backend.backend));
        let work = async move {
            let _busy = desk.busy(desk.plan.timeout);
            let taking = fenced(desk.plan.timeout, take(&desk, backend.as_ref()));
            let taken = desk.until_end(taking).await?;
            Some(taken.unwrap_or(Err(MeasureError::TimedOut(desk.plan.timeout))))
        };
        ctx.spawn(work.into_actor(self).map(move |taken, actor, _| {
            if let Some(taken) = taken {
                actor.tell(cycle, taken);
            }
        }));
    }

    fn tell(&self, cycle: Cycle, taken: Result<Sample, MeasureError>) {
        let at = self.desk.clock.now().wall;
        let max_age = self.desk.plan.max_age(1);
        let busy = taken.as_ref().ok().and_then(|sample| sample.busy);
        let (data, error, outcome, trust) = match taken {
            Ok(sample) => {
                let trust = sample.trust(max_age);
                (sample.data, None, Outcome::Taken(sample.number), trust)
            }
            Err(error) => {
                let counts_as = self
                    .desk
                    .plan
                    .on_failure
                    .unwrap_or_else(|| self.backend.backend.counts_as(&error));
                (
                    Arc::new(Value::Null),
                    Some(error.to_string()),
                    Outcome::Failed(counts_as),
                    error.trust(),
                )
            }
        };
        let backend = self.backend.name.clone();
        let measurement = Measurement {
            backend,
            data,
            success: error.is_none(),
            error,
            at,
        };
        self.decider.tell(Measured {
            process: self.desk.plan.process.clone(),
            cycle,
            measurement,
            outcome,
            trust,
            busy,
        });
    }
}

async fn take(desk: &Desk, backend: &dyn MeasurementBackend) -> Result<Sample, MeasureError> {
    if !desk.is_set_up.get() {
        backend.setup().await?;
        desk.is_set_up.set(true);
    }
    backend.heartbeat_start().await?;
    let sample = backend.measure().await?;
    match sample
        .number
        .and_then(|number| desk.plan.implausible(number))
    {
        Some(why) => Err(MeasureError::Implausible(why)),
        None => Ok(sample),
    }
}

impl Actor for MeasureActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.arm(ctx);
    }
}

impl Supervised for MeasureActor {
    fn restarting(&mut self, _: &mut Context<Self>) {
        self.desk.is_set_up.set(false);
    }
}

impl Handler<Teardown> for MeasureActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, teardown: Teardown, _: &mut Context<Self>) -> ResponseFuture<()> {
        self.desk.end();
        let backend = Rc::clone(&self.backend.backend);
        Box::pin(async move {
            fenced(teardown.grace, backend.teardown())
                .await
                .unwrap_or_default();
        })
    }
}

crate::supervisor::inject::injectable!(MeasureActor);
