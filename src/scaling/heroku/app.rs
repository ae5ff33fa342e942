//! One app, seen through one key: the client that all its process types share. It reads the formation once for all who
//! want it at the same time, and the dynos with it, and keeps the answer for those whose tick is the same and whose
//! measurement takes longer ([`reading`](super::reading) says for how long).
//!
//! ```text
//!   count(web)    ──┐
//!   count(worker) ──┼─▶ one look ─▶ answer ── kept for who has not had it yet ──▶ count(mailer)
//!   count(clock)  ──┘                 ▲
//!                   PATCH web begins  ┴ PATCH web ends: what was begun before either is not for count(web)
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
use super::formation::{Formation, parse_one};
use super::patience::{Patience, own_part};
use super::reading::{Changes, Kept, Reading};
use crate::backend::{BuildError, Site};

/// Below this many calls left, we spare them: they are the account's, shared with all else that uses it.
const FEW_LEFT: u64 = 500;

/// The client of one app.
#[derive(Debug)]
pub struct App {
    api: Api,
    changes: RefCell<Changes>,
    in_flight: RefCell<Option<InFlight>>,
    kept: RefCell<Option<Kept>>,
    /// Whether the dynos could not be read the last time: what lasts is logged once.
    pub(super) dynos_are_unread: Cell<bool>,
}

#[derive(Debug)]
struct InFlight {
    /// The changes that had been counted when it was begun.
    changes: Changes,
    patience: Rc<Patience>,
    // Weak: only those who wait keep a read alive.
    read: WeakShared<LocalBoxFuture<'static, Reading>>,
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
            changes: RefCell::default(),
            in_flight: RefCell::new(None),
            kept: RefCell::new(None),
            dynos_are_unread: Cell::new(false),
        });
        known.insert(access.clone(), Rc::downgrade(&app));
        Ok(app)
    }

    /// Whether so few calls are left that they are spared.
    pub(super) fn is_sparing(&self) -> bool {
        is_sparing(self.api.remaining())
    }

    /// The API itself.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// All process types and dynos of the app within `timeout`, for a decision about this one.
    pub async fn seen(self: &Rc<Self>, process_type: &str, timeout: Duration) -> Reading {
        let allowed = own_part(timeout);
        let now = self.api.clock().now().mono;
        if let Some(reading) = self.kept(process_type, now) {
            return reading;
        }
        let (read, patience) = self.join(process_type, now + allowed);
        match tokio::time::timeout(allowed, read).await {
            Ok(reading) => {
                if let Some(kept) = self.kept.borrow_mut().as_mut() {
                    kept.was_had(process_type, &reading);
                }
                reading
            }
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
        let change = Change::of(&self.changes, process_type);
        let outcome = self.ask_for(process_type, quantity, timeout).await;
        drop(change);
        let mut kept = self.kept.borrow_mut();
        // Where calls are left, the next tick reads what has become of it.
        if let Some(kept) = kept.as_mut().filter(|_| self.is_sparing()) {
            let changes = self.changes.borrow();
            match &outcome {
                Ok(answer) => kept.changed(answer, &changes),
                Err(Failure::Refused(_)) => kept.unchanged(process_type, &changes),
                Err(Failure::Unavailable(_)) => {}
            }
        }
        outcome
    }

    async fn ask_for(
        &self,
        process_type: &str,
        quantity: u32,
        timeout: Duration,
    ) -> Result<Formation, Failure> {
        let allowed = own_part(timeout);
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
    fn kept(&self, process_type: &str, now: Duration) -> Option<Reading> {
        let mut kept = self.kept.borrow_mut();
        let changes = self.changes.borrow();
        kept.as_mut()?
            .serve(process_type, &changes, self.is_sparing(), now)
    }

    /// The read in flight, or a new one.
    fn join(
        self: &Rc<Self>,
        process_type: &str,
        until: Duration,
    ) -> (Shared<LocalBoxFuture<'static, Reading>>, Rc<Patience>) {
        let changes = self.changes.borrow().clone();
        let mut in_flight = self.in_flight.borrow_mut();
        if let Some(current) = in_flight
            .as_ref()
            .filter(|flight| flight.changes.agree(&changes, process_type))
            && let Some(read) = current.read.upgrade()
        {
            current.patience.extend(until);
            return (read, current.patience.clone());
        }
        let patience = Rc::new(Patience::until(until));
        let read = self
            .clone()
            .read(changes.clone(), patience.clone())
            .boxed_local()
            .shared();
        *in_flight = read.downgrade().map(|read| InFlight {
            changes,
            patience: patience.clone(),
            read,
        });
        (read, patience)
    }

    async fn read(self: Rc<Self>, changes: Changes, patience: Rc<Patience>) -> Reading {
        let reading = self.look(&patience).await.map(Rc::new);
        let mut in_flight = self.in_flight.borrow_mut();
        // A read that was replaced by another, begun after a change, leaves the place to that.
        let is_current = |flight: &InFlight| Rc::ptr_eq(&flight.patience, &patience);
        if in_flight.as_ref().is_some_and(is_current) {
            *in_flight = None;
            let at = self.api.clock().now().mono;
            *self.kept.borrow_mut() = Some(Kept::new(at, changes, reading.clone()));
        }
        reading
    }
}

/// A change of ours under way. Its end counts too, even when it is dropped half-way: a read that was begun meanwhile
/// may have seen either count.
struct Change<'a> {
    changes: &'a RefCell<Changes>,
    process_type: &'a str,
}

impl<'a> Change<'a> {
    fn of(changes: &'a RefCell<Changes>, process_type: &'a str) -> Self {
        changes.borrow_mut().count(process_type);
        Self {
            changes,
            process_type,
        }
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.changes.borrow_mut().count(self.process_type);
    }
}

fn is_sparing(remaining: Option<u64>) -> bool {
    remaining.is_some_and(|left| left < FEW_LEFT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_calls_are_spared() {
        assert!(!is_sparing(None), "nothing told yet");
        assert!(!is_sparing(Some(500)));
        assert!(is_sparing(Some(499)));
    }

    #[test]
    fn both_ends_of_a_change_count() {
        let counted = |times: u32| {
            let mut changes = Changes::default();
            (0..times).for_each(|_| changes.count("web"));
            changes
        };
        let changes = RefCell::default();
        let change = Change::of(&changes, "web");
        assert_eq!(*changes.borrow(), counted(1));
        drop(change);
        assert_eq!(*changes.borrow(), counted(2));
    }
}
