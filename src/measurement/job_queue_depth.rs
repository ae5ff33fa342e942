//! How many jobs wait, as the application's own adapter reports it: for any queue that it knows.

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
    name: "job_queue_depth",
    summary: "jobs that wait in queues, as a Judoscale adapter of the application sends them",
    settings: &[QUEUE_NAME, SILENT_AFTER],
    example: "backend = \"job_queue_depth\"\nqueue_name = \"celery\"\n",
    check: no_check,
    build,
};

#[derive(Debug)]
struct JobQueueDepth(OfQueues);

fn build(section: &Section, site: &Site) -> Result<Rc<dyn MeasurementBackend>, BuildError> {
    Ok(Rc::new(JobQueueDepth(OfQueues::new(section, site)?)))
}

#[async_trait(?Send)]
impl MeasurementBackend for JobQueueDepth {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        let (queues, age) = self.0.told(Figure::Depth)?;
        let depth: f64 = queues.iter().map(|queue| queue.value).sum();
        let depth = rounded(depth);
        let mut data = json!({ "queue_length": depth, "queues": queues.len() });
        let busy = self.0.reported.busy(&queues);
        if let Some(busy) = busy {
            tell(&mut data, "busy", busy);
        }
        Ok(Sample {
            busy: busy.and_then(count),
            ..sample(data, depth, age)
        })
    }
}
