//! What the supervisor builds groups from: the known backends, what they share, and who watches.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use actix::Recipient;
use log::error;

use crate::backend::{Backend, BuildError, Registry, Shared, Site};
use crate::clock::Clock;
use crate::cluster::leadership::Leadership;
use crate::command::Known;
use crate::decision::DecisionBackend;
use crate::drain::{self, Drainer};
use crate::http::Http;
use crate::measurement::MeasurementBackend;
use crate::messages::Recorded;
use crate::model::ProcessName;
use crate::notification::actor::Notifier;
use crate::record::CycleRecord;
use crate::scaling::ScalingBackend;
use crate::settings::{ProcessSettings, Settings, Step};
use crate::state::journal::Journal;
use crate::supervisor::caught::caught;
use crate::supervisor::challenger::Challenger;
use crate::supervisor::cycle::Timing;
use crate::supervisor::guard::Census;
use crate::supervisor::keeping::Kept;
use crate::supervisor::plan::Plan;
use crate::wire::Tap;

/// What every group is built from.
#[derive(Debug, Clone)]
pub struct Works {
    /// The backends there are.
    pub registry: Registry,
    /// The clock.
    pub clock: Clock,
    /// The HTTP clients.
    pub http: Http,
    /// This program's executable.
    pub program: PathBuf,
    /// What backends share.
    pub shared: Shared,
    /// Who sees every message.
    pub tap: Tap,
    /// The living actors.
    pub census: Census,
    /// Where what outlives the program is kept, if anywhere.
    pub journal: Option<Journal>,
    /// What the processes go on from, until they have started.
    pub kept: BTreeMap<ProcessName, Kept>,
    /// Whether this program leads, where it is one of several.
    pub leadership: Leadership,
    /// Who wants to see how the cycles ended.
    pub audience: Vec<Recipient<Recorded>>,
    /// How drainers are made.
    pub drainers: drain::Build,
}

impl Works {
    /// Works for `registry` with nothing shared yet.
    pub fn new(registry: Registry, clock: Clock, program: PathBuf) -> Self {
        let (http, shared, tap, census) = (
            Http::default(),
            Shared::default(),
            Tap::default(),
            Census::default(),
        );
        Self {
            registry,
            clock,
            http,
            program,
            shared,
            tap,
            census,
            journal: None,
            kept: BTreeMap::new(),
            leadership: Leadership::alone(),
            audience: Vec::new(),
            drainers: drain::build,
        }
    }

    /// Shows how a cycle ended. Whoever is too slow to see it misses it.
    pub fn show(&self, record: &Arc<CycleRecord>, timing: Timing) {
        for audience in &self.audience {
            let record = Arc::clone(record);
            audience
                .try_send(Recorded { record, timing })
                .unwrap_or_default();
        }
    }

    /// Lets the backends that could repeat a secret of these settings know them.
    pub fn hide(&self, settings: &Settings) {
        self.shared.get::<Known>().add(settings.secrets.iter());
    }

    /// Where the backends of a process are built.
    pub fn site(&self, process: &ProcessName) -> Site {
        Site {
            process: process.clone(),
            clock: self.clock,
            http: self.http.clone(),
            program: self.program.clone(),
            shared: self.shared.clone(),
        }
    }

    /// The process's measurement backends, one for each of its measurements.
    pub fn measurement(
        &self,
        settings: &ProcessSettings,
    ) -> Result<Vec<Rc<dyn MeasurementBackend>>, BuildError> {
        let site = self.site(&settings.name);
        let steps = settings.metrics().map(|metric| metric.measurement);
        let built = steps.map(|step| build(&self.registry.measurement, step, &site));
        built.collect()
    }

    /// The process's decision backends, one for each of its measurements.
    pub fn decision(
        &self,
        settings: &ProcessSettings,
    ) -> Result<Vec<Rc<dyn DecisionBackend>>, BuildError> {
        let site = self.site(&settings.name);
        let steps = settings.metrics().map(|metric| metric.decision);
        let built = steps.map(|step| build(&self.registry.decision, step, &site));
        built.collect()
    }

    /// The process's scaling backend.
    pub fn scaling(
        &self,
        settings: &ProcessSettings,
    ) -> Result<Rc<dyn ScalingBackend>, BuildError> {
        build(
            &self.registry.scaling,
            &settings.scaling,
            &self.site(&settings.name),
        )
    }

    /// Who drains the process before a scale down, if anybody.
    pub fn drainer(
        &self,
        settings: &ProcessSettings,
    ) -> Result<Option<Rc<dyn Drainer>>, BuildError> {
        let (step, site) = (&settings.scaling, self.site(&settings.name));
        (self.drainers)(&step.section, &site).map_err(|BuildError(why)| {
            let why = step.section.veil(&why);
            BuildError(format!("{}: drain: {why}", site.process))
        })
    }

    /// The process's notifiers. One that cannot be built stands among them and delivers nothing: what can still be
    /// scaled and told is.
    pub fn notification(&self, settings: &ProcessSettings) -> Vec<Notifier> {
        let (steps, process) = (settings.notification.iter(), &settings.name);
        let built = |step: &Step| {
            self.notifier(settings, step).unwrap_or_else(|why| {
                error!(process:% = process; "{process} is not told by {}, which cannot be built: {why}", step.backend);
                Notifier::unbuilt(&step.backend, &why)
            })
        };
        steps.map(built).collect()
    }

    /// Every reason why a process cannot be worked by its settings. What is built to find out is let go of at once.
    pub fn rehearse(&self, settings: &Settings, process: &ProcessSettings) -> Vec<BuildError> {
        let steps = process.notification.iter();
        let notifiers = steps.map(|step| self.notifier(process, step).err());
        let others = [
            Plan::new(settings, process).err(),
            self.measurement(process).err(),
            self.decision(process).err(),
            self.scaling(process).err(),
            self.challenger(settings, process).err(),
            self.drainer(process).err(),
        ];
        others.into_iter().chain(notifiers).flatten().collect()
    }

    fn challenger(&self, settings: &Settings, process: &ProcessSettings) -> Result<(), BuildError> {
        let Some(challenger) = Challenger::new(self, settings.into(), process)? else {
            return Ok(());
        };
        challenger.panel(self).map(drop)
    }

    /// One of the process's notifiers.
    pub fn notifier(
        &self,
        settings: &ProcessSettings,
        step: &Step,
    ) -> Result<Notifier, BuildError> {
        let backend = build(
            &self.registry.notification,
            step,
            &self.site(&settings.name),
        )?;
        Ok(Notifier::new(&step.backend, backend))
    }
}

fn build<T: ?Sized>(
    table: &[&'static Backend<T>],
    step: &Step,
    site: &Site,
) -> Result<Rc<T>, BuildError> {
    let row = table.iter().find(|row| row.name == step.backend);
    let row = row.ok_or_else(|| BuildError(format!("there is no backend `{}`", step.backend)))?;
    let built = caught(|| (row.build)(&step.section, site))
        .unwrap_or_else(|text| Err(BuildError(format!("building it panicked: {text}"))));
    built.map_err(|BuildError(why)| {
        let why = step.section.veil(&why);
        BuildError(format!("{}: {}: {why}", site.process, step.backend))
    })
}
