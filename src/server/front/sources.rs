//! What sources send, on its way to the [`Intake`](crate::intake::Intake).

use actix::{Context, Handler, Message, MessageResult};

use super::FrontActor;
use crate::intake::view::SourceView;
use crate::intake::{Delivery, Taken};

/// A source has sent this.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Taken")]
pub struct Deliver {
    /// Which.
    pub source: String,
    /// What.
    pub delivery: Delivery,
}

impl Handler<Deliver> for FrontActor {
    type Result = MessageResult<Deliver>;

    fn handle(
        &mut self,
        Deliver { source, delivery }: Deliver,
        _: &mut Context<Self>,
    ) -> Self::Result {
        MessageResult(self.intake.take(&source, delivery, self.clock.now()))
    }
}

/// Who sends, and what?
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Vec<SourceView>")]
pub struct AskSources;

impl Handler<AskSources> for FrontActor {
    type Result = MessageResult<AskSources>;

    fn handle(&mut self, _: AskSources, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.intake.view())
    }
}
