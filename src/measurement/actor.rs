//! Begins each cycle: keeps the ticks, takes the process's measurements at each, and passes them on.

use std::cell::Cell;
use std::rc::Rc;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture, Supervised, WrapFuture,
};
use futures_util::future::join_all;

use crate::clock::Clock;
use crate::measurement::{MeasureError, MeasurementBackend, Sample};
use crate::messages::{Measured, Taken, Teardown};
use crate::model::Cycle;
use crate::supervisor::desk::{Desk, fenced};
use crate::supervisor::metric::Metric;
use crate::wire::Wire;

/// Measures one process.
#[derive(Debug)]
pub struct MeasureActor {
    desk: Desk,
    measurers: Rc<[Measurer]>,
    decider: Wire<Measured>,
}

/// A measurement backend, and whether its `setup` has succeeded.
pub struct Measurer {
    backend: Rc<dyn MeasurementBackend>,
    is_set_up: Cell<bool>,
}

impl std::fmt::Debug for Measurer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Measurer")
            .field("is_set_up", &self.is_set_up)
            .finish_non_exhaustive()
    }
}

impl MeasureActor {
    /// An actor that measures by `backends`, one for each of the plan's measurements, and tells `decider`.
    pub fn new(
        desk: Desk,
        backends: Vec<Rc<dyn MeasurementBackend>>,
        decider: Wire<Measured>,
    ) -> Self {
        let measurer = |backend| Measurer {
            backend,
            is_set_up: Cell::new(false),
        };
        Self {
            desk,
            measurers: backends.into_iter().map(measurer).collect(),
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

    /// All at once: one that is slow holds the others up no longer than until its own deadline.
    fn measure(&self, cycle: Cycle, ctx: &mut Context<Self>) {
        let (desk, measurers) = (self.desk.clone(), Rc::clone(&self.measurers));
        let work = async move {
            let _busy = desk.busy(desk.plan.timeout());
            let pairs = measurers.iter().zip(&desk.plan.metrics);
            let taking = pairs.map(|(measurer, metric)| measurer.within(metric, desk.clock));
            desk.until_end(join_all(taking)).await
        };
        ctx.spawn(work.into_actor(self).map(move |taken, actor, _| {
            if let Some(taken) = taken {
                let process = actor.desk.plan.process.clone();
                actor.decider.tell(Measured {
                    process,
                    cycle,
                    taken,
                });
            }
        }));
    }
}

impl Measurer {
    /// A measurement, within its time.
    async fn within(&self, metric: &Metric, clock: Clock) -> Taken {
        let taken = fenced(metric.timeout, self.take()).await;
        let taken = taken.unwrap_or(Err(MeasureError::TimedOut(metric.timeout)));
        metric.taken(taken, clock.now().wall, |error| {
            self.backend.counts_as(error)
        })
    }

    async fn take(&self) -> Result<Sample, MeasureError> {
        if !self.is_set_up.get() {
            self.backend.setup().await?;
            self.is_set_up.set(true);
        }
        self.backend.heartbeat_start().await?;
        self.backend.measure().await
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
        for measurer in self.measurers.iter() {
            measurer.is_set_up.set(false);
        }
    }
}

impl Handler<Teardown> for MeasureActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, teardown: Teardown, _: &mut Context<Self>) -> ResponseFuture<()> {
        self.desk.end();
        let measurers = Rc::clone(&self.measurers);
        Box::pin(async move {
            let all = measurers.iter().map(|one| one.backend.teardown());
            fenced(teardown.grace, join_all(all))
                .await
                .unwrap_or_default();
        })
    }
}

crate::supervisor::inject::injectable!(MeasureActor);
