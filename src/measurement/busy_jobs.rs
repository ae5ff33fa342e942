//! How many jobs are worked on, as the application's own adapter reports it.

use std::rc::Rc;

use async_trait::async_trait;
use serde_json::json;

use super::reported::{OfQueues, QUEUE_NAME, SILENT_AFTER, count, rounded, sample, tell};
use super::{MeasureError, MeasurementBackend, Sample};
use crate::backend::{Backend, BuildError, Site, no_check};
use crate::intake::reading::Figure;
use crate::settings::schema::Section;

/// The row in the room's table.
pub static BACKEND: Backend<dyn MeasurementBackend> = Backend {
    name: "busy_jobs",
    summary: "jobs that are worked on, as a Judoscale adapter of the application sends them when it tracks busy jobs",
    settings: &[QUEUE_NAME, SILENT_AFTER],
    example: "backend = \"busy_jobs\"\nqueue_name = \"celery\"\n",
    check: no_check,
    build,
};

#[derive(Debug)]
struct BusyJobs(OfQueues);

fn build(section: &Section, site: &Site) -> Result<Rc<dyn MeasurementBackend>, BuildError> {
    Ok(Rc::new(BusyJobs(OfQueues::new(section, site)?)))
}

#[async_trait(?Send)]
impl MeasurementBackend for BusyJobs {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        let (queues, age) = self.0.told(Figure::Busy)?;
        let busy: f64 = queues.iter().map(|queue| queue.value).sum();
        let busy = rounded(busy);
        let mut data = json!({ "busy": busy, "queues": queues.len() });
        if let Some(depth) = self.0.reported.depth(&queues) {
            tell(&mut data, "queue_length", depth);
        }
        Ok(Sample {
            busy: count(busy),
            ..sample(data, busy, age)
        })
    }
}
