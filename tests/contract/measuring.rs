//! How these tests make a measurement backend: out of the room's table, its defaults, and the values of the test.

use std::rc::Rc;
use std::time::Duration;

use autoscalebot::backend::BuildError;
use autoscalebot::measurement::{
    BACKENDS, MeasureError, MeasurementBackend, OnFailure, SHARED, Sample, timeout,
};
use serde_json::Value;

use crate::making::{section, site};

/// The backend of this name, with these settings.
pub(crate) fn backend(name: &str, values: Value) -> Rc<dyn MeasurementBackend> {
    try_backend(name, values).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The same, or why it cannot be made.
pub(crate) fn try_backend(
    name: &str,
    values: Value,
) -> Result<Rc<dyn MeasurementBackend>, BuildError> {
    let row = BACKENDS.iter().find(|row| row.name == name).unwrap();
    let section = section(SHARED, row.settings, values);
    assert_eq!((row.check)(&section), [], "{name}");
    let (backend, deadline) = ((row.build)(&section, &site())?, timeout(&section));
    Ok(Rc::new(Fenced { backend, deadline }))
}

/// A backend whose measurements are ended at their deadline, as its actor does.
struct Fenced {
    backend: Rc<dyn MeasurementBackend>,
    deadline: Duration,
}

#[async_trait::async_trait(?Send)]
impl MeasurementBackend for Fenced {
    async fn setup(&self) -> Result<(), MeasureError> {
        self.backend.setup().await
    }

    async fn measure(&self) -> Result<Sample, MeasureError> {
        tokio::time::timeout(self.deadline, self.backend.measure())
            .await
            .unwrap_or(Err(MeasureError::TimedOut(self.deadline)))
    }

    fn counts_as(&self, error: &MeasureError) -> OnFailure {
        self.backend.counts_as(error)
    }
}

/// The number that was measured, as JSON, which compares with whole numbers and fractions alike.
#[track_caller]
pub(crate) fn number(measured: Result<Sample, MeasureError>) -> Value {
    measured.unwrap().number.into()
}

/// The same as a figure that is compared with others.
#[track_caller]
pub(crate) fn figure(measured: Result<Sample, MeasureError>) -> f64 {
    measured.unwrap().number.unwrap()
}
