//! A number that somebody pushes: `curl -H "Authorization: Bearer TOKEN" -d 7.5 https://…/api/v1/measurements/web`.

use std::rc::Rc;

use async_trait::async_trait;

use super::reported::{Reported, SILENT_AFTER, count, sample};
use super::{MeasureError, MeasurementBackend, Sample};
use crate::backend::{Backend, no_check};

/// The row in the room's table.
pub static BACKEND: Backend<dyn MeasurementBackend> = Backend {
    name: "pushed",
    summary: "the number that was last pushed to /api/v1/measurements/{process}, alone or as `value` of an object; in whatever unit it is",
    settings: &[SILENT_AFTER],
    example: "backend = \"pushed\"\nsilent_after_in_seconds = 120\n",
    check: no_check,
    build: |section, site| Ok(Rc::new(LastPushed(Reported::new(section, site)))),
};

#[derive(Debug)]
struct LastPushed(Reported);

#[async_trait(?Send)]
impl MeasurementBackend for LastPushed {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        let Self(reported) = self;
        let heard = reported.intake.pushed(&reported.process, reported.now());
        let push = format!(
            "something has to POST a number, or an object with a `value`, to this bot's address with `/api/v1/measurements/{}` and \
             the source's token as `Authorization: Bearer …`",
            reported.process
        );
        let heard = reported.heard(heard, "a number", &push)?;
        let (value, data) = heard.told;
        let busy = data.get("busy").and_then(serde_json::Value::as_f64);
        Ok(Sample {
            busy: busy.filter(|busy| *busy >= 0.0).and_then(count),
            ..sample(data, value, heard.age)
        })
    }
}
