//! State in a Redis: what orders from a one-off dyno need, and several bots. A batch is one transaction (MULTI, EXEC).
//!
//! A connection that failed is replaced at the next operation, so that a Redis that comes back is found by itself. One
//! that its server has closed meanwhile says nothing: it is replaced at once, and what may be said twice is.

mod keys;
mod pruning;
mod replies;

use std::cell::RefCell;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, Pipeline, RedisError};

use super::pack::Gathering;
use super::{Batch, Limits, MOST_ORDERS, Record, Remark, Snapshot, StateStore, StoreError, Wanted};
use crate::backend::BuildError;
use crate::model::ProcessName;
use crate::orders::{Draft, Ended, Order, OrderId, outlived};
use crate::redis_server::{Address, Server};
use crate::settings::secret::Secret;
use keys::Keys;
use replies::OrdersFound;

/// State in a Redis.
pub struct RedisStore {
    server: Server,
    keys: Keys,
    max_bytes: u64,
    timeout: Duration,
    /// The connection that was left in good order.
    kept: RefCell<Option<MultiplexedConnection>>,
    remarks: RefCell<Vec<Remark>>,
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisStore({})", self.server.shown())
    }
}

/// Whether a question may be asked twice when the answer to the first was lost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Yes,
    No,
}

impl RedisStore {
    /// A store at this URL, whose ledgers may take so much memory. It is connected to at the first operation.
    pub fn new(
        url: &Secret,
        tls_ca_file: Option<&str>,
        key_prefix: &str,
        max_megabytes: u64,
        timeout: Duration,
    ) -> Result<Self, BuildError> {
        let address = Address::from_url(url.expose())
            .map_err(|why| BuildError(format!("the url of [state]: {why}")))?;
        Ok(Self {
            server: Server::new(address, tls_ca_file)?,
            keys: Keys::new(key_prefix),
            max_bytes: max_megabytes.saturating_mul(1_000_000),
            timeout,
            kept: RefCell::default(),
            remarks: RefCell::default(),
        })
    }

    async fn ask<T: FromRedisValue>(
        &self,
        asked: &Pipeline,
        again: Again,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.timeout, self.asked(asked, again)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(_) => {
                // It is in the middle of an answer that nobody waits for any more.
                self.kept.take();
                let (shown, waited) = (self.server.shown(), self.timeout.as_secs_f64());
                let why = format!("{shown}: no answer within {waited} s");
                Err(StoreError::Away(why))
            }
        }
    }

    async fn asked<T: FromRedisValue>(
        &self,
        asked: &Pipeline,
        again: Again,
    ) -> Result<T, RedisError> {
        let kept = self.kept.borrow().clone();
        if let Some(mut connection) = kept {
            match asked.query_async(&mut connection).await {
                Err(error) if error.is_unrecoverable_error() => {
                    self.kept.take();
                    if again == Again::No {
                        return Err(error);
                    }
                }
                answered => return answered,
            }
        }
        let mut connection = self.server.connect().await?;
        self.kept.replace(Some(connection.clone()));
        let answered = asked.query_async(&mut connection).await;
        if let Err(error) = &answered
            && error.is_unrecoverable_error()
        {
            self.kept.take();
        }
        answered
    }

    fn failed(&self, error: &RedisError) -> StoreError {
        let shown = self.server.shown();
        match replies::refusal(error) {
            Some(refusal) => refusal.into_error(shown),
            None if error.kind() == redis::ErrorKind::AuthenticationFailed => {
                StoreError::Refused(self.server.trouble(error, "url"))
            }
            None => StoreError::Away(self.server.trouble(error, "url")),
        }
    }

    fn leave_out(&self, what: &'static str, number: usize) {
        if number > 0 {
            let mut remarks = self.remarks.borrow_mut();
            remarks.push(Remark::LeftOut { what, number });
        }
    }

    async fn known_orders(&self) -> Result<OrdersFound, StoreError> {
        let (drafts, ends) = self.ask(&self.keys.orders(), Again::Yes).await?;
        Ok(replies::orders(drafts, ends))
    }

    async fn forget(&self, ids: &[OrderId]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        self.ask(&self.keys.forget(ids), Again::Yes).await
    }
}

#[async_trait(?Send)]
impl StateStore for RedisStore {
    fn place(&self) -> &str {
        self.server.shown()
    }

    async fn load(&self) -> Result<Vec<Snapshot>, StoreError> {
        let (found,) = self.ask(&self.keys.load(), Again::Yes).await?;
        let (snapshots, left_out) = replies::snapshots(found);
        self.leave_out("snapshots", left_out);
        Ok(snapshots)
    }

    async fn save(&self, batch: &Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        self.ask(&self.keys.save(batch), Again::Yes).await
    }

    async fn records(
        &self,
        process: &ProcessName,
        wanted: Wanted,
    ) -> Result<Vec<Record>, StoreError> {
        let mut from = None;
        let asked = self.keys.records(process, wanted);
        let (loose, mut packed): (_, Vec<Vec<u8>>) = self.ask(&asked, Again::Yes).await?;
        let (records, mut left_out) = replies::records(process, loose);
        let mut gathering = Gathering::new(wanted, records);
        while let Some(unread) = replies::packs(process, packed, &mut gathering) {
            left_out += unread.left_out;
            if from == Some(unread.last) {
                break;
            }
            from = Some(unread.last);
            let asked = self.keys.packs(process, wanted, from);
            (packed,) = self.ask(&asked, Again::Yes).await?;
        }
        self.leave_out("records", left_out);
        Ok(gathering.finish())
    }

    async fn prune(&self, limits: Limits, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let horizon = limits.horizon(now);
        let gone = self.prune_ledgers(limits, horizon).await?;
        let orders = self.known_orders().await?.orders;
        let over = outlived(&orders, horizon, now, MOST_ORDERS);
        self.forget(&over).await?;
        Ok(gone)
    }

    async fn orders(&self) -> Result<Vec<Order>, StoreError> {
        let found = self.known_orders().await?;
        self.leave_out("orders", found.left_out);
        Ok(found.orders)
    }

    async fn put(&self, draft: &Draft) -> Result<Order, StoreError> {
        let there = self.known_orders().await?.orders;
        // An order begins when it is given.
        let gone = outlived(
            &there,
            DateTime::<Utc>::UNIX_EPOCH,
            draft.begins,
            MOST_ORDERS - 1,
        );
        if there.len() - gone.len() >= MOST_ORDERS {
            let shown = self.server.shown();
            let why = format!("{shown}: {MOST_ORDERS} orders are in force; end some first");
            return Err(StoreError::Refused(why));
        }
        self.forget(&gone).await?;
        let (id,): (u64,) = self.ask(&self.keys.next_order(), Again::Yes).await?;
        let order = draft.clone().numbered(OrderId(id));
        // Asked twice it is still one order: it has its number.
        self.ask::<()>(&self.keys.put(&order), Again::Yes).await?;
        Ok(order)
    }

    async fn end(&self, id: OrderId, ended: &Ended) -> Result<bool, StoreError> {
        let is_there = self.known_orders().await?.orders;
        if !is_there.iter().any(|order| order.id == id) {
            return Ok(false);
        }
        // Asked twice, the second would say that it has been ended already.
        let (is_first,) = self.ask(&self.keys.end(id, ended), Again::No).await?;
        Ok(is_first)
    }

    fn remarks(&self) -> Vec<Remark> {
        self.remarks.take()
    }
}
