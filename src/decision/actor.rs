//! The middle of each cycle: takes the measurement into the history, reads the count, and asks the decision backend.

use std::rc::Rc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture, Supervised, WrapFuture,
};
use log::{debug, info, warn};

use crate::decision::grounds::{grounds, weigh_in};
use crate::decision::intake::{self, NO_NUMBER};
use crate::decision::rest::{at_rest, with_crashed};
use crate::decision::{DecideError, DecisionBackend, Level, Reading, Situation, Wish};
use crate::measurement::OnFailure;
use crate::messages::{Decided, GetCount, Grounds, Measured, Outcome, Silence, Teardown};
use crate::scaling::{Observed, ScaleError};
use crate::supervisor::desk::{Desk, fenced};
use crate::supervisor::memory::{Stage, State};
use crate::supervisor::plan::{DECISION_DEADLINE, Plan, STUCK_AFTER};
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
        let asked = self.desk.memory.commit(|state| {
            let current = state.advance(measured.cycle, Stage::Measuring, Stage::Deciding);
            current.then(|| {
                let trust = weigh_in(state, &measured, self.backend.needs_number(), plan, now);
                (
                    take_in(state, &measured, self.backend.needs_number(), plan, now),
                    trust,
                )
            })
        });
        let Some((asked, trust)) = asked else {
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
                let asked = asked.and(at_rest(&desk, &count));
                let (wish, mut grounds) = wish(&desk, backend.as_ref(), asked, &count).await;
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

/// Takes a measurement into the history, as far as it enters it; says whether to ask the backend.
fn take_in(
    state: &mut State,
    measured: &Measured,
    needs_number: bool,
    plan: &Plan,
    now: Duration,
) -> Result<(), Silence> {
    let reading = |level| Reading {
        at: measured.measurement.at,
        level,
        data: measured.measurement.data.clone(),
    };
    let cooling = state.cooldown.remaining(now);
    let level = intake::level(measured.outcome, needs_number, plan.on_failure);
    if let Some(left) = cooling {
        return Err(Silence::Cooling(left));
    }
    match level {
        Ok(level) => {
            state.remember(reading(level), plan.history_length);
            Ok(())
        }
        Err(counts_as) => {
            state.fail_measurement(counts_as, reading(Level::TooHigh), plan.history_length);
            if counts_as == OnFailure::TooHigh {
                return Ok(());
            }
            let why = measured.measurement.error.clone();
            Err(Silence::Unmeasured(
                why.unwrap_or_else(|| NO_NUMBER.to_owned()),
            ))
        }
    }
}

/// Asks the backend, if there is something to ask it.
async fn wish(
    desk: &Desk,
    backend: &dyn DecisionBackend,
    asked: Result<(), Silence>,
    count: &Result<Observed, ScaleError>,
) -> (Result<Wish, Silence>, Grounds) {
    if let Err(silence) = asked {
        return (Err(silence), Grounds::default());
    }
    let Ok(seen) = count else {
        return (Err(Silence::Uncounted), Grounds::default());
    };
    let plan = &desk.plan;
    let at = desk.clock.now().wall;
    let (up_step, down_step) = plan.steps(seen.count);
    let situation = desk.memory.read(|state| Situation {
        at,
        history: state.history.iter().cloned().collect(),
        count: seen.count,
        ready: seen.ready,
        bounds: plan.bounds(at, state.adopted_max),
        increment: plan.increment,
        up_step,
        down_step,
    });
    let decided = fenced(DECISION_DEADLINE, decide(desk, backend, &situation)).await;
    let late = || {
        DecideError::Failed(format!(
            "no decision within {} s",
            DECISION_DEADLINE.as_secs()
        ))
    };
    let wish = decided
        .unwrap_or_else(|| Err(late()))
        .map_err(|error| Silence::Undecided(error.to_string()));
    let grounds = grounds(desk, backend, &situation);
    (wish, grounds)
}

async fn decide(
    desk: &Desk,
    backend: &dyn DecisionBackend,
    situation: &Situation,
) -> Result<Wish, DecideError> {
    if !desk.is_set_up.get() {
        backend.setup().await?;
        desk.is_set_up.set(true);
    }
    backend.heartbeat_start().await?;
    backend.decide(situation).await
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
