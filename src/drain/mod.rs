//! A drain: before a scale down, those processes that go next are told to take no more work, and are let finish what they
//! have. Spoken of by the supervisor (`supervisor/draining.rs`), carried out by the scaling actor (`scaling/draining.rs`).
//!
//! ```text
//!   cycle       scale 3 -> 2 wished    still wished   still wished
//!   worker.3    takes no more work     2 tasks left   none left ──▶ the scale is made
//!                                      ▲ load rises ──▶ broken off: it takes work again
//!                                      ▲ drain_timeout_in_seconds are over ──▶ the scale is made all the same, and said so
//! ```
//!
//! A drain is a state of the process's memory ([`progress`]), looked after once in each cycle that still wishes for the
//! scale down, rather than a wait inside the scaling backend: a wait ends with its actor, must be told when the wish is
//! gone, and would have to be found again by the record. So no cycle is longer than a look takes, and measuring and
//! deciding go on.
//!
//! A drain goes on for as long as fewer are wished for, also in a cycle in which a rule of the envelope holds the step
//! back; it is broken off when they no longer are, when people pause the process, and when a rule has held it back for
//! the whole time-out. Who does not answer is not idle: it is waited for until the time-out.
//!
//! What a drainer takes away it writes down first, where it outlives the program (see [`celery`]): whatever ends this
//! program, its next run gives back what was left. So does a replica that begins to lead.

pub mod celery;
pub mod progress;
pub mod settings;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;

use crate::backend::{BuildError, Site};
use crate::settings::schema::Section;

/// How long one errand of a drainer may take: five rounds of questions.
pub const ERRAND: Duration = Duration::from_secs(10);

/// Speaks to the processes themselves, whom it knows by the platform's names (`worker.3`).
#[async_trait(?Send)]
pub trait Drainer {
    /// From now on exactly these take no more work. Others who had been told so by us take work again.
    async fn hold(&self, names: &[String]) -> Result<Held, DrainError>;

    /// These have gone: nothing is owed to them any more.
    async fn forget(&self, names: &[String]) -> Result<(), DrainError>;

    /// Who answers, without changing anything: for `check --live`.
    async fn survey(&self) -> Result<Survey, DrainError>;
}

/// How those stand who take no more work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// How many tasks each name that was asked for still has; `None`: it does not answer.
    pub tasks: BTreeMap<String, Option<u64>>,
    /// Others who are to take work again, and could not be told so yet, as they call themselves.
    pub owed: Vec<String>,
}

/// Who answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Whom was asked, for people: `redis at 127.0.0.1:6379`.
    pub asked: String,
    /// What they call themselves, and the name of the process that each is, if it is one of this process type.
    pub found: BTreeMap<String, Option<String>>,
}

/// Why processes could not be spoken to, for a person, without any secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DrainError(pub String);

/// Makes a drainer of a scaling table.
pub type Build = fn(&Section, &Site) -> Result<Option<Rc<dyn Drainer>>, BuildError>;

/// The drainer that a scaling table asks for, if it asks for one.
pub fn build(section: &Section, site: &Site) -> Result<Option<Rc<dyn Drainer>>, BuildError> {
    match section.text(settings::DRAIN.name) {
        Some(settings::CELERY) => Ok(Some(celery::build(section, site)?)),
        Some(_) | None => Ok(None),
    }
}
