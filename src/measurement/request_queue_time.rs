//! How long requests waited for the application, by its own adapter: all requests, not a probe.

use std::cell::Cell;
use std::rc::Rc;

use async_trait::async_trait;
use serde_json::json;

use super::reported::{Reported, SILENT_AFTER, STATISTIC, WINDOW, rounded, sample, tell};
use super::{MeasureError, MeasurementBackend, Sample};
use crate::backend::{Backend, no_check};
use crate::intake::sketch::Statistic;
use crate::settings::schema::{Default, Kind, Setting};

/// The row in the room's table.
pub static BACKEND: Backend<dyn MeasurementBackend> = Backend {
    name: "request_queue_time",
    summary: "milliseconds that requests waited before the application took them, as its Judoscale or HireFire client sends them",
    settings: &[
        STATISTIC,
        WINDOW,
        SILENT_AFTER,
        Setting::new(
            "min_time_ms",
            Kind::Number(0.0, 86_400_000.0),
            Default::Absent,
            "The decision's min_measurement_value, by another name.",
        ),
        Setting::new(
            "max_time_ms",
            Kind::Number(0.0, 86_400_000.0),
            Default::Absent,
            "The decision's max_measurement_value, by another name.",
        ),
    ],
    example: r#"backend = "request_queue_time"
statistic = "p95"
min_time_ms = 20
max_time_ms = 100
"#,
    check: no_check,
    build: |section, site| {
        let statistic = section.text(STATISTIC.name).and_then(Statistic::named);
        Ok(Rc::new(RequestQueueTime {
            reported: Reported::new(section, site),
            statistic: statistic.unwrap_or(Statistic::P95),
            before: Cell::new(None),
        }))
    },
};

/// What leads the clients here.
const CLIENTS: &str = "its application needs a Judoscale adapter with JUDOSCALE_URL = this bot's address with `/api/` and the \
     source's token, or HireFire's with HIREFIRE_DISPATCH_URL = this bot's address and HIREFIRE_TOKEN = the source's token (it \
     sends nothing while there are no requests), or a log drain with `[hirefire:router] queue=…ms` lines";

#[derive(Debug)]
struct RequestQueueTime {
    reported: Reported,
    statistic: Statistic,
    /// How many requests had come at the last measurement.
    before: Cell<Option<u64>>,
}

#[async_trait(?Send)]
impl MeasurementBackend for RequestQueueTime {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        let reported = &self.reported;
        let heard = reported
            .intake
            .requests(&reported.process, reported.window, reported.now());
        let heard = reported.heard(heard, "how long requests waited", CLIENTS)?;
        let requests = heard.told;
        if requests.queue.count() == 0 && requests.app.count() > 0 {
            return Err(MeasureError::Unavailable(
                "requests come, and none says how long it waited: does the router set X-Request-Start?"
                    .to_owned(),
            ));
        }
        // Who reports, and no request: nobody waits.
        let waited = requests.queue.statistic(self.statistic).unwrap_or(0.0);
        let waited = rounded(waited);
        let mut data = json!({
            "queue_time_ms": waited,
            "requests": requests.queue.count(),
            "window_seconds": reported.window.as_secs_f64(),
        });
        let worked = requests.app.statistic(Statistic::Mean);
        if let Some(worked) = worked {
            let waited = requests.queue.statistic(Statistic::Mean).unwrap_or(0.0);
            tell(&mut data, "response_time_ms", rounded(worked + waited));
        }
        // A rate without a response time would tell `adaptive` nothing.
        let before = self.before.replace(Some(requests.total));
        if let Some(before) = before.filter(|_| worked.is_some() || requests.queue.count() == 0) {
            tell(&mut data, "arrivals", requests.total.saturating_sub(before));
        }
        Ok(sample(data, waited, heard.age))
    }
}
