//! The standing conversation with a command: start it, ask it, start it again when it ends, end it.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use super::ends::Ends;
use super::listening::{LAST_WORDS, Silence};
use super::program::Program;
use super::running::{Running, Step};
use super::{Answer, CommandError};
use crate::backend::{BuildError, Site};
use crate::clock::Clock;
use crate::model::ProcessName;
use crate::settings::schema::Section;

/// How many calls in a row may be given up without any answer.
const MOST_GIVEN_UP: u32 = 2;

/// A call waits this long itself for the start; for longer waits it fails at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a reason or an error in an answer may be.
const MOST_WORDS: usize = 1_000;

/// The standing conversation of one backend with its command.
pub struct Conversation {
    pub(super) program: Program,
    pub(super) process: ProcessName,
    pub(super) step: &'static str,
    pub(super) clock: Clock,
    /// Also a queue: one request at a time. It is never held but by one future on the one thread.
    running: Mutex<Option<Running>>,
    last_id: Cell<u64>,
    /// How many calls in a row had no answer, the one in hand included.
    pub(super) unanswered: Cell<u32>,
    ends: Ends,
}

impl Conversation {
    /// Prepares what a `command` table says; nothing is started.
    pub fn new(step: &'static str, section: &Section, site: &Site) -> Result<Self, BuildError> {
        Ok(Self {
            program: Program::new(section, site.shared.get())?,
            process: site.process.clone(),
            step,
            clock: site.clock,
            running: Mutex::new(None),
            last_id: Cell::new(0),
            unanswered: Cell::new(0),
            ends: Ends::default(),
        })
    }

    /// Starts the command if it does not run, and sets it up, again if it was before.
    pub async fn setup(&self) -> Result<(), CommandError> {
        let mut place = self.running.lock().await;
        if let Some(running) = place.as_mut() {
            running.is_set_up = false;
        }
        self.ready(&mut place).await
    }

    /// One request and its answer. `more` are the request's own values.
    pub async fn ask(&self, what: &str, more: Map<String, Value>) -> Result<Answer, CommandError> {
        let mut place = self.running.lock().await;
        self.ready(&mut place).await?;
        self.exchange(&mut place, what, more).await
    }

    /// Says good-bye and ends the command, within `grace`.
    pub async fn stop(&self, grace: Duration) {
        let goodbye = async {
            let mut place = self.running.lock().await;
            if place.is_none() {
                return;
            }
            if let Err(error) = self.exchange(&mut place, "teardown", Map::new()).await {
                log::warn!(process:% = self.process, backend = "command", step = self.step;
                    "the command's teardown failed: {error}");
            }
            // Whatever it answered: as long as it is there, it may read to the end of its input.
            let Some(running) = place.as_mut() else {
                return;
            };
            running.hang_up();
            while !running.has_exited() {
                match running.step().await {
                    Step::Remarked(line) => self.remark(&mut running.remarks, &line),
                    Step::Said(_) | Step::TooLong(_) | Step::Leaving | Step::Gone => {}
                }
            }
        };
        // Whether it said good-bye or not: it is over.
        let _late = tokio::time::timeout(grace, goodbye).await;
        if let Ok(mut place) = self.running.try_lock() {
            *place = None;
        }
    }

    /// A text from the command, fit to be shown.
    pub fn clean(&self, text: &str) -> String {
        self.program.line(text, MOST_WORDS)
    }

    /// Sees to it that the command runs and is set up.
    async fn ready(&self, place: &mut Option<Running>) -> Result<(), CommandError> {
        if place.is_some() && self.unanswered.get() >= MOST_GIVEN_UP {
            log::warn!(process:% = self.process, backend = "command", step = self.step;
                "the command gave no answer to {MOST_GIVEN_UP} calls, so it is killed and started again");
            *place = None;
        }
        self.look_after(place).await;
        if place.is_none() {
            self.wait_for_turn().await?;
            *place = Some(self.program.start()?);
            self.unanswered.set(0);
        }
        if place.as_ref().is_some_and(|running| !running.is_set_up) {
            self.exchange(place, "setup", Map::new()).await?;
            if let Some(running) = place.as_mut() {
                running.is_set_up = true;
            }
        }
        Ok(())
    }

    async fn wait_for_turn(&self) -> Result<(), CommandError> {
        let wait = self.clock.until(self.ends.not_before());
        if wait > PATIENCE {
            return Err(CommandError::Failed(format!(
                "{} {}; it is started again in {} s",
                self.program,
                self.ends.why(),
                wait.as_secs() + 1
            )));
        }
        tokio::time::sleep(wait).await;
        self.ends.note_start(self.clock.now().mono);
        Ok(())
    }

    /// Sends one request to the running command and waits for the answer. A command that is of no more use is dropped.
    async fn exchange(
        &self,
        place: &mut Option<Running>,
        what: &str,
        more: Map<String, Value>,
    ) -> Result<Answer, CommandError> {
        let Some(running) = place.as_mut() else {
            return Err(CommandError::Failed(format!(
                "{} does not run",
                self.program
            )));
        };
        let id = self.last_id.get() + 1;
        self.last_id.set(id);
        self.settle(running);
        self.unanswered.set(self.unanswered.get() + 1);
        let outcome = match running.say(&self.request(id, what, more)) {
            Ok(()) => self.listen(running, id).await,
            // It may be well all the same: whether it hangs, `unanswered` tells.
            Err(why) => Err(Silence::Unasked(why)),
        };
        match outcome {
            Ok(values) => Ok(Answer {
                values,
                name: self.program.to_string(),
            }),
            Err(Silence::Said(words)) => Err(CommandError::Failed(words)),
            Err(Silence::Unasked(why)) => {
                Err(CommandError::Failed(format!("{} {why}", self.program)))
            }
            Err(Silence::Rubbish(what)) => {
                Err(CommandError::Unusable(format!("{} {what}", self.program)))
            }
            Err(Silence::Over(why)) => {
                let why = self.bury(place.take(), why);
                Err(CommandError::Failed(format!("{} {why}", self.program)))
            }
        }
    }

    /// Notes an end, and says how it came about.
    fn bury(&self, running: Option<Running>, why: String) -> String {
        let why = match running.map(|running| running.remarks.last.clone()) {
            Some(last) if !last.is_empty() => format!("{why}; its last words: {last}"),
            _ => why,
        };
        self.ends.note_end(&why, self.clock.now().mono);
        why
    }

    /// One that ended while nobody asked it anything costs the next call nothing.
    async fn look_after(&self, place: &mut Option<Running>) {
        let Some(running) = place.as_mut() else {
            return;
        };
        if !running.has_ended() {
            return;
        }
        let last_words = async {
            loop {
                match running.step().await {
                    Step::Remarked(line) => self.remark(&mut running.remarks, &line),
                    Step::Gone => return,
                    Step::Said(_) | Step::TooLong(_) | Step::Leaving => {}
                }
            }
        };
        // All of them together: what it started and left behind may go on writing for ever.
        let _late = tokio::time::timeout(LAST_WORDS, last_words).await;
        let why = running.farewell();
        let why = self.bury(place.take(), why);
        log::warn!(process:% = self.process, backend = "command", step = self.step;
            "the command {why}; it is started again");
    }

    fn request(&self, id: u64, what: &str, more: Map<String, Value>) -> String {
        let mut request = Map::from_iter([
            ("id".to_owned(), json!(id)),
            ("process".to_owned(), json!(self.process)),
            ("step".to_owned(), json!(self.step)),
            ("do".to_owned(), json!(what)),
        ]);
        request.extend(more);
        Value::Object(request).to_string()
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("process", &self.process)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}
