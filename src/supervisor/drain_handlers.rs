//! The supervisor's handlers for a drain: what the scaling actor says of it, and the end of it when a group stops to scale.

use actix::{AsyncContext, Context, Handler, WrapFuture};
use log::debug;

use crate::drain::ERRAND;
use crate::drain::progress::Debt;
use crate::messages::{Drained, GivenBack};
use crate::model::ProcessName;
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::desk::fenced;

impl SupervisorActor {
    /// A group stops scaling: it drains nobody meanwhile. Whatever comes of that, its next life looks after it.
    pub(super) fn undrain(&self, process: &ProcessName, ctx: &mut Context<Self>) {
        let Some(group) = self.groups.get(process) else {
            return;
        };
        let owes = group.memory.commit(|state| {
            let (draining, debt) = (state.draining.take(), std::mem::take(&mut state.debt));
            draining.is_some() || debt == Debt::Work
        });
        let Some(drainer) = group.drainer.clone().filter(|_| owes) else {
            return;
        };
        let leadership = self.works.leadership.clone();
        let work = async move {
            let held = leadership.while_leading(drainer.hold(&[]));
            if !matches!(fenced(ERRAND, held).await, Some(Ok(Ok(_)))) {
                debug!("what a drain took away could not be given back yet");
            }
        };
        ctx.spawn(work.into_actor(self));
    }
}

impl Handler<Drained> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, drained: Drained, _: &mut Context<Self>) {
        let Some(group) = self.groups.get(&drained.process) else {
            return;
        };
        if !group.turn(&self.works, drained.cycle, |turn| turn.drained(&drained)) {
            debug!(process:% = drained.process, cycle = drained.cycle; "a late word of a drain is ignored");
        }
    }
}

impl Handler<GivenBack> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, given: GivenBack, _: &mut Context<Self>) {
        if let Some(group) = self.groups.get(&given.process) {
            group.turn(&self.works, given.cycle, |turn| {
                Some(turn.given_back(&given))
            });
        }
    }
}
