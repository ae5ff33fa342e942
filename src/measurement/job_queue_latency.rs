//! How long the oldest job has waited, as the application's own adapter reports it.

use std::rc::Rc;

use async_trait::async_trait;
use serde_json::json;

use super::reported::{OfQueues, QUEUE_NAME, SILENT_AFTER, count, rounded, sample, tell};
use super::{MeasureError, MeasurementBackend, Sample};
use crate::backend::{Backend, BuildError, Site, no_check};
use crate::intake::reading::Figure;
use crate::settings::schema::{Default, Kind, Section, Setting};

/// The row in the room's table.
pub static BACKEND: Backend<dyn MeasurementBackend> = Backend {
    name: "job_queue_latency",
    summary: "how long the oldest waiting job has waited, as a Judoscale adapter of the application sends it",
    settings: &[
        QUEUE_NAME,
        SILENT_AFTER,
        Setting::new(
            "unit",
            Kind::OneOf(&["milliseconds", "seconds"]),
            Default::Text("milliseconds"),
            "In what the number is, and so the thresholds: the longest of the queues, in milliseconds or in seconds.",
        ),
    ],
    example: "backend = \"job_queue_latency\"\nqueue_name = \"celery\"\n",
    check: no_check,
    build,
};

#[derive(Debug)]
struct JobQueueLatency {
    of: OfQueues,
    in_seconds: bool,
}

fn build(section: &Section, site: &Site) -> Result<Rc<dyn MeasurementBackend>, BuildError> {
    Ok(Rc::new(JobQueueLatency {
        of: OfQueues::new(section, site)?,
        in_seconds: section.text("unit") == Some("seconds"),
    }))
}

#[async_trait(?Send)]
impl MeasurementBackend for JobQueueLatency {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        let (queues, age) = self.of.told(Figure::Latency)?;
        let longest = queues.iter().map(|queue| queue.value).fold(0.0, f64::max);
        let longest = rounded(longest);
        let latency = if self.in_seconds {
            rounded(longest / 1000.0)
        } else {
            longest
        };
        let mut data = json!({ "latency": latency, "latency_ms": longest, "queues": queues.len() });
        if let Some(depth) = self.of.reported.depth(&queues) {
            tell(&mut data, "queue_length", depth);
        }
        let busy = self.of.reported.busy(&queues);
        if let Some(busy) = busy {
            tell(&mut data, "busy", busy);
        }
        Ok(Sample {
            busy: busy.and_then(count),
            ..sample(data, latency, age)
        })
    }
}
