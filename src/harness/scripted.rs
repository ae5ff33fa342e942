//! The four backends named `scripted`, which do what their process's [`Script`] says.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;

use super::script::{Act, Script};
use crate::backend::{Backend, Site, no_check};
use crate::decision::{DecideError, DecisionBackend, Situation, Wish};
use crate::measurement::{MeasureError, MeasurementBackend, Sample};
use crate::model::{Count, ProcessName};
use crate::notification::{Notice, NotificationBackend, NotifyError};
use crate::scaling::{Observed, ScaleError, ScalingBackend};
use crate::settings::schema::{Default as SchemaDefault, Kind, Section, Setting};

/// The scripts of a scenario, by process.
#[derive(Debug, Default)]
pub(super) struct Scripts(RefCell<BTreeMap<ProcessName, Rc<Script>>>);

impl Scripts {
    pub(super) fn of(&self, process: &ProcessName) -> Rc<Script> {
        Rc::clone(self.0.borrow_mut().entry(process.clone()).or_default())
    }
}

pub(super) fn script(site: &Site) -> Rc<Script> {
    site.shared.get::<Scripts>().of(&site.process)
}

/// Which of the process's scripts a table names.
fn which(section: &Section) -> String {
    section.text("script").unwrap_or_default().to_owned()
}

struct Measures(Rc<Script>, String);
struct Decides(Rc<Script>, String);
struct Scales(Rc<Script>, ProcessName);
struct Tells(Rc<Script>, String);

pub(super) static MEASUREMENT: Backend<dyn MeasurementBackend> = Backend {
    name: "scripted",
    summary: "measures what the scenario says",
    settings: SCRIPT,
    example: "backend = \"scripted\"",
    check: no_check,
    build: |section, site| Ok(Rc::new(Measures(script(site), which(section)))),
};

pub(super) static DECISION: Backend<dyn DecisionBackend> = Backend {
    name: "scripted",
    summary: "decides what the scenario says",
    settings: SCRIPT,
    example: "backend = \"scripted\"",
    check: no_check,
    build: |section, site| Ok(Rc::new(Decides(script(site), which(section)))),
};

pub(super) static SCALING: Backend<dyn ScalingBackend> = Backend {
    name: "scripted",
    summary: "scales a number in memory",
    settings: &[],
    example: "backend = \"scripted\"",
    check: no_check,
    build: |_, site| Ok(Rc::new(Scales(script(site), site.process.clone()))),
};

static SCRIPT: &[Setting] = &[Setting::new(
    "script",
    Kind::Text,
    SchemaDefault::Text(""),
    "Which of the process's backends of this step this is.",
)];

pub(super) static NOTIFICATION: Backend<dyn NotificationBackend> = Backend {
    name: "scripted",
    summary: "tells a list in memory",
    settings: SCRIPT,
    example: "backend = \"scripted\"",
    check: no_check,
    build: |section, site| Ok(Rc::new(Tells(script(site), which(section)))),
};

#[async_trait(?Send)]
impl MeasurementBackend for Measures {
    async fn setup(&self) -> Result<(), MeasureError> {
        self.0.hook("measurement.setup");
        Ok(())
    }

    async fn teardown(&self) {
        self.0.hook("measurement.teardown");
    }

    async fn heartbeat_start(&self) -> Result<(), MeasureError> {
        self.0.hook("measurement.heartbeat_start");
        Ok(())
    }

    async fn measure(&self) -> Result<Sample, MeasureError> {
        let data = self
            .0
            .measured(&self.1)
            .play()
            .await
            .map_err(MeasureError::Unavailable)?;
        let number = data.as_f64();
        Ok(Sample::new(data, number))
    }
}

#[async_trait(?Send)]
impl DecisionBackend for Decides {
    async fn setup(&self) -> Result<(), DecideError> {
        self.0.hook("decision.setup");
        Ok(())
    }

    async fn teardown(&self) {
        self.0.hook("decision.teardown");
    }

    async fn heartbeat_start(&self) -> Result<(), DecideError> {
        self.0.hook("decision.heartbeat_start");
        Ok(())
    }

    async fn decide(&self, situation: &Situation) -> Result<Wish, DecideError> {
        let act = self.0.decided(&self.1, i64::from(situation.count));
        let desired = act.play().await.map_err(DecideError::Failed)?;
        Ok(Wish {
            desired,
            reason: "scripted".to_owned(),
        })
    }

    fn needs_number(&self) -> bool {
        false
    }
}

#[async_trait(?Send)]
impl ScalingBackend for Scales {
    async fn setup(&self) -> Result<(), ScaleError> {
        self.0.hook("scaling.setup");
        Ok(())
    }

    async fn teardown(&self, _: Duration) {
        self.0.hook("scaling.teardown");
    }

    async fn heartbeat_start(&self) -> Result<(), ScaleError> {
        self.0.hook("scaling.heartbeat_start");
        Ok(())
    }

    async fn count(&self) -> Result<Observed, ScaleError> {
        self.0
            .counting
            .next(())
            .play()
            .await
            .map_err(ScaleError::Unavailable)?;
        let count = self.0.count.get();
        Ok(match self.0.fleet.borrow().clone() {
            Some(fleet) => Observed::with(count, fleet),
            None => Observed::ready(count),
        })
    }

    async fn scale(&self, to: Count) -> Result<Count, ScaleError> {
        self.0
            .scaling
            .next(())
            .play()
            .await
            .map_err(ScaleError::Unavailable)?;
        if self.0.waits.get() {
            let why = "waiting for the release to finish".to_owned();
            return Err(ScaleError::Waits(why));
        }
        self.0.count.set(to);
        self.0.scales.borrow_mut().push(to);
        Ok(to)
    }

    fn limit(&self) -> Option<Count> {
        self.0.limit.get()
    }

    fn leaving(&self, seen: &Observed, to: Count) -> Option<Vec<String>> {
        let names = (to + 1..=seen.count).map(|number| format!("{}.{number}", self.1));
        (!self.0.is_anonymous.get()).then(|| names.collect())
    }

    fn ends_with_program(&self) -> bool {
        self.0.ends_too.get()
    }

    /// Nothing is shared: the first cycle begins at the start.
    fn target(&self) -> String {
        String::new()
    }
}

#[async_trait(?Send)]
impl NotificationBackend for Tells {
    async fn setup(&self) -> Result<(), NotifyError> {
        self.0.hook("notification.setup");
        Ok(())
    }

    async fn teardown(&self) {
        self.0.hook("notification.teardown");
    }

    async fn heartbeat_start(&self) -> Result<(), NotifyError> {
        self.0.hook("notification.heartbeat_start");
        Ok(())
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let act = self
            .0
            .notification
            .borrow()
            .get(&self.1)
            .map_or(Act::Answer(()), |acts| acts.next(()));
        act.play().await.map_err(NotifyError)?;
        self.0
            .notices
            .borrow_mut()
            .push((self.1.clone(), notice.clone()));
        Ok(())
    }
}
