//! A state store in memory, for tests on the paused clock: it fails and hangs on demand.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::model::ProcessName;
use crate::orders::{Draft, Ended, Order, OrderId, outlived};
use crate::state::{
    Batch, First, Limits, MOST_ORDERS, Record, Remark, Snapshot, StateStore, StoreError, Wanted,
};

/// How long a store that hangs takes to say so.
pub const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// A store in memory. Its clones are one store.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    snapshots: RefCell<BTreeMap<ProcessName, Snapshot>>,
    records: RefCell<Vec<Record>>,
    orders: RefCell<Vec<Order>>,
    remarks: RefCell<Vec<Remark>>,
    failure: RefCell<Option<StoreError>>,
    hangs: Cell<bool>,
    batches: RefCell<Vec<Batch>>,
}

impl MemoryStore {
    /// From now on every operation fails with this, or works again.
    pub fn fail(&self, failure: Option<StoreError>) {
        self.0.failure.replace(failure);
    }

    /// From now on every operation hangs until its time-out, or works again.
    pub fn hang(&self, hangs: bool) {
        self.0.hangs.set(hangs);
    }

    /// The next operation comes with a remark.
    pub fn remark(&self, remark: Remark) {
        self.0.remarks.borrow_mut().push(remark);
    }

    /// Every batch that was written.
    pub fn batches(&self) -> Vec<Batch> {
        self.0.batches.borrow().clone()
    }

    /// Whether there is anything to go on from.
    pub fn knows_processes(&self) -> bool {
        !self.0.snapshots.borrow().is_empty()
    }

    /// The process's snapshot, if it has one.
    pub fn snapshot(&self, process: &str) -> Option<Snapshot> {
        let snapshots = self.0.snapshots.borrow();
        let mut all = snapshots.values();
        all.find(|snapshot| snapshot.process.as_str() == process)
            .cloned()
    }

    async fn answer(&self) -> Result<(), StoreError> {
        if self.0.hangs.get() {
            tokio::time::sleep(STORE_TIMEOUT).await;
            return Err(StoreError::Away("memory: no answer".to_owned()));
        }
        self.0.failure.borrow().clone().map_or(Ok(()), Err)
    }
}

#[async_trait(?Send)]
impl StateStore for MemoryStore {
    fn place(&self) -> &'static str {
        "memory"
    }

    async fn load(&self) -> Result<Vec<Snapshot>, StoreError> {
        self.answer().await?;
        Ok(self.0.snapshots.borrow().values().cloned().collect())
    }

    async fn save(&self, batch: &Batch) -> Result<(), StoreError> {
        self.answer().await?;
        for snapshot in &batch.snapshots {
            let mut snapshots = self.0.snapshots.borrow_mut();
            snapshots.insert(snapshot.process.clone(), snapshot.clone());
        }
        let mut records = self.0.records.borrow_mut();
        for record in &batch.records {
            let is_same = |other: &Record| {
                (&other.process, other.position()) == (&record.process, record.position())
            };
            if !records.iter().any(is_same) {
                records.push(record.clone());
            }
        }
        records.sort_by_key(Record::position);
        self.0.batches.borrow_mut().push(batch.clone());
        Ok(())
    }

    async fn records(
        &self,
        process: &ProcessName,
        wanted: Wanted,
    ) -> Result<Vec<Record>, StoreError> {
        self.answer().await?;
        let records = self.0.records.borrow();
        let fits = |record: &&Record| {
            record.process == *process
                && wanted.since.is_none_or(|since| record.at >= since)
                && wanted.until.is_none_or(|until| record.at <= until)
        };
        let mut found: Vec<Record> = records.iter().filter(fits).cloned().collect();
        if wanted.first == First::Newest {
            found.reverse();
        }
        found.truncate(wanted.most);
        Ok(found)
    }

    async fn prune(&self, limits: Limits, now: DateTime<Utc>) -> Result<u64, StoreError> {
        // A store that is full can still let go of something.
        if !matches!(*self.0.failure.borrow(), Some(StoreError::Full(_))) {
            self.answer().await?;
        }
        let horizon = limits.horizon(now);
        let mut kept: BTreeMap<ProcessName, u64> = BTreeMap::new();
        let mut gone = 0;
        let mut records = std::mem::take(&mut *self.0.records.borrow_mut());
        records.reverse();
        records.retain(|record| {
            let number = kept.entry(record.process.clone()).or_default();
            *number += 1;
            let stays = record.at >= horizon && *number <= limits.max_records_per_process;
            gone += u64::from(!stays);
            stays
        });
        records.reverse();
        self.0.records.replace(records);
        let mut orders = self.0.orders.borrow_mut();
        let over = outlived(&orders, horizon, now, MOST_ORDERS);
        orders.retain(|order| !over.contains(&order.id));
        Ok(gone)
    }

    async fn orders(&self) -> Result<Vec<Order>, StoreError> {
        self.answer().await?;
        Ok(self.0.orders.borrow().clone())
    }

    async fn put(&self, draft: &Draft) -> Result<Order, StoreError> {
        self.answer().await?;
        let mut orders = self.0.orders.borrow_mut();
        let last = orders.last().map_or(0, |order| order.id.0);
        let order = draft.clone().numbered(OrderId(last + 1));
        orders.push(order.clone());
        Ok(order)
    }

    async fn end(&self, id: OrderId, ended: &Ended) -> Result<bool, StoreError> {
        self.answer().await?;
        let mut orders = self.0.orders.borrow_mut();
        let mut open = orders.iter_mut().filter(|order| order.ended.is_none());
        let found = open.find(|order| order.id == id);
        let is_there = found.is_some();
        if let Some(order) = found {
            order.ended = Some(ended.clone());
        }
        Ok(is_there)
    }

    fn remarks(&self) -> Vec<Remark> {
        self.0.remarks.take()
    }
}
