//! What applications send of their own accord: requests' queue times, jobs' queues, log lines, numbers.
//!
//! ```text
//!   body ──parse──▶ Delivery ──take──▶ Intake ◀──read── measurement backends, the page
//!          (pure, on the server's thread)  (on the main thread, no lock)
//! ```
//!
//! Each format is a file: [`judoscale`], [`hirefire`], [`logplex`], [`pushed`]. What was parsed is bounded, and says nothing yet
//! of who may send it: that is [`Intake::take`]'s (`taking`), which also knows what came before (`repeats`,
//! `remerged`). Times of requests are kept as mergeable sketches in slots of five seconds ([`sketch`], [`slots`]).

mod delivery;
mod feeding;
pub mod hirefire;
pub mod judoscale;
pub mod logplex;
pub mod pushed;
mod queues;
pub mod reading;
mod remerged;
mod repeats;
pub mod sketch;
pub mod slots;
mod state;
mod taking;
mod theirs;
pub mod view;

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::clock::Now;
use crate::model::ProcessName;
use crate::server::settings::SourceSettings;

pub use delivery::{Delivery, Headers, Malformed};
pub use taking::Taken;

use state::SourceState;

/// The largest body that is read. An adapter of a process with 500 requests a second sends a quarter of a megabyte.
pub const MOST_BODY: usize = 8 * 1024 * 1024;

/// In which form something is sent: the route says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// `POST /api/{token}/v3/reports`.
    Judoscale,
    /// `POST /` with a `HireFire-Token`.
    HireFire,
    /// `POST /logs/{token}`, Heroku's log drain.
    Logplex,
    /// `POST /api/v1/measurements/{process}`.
    Pushed {
        /// The process that the number is of.
        process: ProcessName,
    },
}

/// Reads a body. Pure; any bytes give a delivery or say what is wrong with them.
pub fn parse(format: &Format, headers: &Headers<'_>, body: &[u8]) -> Result<Delivery, Malformed> {
    if body.len() > MOST_BODY {
        return Err(Malformed::new(format!(
            "a body of {} bytes, and {MOST_BODY} are the most that is read",
            body.len()
        )));
    }
    match format {
        Format::Judoscale => judoscale::parse(body).map(Delivery::Report),
        Format::HireFire => hirefire::parse(body).map(Delivery::Batch),
        Format::Logplex => logplex::parse(headers, body).map(Delivery::Frames),
        Format::Pushed { process } => pushed::parse(process, body).map(Delivery::Pushed),
    }
}

/// What came in, by source. On the main thread only; nothing of it is borrowed across an `await`.
#[derive(Debug, Default)]
pub struct Intake(RefCell<BTreeMap<String, SourceState>>);

impl Intake {
    /// Who may send what, at the start and after a reload. What a source has sent stays, where it may still feed it.
    pub fn set_sources(&self, sources: &[SourceSettings]) {
        let mut known = self.0.borrow_mut();
        let mut before = std::mem::take(&mut *known);
        for source in sources {
            let mut state = before.remove(&source.name).unwrap_or_default();
            state.set(source);
            known.insert(source.name.clone(), state);
        }
    }

    /// Takes what a source sent; what is not its to feed is refused and counted.
    pub fn take(&self, source: &str, delivery: Delivery, now: Now) -> Taken {
        match self.0.borrow_mut().get_mut(source) {
            Some(state) => state.take(delivery, now),
            None => Taken::refused(source, "there is no such source in the configuration"),
        }
    }
}
