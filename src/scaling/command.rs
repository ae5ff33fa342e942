//! Scales by a command in any language; see [`crate::command`] for how it is spoken to.

use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, json};

use super::{Observed, ScaleError, ScalingBackend};
use crate::backend::{Backend, no_check};
use crate::command::{CommandError, Conversation, SETTINGS};
use crate::model::Count;

/// The row in the room's table.
pub static BACKEND: Backend<dyn ScalingBackend> = Backend {
    name: "command",
    summary: "whatever a command in any language scales",
    settings: SETTINGS,
    example: "backend = \"command\"\ncommand = [\"python3\", \"scale.py\"]",
    check: no_check,
    build: |section, site| {
        Ok(Rc::new(Command {
            target: format!("command {}", site.process),
            conversation: Conversation::new("scaling", section, site)?,
        }))
    },
};

struct Command {
    target: String,
    conversation: Conversation,
}

#[async_trait(?Send)]
impl ScalingBackend for Command {
    async fn setup(&self) -> Result<(), ScaleError> {
        Ok(self.conversation.setup().await?)
    }

    async fn teardown(&self, grace: Duration) {
        self.conversation.stop(grace).await;
    }

    async fn heartbeat_start(&self) -> Result<(), ScaleError> {
        self.conversation.ask("heartbeat_start", Map::new()).await?;
        Ok(())
    }

    async fn count(&self) -> Result<Observed, ScaleError> {
        let Counted { count, ready } = self.conversation.ask("count", Map::new()).await?.read()?;
        Ok(Observed {
            ready: ready.or(Some(count)),
            ..Observed::unknown(count)
        })
    }

    async fn scale(&self, to: Count) -> Result<Count, ScaleError> {
        let request = Map::from_iter([("to".to_owned(), json!(to))]);
        let Counted { count, .. } = self.conversation.ask("scale", request).await?.read()?;
        Ok(count)
    }

    fn target(&self) -> String {
        self.target.clone()
    }
}

#[derive(Deserialize)]
struct Counted {
    count: Count,
    ready: Option<Count>,
}

impl From<CommandError> for ScaleError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Failed(text) | CommandError::Unusable(text) => Self::Unavailable(text),
        }
    }
}
