//! Where settings are tried: the load and the plant of a command line, and what the process sees of it. A [`Scene`] is that with
//! one seed; on it [`Scene::run`] tries whatever decides.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::Visible;
use super::arguments::{LoadArguments, PlantArguments};
use crate::backend::Registry;
use crate::clock::Clock;
use crate::offline::signal::Signal;
use crate::offline::simulated::Simulated;
use crate::offline::subject::Subject;
use crate::settings::ProcessSettings;
use crate::simulation::figures::{Figures, Moment};
use crate::simulation::fleet::Boot;
use crate::simulation::number::real;
use crate::simulation::plant::{Kind, Plant};
use crate::simulation::policy::Policy;
use crate::simulation::run::{Conditions, run};
use crate::simulation::scenario::{Scale, Scenario, scoreboard};
use crate::simulation::sight::Noise;
use crate::simulation::trace::Trace;
use crate::simulation::trace::generator::Shape;
use crate::simulation::trace::read;
use crate::supervisor::plan::Plan;

/// Decision backends whose answer comes from somewhere that a simulation does not have.
const OUTSIDE: [(&str, &str); 2] = [
    ("command", "asks a program of its own"),
    ("app_decision", "asks the application"),
];

/// What comes.
#[derive(Debug, Clone)]
pub enum Load {
    /// A trace from somewhere, and what it is called.
    Read(String, Trace),
    /// Drawn anew by each seed, so many days of it.
    Drawn(Shape, u32),
}

impl Load {
    /// As people call it.
    pub fn name(&self) -> String {
        match self {
            Self::Read(name, _) => name.clone(),
            Self::Drawn(shape, _) => shape.name().replace('_', "-"),
        }
    }
}

/// Where settings are tried.
#[derive(Debug, Clone)]
pub struct Stage {
    /// What comes.
    pub load: Load,
    /// What kind of process serves.
    pub kind: Kind,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// The zone of the settings.
    pub zone: Tz,
    /// The first seed, and how many there are.
    pub seeds: (u64, u64),
    sees: Option<Visible>,
    real: bool,
    erlang: f64,
    service: Option<f64>,
    slo: Option<f64>,
    slots: u32,
    drift: f64,
    boot: Boot,
    grace: u32,
    noise: Noise,
    plan: Plan,
}

/// A load of one seed, and what it is served under.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The load and the plant.
    pub scenario: Scenario,
    /// Boots, bounds and noise.
    pub conditions: Conditions,
}

impl Scene {
    /// Tries what decides. Each second is shown to `watch`.
    pub fn run(&self, policy: &mut dyn Policy, watch: impl FnMut(&Moment)) -> Figures {
        run(&self.scenario, &self.conditions, policy, watch)
    }

    /// The process-hours of the smallest counts that are in time.
    pub fn demand_hours(&self) -> f64 {
        let demand = self.scenario.demand.iter();
        real(demand.map(|many| u64::from(*many)).sum()) / 3600.0
    }
}

impl Stage {
    /// The stage of a command line, for the process of these settings; else what is wrong.
    pub(crate) fn new(
        load: &LoadArguments,
        plant: &PlantArguments,
        subject: &Subject,
    ) -> Result<Self, String> {
        let process = &subject.process;
        for metric in process.metrics() {
            let name = metric.decision.backend.as_str();
            if let Some((_, why)) = OUTSIDE.iter().find(|(outside, _)| *outside == name) {
                return Err(format!(
                    "{}: `{name}` {why}, which a simulation cannot wait for; another decision backend with --policy, or record \
                     what is measured and ask `autoscalebot decide`",
                    process.name
                ));
            }
        }
        let plan = Plan::new(&subject.settings, process);
        let plan = plan.map_err(|error| error.to_string())?;
        let zone = subject.settings.time_zone;
        let noise = match (plant.noise, plant.no_noise) {
            (_, true) => Noise::NONE,
            (None, false) => Noise::SCOREBOARD,
            (Some(level), false) => Noise {
                level,
                counter: 0.3 * level,
            },
        };
        let in_seconds = plant.slo_seconds.or(plant.slo_ms.map(|ms| ms / 1000.0));
        Ok(Self {
            kind: plant.kind.unwrap_or_else(|| kind(process)),
            start: load
                .start
                .map_or_else(|| monday(zone), |start| start.to_utc()),
            zone,
            seeds: (load.seed, load.seeds),
            sees: plant.sees,
            real: load.as_it_is,
            erlang: load.erlang,
            service: plant.service_time_ms.map(|ms| ms / 1000.0),
            slo: in_seconds.or_else(|| target(process)),
            slots: plant.slots,
            drift: plant.drift,
            boot: plant.boot,
            grace: plant.grace,
            noise,
            plan,
            load: load.read()?,
        })
    }

