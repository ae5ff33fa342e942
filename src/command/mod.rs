//! Backends in any other language: a command that is kept running and speaks one JSON object a line.
//!
//! `backend = "command"` is a choice in all four steps. The command is started at the first call, with this program's
//! environment and what `environment` adds (an empty value removes a variable). Each request is one line on its
//! standard input, each answer one line on its standard output:
//!
//! ```text
//! {"id":1,"process":"web","step":"measurement","do":"setup"}              {"id":1}
//! {"id":2,"process":"web","step":"measurement","do":"heartbeat_start"}    {"id":2}
//! {"id":3,"process":"web","step":"measurement","do":"measure"}            {"id":3,"data":42}
//! ```
//!
//! | step | `do` | the request has | the answer has |
//! | --- | --- | --- | --- |
//! | each | `setup` | | |
//! | each | `heartbeat_start`, before each `measure`, `decide`, `scale` and `notify` | | |
//! | each | `teardown`, before its input ends for good | | |
//! | measurement | `measure` | | `data`: any JSON; `number`: what thresholds compare, unless that is `data` itself; `age_in_seconds`: how old it already is; `busy`: how many are being worked on, so that a 0 is not idleness |
//! | decision | `decide` | `situation`: `at`, `count`, `ready` (null where it is not known), `min`, `max`, `increment` and `history`, oldest first, of `at`, `data`, `number`, `too_high` | `desired`: the count wanted, in or out of the bounds; `reason`: why, without the counts |
//! | scaling | `count` | | `count`: how many are asked for; `ready`: how many are up, unless all are |
//! | scaling | `scale` | `to` | `count`: what the platform made of it |
//! | notification | `notify` | `notice`: `process`, `event`, `phase` (`moment`, `holds`, `ended`), `at`, `cycle`, `from`, `to`, `direction`, `reason`, `text` (all of it in one line), `subject` | |
//!
//! - The answer repeats the request's `id`. That alone is the right answer to a `do` that the command does not know.
//! - `{"id":3,"error":"why not"}` says that it could not be done; the words are for people.
//! - The first request to each newly started process is `setup`.
//! - The time that a step may take is its `timeout_in_seconds`; for a decision it is 30 s. A caller that gave up is not answered any more: a late answer is
//!   recognised by its `id` and dropped. After two calls in a row without any answer the command is killed, and
//!   started again at the next call.
//! - A command that ends is started again at the next call, after 0.5 s doubling to 60 s while it keeps ending.
//! - Standard error is for people: it goes to the log, 50 lines a call. It is read during calls, so a command that
//!   writes more than a pipe holds (64 kB) between two calls waits for the next.
//! - A request of more than 16 MiB (a history of large answers) is not made. A line of more than 1 MiB ends the command. A line that is no answer (a stray `print`) fails the call.
//! - The command runs in a process group of its own. At the end it gets `teardown`, then the end of its input, then the
//!   group is killed. **End at the end of input**: when this program is killed, that is all that a command sees of it.
//!
//! A whole command that can serve all four steps, in Python; the contract tests run it:
//!
#![doc = "```python"]
#![doc = include_str!("../../tests/contract/command_example.py")]
#![doc = "```"]

mod answer;
mod conversation;
mod ends;
mod listening;
mod mask;
mod program;
mod running;

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::settings::schema::{Default, Kind, Setting};

pub use conversation::Conversation;
pub use mask::Known;

/// The settings of a `command` backend, the same in each step.
pub static SETTINGS: &[Setting] = &[
    Setting::new(
        "command",
        Kind::Words,
        Default::Required,
        "The command: a list of words, run without a shell, or one string that is split as a shell would. It is kept \
         running and speaks one JSON object a line.",
    ),
    Setting::new(
        "environment",
        Kind::TextTable,
        Default::Absent,
        "Variables for the command, beside those of this program; an empty value removes one.",
    ),
    Setting::new(
        "working_directory",
        Kind::Text,
        Default::Absent,
        "Where the command runs, and from where a relative path to it is looked up.",
    ),
];

/// How long teardown may take where the room sets no grace.
pub const TEARDOWN: Duration = Duration::from_secs(2);

/// Why there is no answer. Without secrets, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// It could not be started, it ended, or it says itself that it could not.
    #[error("{0}")]
    Failed(String),
    /// It answered, but not with something usable.
    #[error("{0}")]
    Unusable(String),
}

/// What a command answered, without the id.
#[derive(Debug)]
pub struct Answer {
    values: Map<String, Value>,
    name: String,
}

impl Answer {
    /// The answer's values, typed.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, CommandError> {
        let name = self.name;
        serde_json::from_value(Value::Object(self.values)).map_err(|error| {
            CommandError::Unusable(format!("{name} gave an answer of the wrong form: {error}"))
        })
    }
}
