//! Tries a configuration out without changing anything: `once` (what would it do now?) and `check --live` (does every
//! URL, platform and notifier answer?). Uses the same backends and the same envelope as the running bot.

mod deciding;
mod notices;
mod survey;

use std::fmt::Write as _;
use std::time::Duration;

use crate::backend::BuildError;
use crate::measurement::{MeasureError, MeasurementBackend, OnFailure, Sample};
use crate::scaling::{Observed, ScaleError, ScalingBackend};
use crate::settings::{ProcessSettings, Settings};
use crate::supervisor::desk::fenced;
use crate::supervisor::metric::Metric;
use crate::supervisor::plan::Plan;
use crate::supervisor::works::Works;

/// How long a scaling backend may take to say good-bye.
const GRACE: Duration = Duration::from_secs(2);

/// What one process's trial found, in lines for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The lines.
    pub text: String,
    /// Whether everything that was tried worked.
    pub is_good: bool,
}

/// The process being tried.
struct Trial<'a> {
    works: &'a Works,
    process: &'a ProcessSettings,
    plan: Plan,
    report: Report,
}

/// Measures, reads the count and decides once; says what would be done and why.
pub async fn once(
    works: &Works,
    settings: &Settings,
    process: &ProcessSettings,
) -> Result<Report, BuildError> {
    let mut trial = Trial::new(works, settings, process)?;
    let taken = trial.measure().await;
    if let Some(scaling) = trial.built("count", works.scaling(process)) {
        if let Some(seen) = trial.count(scaling.as_ref()).await {
            trial.decide(taken, seen, scaling.as_ref()).await;
        }
        let_go(scaling.as_ref()).await;
    }
    Ok(trial.report)
}

/// Tries each URL, platform and notifier, and sends one test notice to each: processes that share a notifier's table
/// share the notice.
pub async fn live(
    works: &Works,
    settings: &Settings,
    process: &ProcessSettings,
) -> Result<Report, BuildError> {
    let mut trial = Trial::new(works, settings, process)?;
    // What was measured, or why not, stands in the report.
    let _taken = trial.measure().await;
    if let Some(scaling) = trial.built("count", works.scaling(process)) {
        let seen = trial.count(scaling.as_ref()).await;
        trial.look_ahead(scaling.as_ref()).await;
        if let Some(seen) = seen {
            trial.survey(&seen, scaling.as_ref()).await;
        }
        let_go(scaling.as_ref()).await;
    }
    trial.notify(settings).await;
    Ok(trial.report)
}

/// The backend keeps to the grace itself; the fence behind it is for one that does not.
async fn let_go(scaling: &dyn ScalingBackend) {
    fenced(GRACE * 2, scaling.teardown(GRACE))
        .await
        .unwrap_or_default();
}

impl<'a> Trial<'a> {
    fn new(
        works: &'a Works,
        settings: &Settings,
        process: &'a ProcessSettings,
    ) -> Result<Self, BuildError> {
        works.hide(settings);
        let plan = Plan::new(settings, process)?;
        let report = Report {
            text: format!("{}\n", process.name),
            is_good: true,
        };
        Ok(Self {
            works,
            process,
            plan,
            report,
        })
    }

    fn say(&mut self, what: &str, text: impl std::fmt::Display) {
        // Writing to a string cannot fail.
        writeln!(self.report.text, "  {what:<13}{text}").unwrap_or_default();
    }

    fn fail(&mut self, what: &str, text: impl std::fmt::Display) {
        self.report.is_good = false;
        self.say(what, format!("FAILED: {text}"));
    }

    /// A backend that could be made of its settings; that it could not is a failure of the one process alone.
    fn built<T>(&mut self, what: &str, made: Result<T, BuildError>) -> Option<T> {
        made.map_err(|BuildError(why)| {
            let heading = format!("{}: ", self.process.name);
            self.fail(what, why.strip_prefix(&heading).unwrap_or(&why));
        })
        .ok()
    }

    /// Takes each of the process's measurements.
    async fn measure(&mut self) -> Vec<Result<Sample, OnFailure>> {
        let made = self.works.measurement(self.process);
        let backends = self.built("measurement", made).unwrap_or_default();
        let mut all = Vec::new();
        for (place, metric) in self.plan.metrics.clone().iter().enumerate() {
            all.push(match backends.get(place) {
                Some(backend) => self.take(metric, backend.as_ref()).await,
                None => Err(OnFailure::Hold),
            });
        }
        all
    }

    async fn take(
        &mut self,
        metric: &Metric,
        backend: &dyn MeasurementBackend,
    ) -> Result<Sample, OnFailure> {
        let work = async {
            backend.setup().await?;
            backend.heartbeat_start().await?;
            backend.measure().await
        };
        let timeout = metric.timeout;
        let taken = fenced(timeout, work)
            .await
            .unwrap_or(Err(MeasureError::TimedOut(timeout)));
        fenced(timeout, backend.teardown())
            .await
            .unwrap_or_default();
        match taken {
            Ok(sample) => {
                let at_key = sample
                    .number
                    .filter(|number| sample.data.as_f64() != Some(*number));
                let number = at_key
                    .map(|number| format!(" (the number for thresholds is {number})"))
                    .unwrap_or_default();
                self.say(
                    "measurement",
                    format!("{} measured {}{number}", metric.name, sample.data),
                );
                Ok(sample)
            }
            Err(error) => {
                self.fail("measurement", format!("{}: {error}", metric.name));
                Err(metric
                    .on_failure
                    .unwrap_or_else(|| backend.counts_as(&error)))
            }
        }
    }

    async fn count(&mut self, backend: &dyn ScalingBackend) -> Option<Observed> {
        let name = &self.process.scaling.backend;
        let timeout = self.plan.scale_timeout;
        let work = async {
            backend.setup().await?;
            backend.count().await
        };
        match fenced(timeout, work).await.unwrap_or_else(|| late(timeout)) {
            Ok(seen) => {
                let plural = if seen.count == 1 { "" } else { "es" };
                let all_up = seen.ready == Some(seen.count)
                    && seen
                        .fleet
                        .as_ref()
                        .is_none_or(|fleet| fleet.not_up().is_none());
                let up = if all_up {
                    String::new()
                } else {
                    format!(": {}", seen.told())
                };
                self.say(
                    "count",
                    format!("{name} has {} process{plural}{up}", seen.count),
                );
                Some(seen)
            }
            Err(error) => {
                self.fail("count", format!("{name}: {error}"));
                None
            }
        }
    }

    async fn look_ahead(&mut self, backend: &dyn ScalingBackend) {
        let timeout = self.plan.scale_timeout;
        let looked = fenced(timeout, backend.look_ahead()).await;
        if let Err(error) = looked.unwrap_or_else(|| late(timeout)) {
            self.fail("scaling", error);
        }
    }
}

fn late<T>(timeout: Duration) -> Result<T, ScaleError> {
    let seconds = timeout.as_secs_f64();
    Err(ScaleError::Unavailable(format!(
        "no answer within {seconds} s"
    )))
}
