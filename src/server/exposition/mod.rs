//! `/metrics`: how the bot and each process stand, in Prometheus's text format and in OpenMetrics.
//!
//! ```text
//!   FrontActor ── Snapshot ─▶ filling: families with samples ─▶ encode: text, as the scraper asked for it (negotiate)
//! ```
//!
//! The encoder is our own. `prometheus-client` writes OpenMetrics only, and keeps each value behind a lock and a family of
//! its own that must be unregistered with its process; `prometheus` writes the older format only. What we have is a snapshot
//! in a message, and the two formats differ in three lines.
//!
//! A challenger is exported only in the decisions, where `challenger="true"` tells it from its process; it has no count, no
//! cycle and no measurement of its own. No label is a text from outside: they are `process`, `name`, `rule`, `outcome`,
//! `cause`, `direction` and `challenger`, each out of the settings or of a fixed list.

pub mod encode;
pub mod families;
mod filling;
pub mod negotiate;

use chrono::{DateTime, Utc};

use crate::model::ProcessName;
use crate::server::board::tally::Tally;
use crate::server::views::Overview;

pub use filling::filled;

/// What all of it is told from.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// How everything stands.
    pub overview: Overview,
    /// What was counted since the start.
    pub tallies: Vec<(ProcessName, Tally)>,
    /// When the program started.
    pub started: DateTime<Utc>,
    /// How Heroku's API was used, if it was.
    pub heroku: Option<(u64, Option<u64>)>,
}
