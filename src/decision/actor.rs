//! The middle of each cycle: takes the measurements in, reads the count, and asks the [`Panel`] what to wish for.

use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture, Supervised, WrapFuture,
};
use log::{debug, info, warn};

use crate::decision::panel::Panel;
use crate::messages::{Decided, GetCount, Measured, Opinion, Silence, Teardown};
use crate::scaling::ScaleError;
use crate::supervisor::desk::Desk;
use crate::supervisor::plan::{DECISION_DEADLINE, STUCK_AFTER};
use crate::wire::Wire;

/// Decides for one process.
pub struct DeciderActor {
    desk: Desk,
    panel: Panel,
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
    /// An actor that decides by `panel`, asks `scaler` for the count, and tells `supervisor`.
    pub fn new(
        desk: Desk,
        panel: Panel,
        scaler: Wire<GetCount>,
        supervisor: Wire<Decided>,
    ) -> Self {
        Self {
            desk,
            panel,
            scaler,
            supervisor,
            undecided: false,
        }
    }

    /// A failed measurement has been logged by the one who took it, and a cooldown is no failure.
    fn log_undecided<'d>(&mut self, decided: &'d Decided) {
        let (process, cycle) = (&decided.process, decided.cycle);
        let undecided = |one: &'d Opinion| match &one.wish {
            Err(Silence::Undecided(why)) => Some(why),
            Err(Silence::Unmeasured(why)) if one.measurement.success => Some(why),
            Ok(_) | Err(_) => None,
        };
        let why = decided.opinions.iter().find_map(undecided);
        if why.is_none() && decided.opinions.iter().any(|one| one.wish.is_err()) {
            return;
        }
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
        let Some(taken_in) = self.panel.take_in(&measured) else {
            debug!(process:% = measured.process, cycle = measured.cycle; "a late measurement is ignored");
            return;
        };
        let (desk, panel) = (self.desk.clone(), self.panel.clone());
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
                panel.decide(&measured, taken_in, count).await
            };
            desk.until_end(deciding).await
        };
        ctx.spawn(work.into_actor(self).map(|decided, actor, _| {
            if let Some(decided) = decided {
                actor.log_undecided(&decided);
                actor.supervisor.tell(decided);
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
        self.panel.restart();
    }
}

impl Handler<Teardown> for DeciderActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, teardown: Teardown, _: &mut Context<Self>) -> ResponseFuture<()> {
        self.desk.end();
        let panel = self.panel.clone();
        Box::pin(async move { panel.teardown(teardown.grace).await })
    }
}

crate::supervisor::inject::injectable!(DeciderActor);
