//! What a backend is: one row of a room's table, and how it is built from its settings.
//!
//! A backend is one file that implements one room's trait and says, in a `BACKEND` constant of type [`Backend`], its
//! name, its settings and how it is built. Its room's `mod.rs` lists it in two adjacent lines. Settings, the command
//! line, the reference and the contract tests walk the tables, so that nothing else has to be told.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;

use crate::clock::Clock;
use crate::decision::DecisionBackend;
use crate::http::Http;
use crate::measurement::MeasurementBackend;
use crate::model::ProcessName;
use crate::notification::NotificationBackend;
use crate::scaling::ScalingBackend;
use crate::settings::problem::Fault;
use crate::settings::schema::{Section, Setting};

/// One row of a room's table of backends.
pub struct Backend<T: ?Sized + 'static> {
    /// The name in the configuration file, in snake case; also the name of its file.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Its own settings, beside those that its room shares.
    pub settings: &'static [Setting],
    /// A table as a user would write it, `backend` line included, for `autoscalebot backends NAME`.
    pub example: &'static str,
    /// Checks what the schema cannot say (one setting against another) and finds no fault in a good table.
    pub check: fn(&Section) -> Vec<Fault>,
    /// Makes a working backend out of its checked settings. It opens nothing: that is `setup`'s.
    pub build: fn(&Section, &Site) -> Result<Rc<T>, BuildError>,
}

impl<T: ?Sized> fmt::Debug for Backend<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A `check` for backends whose schema says all.
pub fn no_check(_: &Section) -> Vec<Fault> {
    Vec::new()
}

/// Why a backend could not be made from settings that were found good.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BuildError(pub String);

impl From<serde_json::Error> for BuildError {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// The backends that a program knows: the built-in ones, and those that a program of another crate adds.
#[derive(Debug, Clone)]
pub struct Registry {
    /// Measurement backends.
    pub measurement: Vec<&'static Backend<dyn MeasurementBackend>>,
    /// Decision backends.
    pub decision: Vec<&'static Backend<dyn DecisionBackend>>,
    /// Scaling backends.
    pub scaling: Vec<&'static Backend<dyn ScalingBackend>>,
    /// Notification backends.
    pub notification: Vec<&'static Backend<dyn NotificationBackend>>,
}

impl Registry {
    /// The backends of this crate.
    pub fn built_in() -> Self {
        Self {
            measurement: crate::measurement::BACKENDS.to_vec(),
            decision: crate::decision::BACKENDS.to_vec(),
            scaling: crate::scaling::BACKENDS.to_vec(),
            notification: crate::notification::BACKENDS.to_vec(),
        }
    }
}

/// Where a backend is built: for which process, and what it shares with the others of this program.
#[derive(Clone)]
pub struct Site {
    /// The process type that the backend will serve.
    pub process: ProcessName,
    /// The clock.
    pub clock: Clock,
    /// The HTTP clients.
    pub http: Http,
    /// This program's own executable, which `local` starts its copies through.
    pub program: PathBuf,
    /// What backends of one kind share with each other.
    pub shared: Shared,
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("process", &self.process)
            .finish_non_exhaustive()
    }
}

/// One value of each type for the whole program: a platform's client, the running copies. It lives as long as the
/// program, so what is in it survives every restart, rebuild and reload.
#[derive(Clone, Default)]
pub struct Shared(Rc<RefCell<BTreeMap<TypeId, Rc<dyn Any>>>>);

impl Shared {
    /// The program's one `T`, made at its first use.
    pub fn get<T: Default + 'static>(&self) -> Rc<T> {
        let found = self.0.borrow().get(&TypeId::of::<T>()).cloned();
        if let Some(there) = found.and_then(|any| any.downcast::<T>().ok()) {
            return there;
        }
        let made = Rc::new(T::default());
        let kept: Rc<dyn Any> = made.clone();
        self.0.borrow_mut().insert(TypeId::of::<T>(), kept);
        made
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared({})", self.0.borrow().len())
    }
}
