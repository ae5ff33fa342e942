//! The two tasks of a journal: one writes what waits and prunes, one reads the orders.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;

use super::health::{Doing, StoreEvent};
use super::pace::Next;
use super::{Known, Shared};
use crate::state::{Batch, StoreError};

/// How often the orders are read.
const READ_ORDERS_EVERY: Duration = Duration::from_secs(2);

/// The most records in one batch, so that none takes long.
const MOST_RECORDS: usize = 500;

/// How long a task that panicked rests.
const REST: Duration = Duration::from_secs(1);

/// Reads the orders for ever.
pub(super) async fn read_orders(shared: Rc<Shared>) {
    loop {
        let reading = AssertUnwindSafe(shared.read_orders()).catch_unwind();
        if reading.await.is_err() {
            shared.panicked("reading the orders");
        }
        tokio::time::sleep(READ_ORDERS_EVERY).await;
    }
}

/// Writes for ever.
pub(super) async fn write(shared: Rc<Shared>) {
    loop {
        if AssertUnwindSafe(shared.write_on())
            .catch_unwind()
            .await
            .is_err()
        {
            shared.panicked("writing");
            tokio::time::sleep(REST).await;
        }
    }
}

impl Shared {
    /// Reads the orders once; who waits for a change is told.
    pub(super) async fn read_orders(&self) -> Result<(), StoreError> {
        let read = self.store.orders().await;
        self.heard(Doing::Reading, &read);
        let orders = read?;
        let read_at = Some(self.clock.now().wall);
        self.known.send_if_modified(|known| {
            let is_news = known.read_at.is_none() || *known.orders != orders;
            *known = Known {
                orders: Rc::new(orders),
                read_at,
            };
            is_news
        });
        Ok(())
    }

    async fn write_on(&self) {
        loop {
            let now = self.clock.now().mono;
            let has_pending = !self.pending.borrow().is_empty();
            let next = self.pace.borrow().next(now, has_pending);
            match next {
                Next::Write => self.write_once().await,
                Next::Prune => self.prune().await,
                Next::Wait(time) => tokio::select! {
                    () = tokio::time::sleep(time) => {}
                    () = self.wake.notified() => {}
                },
            }
        }
    }

    async fn write_once(&self) {
        let (batch, up_to) = self.pending.borrow_mut().take(MOST_RECORDS);
        self.progress
            .send_modify(|progress| progress.is_writing = true);
        let outcome = self.store.save(&batch).await;
        let now = self.clock.now().mono;
        match &outcome {
            Ok(()) => self.pace.borrow_mut().wrote(now),
            Err(error) => {
                self.put_back(batch, now);
                let is_full = matches!(error, StoreError::Full(_));
                self.pace.borrow_mut().failed(now, is_full);
            }
        }
        self.heard(Doing::Writing, &outcome);
        self.progress.send_modify(|progress| {
            progress.is_writing = false;
            progress.attempts += 1;
            progress.tried = up_to;
            if outcome.is_ok() {
                progress.saved = up_to;
            }
            progress.failure = outcome.err();
        });
    }

    fn put_back(&self, batch: Batch, now: Duration) {
        let dropped = self.pending.borrow_mut().put_back(batch);
        let event = self.health.borrow_mut().dropped(dropped, now);
        self.tell(event);
    }

    /// Lets go of what is beyond the limits; of more, when the store is full.
    async fn prune(&self) {
        let halvings = self.pace.borrow().halvings();
        let mut limits = self.limits;
        limits.max_records_per_process = limits
            .max_records_per_process
            .checked_shr(halvings)
            .unwrap_or_default();
        let wall = self.clock.now().wall;
        let pruned = self.store.prune(limits, wall).await;
        let now = self.clock.now().mono;
        self.pace.borrow_mut().pruned(now);
        // That an old record cannot go is told when a new one cannot come.
        if let Ok(gone) = pruned
            && halvings > 0
            && gone > 0
        {
            self.tell(Some(StoreEvent::Shortened {
                place: self.store.place().to_owned(),
                gone,
            }));
        }
    }

    fn panicked(&self, doing: &str) {
        self.progress.send_modify(|progress| {
            progress.is_writing = false;
            progress.attempts += 1;
        });
        let now = self.clock.now().mono;
        let why = format!("{}: {doing} panicked", self.store.place());
        let error = StoreError::Away(why);
        let event = self
            .health
            .borrow_mut()
            .heard(Doing::Writing, Some(&error), now);
        self.tell(event);
    }
}
