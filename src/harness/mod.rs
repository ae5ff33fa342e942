//! The message-level test harness (feature `harness`): real actors, scripted backends, a paused clock, no sockets.
//!
//! A [`Scenario`] is a configuration and a story. The story runs in the bot's own actor system on a clock that jumps from
//! one event to the next, so that a virtual week takes a moment and every run is the same to the bit. All four steps
//! have a backend `scripted`, whose [`Script`] says what it does at each call: answer, refuse, be slow, never answer, or
//! panic. A recorder keeps every message in order. When the story ends, the bot is shut down, and a scenario that leaves
//! an actor behind fails.
//!
//! # Testing a backend of your own
//!
//! ```
//! use std::{rc::Rc, time::Duration};
//! use autoscalebot::backend::{Backend, no_check};
//! use autoscalebot::harness::Scenario;
//! use autoscalebot::measurement::{MeasureError, MeasurementBackend, Sample};
//!
//! struct Thermometer;
//!
//! #[async_trait::async_trait(?Send)]
//! impl MeasurementBackend for Thermometer {
//!     async fn measure(&self) -> Result<Sample, MeasureError> {
//!         Ok(Sample::number(39.5))
//!     }
//! }
//!
//! static THERMOMETER: Backend<dyn MeasurementBackend> = Backend {
//!     name: "thermometer", summary: "degrees", settings: &[], example: "", check: no_check,
//!     build: |_, _| Ok(Rc::new(Thermometer)),
//! };
//!
//! let configuration = r#"
//!     [processes.fan]
//!     measurement = { backend = "thermometer", measurement_interval_in_seconds = 10 }
//!     decision = { max_measurement_value = 38, min_measurement_value = 36 }
//!     scaling = { backend = "scripted" }
//!     notification = [{ backend = "scripted", notify_on = ["scale"] }]
//! "#;
//! Scenario::new(configuration).with_measurement(&THERMOMETER).run(|world| async move {
//!     world.script("fan").set_count(1);
//!     world.advance(Duration::from_secs(25)).await; // measured at 0, 10 and 20 s: too hot three times
//!     assert_eq!(world.script("fan").count(), 2);
//!     assert_eq!(world.script("fan").told(), ["fan: scale up 1 -> 2: the last 3 results are above 38"]);
//! });
//! ```

mod drains;
pub mod script;
mod scripted;
mod store;
mod tape;
mod world;

use std::future::Future;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use actix_rt::System;
use chrono::{DateTime, TimeZone, Utc};

use crate::backend::{Backend, Registry};
use crate::clock::Clock;
use crate::cluster::leadership::Leadership;
use crate::decision::DecisionBackend;
use crate::keeper::kept;
use crate::measurement::MeasurementBackend;
use crate::notification::NotificationBackend;
use crate::run::Bot;
use crate::scaling::ScalingBackend;
use crate::settings::{Settings, Source};
use crate::state::Limits;
use crate::state::journal::Journal;
use crate::supervisor::works::Works;

pub use script::{Act, Script};
use scripted::Scripts;
pub use store::{MemoryStore, STORE_TIMEOUT};
pub use tape::Entry;
use tape::Tape;
pub use world::World;

/// The built-in backends, and the scripted ones.
pub fn registry() -> Registry {
    let mut registry = Registry::built_in();
    registry.measurement.push(&scripted::MEASUREMENT);
    registry.decision.push(&scripted::DECISION);
    registry.scaling.push(&scripted::SCALING);
    registry.notification.push(&scripted::NOTIFICATION);
    registry
}

/// A configuration under test, before its story is told.
#[derive(Debug)]
pub struct Scenario {
    configuration: String,
    registry: Registry,
    start: DateTime<Utc>,
    contested: bool,
    store: Option<MemoryStore>,
}

impl Scenario {
    /// A scenario of this TOML configuration, which starts at midnight UTC, 1 January 2026.
    pub fn new(configuration: &str) -> Self {
        let start = Utc
            .timestamp_opt(1_767_225_600, 0)
            .single()
            .unwrap_or_default();
        Self {
            configuration: configuration.to_owned(),
            registry: registry(),
            start,
            contested: false,
            store: None,
        }
    }

