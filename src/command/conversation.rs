//! The standing conversation with a command: start it, ask it, start it again when it ends, end it.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use super::answer::{Heard, hear};
use super::ends::Ends;
use super::program::Program;
use super::running::{MOST_REMARKS, Remarks, Running, Step};
use super::{Answer, CommandError};
use crate::backend::{BuildError, Site};
use crate::clock::Clock;
use crate::model::ProcessName;
use crate::settings::schema::Section;

/// How many calls in a row may be given up without any answer.
const MOST_GIVEN_UP: u32 = 2;

/// A call waits this long itself for the start; for longer waits it fails at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long the last words of a command that exits may take to arrive.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How long a line of standard error may be in the log.
const MOST_REMARK: usize = 500;

/// How much is quoted of what is no answer.
const MOST_QUOTED: usize = 200;

/// How long a reason or an error in an answer may be.
const MOST_WORDS: usize = 1_000;

/// The standing conversation of one backend with its command.
pub struct Conversation {
    program: Program,
    process: ProcessName,
    step: &'static str,
    clock: Clock,
    /// Also a queue: one request at a time. It is never held but by one future on the one thread.
    running: Mutex<Option<Running>>,
    last_id: Cell<u64>,
    /// How many calls in a row had no answer, the one in hand included.
    unanswered: Cell<u32>,
    ends: Ends,
}

impl Conversation {
    /// Prepares what a `command` table says; nothing is started.
    pub fn new(step: &'static str, section: &Section, site: &Site) -> Result<Self, BuildError> {
        Ok(Self {
            program: Program::new(section)?,
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
            if place.is_none()
                || self
                    .exchange(&mut place, "teardown", Map::new())
                    .await
                    .is_err()
            {
                return;
            }
            if let Some(running) = place.as_mut() {
                running.hang_up();
                while !matches!(running.step().await, Step::Gone) {}
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
        let outcome = if running.say(&self.request(id, what, more)) {
            self.listen(running, id).await
        } else {
            Err(Silence::Over("does not read its requests".to_owned()))
        };
        match outcome {
            Ok(values) => Ok(Answer {
                values,
                name: self.program.to_string(),
            }),
            Err(Silence::Said(words)) => Err(CommandError::Failed(words)),
            Err(Silence::Rubbish(what)) => {
                Err(CommandError::Unusable(format!("{} {what}", self.program)))
            }
            Err(Silence::Over(why)) => {
                let why = match running.remarks.last.as_str() {
                    "" => why,
                    last => format!("{why}; its last words: {last}"),
                };
                *place = None;
                self.ends.note_end(&why, self.clock.now().mono);
                Err(CommandError::Failed(format!("{} {why}", self.program)))
            }
        }
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

    /// Listens until the answer to `id` is there, or cannot come any more.
    async fn listen(&self, running: &mut Running, id: u64) -> Result<Map<String, Value>, Silence> {
        let quote = |line: &[u8]| self.program.quote(line, MOST_QUOTED);
        loop {
            let step = if running.is_leaving() {
                let last = tokio::time::timeout(LAST_WORDS, running.step()).await;
                last.unwrap_or(Step::Gone)
            } else {
                running.step().await
            };
            match step {
                Step::Remarked(line) => self.remark(&mut running.remarks, &line),
                Step::Leaving => {}
                Step::Gone => return Err(Silence::Over(running.farewell())),
                Step::TooLong(start) => {
                    let start = quote(&start);
                    return Err(Silence::Over(format!(
                        "wrote a line of more than 1 MiB: {start}"
                    )));
                }
                Step::Said(line) => {
                    let heard = hear(&line, id);
                    // Any line is a sign of life; after a late one, this call is the first that waits.
                    self.unanswered.set(u32::from(heard == Heard::Late));
                    match heard {
                        Heard::Late => {}
                        Heard::Answer(values) => return Ok(values),
                        Heard::Error(words) => return Err(Silence::Said(self.clean(&words))),
                        Heard::Rubbish(why) => {
                            let line = quote(&line);
                            return Err(Silence::Rubbish(format!(
                                "wrote a line that {why}: {line}"
                            )));
                        }
                    }
                }
            }
        }
    }

    /// Passes a line of standard error on to the log.
    fn remark(&self, remarks: &mut Remarks, line: &[u8]) {
        let text = self.program.quote(line, MOST_REMARK);
        if text.is_empty() {
            return;
        }
        match remarks.left.checked_sub(1) {
            Some(left) => {
                remarks.left = left;
                log::info!(process:% = self.process, backend = "command", step = self.step; "the command says: {text}");
            }
            None => remarks.dropped += 1,
        }
        remarks.last = self.program.quote(line, MOST_QUOTED);
    }

    /// Says how much was dropped, and gives the next call a new allowance.
    fn settle(&self, running: &mut Running) {
        let dropped = std::mem::take(&mut running.remarks.dropped);
        if dropped > 0 {
            log::warn!(process:% = self.process, backend = "command", step = self.step, dropped;
                "the command wrote {dropped} more lines to its standard error, which are dropped");
        }
        running.remarks.left = MOST_REMARKS;
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

/// Why a request stays without its answer.
enum Silence {
    /// It was refused, in these words.
    Said(String),
    /// Something else was answered.
    Rubbish(String),
    /// The command is of no more use.
    Over(String),
}
