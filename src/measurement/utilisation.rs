//! How busy the process's containers are, as the application's own adapter reports it.

use std::rc::Rc;

use async_trait::async_trait;
use serde_json::json;

use super::reported::{ADAPTER, Reported, SILENT_AFTER, WINDOW, rounded, sample};
use super::{MeasureError, MeasurementBackend, Sample};
use crate::backend::{Backend, no_check};

/// The row in the room's table.
pub static BACKEND: Backend<dyn MeasurementBackend> = Backend {
    name: "utilisation",
    summary: "percent of the time in which a process has a request to work on, the mean of all that report, as their Judoscale adapters send it",
    settings: &[WINDOW, SILENT_AFTER],
    example: "backend = \"utilisation\"\n",
    check: no_check,
    build: |section, site| Ok(Rc::new(Utilisation(Reported::new(section, site)))),
};

#[derive(Debug)]
struct Utilisation(Reported);

#[async_trait(?Send)]
impl MeasurementBackend for Utilisation {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        let Self(reported) = self;
        let heard = reported
            .intake
            .utilisation(&reported.process, reported.window, reported.now());
        let what = "how busy its containers are (an adapter tells it from its first request on)";
        let heard = reported.heard(heard, what, ADAPTER)?;
        let percent = rounded(heard.told.percent);
        let data = json!({
            "utilisation": rounded(percent / 100.0),
            "percent": percent,
            "reporters": heard.told.reporters,
        });
        Ok(sample(data, percent, heard.age))
    }
}
