//! The middle of each cycle: takes the measurement into the history, reads the count, and asks the decision backend.

use std::rc::Rc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture, Supervised, WrapFuture,
};
use log::{debug, info, warn};

use crate::decision::grounds::weigh_in;
use crate::decision::rest::{at_rest, with_crashed};
use crate::decision::wishing::{take_in, wish};
use crate::decision::{DecisionBackend, Wish};
use crate::messages::{Decided, GetCount, Grounds, Measured, Outcome, Silence, Teardown};
use crate::scaling::{Observed, ScaleError};
use crate::supervisor::desk::{Desk, fenced};
use crate::supervisor::memory::Stage;
use crate::supervisor::plan::{DECISION_DEADLINE, STUCK_AFTER};
use crate::wire::Wire;

/// Decides for one process.
pub struct DeciderActor {
    desk: Desk,
    backend: Rc<dyn DecisionBackend>,
    scaler: Wire<GetCount>,
    supervisor: Wire<Decided>,
    /// Whether a good measurement led to no decision the last time: what lasts is logged once.
    undecided: bool,
}

impl std::fmt::Debug for DeciderActor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeciderActor")
            .field("desk", &self.desk)
            .finish_non_exhaustive()
    }
}

impl DeciderActor {
    /// An actor that decides by `backend`, asks `scaler` for the count, and tells `supervisor`.
    pub fn new(
        desk: Desk,
        backend: Rc<dyn DecisionBackend>,
        scaler: Wire<GetCount>,
        supervisor: Wire<Decided>,
    ) -> Self {
        Self {
            desk,
            backend,
            scaler,
            supervisor,
            undecided: false,
        }
    }

    fn tell(
        &mut self,
        measured: Measured,
        count: Result<Observed, ScaleError>,
        wish: Result<Wish, Silence>,
        mut grounds: Grounds,
    ) {
        self.log_undecided(&measured, &wish);
        grounds.value = match measured.outcome {
            Outcome::Taken(number) => number,
            Outcome::Failed(_) => None,
        };
        let Measured {
            process,
            cycle,
            measurement,
            ..
        } = measured;
        self.supervisor.tell(Decided {
            process,
            cycle,
            measurement,
            count,
            wish,
            grounds,
        });
    }

    /// A failed measurement has been logged by the one who took it, and a cooldown is no failure.
    fn log_undecided(&mut self, measured: &Measured, wish: &Result<Wish, Silence>) {
        let (process, cycle) = (&measured.process, measured.cycle);
        let why = match wish {
            Ok(_) => None,
            Err(Silence::Undecided(why)) => Some(why),
            Err(Silence::Unmeasured(why)) if measured.measurement.success => Some(why),
            Err(_) => return,
        };
        match (why, std::mem::replace(&mut self.undecided, why.is_some())) {
            (Some(why), false) => {
                warn!(process:% = process, cycle; "nothing could be decided for {process}, which is not scaled by load meanwhile: {why}");
            }
            (None, true) => info!(process:% = process, cycle; "{process} is decided again"),
            (Some(_), true) | (None, false) => {}
        }
    }

    /// How long reading the count may take: what the scaler allows itself, and a restart of it on the way.
    fn count_deadline(&self) -> Duration {
        self.desk.plan.scale_timeout + STUCK_AFTER * 2
    }
}

impl Handler<Measured> for DeciderActor {
    type Result = ();

    fn handle(&mut self, measured: Measured, ctx: &mut Context<Self>) {
        let plan = &self.desk.plan;
        let now = self.desk.clock.now().mono;
        let backend = self.backend.as_ref();
        let asked = self.desk.memory.commit(|state| {
            let current = state.advance(measured.cycle, Stage::Measuring, Stage::Deciding);
            current.then(|| {
                let trust = weigh_in(state, &measured, backend, plan, now);
                let needs_number = backend.needs_number();
                (take_in(state, &measured, needs_number, plan, now), trust)
            })
        });
        let Some((basis, trust)) = asked else {
            debug!(process:% = measured.process, cycle = measured.cycle; "a late measurement is ignored");
            return;
        };
        let (desk, backend) = (self.desk.clone(), Rc::clone(&self.backend));
        let (scaler, count_deadline) = (self.scaler.clone(), self.count_deadline());
        let get_count = GetCount {
            process: measured.process.clone(),
            cycle: measured.cycle,
        };
        let work = async move {
            let _busy = desk.busy(count_deadline + DECISION_DEADLINE);
            let deciding = async {
                let count = scaler
                    .ask(get_count, count_deadline)
                    .await
                    .unwrap_or_else(|| Err(no_count()));
                let basis = at_rest(&desk, basis, &count);
                let (wish, mut grounds) = wish(&desk, backend.as_ref(), basis, &count).await;
                let wish = with_crashed(wish, &count);
                grounds.trust = Some(trust);
                (count, wish, grounds)
            };
            let (count, wish, grounds) = desk.until_end(deciding).await?;
            Some((measured, count, wish, grounds))
        };
        ctx.spawn(work.into_actor(self).map(|decided, actor, _| {
            if let Some((measured, count, wish, grounds)) = decided {
                actor.tell(measured, count, wish, grounds);
            }
        }));
    }
}

fn no_count() -> ScaleError {
    ScaleError::Faulted("the scaling part did not answer".to_owned())
}

impl Actor for DeciderActor {
    type Context = Context<Self>;
}

impl Supervised for DeciderActor {
    fn restarting(&mut self, _: &mut Context<Self>) {
        self.desk.is_set_up.set(false);
    }
}

impl Handler<Teardown> for DeciderActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, teardown: Teardown, _: &mut Context<Self>) -> ResponseFuture<()> {
        self.desk.end();
        let backend = Rc::clone(&self.backend);
        Box::pin(async move {
            fenced(teardown.grace, backend.teardown())
                .await
                .unwrap_or_default();
        })
    }
}

crate::supervisor::inject::injectable!(DeciderActor);
