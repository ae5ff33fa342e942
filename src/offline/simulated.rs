//! The production code in the simulator: at each tick the plant is measured as the process's measurement backends would
//! measure it, and the [`Replay`] says how many there shall be.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use serde_json::{Map, Value};

use super::replay::{Replay, Replayed};
use super::signal::Signal;
use crate::measurement::{MeasureError, Sample};
use crate::scaling::Observed;
use crate::settings;
use crate::simulation::number::whole;
use crate::simulation::plant::Kind;
use crate::simulation::policy::Policy;
use crate::simulation::sight::Sight;

/// What can be measured of the plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visible {
    /// The mean of all requests and their number (web); the queue's length, the arrivals, and how many work (queue).
    All,
    /// The mean response time of all requests since the last tick.
    Response,
    /// The mean of so many requests of one's own.
    Probes(u32),
    /// How busy the processes are.
    Utilisation,
    /// The queue's length alone.
    Queue,
    /// That, and how many are worked on, which is not acknowledged yet.
    Celery,
}

impl Visible {
    /// What such a measurement sees of such a plant.
    pub fn to(measurement: &settings::Step, kind: Kind) -> Self {
        let probes = measurement.section.number("probes_per_measurement");
        match (measurement.backend.as_str(), kind) {
            ("response_time", Kind::Web) => Self::Probes(probes.map_or(1, whole)),
            ("heroku_service_time", Kind::Web) => Self::Response,
            ("celery_redis_queue_size", Kind::Queue) => Self::Celery,
            (_, Kind::Web | Kind::Queue) => Self::All,
        }
    }

    /// What is measured over the last seconds; `None`: nothing came that could be.
    fn look(self, sight: &mut Sight<'_>, seconds: u32) -> Option<Value> {
        let mut fields = Map::new();
        let mut tell = |name: &str, value: f64| {
            fields.insert(name.to_owned(), value.into());
        };
        match self {
            Self::All if sight.kind() == Kind::Queue => {
                tell("queue_length", sight.queue_length());
                tell("arrivals", sight.arrivals(seconds));
                tell("busy", sight.busy());
            }
            Self::All => {
                tell("arrivals", sight.arrivals(seconds));
                if let Some(delay) = sight.delay(seconds) {
                    tell("response_time_ms", delay * 1000.0);
                }
            }
            Self::Response => return Some((sight.delay(seconds)? * 1000.0).into()),
            Self::Probes(1) => return Some((sight.ping() * 1000.0).into()),
            Self::Probes(many) => {
                tell("response_time_ms", sight.pings(many) * 1000.0);
                tell("probes", f64::from(many));
            }
            Self::Utilisation => tell("utilisation", sight.utilisation(seconds)?),
            Self::Queue => return Some(sight.queue_length().into()),
            Self::Celery => {
                tell("queue_length", sight.queue_length());
                tell("busy", sight.busy());
            }
        }
        Some(Value::Object(fields))
    }
}

/// A process under its production settings, as a policy of the simulator.
pub struct Simulated<W> {
    replay: Replay,
    seen: Vec<(Visible, Signal)>,
    start: DateTime<Utc>,
    interval: u32,
    watch: W,
}

impl<W> std::fmt::Debug for Simulated<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulated")
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

impl<W: FnMut(u32, &Replayed)> Simulated<W> {
    /// A process that sees this of the plant by each of its measurements, from this moment on. Each cycle is shown to `watch`.
    pub fn new(
        replay: Replay,
        seen: Vec<(Visible, Signal)>,
        start: DateTime<Utc>,
        watch: W,
    ) -> Self {
        let interval = replay.interval().as_secs_f64().round().clamp(1.0, 3600.0);
        Self {
            replay,
            seen,
            start,
            interval: whole(interval),
            watch,
        }
    }
}

fn idle() -> MeasureError {
    MeasureError::Unusable("nothing came, so that there is nothing to measure".to_owned())
}

impl<W: FnMut(u32, &Replayed)> Policy for Simulated<W> {
    fn interval(&self) -> u32 {
        self.interval
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        let at = self.start + TimeDelta::seconds(i64::from(sight.now));
        let (target, ready) = (sight.target, sight.ready.min(sight.target));
        let samples = self.seen.iter().map(|(visible, signal)| {
            let data = visible.look(sight, self.interval);
            data.map(|data| signal.sample(data)).ok_or_else(idle)
        });
        let samples: Vec<Result<Sample, MeasureError>> = samples.collect();
        let seen = Observed {
            count: target,
            ready: Some(ready),
            fleet: None,
        };
        // Whatever decides here is computed; one that waits for something outside is refused before it comes here.
        let Some(replayed) = self.replay.step(at, samples, seen).now_or_never() else {
            return target;
        };
        (self.watch)(sight.now, &replayed);
        replayed.desired
    }
}
