//! The one door between the server's thread and the bot: an actor on the main thread that answers what is asked, and passes on
//! what has happened. Everything that crosses is a value of its own.

mod kept;
mod metrics;
mod orders;
mod questions;
mod sources;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt as _, Addr, AsyncContext as _, Context, Handler, Message, MessageResult,
    Supervised, WrapFuture as _,
};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::broadcast;

use crate::clock::Clock;
use crate::intake::Intake;
use crate::messages::Recorded;
use crate::model::ProcessName;
use crate::scaling::heroku::used::Used;
use crate::server::board::Board;
use crate::server::events::Event;
use crate::server::past::{self, Past};
use crate::server::views::RecordView;
use crate::state::StateStore;
use crate::state::journal::Journal;
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::shown::GetProcess;
pub use kept::{AskKeptOrders, AskRecords, EndOrder};
pub use metrics::AskMetrics;
pub use orders::{AskOrders, EndOrders, GiveOrder};
pub use questions::{AskHistory, AskLedger, AskOverview, AskProcess};
pub use sources::{AskSources, Deliver};

/// How long the supervisor may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why something that was asked for could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such process.
    #[error("there is no process `{0}`")]
    Unknown(String),
    /// It needs a store, and there is none.
    #[error(
        "orders are kept in the bot's store, and it has none: write `[state]` with `url = \"file:autoscalebot.db\"`, or a `redis://` URL"
    )]
    NoStore,
    /// The store does not do it.
    #[error("{0}")]
    Store(String),
    /// The bot is too busy, or ending.
    #[error("the bot does not answer in time")]
    Busy,
}

/// Answers the server.
pub struct FrontActor {
    pub(super) supervisor: Addr<SupervisorActor>,
    pub(super) journal: Option<Journal>,
    pub(super) clock: Clock,
    pub(super) zone: chrono_tz::Tz,
    pub(super) board: Board,
    pub(super) events: broadcast::Sender<Event>,
    pub(super) settings: Arc<Value>,
    intake: Rc<Intake>,
    used: Rc<Used>,
    started: DateTime<Utc>,
    names: Vec<ProcessName>,
    /// What has happened while the past is still being read.
    waiting: Option<Vec<Recorded>>,
}

impl std::fmt::Debug for FrontActor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrontActor").finish_non_exhaustive()
    }
}

impl Actor for FrontActor {
    type Context = Context<Self>;

    /// What the store knows of the past comes first; what happens meanwhile waits.
    fn started(&mut self, ctx: &mut Context<Self>) {
        let (Ok(store), true) = (self.store(), self.waiting.is_some()) else {
            self.begin();
            return;
        };
        let (names, now, front) = (self.names.clone(), self.clock.now().wall, ctx.address());
        let filling = async move { past::fill(&*store, &names, now, &front.recipient()).await };
        ctx.spawn(filling.into_actor(self).map(|(), front, _| front.begin()));
    }
}

impl Supervised for FrontActor {}

impl FrontActor {
    /// A door to the supervisor.
    pub fn new(
        supervisor: Addr<SupervisorActor>,
        journal: Option<Journal>,
        (clock, zone): (Clock, chrono_tz::Tz),
        events: broadcast::Sender<Event>,
        (settings, names): (Arc<Value>, Vec<ProcessName>),
        (intake, used): (Rc<Intake>, Rc<Used>),
    ) -> Self {
        Self {
            supervisor,
            journal,
            clock,
            zone,
            board: Board::default(),
            events,
            settings,
            intake,
            used,
            started: clock.now().wall,
            names,
            waiting: Some(Vec::new()),
        }
    }

    /// The past is known: what has happened since is entered.
    fn begin(&mut self) {
        for Recorded { record, timing } in self.waiting.take().into_iter().flatten() {
            self.board.enter(&record, timing);
        }
    }

    fn store(&self) -> Result<Rc<dyn StateStore>, Refusal> {
        let journal = self.journal.as_ref().ok_or(Refusal::NoStore)?;
        Ok(journal.store())
    }
}

impl Handler<Recorded> for FrontActor {
    type Result = ();

    fn handle(&mut self, recorded: Recorded, ctx: &mut Context<Self>) {
        let record = Arc::clone(&recorded.record);
        match &mut self.waiting {
            Some(waiting) => waiting.push(recorded),
            None => self.board.enter(&record, recorded.timing),
        }
        if self.events.receiver_count() == 0 {
            return;
        }
        let told = RecordView::from(record.as_ref());
        // Nobody listens any more: that is no loss.
        self.events.send(Event::record(&told)).ok();
        let name = record
            .process
            .of_challenger()
            .unwrap_or_else(|| record.process.clone());
        let supervisor = self.supervisor.clone();
        let asked = async move { supervisor.send(GetProcess(name)).await.ok().flatten() };
        ctx.spawn(asked.into_actor(self).map(|view, front, _| {
            if let Some(view) = view {
                front.events.send(Event::process(&view)).ok();
            }
        }));
    }
}

impl Handler<Past> for FrontActor {
    type Result = ();

    fn handle(&mut self, Past(records): Past, _: &mut Context<Self>) {
        for record in &records {
            self.board.remember(record);
        }
    }
}

/// What are the settings in force?
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Arc<Value>")]
pub struct AskSettings;

impl Handler<AskSettings> for FrontActor {
    type Result = MessageResult<AskSettings>;

    fn handle(&mut self, _: AskSettings, _: &mut Context<Self>) -> Self::Result {
        MessageResult(Arc::clone(&self.settings))
    }
}

/// The settings are others now.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct SettingsChanged(pub Arc<Value>);

impl Handler<SettingsChanged> for FrontActor {
    type Result = ();

    fn handle(&mut self, SettingsChanged(settings): SettingsChanged, _: &mut Context<Self>) {
        self.settings = settings;
        self.events.send(Event::resync()).ok();
    }
}
