//! The server and its door as one thing that is started, told of new settings, and stopped.

use std::rc::Rc;
use std::sync::Arc;

use actix::Addr;
use anyhow::Result;
use log::warn;
use tokio::sync::broadcast;

use super::access::{Keys, Pass};
use super::events::{Event, MOST_WAITING};
use super::front::{FrontActor, SettingsChanged};
use super::settings::ServerSettings;
use super::start::{MAILBOX, Server};
use crate::backend::Registry;
use crate::clock::Clock;
use crate::intake::Intake;
use crate::model::ProcessName;
use crate::run::Always;
use crate::scaling::heroku::used::Used;
use crate::settings::Settings;
use crate::state::journal::Journal;
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::guard::{self, Census, Life};
use crate::supervisor::shown::ShowTo;
use crate::supervisor::works::Works;

/// What is to be served, before the bot has started.
#[derive(Debug)]
pub struct Plan {
    server: ServerSettings,
    settings: Arc<serde_json::Value>,
    names: Vec<ProcessName>,
    zone: chrono_tz::Tz,
    clock: Clock,
    census: Census,
    intake: Rc<Intake>,
    used: Rc<Used>,
}

impl Plan {
    /// What the settings say; `None`: nothing is served.
    pub fn of(settings: &Settings, works: &Works) -> Option<Self> {
        let processes = settings.processes.iter();
        Some(Self {
            server: settings.server.clone()?,
            settings: Arc::new(crate::settings::in_force(settings, &works.registry)),
            names: processes.map(|process| process.name.clone()).collect(),
            zone: settings.time_zone,
            clock: works.clock,
            census: works.census.clone(),
            intake: works.shared.get::<Intake>(),
            used: works.shared.get::<Used>(),
        })
    }

    /// Serves it.
    pub fn start(
        self,
        supervisor: &Addr<SupervisorActor>,
        journal: Option<Journal>,
    ) -> Result<Service> {
        let (events, _) = broadcast::channel::<Event>(MOST_WAITING);
        let (clock, zone) = (self.clock, self.zone);
        self.intake.set_sources(&self.server.sources);
        let front = FrontActor::new(
            supervisor.clone(),
            journal,
            (clock, zone),
            events.clone(),
            (self.settings, self.names),
            (Rc::clone(&self.intake), Rc::clone(&self.used)),
        );
        let watch = Rc::new(Always("door of the server"));
        let (front, life) = guard::spawn(clock, &self.census, MAILBOX, watch, |_, _| front);
        let pass = Pass {
            front: front.clone(),
            events,
            clock,
            keys: Arc::new(Keys::new(&self.server)),
        };
        let server = Server::start(&self.server, pass)?;
        if supervisor
            .try_send(ShowTo(front.clone().recipient()))
            .is_err()
        {
            warn!("the supervisor is too busy to show what happens");
        }
        Ok(Service {
            server,
            front,
            _life: life,
        })
    }
}

/// What is being served.
#[derive(Debug)]
pub struct Service {
    server: Server,
    front: Addr<FrontActor>,
    _life: Life,
}

impl Service {
    /// The settings are others now.
    pub fn reloaded(&self, settings: &Settings, registry: &Registry) {
        let settings = Arc::new(crate::settings::in_force(settings, registry));
        if self.front.try_send(SettingsChanged(settings)).is_err() {
            warn!("the page shows the settings of before");
        }
    }

    /// Where it is reached.
    pub fn address(&self) -> &str {
        self.server.address()
    }

    /// Serves no more.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}
