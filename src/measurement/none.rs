//! Nothing: for a count that follows the clock alone (`schedule_only`), or that a command decides by what it finds itself.

use std::rc::Rc;

use async_trait::async_trait;
use serde_json::Value;

use super::{MeasureError, MeasurementBackend, Sample};
use crate::backend::{Backend, no_check};

/// The name, by which the settings know that nothing is measured.
pub const NAME: &str = "none";

/// Its choice, as it would be written.
pub const CHOICE: &str = "backend = \"none\"";

/// The row in the room's table.
pub static BACKEND: Backend<dyn MeasurementBackend> = Backend {
    name: NAME,
    summary: "nothing is measured, for the decision `schedule_only` (whose default it is) or a command's",
    settings: &[],
    example: "backend = \"none\"\nmeasurement_interval_in_seconds = 30\n",
    check: no_check,
    build: |_, _| Ok(Rc::new(Nothing)),
};

struct Nothing;

#[async_trait(?Send)]
impl MeasurementBackend for Nothing {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        Ok(Sample::new(Value::Null, None))
    }
}
