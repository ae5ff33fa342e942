//! What the API answers with: plain values that serialise to JSON, and that the description of the API is generated from.
//! Times are RFC 3339 in UTC; what is not known is null.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::Count;
use crate::server::board::history::{Point, Range, ScaleMark};

/// Every process type, and the bot itself.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Overview {
    /// The bot's time.
    pub now: DateTime<Utc>,
    /// The zone of local times of day.
    pub time_zone: String,
    /// The bot's version.
    pub version: String,
    /// Whether this replica leads; always true where there is but one.
    pub leads: bool,
    /// Whether orders can be given: they are kept in the store.
    pub has_store: bool,
    /// The process types, by name.
    pub processes: Vec<ProcessView>,
}

/// One process type as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProcessView {
    /// The process type.
    pub name: String,
    /// Whether its group works.
    pub health: HealthView,
    /// Whether what is decided is done (`live`), or only told (`shadow`).
    pub mode: &'static str,
    /// The backend that scales it.
    pub scaled_by: String,
    /// How often it is measured, in seconds.
    pub interval_seconds: f64,
    /// How many were asked for when that was last read or set.
    pub count: Option<Count>,
    /// How many of them were up.
    pub ready: Option<Count>,
    /// The fewest that are allowed now.
    pub min: Count,
    /// The most that are allowed now.
    pub max: Count,
    /// What is left of the waits after a scale.
    pub cooldown: CooldownView,
    /// What was measured last, each measurement of the process.
    pub measurements: Vec<MeasurementView>,
    /// The last decision; null before the first.
    pub decided: Option<DecisionView>,
    /// The challenger's last decision, where there is one.
    pub challenger: Option<DecisionView>,
    /// The orders of people that are in force.
    pub orders: Vec<OrderView>,
    /// How many ticks found their predecessor still busy, or came too late.
    pub skipped: u64,
    /// How often a part of its group failed since the start.
    pub restarts: u64,
}

/// Whether a process's group works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthView {
    /// It does.
    Working,
    /// It failed too often, and does not scale until it is tried again.
    Degraded,
    /// Its count is 0 by somebody's doing, and left alone.
    SwitchedOff,
}

/// What is left of the waits after a scale, in seconds; 0: nothing is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct CooldownView {
    /// Before the next scale up.
    pub up_seconds: f64,
    /// Before the next scale down.
    pub down_seconds: f64,
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MeasurementView {
    /// Its name in the settings.
    pub name: String,
    /// The backend that takes it.
    pub backend: String,
    /// The number that is compared.
    pub value: Option<f64>,
    /// What else was answered, shortened.
    pub data: Option<String>,
    /// How many are being worked on.
    pub busy: Option<u64>,
    /// Why it could not be taken.
    pub error: Option<String>,
    /// When it was taken; null before the first.
    pub at: Option<DateTime<Utc>>,
    /// How long ago that is, in seconds.
    pub age_seconds: Option<f64>,
    /// How far it is trusted: `sound`, `stale`, `missing`, `source_down`, `implausible`, …; null: not judged.
    pub trust: Option<String>,
    /// Why a scale down is not to rest on it.
    pub doubts: Vec<String>,
    /// The unit of the value, where it has one.
    pub unit: Option<&'static str>,
    /// Below this there are too many processes.
    pub low: Option<f64>,
    /// Above this there are too few.
    pub high: Option<f64>,
}

/// One decision and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DecisionView {
    /// When.
    pub at: DateTime<Utc>,
    /// In which cycle.
    pub cycle: u64,
    /// The decision backend; null when nothing was wished for.
    pub backend: Option<String>,
    /// How many it wished for.
    pub desired: Option<i64>,
    /// What became of it.
    pub outcome: OutcomeView,
    /// The count that was set, or was to be.
    pub to: Option<Count>,
    /// What moved the count: `load`, `bounds` or `budget`.
    pub cause: String,
    /// Why, in words.
    pub reason: String,
    /// Each rule of the safety envelope that changed something.
    pub clamps: Vec<ClampView>,
    /// What would have changed it.
    pub otherwise: Vec<String>,
}

/// What became of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeView {
    /// The count stayed.
    Held,
    /// It is being set.
    Ordered,
    /// It was set.
    Scaled,
    /// It is to be set once those that go have finished their work.
    Draining,
    /// It would have been set, were the process not in the shadow.
    Would,
    /// It could not be set.
    Failed,
    /// It could not be read.
    Uncounted,
    /// A part of the group failed in the middle of the cycle.
    Lost,
}

/// One rule's say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClampView {
    /// Which rule.
    pub rule: String,
    /// The count that was on its way before.
    pub from: i64,
    /// The count that it left.
    pub to: i64,
    /// Why.
    pub why: String,
}

/// An order of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderView {
    /// Its number.
    pub id: u64,
    /// The process that it is for.
    pub process: String,
    /// `pause`, `override` or `scale`.
    pub kind: String,
    /// All of it in one sentence.
    pub words: String,
    /// Who gave it.
    pub owner: String,
    /// Why.
    pub because: String,
    /// From when on it is in force.
    pub begins: DateTime<Utc>,
    /// Until when.
    pub ends: DateTime<Utc>,
}

/// One cycle as the ledger tells it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordView {
    /// The process.
    pub process: String,
    /// The count before.
    pub count: Option<Count>,
    /// What was measured, by name of the backend.
    pub measured: Vec<MeasuredView>,
    /// The decision and what became of it.
    #[serde(flatten)]
    pub decision: DecisionView,
}

/// One process's past.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HistoryView {
    /// The process, or its challenger.
    pub process: String,
    /// How far back.
    pub range: Range,
    /// The beginning.
    pub from: DateTime<Utc>,
    /// The end: now.
    pub to: DateTime<Utc>,
    /// What was measured, the oldest first.
    pub points: Vec<Point>,
    /// Where the count was changed.
    pub scales: Vec<ScaleMark>,
}

/// A number that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MeasuredView {
    /// The backend.
    pub name: String,
    /// The number.
    pub value: Option<f64>,
}
