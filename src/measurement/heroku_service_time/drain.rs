//! The service time of all requests, by the router's lines that a log drain brings.

use std::cell::Cell;
use std::rc::Rc;

use async_trait::async_trait;
use serde_json::json;

use crate::backend::Site;
use crate::intake::sketch::Statistic;
use crate::measurement::reported::{Reported, STATISTIC, rounded, sample, tell};
use crate::measurement::{MeasureError, MeasurementBackend, Sample};
use crate::settings::schema::Section;

/// What leads a drain here.
const DRAIN: &str = "its app needs a log drain: `heroku drains:add https://…/logs/TOKEN` with this bot's address and the source's \
     token";

#[derive(Debug)]
pub(super) struct Drained {
    reported: Reported,
    statistic: Statistic,
    /// How many requests had been told of at the last measurement.
    before: Cell<Option<u64>>,
}

pub(super) fn build(section: &Section, site: &Site) -> Rc<dyn MeasurementBackend> {
    let statistic = section.text(STATISTIC.name).and_then(Statistic::named);
    Rc::new(Drained {
        reported: Reported::new(section, site),
        statistic: statistic.unwrap_or(Statistic::P95),
        before: Cell::new(None),
    })
}

#[async_trait(?Send)]
impl MeasurementBackend for Drained {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        let reported = &self.reported;
        let heard = reported
            .intake
            .routed(&reported.process, reported.window, reported.now());
        let heard = reported.heard(heard, "the router's log lines", DRAIN)?;
        let (router, window) = (&heard.told, &heard.told.window);
        let answered = window.statuses.iter().any(|count| *count > 0);
        if window.service.count() == 0 && (answered || !window.codes.is_empty()) {
            return Err(MeasureError::Unavailable(
                "the router's lines have no service time: every request failed before a process took it"
                    .to_owned(),
            ));
        }
        // Lines come, and none of the router's: there was no request.
        let service = rounded(window.service.statistic(self.statistic).unwrap_or(0.0));
        let connect = window.connect.statistic(self.statistic).map(rounded);
        let [_, ok, redirected, wrong, failed] = window.statuses;
        let mut data = json!({
            "service_time_ms": service,
            "requests": window.service.count(),
            "connect_time_ms": connect,
            "statuses": { "2xx": ok, "3xx": redirected, "4xx": wrong, "5xx": failed },
            "errors": window.codes,
            "load": router.load,
            "memory": router.memory,
            "lost_lines": window.dropped,
            "window_seconds": reported.window.as_secs_f64(),
        });
        if let Some(mean) = window.service.statistic(Statistic::Mean) {
            tell(&mut data, "response_time_ms", rounded(mean));
        }
        // Where lines are lost, how many requests there were is not known.
        let before = self.before.replace(Some(router.total));
        if let Some(before) = before.filter(|_| window.dropped == 0) {
            tell(&mut data, "arrivals", router.total.saturating_sub(before));
        }
        Ok(Sample {
            lost: Some(window.dropped).filter(|lost| *lost > 0),
            ..sample(data, service, heard.age)
        })
    }
}
