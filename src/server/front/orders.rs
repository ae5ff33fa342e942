//! Orders of people, by way of the store.

use actix::{Context, Handler, Message, MessageResult, ResponseFuture};

use super::{FrontActor, Refusal};
use crate::model::ProcessName;
use crate::orders::together::in_force;
use crate::orders::{Draft, Ended, Order};
use crate::server::events::Event;
use crate::server::views::OrderView;
use crate::supervisor::shown::ordered;

/// Which orders are in force?
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Vec<OrderView>")]
pub struct AskOrders;

impl Handler<AskOrders> for FrontActor {
    type Result = MessageResult<AskOrders>;

    fn handle(&mut self, _: AskOrders, _: &mut Context<Self>) -> Self::Result {
        let now = self.clock.now().wall;
        let orders = self.journal.as_ref().map(|journal| journal.orders().orders);
        let orders = orders.unwrap_or_default();
        let there = orders.iter().filter(|order| order.is_in_force(now));
        MessageResult(there.map(|order| ordered(order, now, self.zone)).collect())
    }
}

/// Gives an order.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<OrderView, Refusal>")]
pub struct GiveOrder(pub Draft);

impl Handler<GiveOrder> for FrontActor {
    type Result = ResponseFuture<Result<OrderView, Refusal>>;

    fn handle(&mut self, GiveOrder(draft): GiveOrder, _: &mut Context<Self>) -> Self::Result {
        let (store, now, zone) = (self.store(), self.clock.now().wall, self.zone);
        let (events, journal) = (self.events.clone(), self.journal.clone());
        Box::pin(async move {
            let order = store?
                .put(&draft)
                .await
                .map_err(|error| Refusal::Store(error.to_string()))?;
            if let Some(journal) = journal {
                journal.look_at_orders().await;
            }
            events.send(Event::order(order.process.as_str())).ok();
            Ok(ordered(&order, now, zone))
        })
    }
}

/// Ends every order for a process.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Vec<OrderView>, Refusal>")]
pub struct EndOrders {
    /// The process.
    pub process: ProcessName,
    /// Who ends them.
    pub by: String,
}

impl Handler<EndOrders> for FrontActor {
    type Result = ResponseFuture<Result<Vec<OrderView>, Refusal>>;

    fn handle(
        &mut self,
        EndOrders { process, by }: EndOrders,
        _: &mut Context<Self>,
    ) -> Self::Result {
        let (store, now, zone) = (self.store(), self.clock.now().wall, self.zone);
        let (events, journal) = (self.events.clone(), self.journal.clone());
        Box::pin(async move {
            let failed = |error: crate::state::StoreError| Refusal::Store(error.to_string());
            let store = store?;
            let orders = store.orders().await.map_err(failed)?;
            let ended = Ended { at: now, by };
            let mut told = Vec::new();
            for order in in_force(&orders, &process, now) {
                if store.end(order.id, &ended).await.map_err(failed)? {
                    let order = Order {
                        ended: Some(ended.clone()),
                        ..order.clone()
                    };
                    told.push(ordered(&order, now, zone));
                }
            }
            if let Some(journal) = journal {
                journal.look_at_orders().await;
            }
            events.send(Event::order(process.as_str())).ok();
            Ok(told)
        })
    }
}
