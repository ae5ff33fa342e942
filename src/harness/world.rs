//! What a story may do in its world, and what it may look at.

use std::rc::Rc;
use std::time::Duration;

use actix::Addr;

use super::load;
use super::script::Script;
use super::scripted::Scripts;
use super::tape::{Entry, Tape};
use crate::backend::Registry;
use crate::clock::Clock;
use crate::cluster::leadership::Leadership;
use crate::messages::{Changes, GetStatus, Reload, Shutdown};
use crate::model::{ProcessName, Role};
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::inject::{InjectInto, Injected};
use crate::supervisor::status::Status;

/// The world that a story plays in.
#[derive(Debug)]
pub struct World {
    pub(super) clock: Clock,
    pub(super) tape: Tape,
    pub(super) scripts: Rc<Scripts>,
    pub(super) supervisor: Addr<SupervisorActor>,
    pub(super) leadership: Leadership,
    pub(super) registry: Registry,
}

impl World {
    /// Lets this much time pass; what is due meanwhile happens.
    pub async fn advance(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// The virtual time since the start.
    pub fn now(&self) -> Duration {
        self.clock.now().mono
    }

    /// Whether the bot leads, to be set by the story.
    pub fn leadership(&self) -> &Leadership {
        &self.leadership
    }

    /// The script of a process's `scripted` backends.
    ///
    /// # Panics
    ///
    /// When that is no name for a process.
    pub fn script(&self, process: &str) -> Rc<Script> {
        self.scripts.of(&name(process))
    }

    /// Every message so far, oldest first.
    pub fn tape(&self) -> Vec<Entry> {
        self.tape.0.borrow().clone()
    }

    /// What was said about one process so far, without the times.
    pub fn said(&self, process: &str) -> Vec<String> {
        let said =
            |entry: &Entry| (entry.process.as_str() == process).then(|| entry.message.clone());
        self.tape.0.borrow().iter().filter_map(said).collect()
    }

    /// Forgets the messages so far.
    pub fn rewind(&self) {
        self.tape.0.borrow_mut().clear();
    }

    /// Makes one of a process's actors fail, now.
    pub async fn inject(&self, process: &str, role: Role, fault: Injected) {
        let order = InjectInto {
            process: name(process),
            role,
            fault,
        };
        self.supervisor.send(order).await.unwrap_or_default();
    }

    /// Makes the supervisor itself fail, now.
    pub async fn inject_into_supervisor(&self) {
        self.supervisor
            .send(crate::supervisor::inject::Inject(Injected::Panic))
            .await
            .unwrap_or_default();
    }

    /// How a process is doing.
    ///
    /// # Panics
    ///
    /// When there is no such process.
    #[expect(clippy::panic, reason = "a scenario is a test: its failure is a panic")]
    pub async fn status(&self, process: &str) -> Status {
        let all = self.supervisor.send(GetStatus).await.unwrap_or_default();
        let found = all
            .into_iter()
            .find(|status| status.process.as_str() == process);
        found.unwrap_or_else(|| panic!("there is no process {process}"))
    }

    /// Puts another configuration in force.
    ///
    /// # Panics
    ///
    /// When it is refused by the settings' checks.
    pub async fn reload(&self, configuration: &str) -> Result<Changes, String> {
        let settings = load(configuration, &self.registry);
        self.supervisor
            .send(Reload(settings))
            .await
            .unwrap_or_else(|gone| Err(gone.to_string()))
    }

    /// Shuts the bot down; the story may look at what is left.
    pub async fn shut_down(&self) {
        self.supervisor.send(Shutdown).await.unwrap_or_default();
    }
}

#[expect(clippy::panic, reason = "a scenario is a test: its failure is a panic")]
fn name(process: &str) -> ProcessName {
    ProcessName::new(process).unwrap_or_else(|bad| panic!("{process}: {bad}"))
}
