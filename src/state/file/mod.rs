//! State in a file, by `SQLite`: crash-safe, and read by the commands while the bot runs.
//!
//! A disk may hang, so a thread of its own does the work: nobody else waits for it longer than the time-out. What it
//! cannot get rid of is bounded. A file that is damaged is moved aside and a new one begun ([`desk`]).

mod database;
mod desk;
mod ledger;
mod orders;
mod trouble;

use std::cell::RefCell;
use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Batch, Limits, Record, Remark, Snapshot, StateStore, StoreError, Wanted};
use crate::clock::Clock;
use crate::model::ProcessName;
use crate::orders::{Draft, Ended, Order, OrderId};
use desk::{Desk, Options};
use trouble::Trouble;

/// How many operations may wait for the disk.
const MOST_WAITING: usize = 16;

/// State in a file.
pub struct FileStore {
    place: String,
    options: Options,
    clock: Clock,
    thread: RefCell<Option<SyncSender<Job>>>,
    remarks: RefCell<Vec<Remark>>,
}

/// What the thread is to do; it answers by itself.
type Job = Box<dyn FnOnce(&mut Desk) + Send>;

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileStore({})", self.place)
    }
}

impl FileStore {
    /// A store in this file, which may become so large. It is opened, or made, at the first operation.
    pub fn new(path: PathBuf, max_megabytes: u64, timeout: Duration, clock: Clock) -> Self {
        Self {
            place: format!("the file {}", path.display()),
            options: Options {
                path,
                max_bytes: max_megabytes.saturating_mul(1_000_000),
                timeout,
            },
            clock,
            thread: RefCell::default(),
            remarks: RefCell::default(),
        }
    }

    /// Has the thread do something with the open file, and waits for it.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (done, answer) = oneshot::channel();
        self.hand_over(Box::new(move |desk| {
            // Who waited may have given up meanwhile; then nobody wants to know.
            let _gone = done.send(desk.answer(&work));
        }))?;
        match tokio::time::timeout(self.options.timeout, answer).await {
            Ok(Ok((result, remarks))) => {
                self.remarks.borrow_mut().extend(remarks);
                result.map_err(|trouble| trouble.into_error(&self.place))
            }
            Ok(Err(_)) => Err(self.away("its thread ended; the next operation starts another")),
            Err(_) => {
                let waited = self.options.timeout.as_secs_f64();
                Err(self.away(&format!("no answer within {waited} s; is the disk busy?")))
            }
        }
    }

    fn hand_over(&self, job: Job) -> Result<(), StoreError> {
        let mut thread = self.thread.borrow_mut();
        let there = match thread.take() {
            Some(there) => there,
            None => self.start()?,
        };
        match there.try_send(job) {
            Ok(()) => {
                *thread = Some(there);
                Ok(())
            }
            Err(TrySendError::Full(_)) => {
                *thread = Some(there);
                let why = format!("{MOST_WAITING} operations wait for the disk");
                Err(self.away(&why))
            }
            // The next operation starts another.
            Err(TrySendError::Disconnected(_)) => Err(self.away("its thread ended")),
        }
    }

    fn start(&self) -> Result<SyncSender<Job>, StoreError> {
        let (sender, jobs) = sync_channel(MOST_WAITING);
        let desk = Desk::new(self.options.clone(), self.clock);
        thread::Builder::new()
            .name("state".to_owned())
            .spawn(move || work_off(jobs, desk))
            .map_err(|error| self.away(&format!("its thread cannot start: {error}")))?;
        Ok(sender)
    }

    fn leave_out(&self, what: &'static str, number: usize) {
        if number > 0 {
            let mut remarks = self.remarks.borrow_mut();
            remarks.push(Remark::LeftOut { what, number });
        }
    }

    fn away(&self, why: &str) -> StoreError {
        StoreError::Away(format!("{}: {why}", self.place))
    }
}

fn work_off(jobs: Receiver<Job>, mut desk: Desk) {
    for job in jobs {
        job(&mut desk);
    }
}

#[async_trait(?Send)]
impl StateStore for FileStore {
    fn place(&self) -> &str {
        &self.place
    }

    async fn load(&self) -> Result<Vec<Snapshot>, StoreError> {
        self.ask(database::load).await
    }

    async fn save(&self, batch: &Batch) -> Result<(), StoreError> {
        let batch = batch.clone();
        self.ask(move |connection| database::save(connection, &batch))
            .await
    }

    async fn records(
        &self,
        process: &ProcessName,
        wanted: Wanted,
    ) -> Result<Vec<Record>, StoreError> {
        let process = process.clone();
        let found = self
            .ask(move |connection| ledger::records(connection, &process, wanted))
            .await?;
        self.leave_out("packs of records", found.left_out);
        Ok(found.records)
    }

    async fn prune(&self, limits: Limits, now: DateTime<Utc>) -> Result<u64, StoreError> {
        self.ask(move |connection| ledger::prune(connection, limits, now))
            .await
    }

    async fn orders(&self) -> Result<Vec<Order>, StoreError> {
        let found = self.ask(|connection| orders::all(connection)).await?;
        self.leave_out("orders", found.left_out);
        Ok(found.orders)
    }

    async fn put(&self, draft: &Draft) -> Result<Order, StoreError> {
        let (draft, now) = (draft.clone(), self.clock.now().wall);
        self.ask(move |connection| orders::put(connection, &draft, now))
            .await
    }

    async fn end(&self, id: OrderId, ended: &Ended) -> Result<bool, StoreError> {
        let ended = ended.clone();
        self.ask(move |connection| orders::end(connection, id, &ended))
            .await
    }

    fn remarks(&self) -> Vec<Remark> {
        self.remarks.take()
    }
}
