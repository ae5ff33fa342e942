//! One app, seen through one key: the client that all its process types share. It reads the formation once for all who
//! want it at the same time, keeps the answer for a moment, and forgets it at each change of its own.
//!
//! ```text
//!   count(web)    ──┐
//!   count(worker) ──┼─▶ one GET ─▶ answer ── reused for 1 s (10 s when few calls are left) ──▶ count(mailer)
//!   count(clock)  ──┘                 ▲
//!                        PATCH starts ┴ PATCH ends: whatever was begun before either is not reused
//! ```
//!
//! A read is driven by whoever waits for it, so there is no task that could be left behind: when one of them is dropped
//! (its actor was restarted) the others go on, and when all are, so is the read.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared, WeakShared};
use reqwest::Method;
use serde_json::json;

use super::access::Access;
use super::api::{Api, Ask, Failure};
use super::formation::{Formation, parse_formation, parse_one};
use super::patience::{Patience, own_part};
use crate::backend::{BuildError, Site};

/// How long an answer serves others.
const FRESH: Duration = Duration::from_secs(1);

/// How long it does while few calls are left, and so how long at least there is between two reads.
const FRESH_WHEN_SPARING: Duration = Duration::from_secs(10);

/// Below this many calls left, we spare them: they are the account's, shared with all else that uses it.
const FEW_LEFT: u64 = 500;

/// The most pages of one list: an app has far fewer process types than these hold.
const MOST_PAGES: usize = 50;

/// What a read of the formation gave.
type Reading = Result<Rc<Vec<Formation>>, Failure>;

/// The client of one app.
#[derive(Debug)]
pub struct App {
    api: Api,
    /// Counts the beginnings and ends of our own changes.
    generation: Cell<u64>,
    in_flight: RefCell<Option<InFlight>>,
    last: RefCell<Option<Last>>,
}

#[derive(Debug)]
struct InFlight {
    generation: u64,
    patience: Rc<Patience>,
    // Weak: only those who wait keep a read alive.
    read: WeakShared<LocalBoxFuture<'static, Reading>>,
}

#[derive(Debug)]
struct Last {
    generation: u64,
    at: Duration,
    reading: Reading,
}

/// The apps' clients of the whole program. Each lives as long as a backend that uses it.
#[derive(Debug, Default)]
pub struct Apps(RefCell<BTreeMap<Access, Weak<App>>>);

impl App {
    /// The one client for this app, API and key.
    pub fn shared(access: &Access, site: &Site) -> Result<Rc<Self>, BuildError> {
        let apps = site.shared.get::<Apps>();
        let mut known = apps.0.borrow_mut();
        known.retain(|_, app| app.strong_count() > 0);
        if let Some(app) = known.get(access).and_then(Weak::upgrade) {
            return Ok(app);
        }
        let app = Rc::new(Self {
            api: Api::new(access, site)?,
            generation: Cell::new(0),
            in_flight: RefCell::new(None),
            last: RefCell::new(None),
        });
        known.insert(access.clone(), Rc::downgrade(&app));
        Ok(app)
    }

    /// The API itself.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// All process types of the app, within `timeout`.
    pub async fn formation(self: &Rc<Self>, timeout: Duration) -> Reading {
        let allowed = own_part(timeout);
        let now = self.api.clock().now().mono;
        if let Some(reading) = self.kept(now) {
            return reading;
        }
        let (read, patience) = self.join(now + allowed);
        match tokio::time::timeout(allowed, read).await {
            Ok(reading) => reading,
            Err(_elapsed) => Err(Failure::Unavailable(
                patience.spent(&self.api.shown(), timeout),
            )),
        }
    }

    /// Sets a process type's quantity, within `timeout`. What Heroku made of it is returned.
    pub async fn set(
        &self,
        process_type: &str,
        quantity: u32,
        timeout: Duration,
    ) -> Result<Formation, Failure> {
        let allowed = own_part(timeout);
        let _change = Change::of(&self.generation);
        let patience = Patience::until(self.api.clock().now().mono + allowed);
        let ask = Ask {
            method: Method::PATCH,
            path: &["formation", process_type],
            body: Some(json!({ "quantity": quantity })),
            page: None,
            process_type: Some(process_type),
        };
        let answer = match tokio::time::timeout(allowed, self.api.call(&ask, &patience)).await {
            Ok(answer) => answer?,
            Err(_elapsed) => {
                return Err(Failure::Unavailable(
                    patience.spent(&self.api.shown(), timeout),
                ));
            }
        };
        parse_one(&answer.body).map_err(|error| {
            Failure::Unavailable(format!("Heroku took the new count, but {error}"))
        })
    }

