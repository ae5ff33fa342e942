//! What measurement backends over the [`Intake`] share: their settings, and what silence means. What was last told is a value
//! of that age (so that nothing is scaled down on what is old), and after a time it is none: never a zero.

use std::rc::Rc;
use std::time::Duration;

use chrono::{SecondsFormat, TimeDelta};
use serde::Deserialize;
use serde_json::Value;

use super::{MeasureError, Sample};
use crate::backend::{BuildError, Site};
use crate::clock::{Clock, Now};
use crate::intake::Intake;
use crate::intake::reading::{Figure, Heard, Queue};
use crate::intake::sketch::Statistic;
use crate::intake::slots::LONGEST_WINDOW;
use crate::model::ProcessName;
use crate::settings::schema::{Default, Kind, Section, Setting};

/// The backends that measure what applications send, so that they need a `[server]` and a source.
pub const NAMES: [&str; 6] = [
    "request_queue_time",
    "job_queue_latency",
    "job_queue_depth",
    "busy_jobs",
    "utilisation",
    "pushed",
];

/// The shortest window by default: an adapter reports each 10 s.
const SHORTEST_WINDOW: f64 = 30.0;

/// The soonest that silence is an error by default.
const SOONEST_SILENCE: f64 = 60.0;

/// Queues that one source reports come together; one that comes this much later than another is not reported any more.
const TOGETHER: Duration = Duration::from_secs(30);

/// Which figure of many requests is measured.
pub(super) const STATISTIC: Setting = Setting::new(
    "statistic",
    Kind::OneOf(Statistic::NAMES),
    Default::Text("p95"),
    "Which figure of the window's requests: that which 50, 95 or 99 of 100 are below, or their mean. To 1 % of its value.",
);

/// Over how long.
pub(super) const WINDOW: Setting = Setting::new(
    "window_in_seconds",
    Kind::Number(5.0, LONGEST_WINDOW),
    Default::Derived("measurement_interval_in_seconds, but at least 30 and at most 300"),
    "Over how long before the last report is measured; it begins at a multiple of 5 s.",
);

/// When silence is no value any more.
pub(super) const SILENT_AFTER: Setting = Setting::new(
    "silent_after_in_seconds",
    Kind::Seconds,
    Default::Derived("three times measurement_interval_in_seconds, but at least 60"),
    "How long after the last report there is no value any more: the measurement fails, and says since when nothing came. \
     Until then it is the last one, of that age (see max_age_in_seconds).",
);

/// Which queues.
pub(super) const QUEUE_NAME: Setting = Setting::new(
    "queue_name",
    Kind::Texts,
    Default::Derived("all queues that the process's sources report"),
    "The queue, or a list of queues. The lists that Celery keeps for priorities are one queue.",
);

/// What applications have told of one process.
#[derive(Debug)]
pub(super) struct Reported {
    pub(super) intake: Rc<Intake>,
    pub(super) process: ProcessName,
    pub(super) window: Duration,
    silent_after: Duration,
    clock: Clock,
}

impl Reported {
    pub(super) fn new(section: &Section, site: &Site) -> Self {
        let seconds = |name| section.number(name);
        let interval = seconds("measurement_interval_in_seconds").unwrap_or(30.0);
        let window = seconds(WINDOW.name)
            .unwrap_or_else(|| interval.max(SHORTEST_WINDOW))
            .min(LONGEST_WINDOW);
        let silent_after =
            seconds(SILENT_AFTER.name).unwrap_or_else(|| (interval * 3.0).max(SOONEST_SILENCE));
        let span = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        Self {
            intake: site.shared.get(),
            process: site.process.clone(),
            window: span(window),
            silent_after: span(silent_after),
            clock: site.clock,
        }
    }

    pub(super) fn now(&self) -> Now {
        self.clock.now()
    }

    /// What was told, unless that was too long ago. `what` did not come, and `where_from` says what is to be done for it.
    pub(super) fn heard<T>(
        &self,
        heard: Option<Heard<T>>,
        what: &str,
        where_from: &str,
    ) -> Result<Heard<T>, MeasureError> {
        match heard {
            Some(heard) if heard.age <= self.silent_after => Ok(heard),
            silent => {
                let age = silent.map(|heard| heard.age);
                Err(self.silence(age, what, where_from))
            }
        }
    }

