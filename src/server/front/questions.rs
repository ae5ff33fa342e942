//! How the processes stand and stood, and what the ledger says.

use actix::{Context, Handler, Message, ResponseActFuture, ResponseFuture, WrapFuture as _};

use super::{FrontActor, PATIENCE, Refusal};
use crate::model::ProcessName;
use crate::server::board::history::Range;
use crate::server::ledger::{self, LedgerPage, Query};
use crate::server::views::{HistoryView, Overview, ProcessView};
use crate::supervisor::shown::{GetOverview, GetProcess};

/// How does every process stand?
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<Overview, Refusal>")]
pub struct AskOverview;

impl Handler<AskOverview> for FrontActor {
    type Result = ResponseFuture<Result<Overview, Refusal>>;

    fn handle(&mut self, _: AskOverview, _: &mut Context<Self>) -> Self::Result {
        let asked = self.supervisor.send(GetOverview);
        Box::pin(async move {
            match tokio::time::timeout(PATIENCE, asked).await {
                Ok(Ok(overview)) => Ok(overview),
                Ok(Err(_)) | Err(_) => Err(Refusal::Busy),
            }
        })
    }
}

/// How does one process stand?
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<ProcessView, Refusal>")]
pub struct AskProcess(pub String);

impl Handler<AskProcess> for FrontActor {
    type Result = ResponseFuture<Result<ProcessView, Refusal>>;

    fn handle(&mut self, AskProcess(name): AskProcess, _: &mut Context<Self>) -> Self::Result {
        let process = ProcessName::new(&name);
        let supervisor = self.supervisor.clone();
        Box::pin(async move {
            let Ok(process) = process else {
                return Err(Refusal::Unknown(name));
            };
            match tokio::time::timeout(PATIENCE, supervisor.send(GetProcess(process))).await {
                Ok(Ok(Some(view))) => Ok(view),
                Ok(Ok(None)) => Err(Refusal::Unknown(name)),
                Ok(Err(_)) | Err(_) => Err(Refusal::Busy),
            }
        })
    }
}

/// What was measured and scaled in the past?
#[derive(Debug, Clone, Message)]
#[rtype(result = "Option<HistoryView>")]
pub struct AskHistory(pub String, pub Range);

impl Handler<AskHistory> for FrontActor {
    type Result = Option<HistoryView>;

    fn handle(
        &mut self,
        AskHistory(name, range): AskHistory,
        _: &mut Context<Self>,
    ) -> Self::Result {
        let now = self.clock.now().wall;
        let process = ProcessName::kept(&name).ok()?;
        let history = self.board.history(&process);
        Some(HistoryView {
            process: name,
            range,
            from: now - chrono::TimeDelta::seconds(range.seconds()),
            to: now,
            points: history
                .map(|past| past.points(range, now))
                .unwrap_or_default(),
            scales: history
                .map(|past| past.scales(range, now))
                .unwrap_or_default(),
        })
    }
}

/// Which records answer to this?
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<LedgerPage, Refusal>")]
pub struct AskLedger(pub Query);

impl Handler<AskLedger> for FrontActor {
    type Result = ResponseActFuture<Self, Result<LedgerPage, Refusal>>;

    fn handle(&mut self, AskLedger(query): AskLedger, _: &mut Context<Self>) -> Self::Result {
        if let (Ok(store), Some(_)) = (self.store(), &query.process) {
            return Box::pin(
                async move { ledger::in_store(&*store, &query).await }.into_actor(self),
            );
        }
        let page = ledger::among(self.board.latest(), &query);
        Box::pin(std::future::ready(Ok(page)).into_actor(self))
    }
}