    /// The bot keeps its state in this store, and goes on from what is in it.
    #[must_use]
    pub fn keeping_in(mut self, store: &MemoryStore) -> Self {
        self.store = Some(store.clone());
        self
    }

    /// The bot is one of several, and leads when the story says so ([`World::leadership`]).
    #[must_use]
    pub fn contested(mut self) -> Self {
        self.contested = true;
        self
    }

    /// Starts the clock at another moment.
    #[must_use]
    pub fn starting_at(mut self, start: DateTime<Utc>) -> Self {
        self.start = start;
        self
    }

    /// Knows another measurement backend.
    #[must_use]
    pub fn with_measurement(mut self, backend: &'static Backend<dyn MeasurementBackend>) -> Self {
        self.registry.measurement.push(backend);
        self
    }

    /// Knows another decision backend.
    #[must_use]
    pub fn with_decision(mut self, backend: &'static Backend<dyn DecisionBackend>) -> Self {
        self.registry.decision.push(backend);
        self
    }

    /// Knows another scaling backend.
    #[must_use]
    pub fn with_scaling(mut self, backend: &'static Backend<dyn ScalingBackend>) -> Self {
        self.registry.scaling.push(backend);
        self
    }

    /// Knows another notification backend.
    #[must_use]
    pub fn with_notification(mut self, backend: &'static Backend<dyn NotificationBackend>) -> Self {
        self.registry.notification.push(backend);
        self
    }

    /// Starts the bot and tells the story.
    ///
    /// # Panics
    ///
    /// When the configuration is refused, the story panics, or an actor is left behind at its end.
    #[expect(
        clippy::panic,
        clippy::expect_used,
        reason = "a scenario is a test: its failure is a panic"
    )]
    pub fn run<F: Future<Output = ()>>(self, story: impl FnOnce(World) -> F) {
        System::with_tokio_rt(|| {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime
                .enable_time()
                .start_paused(true)
                .build()
                .expect("a tokio runtime")
        })
        .block_on(async move {
            let mut clock = Clock::starting_at(self.start);
            if self
                .store
                .as_ref()
                .is_some_and(MemoryStore::knows_processes)
            {
                // Time enough for what an earlier run did.
                clock = clock.with_past(Duration::from_secs(86_400));
            }
            let mut works = Works::new(self.registry.clone(), clock, PathBuf::from("autoscalebot"));
            let tape = Tape::default();
            works.tap = tape.tap(clock);
            works.drainers = drains::build;
            if self.contested {
                works.leadership = Leadership::contested(clock);
            }
            let limits = Limits {
                keep_for: Duration::MAX,
                max_records_per_process: u64::MAX,
            };
            let journal = self
                .store
                .map(|store| Journal::start(Rc::new(store), limits, STORE_TIMEOUT, clock));
            // What is to be told of the store is nobody's concern here.
            let (journal, _events) = journal.unzip();
            if let Some(journal) = &journal {
                works.kept = kept(journal.load().await.unwrap_or_default());
            }
            works.journal = journal;
            let leadership = works.leadership.clone();
            let (scripts, census) = (works.shared.get::<Scripts>(), works.census.clone());
            let settings = load(&self.configuration, &self.registry);
            let bot = Bot::start(works, settings)
                .unwrap_or_else(|error| panic!("the bot does not start: {error:#}"));
            let supervisor = bot.supervisor().clone();
            story(World {
                clock,
                tape,
                scripts,
                supervisor,
                leadership,
                registry: self.registry,
            })
            .await;
            bot.stop().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(
                census.alive() == 0,
                "{} actors were left behind",
                census.alive()
            );
        });
    }
}

#[expect(clippy::panic, reason = "a scenario is a test: its failure is a panic")]
fn load(configuration: &str, registry: &Registry) -> Settings {
    let loaded = crate::settings::load(
        &Source::new("scenario.toml", configuration),
        registry,
        &|_| None,
    );
    loaded.unwrap_or_else(|problems| panic!("the scenario's configuration is refused:\n{problems}"))
}