    /// A figure of the wanted queues.
    pub(super) fn queues(
        &self,
        figure: Figure,
        names: &[String],
    ) -> Result<Vec<Queue>, MeasureError> {
        let what = match figure {
            Figure::Depth => "how many jobs wait",
            Figure::Latency => "how long the oldest job has waited",
            Figure::Busy => {
                "how many jobs are worked on (some adapters tell it only when they are asked to track busy jobs)"
            }
        };
        let all = self.intake.queues(&self.process, figure, self.now());
        if let Some(missing) = names
            .iter()
            .find(|name| !all.iter().any(|queue| queue.name == **name))
            && !all.is_empty()
        {
            let there: Vec<_> = all
                .iter()
                .take(10)
                .map(|queue| format!("`{}`", queue.name.escape_debug()))
                .collect();
            return Err(MeasureError::Unavailable(format!(
                "of queue `{missing}` no source of `{}` reports {what}; of these it is reported: {}",
                self.process,
                there.join(", ")
            )));
        }
        let newest = all.iter().map(|queue| queue.age).min();
        let wanted: Vec<Queue> = all
            .into_iter()
            .filter(|queue| {
                if names.is_empty() {
                    newest.is_some_and(|newest| queue.age <= newest.saturating_add(TOGETHER))
                } else {
                    names.contains(&queue.name)
                }
            })
            .collect();
        let oldest = wanted.iter().map(|queue| queue.age).max();
        let told = oldest.map(|age| Heard { told: wanted, age });
        Ok(self.heard(told, what, ADAPTER)?.told)
    }

    fn silence(&self, age: Option<Duration>, what: &str, where_from: &str) -> MeasureError {
        let process = &self.process;
        let sources = self.intake.sources_of(process);
        let sources = match sources.as_slice() {
            [] => format!("no [[server.source]] feeds `{process}`"),
            [one] => format!("`{process}` is fed by the source `{one}`"),
            several => format!(
                "`{process}` is fed by the sources `{}`",
                several.join("`, `")
            ),
        };
        let since = match age {
            None => "has come yet".to_owned(),
            Some(age) => {
                let at = self.now().wall - TimeDelta::from_std(age).unwrap_or(TimeDelta::MAX / 4);
                let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
                format!("has come since {at}, {:.0} s ago", age.as_secs_f64())
            }
        };
        MeasureError::Unavailable(format!(
            "no report of {what} {since}: {sources}; {where_from}"
        ))
    }
}

/// Those of the queues that applications tell of which a process is measured by.
#[derive(Debug)]
pub(super) struct OfQueues {
    pub(super) reported: Reported,
    names: Vec<String>,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    queue_name: Vec<String>,
}

impl OfQueues {
    pub(super) fn new(section: &Section, site: &Site) -> Result<Self, BuildError> {
        let Wanted { queue_name } = section.read()?;
        Ok(Self {
            reported: Reported::new(section, site),
            names: queue_name,
        })
    }

    /// A figure of each, and how old the oldest is.
    pub(super) fn told(&self, figure: Figure) -> Result<(Vec<Queue>, Duration), MeasureError> {
        let queues = self.reported.queues(figure, &self.names)?;
        let age = queues.iter().map(|queue| queue.age).max();
        Ok((queues, age.unwrap_or_default()))
    }
}

/// What leads a Judoscale adapter here.
pub(super) const ADAPTER: &str = "its application needs a Judoscale adapter, and in its environment \
     JUDOSCALE_URL = this bot's address with `/api/` and the source's token";

/// A sample of these data, that is so old.
pub(super) fn sample(data: Value, number: f64, age: Duration) -> Sample {
    Sample {
        age: Some(age),
        ..Sample::new(data, Some(number))
    }
}

/// Adds a field to an object.
pub(super) fn tell(data: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(fields) = data.as_object_mut() {
        fields.insert(name.to_owned(), value.into());
    }
}

/// To a thousandth.
pub(super) fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// A count out of a number that is none by chance only.
pub(super) fn count(number: f64) -> Option<u64> {
    num_traits::ToPrimitive::to_u64(&number.ceil())
}

impl Reported {
    /// How many jobs of these queues are worked on, if that is told of any.
    pub(super) fn busy(&self, queues: &[Queue]) -> Option<f64> {
        self.sum(Figure::Busy, queues)
    }

    /// How many jobs wait in these queues, if that is told of any.
    pub(super) fn depth(&self, queues: &[Queue]) -> Option<f64> {
        self.sum(Figure::Depth, queues)
    }

    fn sum(&self, figure: Figure, queues: &[Queue]) -> Option<f64> {
        let all = self.intake.queues(&self.process, figure, self.now());
        let fresh = |queue: &Queue| {
            let mut same = queues.iter().filter(|one| one.name == queue.name);
            same.any(|one| queue.age <= one.age.saturating_add(TOGETHER))
        };
        let values: Vec<f64> = all
            .iter()
            .filter(|queue| fresh(queue))
            .map(|queue| queue.value)
            .collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }
}
