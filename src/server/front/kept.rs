//! What the store keeps, as it keeps it: for the command line of another machine.

use actix::{Context, Handler, Message, ResponseFuture};

use super::{FrontActor, Refusal};
use crate::model::ProcessName;
use crate::orders::{Ended, Order, OrderId};
use crate::server::events::Event;
use crate::state::{First, Record, Wanted};

/// Which records of a process are there? Without a store, the latest ones in memory.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Vec<Record>, Refusal>")]
pub struct AskRecords(pub ProcessName, pub Wanted);

impl Handler<AskRecords> for FrontActor {
    type Result = ResponseFuture<Result<Vec<Record>, Refusal>>;

    fn handle(
        &mut self,
        AskRecords(process, wanted): AskRecords,
        _: &mut Context<Self>,
    ) -> Self::Result {
        if let Ok(store) = self.store() {
            return Box::pin(async move {
                let found = store.records(&process, wanted).await;
                found.map_err(|error| Refusal::Store(error.to_string()))
            });
        }
        let fits = |record: &Record| {
            wanted.since.is_none_or(|since| since <= record.at)
                && wanted.until.is_none_or(|until| record.at <= until)
        };
        let latest = self
            .board
            .latest()
            .filter(|record| record.process == process);
        let mut found: Vec<Record> = latest.map(|record| record.kept()).filter(fits).collect();
        if wanted.first == First::Oldest {
            found.reverse();
        }
        found.truncate(wanted.most);
        Box::pin(std::future::ready(Ok(found)))
    }
}

/// Which orders are there, those that are over included?
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<Vec<Order>, Refusal>")]
pub struct AskKeptOrders;

impl Handler<AskKeptOrders> for FrontActor {
    type Result = ResponseFuture<Result<Vec<Order>, Refusal>>;

    fn handle(&mut self, _: AskKeptOrders, _: &mut Context<Self>) -> Self::Result {
        let store = self.store();
        Box::pin(async move {
            match store {
                Ok(store) => store
                    .orders()
                    .await
                    .map_err(|error| Refusal::Store(error.to_string())),
                // Where none can be given, there are none.
                Err(_) => Ok(Vec::new()),
            }
        })
    }
}

/// Ends one order. Answers whether it was there and not over.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<bool, Refusal>")]
pub struct EndOrder {
    /// Which.
    pub id: OrderId,
    /// Who ends it.
    pub by: String,
}

impl Handler<EndOrder> for FrontActor {
    type Result = ResponseFuture<Result<bool, Refusal>>;

    fn handle(&mut self, EndOrder { id, by }: EndOrder, _: &mut Context<Self>) -> Self::Result {
        let (store, at) = (self.store(), self.clock.now().wall);
        let (events, journal) = (self.events.clone(), self.journal.clone());
        Box::pin(async move {
            let ended = store?.end(id, &Ended { at, by }).await;
            let ended = ended.map_err(|error| Refusal::Store(error.to_string()))?;
            if let Some(journal) = journal {
                journal.look_at_orders().await;
            }
            events.send(Event::resync()).ok();
            Ok(ended)
        })
    }
}
