//! The middle of each cycle: takes the measurements in, reads the count, and asks the [`Panel`] what to wish for.

use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture, Supervised, WrapFuture,
};
use futures_util::future::join_all;
use log::{debug, info, warn};

use crate::decision::panel::Panel;
use crate::messages::{Challenged, Decided, GetCount, Measured, Opinion, Silence, Teardown};
use crate::scaling::ScaleError;
use crate::supervisor::caught::caught_io;
use crate::supervisor::desk::Desk;
use crate::supervisor::plan::{DECISION_DEADLINE, STUCK_AFTER};
use crate::wire::Wire;

/// Decides for one process.
pub struct DeciderActor {
    desk: Desk,
    panel: Panel,
    challenger: Option<(Panel, Wire<Challenged>)>,
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
    /// An actor that decides by `panel`, asks `scaler` for the count, and tells `supervisor`; and beside it, what a challenger
    /// would wish for.
    pub fn new(
        desk: Desk,
        panel: Panel,
        challenger: Option<(Panel, Wire<Challenged>)>,
        scaler: Wire<GetCount>,
        supervisor: Wire<Decided>,
    ) -> Self {
        Self {
            desk,
            panel,
            challenger,
            scaler,
            supervisor,
            undecided: false,
        }
    }

    /// Lets the challenger decide on the same, once the decision itself has been made: whatever becomes of it, it holds nothing
    /// up and breaks nothing.
    fn challenge(&self, measured: Measured, decided: &Decided, ctx: &mut Context<Self>) {
        let Some((panel, supervisor)) = self.challenger.clone() else {
            return;
        };
        let (desk, count) = (self.desk.clone(), decided.count.clone());
        let work = async move {
            let challenging = async {
                let taken_in = panel.accompany(&measured, desk.clock.now().mono)?;
                Some(
                    panel
                        .decide(&measured, taken_in, count, desk.clock.now())
                        .await,
                )
            };
            match desk.until_end(caught_io(challenging)).await {
                Some(Ok(Some(decided))) => supervisor.tell(Challenged { decided }),
                Some(Err(panic)) => {
                    let process = &measured.process;
                    warn!(process:% = process, cycle = measured.cycle; "the challenger of {process} panicked: {panic}");
                }
                Some(Ok(None)) | None => {}
            }
        };
        ctx.spawn(work.into_actor(self));
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
        let Some(taken_in) = self.panel.take_in(&measured, self.desk.clock.now().mono) else {
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
                panel
                    .decide(&measured, taken_in, count, desk.clock.now())
                    .await
            };
            let decided = desk.until_end(deciding).await?;
            Some((measured, decided))
        };
        ctx.spawn(work.into_actor(self).map(|done, actor, ctx| {
            if let Some((measured, decided)) = done {
                actor.log_undecided(&decided);
                actor.challenge(measured, &decided, ctx);
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
        if let Some((challenger, _)) = &self.challenger {
            challenger.restart();
        }
    }
}

impl Handler<Teardown> for DeciderActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, teardown: Teardown, _: &mut Context<Self>) -> ResponseFuture<()> {
        self.desk.end();
        let panels = [
            Some(self.panel.clone()),
            self.challenger.clone().map(|(panel, _)| panel),
        ];
        Box::pin(async move {
            let panels = panels.iter().flatten();
            join_all(panels.map(|panel| panel.teardown(teardown.grace))).await;
        })
    }
}

crate::supervisor::inject::injectable!(DeciderActor);
