//! Measures by a command in any language; see [`crate::command`] for how it is spoken to.

use std::rc::Rc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{MeasureError, MeasurementBackend, Sample};
use crate::backend::{Backend, no_check};
use crate::command::{CommandError, Conversation, SETTINGS, TEARDOWN};

/// The row in the room's table.
pub static BACKEND: Backend<dyn MeasurementBackend> = Backend {
    name: "command",
    summary: "whatever a command in any language measures",
    settings: SETTINGS,
    example: "backend = \"command\"\ncommand = [\"python3\", \"measure.py\"]",
    check: no_check,
    build: |section, site| {
        Ok(Rc::new(Command(Conversation::new(
            "measurement",
            section,
            site,
        )?)))
    },
};

struct Command(Conversation);

#[async_trait(?Send)]
impl MeasurementBackend for Command {
    async fn setup(&self) -> Result<(), MeasureError> {
        Ok(self.0.setup().await?)
    }

    async fn teardown(&self) {
        self.0.stop(TEARDOWN).await;
    }

    async fn heartbeat_start(&self) -> Result<(), MeasureError> {
        self.0.ask("heartbeat_start", Map::new()).await?;
        Ok(())
    }

    async fn measure(&self) -> Result<Sample, MeasureError> {
        let answer = self.0.ask("measure", Map::new()).await?;
        let Measured {
            data,
            number,
            age_in_seconds,
            busy,
        } = answer.read()?;
        if data.is_none() && number.is_none() {
            let text = "the command's answer to `measure` has neither `data` nor `number`";
            return Err(MeasureError::Unusable(text.to_owned()));
        }
        let data = data.unwrap_or_else(|| Value::from(number));
        let number = number.or_else(|| data.as_f64());
        Ok(Sample {
            age: age_in_seconds
                .and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok()),
            busy,
            ..Sample::new(data, number)
        })
    }
}

#[derive(Deserialize)]
struct Measured {
    data: Option<Value>,
    number: Option<f64>,
    age_in_seconds: Option<f64>,
    busy: Option<u64>,
}

impl From<CommandError> for MeasureError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Failed(text) => Self::Unavailable(text),
            CommandError::Unusable(text) => Self::Unusable(text),
        }
    }
}
