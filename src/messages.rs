//! Every message on one page (those of a drain stand beside, in `draining`), in the order in which a cycle sends them, carried by [`wire`](crate::wire)s.
//!
//! Commands are verbs (`Notify`), facts are past participles (`Measured`), queries begin with `Get`. Every fact names
//! its process and its cycle, so that a late one is known as late. A message's `Display` is what the harness's recorder
//! keeps of it.

mod draining;
mod told;

use std::sync::Arc;
use std::time::Duration;

use actix::Message;

use crate::decision::Wish;
pub use crate::decision::grounds::Grounds;
use crate::envelope::doubt::Trust;
use crate::measurement::{Measurement, OnFailure};
use crate::model::{Count, Cycle, ProcessName, Role};
use crate::notification::Notice;
use crate::record::CycleRecord;
use crate::scaling::{Observed, ScaleError};
use crate::settings::Settings;
use crate::state::journal::health::StoreEvent;
use crate::supervisor::cycle::Timing;
use crate::supervisor::guard::Cause;
use crate::supervisor::status::Status;
pub use draining::{Drain, Drained, GiveBack, GivenBack};

/// `MeasureActor` to `DeciderActor`: the measurements were taken, or could not be.
#[derive(Debug, Clone, PartialEq, Message)]
#[rtype(result = "()")]
pub struct Measured {
    /// The process.
    pub process: ProcessName,
    /// The cycle that they began.
    pub cycle: Cycle,
    /// Each of the process's measurements, in the order of its settings.
    pub taken: Vec<Taken>,
}

/// One measurement that was taken, or could not be.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// The measurement as it is told.
    pub measurement: Measurement,
    /// What it means for the decision.
    pub outcome: Outcome,
    /// How far it can be trusted, by itself.
    pub trust: Trust,
    /// How many are being worked on, if that is known.
    pub busy: Option<u64>,
}

/// What a measurement means for the decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// It has this number, or none that thresholds could compare.
    Taken(Option<f64>),
    /// It failed, and counts as this.
    Failed(OnFailure),
}

/// `DeciderActor` to `ScalerActor`: how many are there?
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "Result<Observed, ScaleError>")]
pub struct GetCount {
    /// The process.
    pub process: ProcessName,
    /// The cycle that asks.
    pub cycle: Cycle,
}

/// `DeciderActor` to `SupervisorActor`: all that was seen in this cycle, and what is wished for.
#[derive(Debug, Clone, PartialEq, Message)]
#[rtype(result = "()")]
pub struct Decided {
    /// The process.
    pub process: ProcessName,
    /// The cycle.
    pub cycle: Cycle,
    /// What was measured, and what each measurement alone would lead to.
    pub opinions: Vec<Opinion>,
    /// The count as the platform tells it.
    pub count: Result<Observed, ScaleError>,
    /// What is wished for by all of them together, or why nothing is.
    pub wish: Result<Wish, Silence>,
    /// What the wish rests on, for the envelope and the record.
    pub grounds: Grounds,
}

/// One measurement, and what it alone would lead to.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinion {
    /// What was measured.
    pub measurement: Measurement,
    /// What its decision backend wishes, or why it was not asked.
    pub wish: Result<Wish, Silence>,
    /// What the wish rests on.
    pub grounds: Grounds,
}

/// `DeciderActor` to `SupervisorActor`: what the challenger would wish for in this cycle.
#[derive(Debug, Clone, PartialEq, Message)]
#[rtype(result = "()")]
pub struct Challenged {
    /// The wish and what it rests on.
    pub decided: Decided,
}

/// Why there is no wish in a cycle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Silence {
    /// Results are not evaluated during the cooldown.
    #[error("cooling down for another {:.1} s", tenths(*.0))]
    Cooling(Duration),
    /// There is no measurement to decide on.
    #[error("not measured: {0}")]
    Unmeasured(String),
    /// What was measured does not count until the processes have come to rest.
    #[error("not decided on: {0}")]
    Settling(String),
    /// The count could not be read, so that there is nothing to change.
    #[error("the count could not be read")]
    Uncounted,
    /// The decision backend failed.
    #[error("not decided: {0}")]
    Undecided(String),
}

/// Seconds, rounded up to tenths: what is not over yet never reads as 0.0 s.
fn tenths(left: Duration) -> f64 {
    (left.as_secs_f64() * 10.0).ceil() / 10.0
}

/// `SupervisorActor` to `ScalerActor`: set the count.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Scale {
    /// The process.
    pub process: ProcessName,
    /// The cycle.
    pub cycle: Cycle,
    /// The count now.
    pub from: Count,
    /// The count wanted.
    pub to: Count,
}

/// `ScalerActor` to `SupervisorActor`: the count was set, or could not be.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Scaled {
    /// The process.
    pub process: ProcessName,
    /// The cycle.
    pub cycle: Cycle,
    /// The count before.
    pub from: Count,
    /// The count that was asked for.
    pub to: Count,
    /// The count that the platform answered.
    pub result: Result<Count, ScaleError>,
}

/// `SupervisorActor` to `NotifierActor`: tell whoever wants to know.
#[derive(Debug, Clone, PartialEq, Message)]
#[rtype(result = "()")]
pub struct Notify {
    /// What there is to tell.
    pub notice: Notice,
    /// Only this notifier, by its place in the configuration; `None`: all.
    pub only: Option<usize>,
}

/// A guard to `SupervisorActor`: one of the four actors failed.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Fault {
    /// The process.
    pub process: ProcessName,
    /// Which life of its group.
    pub generation: u64,
    /// Which actor.
    pub role: Role,
    /// How it failed.
    pub cause: Cause,
    /// What the guard does about it.
    pub next: Next,
}

/// What follows on a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The actor is restarted in place after this time.
    Restart(Duration),
    /// The restarts are used up: the group must be rebuilt.
    Rebuild,
    /// They are used up again: the group stops scaling.
    Degrade,
}

/// A guard to `SupervisorActor`: the actor works again.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Restarted {
    /// The process.
    pub process: ProcessName,
    /// Which life of its group.
    pub generation: u64,
    /// Which actor.
    pub role: Role,
}

/// To each of the four actors: run the backend's teardown and take no more work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Teardown {
    /// How long it may take.
    pub grace: Duration,
    /// Whether a scaling backend is let go for good, rather than handed to the group's next life.
    pub for_good: bool,
}

/// `run` to `SupervisorActor`: no new measurements; finish what is in flight; tear down. Answers when all is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Shutdown;

/// `run` to `SupervisorActor`: work by these settings from now on. Answers with what was changed, or why nothing was.
#[derive(Debug, Clone, PartialEq, Message)]
#[rtype(result = "Result<Changes, String>")]
pub struct Reload(pub Settings);

/// What a reload changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Processes that are managed now and were not before.
    pub added: Vec<ProcessName>,
    /// Processes whose group was restarted.
    pub changed: Vec<ProcessName>,
    /// Processes that are no longer managed.
    pub removed: Vec<ProcessName>,
}

/// `run` to `SupervisorActor`: a new configuration was refused; tell everybody.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct ReloadRefused(pub String);

/// `run` to `SupervisorActor`: something is to be told of the store.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct StoreChanged(pub StoreEvent);

/// `SupervisorActor` to whoever shows it: a cycle has ended.
#[derive(Debug, Clone, PartialEq, Message)]
#[rtype(result = "()")]
pub struct Recorded {
    /// Its record.
    pub record: Arc<CycleRecord>,
    /// How it kept its time.
    pub timing: Timing,
}

/// To `SupervisorActor`: how is everybody?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "Vec<Status>")]
pub struct GetStatus;