    /// The same with another load.
    #[must_use]
    pub fn with(self, name: &str, trace: Trace) -> Self {
        let load = Load::Read(name.to_owned(), trace);
        Self { load, ..self }
    }

    /// The load of one of the seeds.
    pub fn scene(&self, seed: u64) -> Result<Scene, String> {
        let drawn;
        let trace = match &self.load {
            Load::Read(_, trace) => trace,
            Load::Drawn(shape, days) => {
                drawn = shape
                    .trace(*days, seed)
                    .map_err(|error| error.to_string())?;
                &drawn
            }
        };
        let (usual, scale) = scoreboard(trace, self.kind, self.erlang);
        let scale = match (self.real, scale, self.service) {
            (true, Scale::Counted, _) => Scale::Counted,
            (true, _, _) => Scale::Real,
            // How much work the counts are follows from how long one takes: to be so much they must be scaled.
            (false, Scale::Counted, Some(_)) => Scale::Erlang {
                mean: self.erlang,
                peak: f64::INFINITY,
            },
            (false, scale, _) => scale,
        };
        let service = self.service.unwrap_or(usual.service);
        let usual = match self.kind {
            Kind::Web => usual,
            Kind::Queue => Plant::queue(service),
        };
        let plant = Plant {
            slots: self.slots,
            drift: self.drift,
            service,
            slo: self.slo.unwrap_or(usual.slo),
            ..usual
        };
        let (least, most) = self.bounds(&self.plan, trace.seconds());
        Ok(Scene {
            scenario: Scenario::new(trace, plant, scale, seed),
            conditions: Conditions {
                boot: self.boot,
                grace: self.grace,
                least,
                most,
                noise: self.noise,
                seed,
            },
        })
    }

    /// The least and the most that the settings allow at any time of a run.
    pub(crate) fn bounds(&self, plan: &Plan, seconds: u32) -> (u32, u32) {
        /// The steps in which schedules are looked at.
        const STEP: usize = 300;
        let moments = (0..seconds).step_by(STEP).map(|second| {
            let at = self.start + TimeDelta::seconds(i64::from(second));
            let bounds = plan.bounds(at, None);
            (bounds.min(), bounds.max())
        });
        moments
            .reduce(|(least, most), (min, max)| (least.min(min), most.max(max)))
            .unwrap_or((1, 1))
    }

    /// The production code under the settings of a process.
    pub fn production(
        &self,
        subject: &Subject,
        registry: &Registry,
        clock: Clock,
    ) -> anyhow::Result<impl Policy> {
        let (replay, signals) = subject.replay(registry, clock)?;
        let seen = self.seen(&subject.process, signals);
        Ok(Simulated::new(
            replay.never_off(),
            seen,
            self.start,
            |_, _| {},
        ))
    }

    fn seen(&self, process: &ProcessSettings, signals: Vec<Signal>) -> Vec<(Visible, Signal)> {
        let measurements = process.metrics().map(|metric| metric.measurement);
        let visible = measurements.map(|measurement| {
            let usual = || Visible::to(measurement, self.kind);
            self.sees.unwrap_or_else(usual)
        });
        visible.zip(signals).collect()
    }
}

impl LoadArguments {
    fn read(&self) -> Result<Load, String> {
        let Some(path) = self.file.as_ref().or(self.trace.as_ref()) else {
            let shape = self.load.unwrap_or(Shape::DailyWave);
            return Ok(Load::Drawn(shape, self.days));
        };
        let trace = read::read(path).map_err(|error| error.to_string())?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        Ok(Load::Read(name.to_string_lossy().into_owned(), trace))
    }
}

/// What kind of process these settings are for.
pub(crate) fn kind(process: &ProcessSettings) -> Kind {
    let mut metrics = process.metrics();
    let is_queue = metrics.any(|metric| {
        let decision = &metric.decision.section;
        decision.number(WAIT).is_some()
            || decision.number(RESPONSE).is_none()
                && metric.measurement.backend == "celery_redis_queue_size"
    });
    if is_queue { Kind::Queue } else { Kind::Web }
}

const WAIT: &str = "target_queue_wait_seconds";
const RESPONSE: &str = "target_response_time_ms";

/// What the settings want to be kept, in seconds.
pub(crate) fn target(process: &ProcessSettings) -> Option<f64> {
    process.metrics().find_map(|metric| {
        let decision = &metric.decision.section;
        let response = || decision.number(RESPONSE).map(|ms| ms / 1000.0);
        decision.number(WAIT).or_else(response)
    })
}

/// Always the same Monday.
fn monday(zone: Tz) -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap_or_default();
    let local = |day: NaiveDate| {
        day.and_hms_opt(0, 0, 0)?
            .and_local_timezone(zone)
            .earliest()
    };
    local(day)
        .or_else(|| local(day + Days::new(7)))
        .map(|midnight| midnight.to_utc())
        .unwrap_or_default()
}
