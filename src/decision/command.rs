//! Decides by a command in any language; see [`crate::command`] for how it is spoken to.

use std::rc::Rc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{DecideError, DecisionBackend, Level, Reading, Situation, Wish};
use crate::backend::{Backend, no_check};
use crate::command::{CommandError, Conversation, SETTINGS, TEARDOWN};

/// The row in the room's table.
pub static BACKEND: Backend<dyn DecisionBackend> = Backend {
    name: "command",
    summary: "whatever a command in any language decides",
    settings: SETTINGS,
    example: "backend = \"command\"\ncommand = [\"python3\", \"decide.py\"]\nmax_processes = 10",
    check: no_check,
    build: |section, site| {
        Ok(Rc::new(Command(Conversation::new(
            "decision", section, site,
        )?)))
    },
};

struct Command(Conversation);

#[async_trait(?Send)]
impl DecisionBackend for Command {
    async fn setup(&self) -> Result<(), DecideError> {
        Ok(self.0.setup().await?)
    }

    async fn teardown(&self) {
        self.0.stop(TEARDOWN).await;
    }

    async fn heartbeat_start(&self) -> Result<(), DecideError> {
        self.0.ask("heartbeat_start", Map::new()).await?;
        Ok(())
    }

    async fn decide(&self, situation: &Situation) -> Result<Wish, DecideError> {
        let request = Map::from_iter([("situation".to_owned(), told(situation))]);
        let Decided { desired, reason } = self.0.ask("decide", request).await?.read()?;
        let reason = self.0.clean(&reason.unwrap_or_default());
        Ok(Wish {
            desired,
            reason: if reason.is_empty() {
                format!("the command wants {desired}")
            } else {
                reason
            },
        })
    }

    /// It sees `data` as well, and may do without a number.
    fn needs_number(&self) -> bool {
        false
    }
}

#[derive(Deserialize)]
struct Decided {
    desired: i64,
    reason: Option<String>,
}

fn told(situation: &Situation) -> Value {
    let history: Vec<Value> = situation.history.iter().map(reading).collect();
    json!({
        "at": situation.at,
        "count": situation.count,
        "ready": situation.ready,
        "min": situation.bounds.min(),
        "max": situation.bounds.max(),
        "increment": situation.increment,
        "history": history,
    })
}

fn reading(reading: &Reading) -> Value {
    let (number, too_high) = match reading.level {
        Level::Number(number) => (Some(number), false),
        Level::TooHigh => (None, true),
        Level::None => (None, false),
    };
    json!({"at": reading.at, "data": reading.data, "number": number, "too_high": too_high})
}

impl From<CommandError> for DecideError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Failed(text) => Self::Failed(text),
            CommandError::Unusable(text) => Self::Unusable(text),
        }
    }
}
