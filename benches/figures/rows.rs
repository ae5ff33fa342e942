//! Backends of the benches: a measurement and a count in memory, and `response_time` with a record of when it began.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use autoscalebot::backend::{Backend, Registry, Site, no_check};
use autoscalebot::clock::Clock;
use autoscalebot::measurement::{MeasureError, MeasurementBackend, Sample, response_time};
use autoscalebot::model::{Count, ProcessName};
use autoscalebot::scaling::{Observed, ScaleError, ScalingBackend};

/// The built-in backends and these: `in_memory` (measurement and scaling), `recorded` (measurement).
pub(crate) fn registry() -> Registry {
    let mut registry = Registry::built_in();
    registry.measurement.push(&IN_MEMORY);
    registry.measurement.push(&RECORDED);
    registry.scaling.push(&COUNT);
    registry
}

/// What the backends of a run have seen.
#[derive(Default)]
pub(crate) struct Records {
    /// How many measurements were taken.
    pub(crate) taken: Cell<usize>,
    /// When each process was given its schedule, and when each of its measurements began.
    pub(crate) begun: RefCell<BTreeMap<ProcessName, (Duration, Vec<Duration>)>>,
}

impl Records {
    fn scheduled(&self, process: &ProcessName, at: Duration) {
        let mut begun = self.begun.borrow_mut();
        begun.entry(process.clone()).or_default().0 = at;
    }

    fn began(&self, process: &ProcessName, at: Duration) {
        if let Some((_, times)) = self.begun.borrow_mut().get_mut(process) {
            times.push(at);
        }
    }
}

static IN_MEMORY: Backend<dyn MeasurementBackend> = Backend {
    name: "in_memory",
    summary: "a number between the default thresholds",
    settings: &[],
    example: "backend = \"in_memory\"",
    check: no_check,
    build: |_, site| Ok(Rc::new(InMemory(site.shared.get()))),
};

struct InMemory(Rc<Records>);

#[async_trait(?Send)]
impl MeasurementBackend for InMemory {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        self.0.taken.set(self.0.taken.get() + 1);
        Ok(Sample::number(800.0))
    }
}

static RECORDED: Backend<dyn MeasurementBackend> = Backend {
    name: "recorded",
    summary: response_time::BACKEND.summary,
    settings: response_time::BACKEND.settings,
    example: "backend = \"recorded\"",
    check: no_check,
    build: |section, site| {
        Ok(Rc::new(Recorded {
            site: site.clone(),
            records: site.shared.get(),
            inner: (response_time::BACKEND.build)(section, site)?,
        }))
    },
};

struct Recorded {
    site: Site,
    records: Rc<Records>,
    inner: Rc<dyn MeasurementBackend>,
}

#[async_trait(?Send)]
impl MeasurementBackend for Recorded {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        self.records
            .began(&self.site.process, self.site.clock.now().mono);
        let taken = self.inner.measure().await?;
        self.records.taken.set(self.records.taken.get() + 1);
        Ok(taken)
    }
}

static COUNT: Backend<dyn ScalingBackend> = Backend {
    name: "in_memory",
    summary: "a count in memory",
    settings: &[],
    example: "backend = \"in_memory\"",
    check: no_check,
    build: |_, site| {
        Ok(Rc::new(InMemoryCount {
            count: Cell::new(1),
            process: site.process.clone(),
            clock: site.clock,
            records: site.shared.get(),
        }))
    },
};

struct InMemoryCount {
    count: Cell<Count>,
    process: ProcessName,
    clock: Clock,
    records: Rc<Records>,
}

#[async_trait(?Send)]
impl ScalingBackend for InMemoryCount {
    async fn count(&self) -> Result<Observed, ScaleError> {
        Ok(Observed::ready(self.count.get()))
    }

    async fn scale(&self, to: Count) -> Result<Count, ScaleError> {
        self.count.set(to);
        Ok(to)
    }

    /// Each process is an app of its own, so that their ticks are spread. The supervisor asks when it sets the first.
    fn target(&self) -> String {
        self.records.scheduled(&self.process, self.clock.now().mono);
        self.process.to_string()
    }
}
