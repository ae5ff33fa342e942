//! Tells by a command in any language; see [`crate::command`] for how it is spoken to.

use std::rc::Rc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::{Notice, NotificationBackend, NotifyError};
use crate::backend::{Backend, no_check};
use crate::command::{CommandError, Conversation, SETTINGS, TEARDOWN};

/// The row in the room's table.
pub static BACKEND: Backend<dyn NotificationBackend> = Backend {
    name: "command",
    summary: "whoever a command in any language tells",
    settings: SETTINGS,
    example: "backend = \"command\"\ncommand = [\"python3\", \"notify.py\"]\nnotify_on_every_scale = true",
    check: no_check,
    build: |section, site| {
        Ok(Rc::new(Command(Conversation::new(
            "notification",
            section,
            site,
        )?)))
    },
};

struct Command(Conversation);

#[async_trait(?Send)]
impl NotificationBackend for Command {
    async fn setup(&self) -> Result<(), NotifyError> {
        Ok(self.0.setup().await?)
    }

    async fn teardown(&self) {
        self.0.stop(TEARDOWN).await;
    }

    async fn heartbeat_start(&self) -> Result<(), NotifyError> {
        self.0.ask("heartbeat_start", Map::new()).await?;
        Ok(())
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let mut told = json!(notice);
        if let Value::Object(values) = &mut told {
            values.insert("text".to_owned(), json!(notice.text()));
            values.insert("subject".to_owned(), json!(notice.subject()));
        }
        let request = Map::from_iter([("notice".to_owned(), told)]);
        self.0.ask("notify", request).await?;
        Ok(())
    }
}

impl From<CommandError> for NotifyError {
    fn from(error: CommandError) -> Self {
        Self(error.to_string())
    }
}
