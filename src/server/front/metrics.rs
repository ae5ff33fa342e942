//! Everything that is counted, for `/metrics`.

use actix::{Context, Handler, Message, ResponseActFuture, WrapFuture as _};

use super::{FrontActor, PATIENCE, Refusal};
use crate::server::exposition::Snapshot;
use crate::supervisor::shown::GetOverview;

/// How does everything stand, and what was counted?
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<Snapshot, Refusal>")]
pub struct AskMetrics;

impl Handler<AskMetrics> for FrontActor {
    type Result = ResponseActFuture<Self, Result<Snapshot, Refusal>>;

    fn handle(&mut self, _: AskMetrics, _: &mut Context<Self>) -> Self::Result {
        let asked = tokio::time::timeout(PATIENCE, self.supervisor.send(GetOverview));
        let tallies = self.board.tallies().iter();
        let tallies = tallies.map(|(name, tally)| (name.clone(), tally.clone()));
        let (tallies, started, heroku) = (tallies.collect(), self.started, self.used.told());
        let answer = async move {
            let Ok(Ok(overview)) = asked.await else {
                return Err(Refusal::Busy);
            };
            Ok(Snapshot {
                overview,
                tallies,
                started,
                heroku,
            })
        };
        Box::pin(answer.into_actor(self))
    }
}
