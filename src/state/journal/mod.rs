//! How the bot writes to its store without ever waiting for it: a handle for the actors, and two tasks that do the work.
//!
//! ```text
//!   note(snapshot, records) ─▶ Pending ─┐  at most one batch a second;       ┌─▶ StateStore
//!   intend(snapshot).await ─▶ (the same) ├─▶ one after a failure that is ─────┤
//!   flush(grace).await ─▶ (the same) ────┘  over, after 1 s doubling to 10 s  └─▶ events: failed, works again, …
//!
//!   orders() ◀─ the last known list ◀─ read every 2 s
//! ```
//!
//! What is noted twice before it was written is written once: the newest snapshot of a process counts. What waits is
//! bounded: the oldest records are dropped, counted and told. There is one writer, so that nothing overtakes anything.
//! The rules are pure ([`pending`], [`pace`], [`health`]); only the tasks wait.

pub mod health;
pub mod pace;
pub mod pending;
mod tasks;

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use super::{Limits, Record, Snapshot, StateStore, StoreError};
use crate::clock::Clock;
use crate::orders::Order;
use health::{Health, StoreEvent};
use pace::Pace;
use pending::{Pending, Seq};

/// How many events may wait for whoever tells them.
const MOST_EVENTS: usize = 64;

/// The handle. Its clones are one journal; when the last is gone, its tasks end.
#[derive(Clone)]
pub struct Journal {
    shared: Rc<Shared>,
    // The tasks hold `shared` alone, so that they do not keep themselves alive.
    _tasks: Rc<JoinSet<()>>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Journal({})", self.shared.store.place())
    }
}

/// The orders as they were last read.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Every order that the store keeps, those that are over included.
    pub orders: Rc<Vec<Order>>,
    /// When they were read; `None` when they never could be: then there may be a pause that nobody here knows of.
    pub read_at: Option<DateTime<Utc>>,
}

/// What the handle and its tasks share.
struct Shared {
    store: Rc<dyn StateStore>,
    limits: Limits,
    timeout: Duration,
    clock: Clock,
    pending: RefCell<Pending>,
    pace: RefCell<Pace>,
    health: RefCell<Health>,
    /// There is something to write.
    wake: Notify,
    progress: watch::Sender<Progress>,
    known: watch::Sender<Known>,
    events: mpsc::Sender<StoreEvent>,
}

/// How far the writing has come.
#[derive(Debug, Clone, Default)]
struct Progress {
    /// Snapshots up to this one have been tried.
    tried: Seq,
    /// Snapshots up to this one are safe.
    saved: Seq,
    /// How many batches have been tried.
    attempts: u64,
    /// Whether a batch is under way.
    is_writing: bool,
    /// Why the last attempt failed, if it did.
    failure: Option<StoreError>,
}