    /// The last answer, while it may still serve.
    fn kept(&self, now: Duration) -> Option<Reading> {
        let last = self.last.borrow();
        let last = last.as_ref()?;
        let sparing = is_sparing(self.api.remaining());
        // A failure is kept only to spare calls: else the next measurement is to try again.
        let serves = last.generation == self.generation.get()
            && now.saturating_sub(last.at) < serves_for(sparing)
            && (last.reading.is_ok() || sparing);
        serves.then(|| last.reading.clone())
    }

    /// The read in flight, or a new one.
    fn join(
        self: &Rc<Self>,
        until: Duration,
    ) -> (Shared<LocalBoxFuture<'static, Reading>>, Rc<Patience>) {
        let generation = self.generation.get();
        let mut in_flight = self.in_flight.borrow_mut();
        if let Some(current) = in_flight
            .as_ref()
            .filter(|flight| flight.generation == generation)
            && let Some(read) = current.read.upgrade()
        {
            current.patience.extend(until);
            return (read, current.patience.clone());
        }
        let patience = Rc::new(Patience::until(until));
        let read = self
            .clone()
            .read(generation, patience.clone())
            .boxed_local()
            .shared();
        *in_flight = read.downgrade().map(|read| InFlight {
            generation,
            patience: patience.clone(),
            read,
        });
        (read, patience)
    }

    async fn read(self: Rc<Self>, generation: u64, patience: Rc<Patience>) -> Reading {
        let reading = self.pages(&patience).await.map(Rc::new);
        // A read that a change has overtaken leaves the place to those that were begun after it.
        if generation == self.generation.get() {
            *self.in_flight.borrow_mut() = None;
            *self.last.borrow_mut() = Some(Last {
                generation,
                at: self.api.clock().now().mono,
                reading: reading.clone(),
            });
        }
        reading
    }

    async fn pages(&self, patience: &Patience) -> Result<Vec<Formation>, Failure> {
        let mut all = Vec::new();
        let mut page = None;
        for _ in 0..MOST_PAGES {
            let ask = Ask {
                method: Method::GET,
                path: &["formation"],
                body: None,
                page,
                process_type: None,
            };
            let answer = self.api.call(&ask, patience).await?;
            all.extend(parse_formation(&answer.body).map_err(|error| {
                Failure::Unavailable(format!(
                    "Heroku at {} answered, but {error}",
                    self.api.shown()
                ))
            })?);
            page = answer.next_page;
            if page.is_none() {
                return Ok(all);
            }
        }
        Err(Failure::Unavailable(format!(
            "Heroku's list of process types has more than {MOST_PAGES} pages"
        )))
    }
}

/// A change of ours under way. Its end counts too, even when it is dropped half-way: a read that was begun meanwhile
/// may have seen either count.
struct Change<'a>(&'a Cell<u64>);

impl<'a> Change<'a> {
    fn of(generation: &'a Cell<u64>) -> Self {
        generation.set(generation.get() + 1);
        Self(generation)
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

fn is_sparing(remaining: Option<u64>) -> bool {
    remaining.is_some_and(|left| left < FEW_LEFT)
}

fn serves_for(sparing: bool) -> Duration {
    if sparing { FRESH_WHEN_SPARING } else { FRESH }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_calls_are_spared() {
        assert!(!is_sparing(None), "nothing told yet");
        assert!(!is_sparing(Some(500)));
        assert!(is_sparing(Some(499)));
        assert_eq!(serves_for(false), Duration::from_secs(1));
        assert_eq!(serves_for(true), Duration::from_secs(10));
    }

    #[test]
    fn both_ends_of_a_change_count() {
        let generation = Cell::new(0);
        let change = Change::of(&generation);
        assert_eq!(generation.get(), 1);
        drop(change);
        assert_eq!(generation.get(), 2);
    }
}