impl Journal {
    /// Starts the journal of a store. Must be called inside an actix system. Events are dropped when nobody receives them.
    pub fn start(
        store: Rc<dyn StateStore>,
        limits: Limits,
        timeout: Duration,
        clock: Clock,
    ) -> (Self, mpsc::Receiver<StoreEvent>) {
        let (events, told) = mpsc::channel(MOST_EVENTS);
        let shared = Rc::new(Shared {
            health: RefCell::new(Health::new(store.place())),
            store,
            limits,
            timeout,
            clock,
            pending: RefCell::default(),
            pace: RefCell::new(Pace::new(clock.now().mono)),
            wake: Notify::new(),
            progress: watch::Sender::default(),
            known: watch::Sender::default(),
            events,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn_local(tasks::write(Rc::clone(&shared)));
        tasks.spawn_local(tasks::read_orders(Rc::clone(&shared)));
        let journal = Self {
            shared,
            _tasks: Rc::new(tasks),
        };
        (journal, told)
    }

    /// How long one thing that is asked of it takes at the most.
    pub fn timeout(&self) -> Duration {
        self.shared.timeout
    }

    /// What every process is to go on from; the orders are known then too. To be called once, before the first note.
    pub async fn load(&self) -> Result<Vec<Snapshot>, StoreError> {
        let loaded = self.shared.store.load().await;
        self.shared.heard(health::Doing::Reading, &loaded);
        let loaded = loaded?;
        self.shared.read_orders().await?;
        Ok(loaded)
    }

    /// Notes what is to be written within about a second. Never waits.
    pub fn note(&self, snapshot: Option<Snapshot>, records: impl IntoIterator<Item = Record>) {
        self.shared.note_records(records);
        if let Some(snapshot) = snapshot {
            // One that is too large has been told as an event.
            self.shared.note_snapshot(snapshot).unwrap_or_default();
        }
        self.shared.wake.notify_one();
    }

    /// Writes a snapshot at once, before what it says is done, and waits until it is safe: at most for the time-out, and
    /// not at all while the store is known to fail. After an `Err` it is still noted, and written when that is possible.
    pub async fn intend(&self, snapshot: Snapshot) -> Result<(), StoreError> {
        let shared = &self.shared;
        let mut progress = shared.progress.subscribe();
        let seq = shared.note_snapshot(snapshot)?;
        let now = shared.clock.now().mono;
        if shared.pace.borrow().is_resting(now)
            && let Some(failure) = progress.borrow().failure.clone()
        {
            return Err(failure);
        }
        shared.pace.borrow_mut().urge();
        shared.wake.notify_one();
        let done = progress.wait_for(|progress| progress.tried >= seq);
        match tokio::time::timeout(shared.timeout, done).await {
            Ok(Ok(progress)) if progress.saved >= seq => Ok(()),
            Ok(Ok(progress)) => Err(progress.failure.clone().unwrap_or_else(|| shared.late())),
            Ok(Err(_)) | Err(_) => Err(shared.late()),
        }
    }

    /// The orders as they were last read. Never waits.
    pub fn orders(&self) -> Known {
        self.shared.known.borrow().clone()
    }

    /// Reads the orders at once, rather than at the next look.
    pub async fn look_at_orders(&self) {
        // A failure is heard of in any case.
        self.shared.read_orders().await.unwrap_or_default();
    }

    /// The store itself, for whoever reads what was kept.
    pub fn store(&self) -> Rc<dyn StateStore> {
        Rc::clone(&self.shared.store)
    }

    /// Tells whenever the orders have changed.
    pub fn watch_orders(&self) -> watch::Receiver<Known> {
        self.shared.known.subscribe()
    }

    /// Writes all that waits, at most for so long: for a stop. `Err` says why something could not be written.
    pub async fn flush(&self, grace: Duration) -> Result<(), StoreError> {
        let shared = &self.shared;
        let flushed = tokio::time::timeout(grace, shared.flushed()).await;
        flushed.unwrap_or_else(|_| Err(shared.late()))
    }
}

impl Shared {
    fn note_records(&self, records: impl IntoIterator<Item = Record>) {
        let now = self.clock.now().mono;
        let mut dropped = 0;
        for record in records {
            dropped += self.pending.borrow_mut().record(record);
        }
        let event = self.health.borrow_mut().dropped(dropped, now);
        self.tell(event);
    }

    fn note_snapshot(&self, snapshot: Snapshot) -> Result<Seq, StoreError> {
        let process = snapshot.process.clone();
        let noted = self.pending.borrow_mut().snapshot(snapshot);
        noted.map_err(|bytes| {
            let event = self.health.borrow_mut().too_large(&process, bytes);
            self.tell(event);
            StoreError::Refused(format!("the snapshot of {process} has {bytes} bytes"))
        })
    }

    async fn flushed(&self) -> Result<(), StoreError> {
        let mut progress = self.progress.subscribe();
        let before = progress.borrow_and_update().attempts;
        loop {
            let (is_writing, attempts, failure) = {
                let progress = progress.borrow_and_update();
                let failure = progress.failure.clone();
                (progress.is_writing, progress.attempts, failure)
            };
            let is_empty = self.pending.borrow().is_empty();
            match failure {
                _ if is_writing => {}
                _ if is_empty => return Ok(()),
                Some(failure) if attempts > before => return Err(failure),
                Some(_) | None => {
                    self.pace.borrow_mut().force();
                    self.wake.notify_one();
                }
            }
            if progress.changed().await.is_err() {
                return Err(self.late());
            }
        }
    }

    fn late(&self) -> StoreError {
        StoreError::Away(format!(
            "{} has not said in time that it is written",
            self.store.place()
        ))
    }

    /// Takes the outcome of an operation, and what the store remarked, into the health.
    fn heard<T>(&self, doing: health::Doing, outcome: &Result<T, StoreError>) {
        let now = self.clock.now().mono;
        for remark in self.store.remarks() {
            let event = self.health.borrow_mut().remarked(remark);
            self.tell(event);
        }
        let event = self
            .health
            .borrow_mut()
            .heard(doing, outcome.as_ref().err(), now);
        self.tell(event);
    }

    fn tell(&self, event: Option<StoreEvent>) {
        if let Some(event) = event {
            // Nobody listens, or listens too slowly: what lasts is told again when it ends.
            self.events.try_send(event).unwrap_or_default();
        }
    }
}
