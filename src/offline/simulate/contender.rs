//! Who is tried: the process's own settings, and beside them the rules of other autoscalers, one who knows the future, and
//! a count that never changes.

use super::arguments::unknown;
use super::progress::Progress;
use super::stage::{Scene, Stage};
use crate::backend::Registry;
use crate::clock::Clock;
use crate::offline::subject::Subject;
use crate::simulation::clairvoyant::{self, SLOT};
use crate::simulation::figures::{Figures, Moment};
use crate::simulation::peers::{PRESETS, preset};
use crate::simulation::plant::Step;
use crate::simulation::policy::Fixed;

/// The part of the requests that the clairvoyant may let be late, in a hundred.
pub const BUDGET: f64 = 1.0;

/// The part of the time in which the demand may be above the count that never changes: it is set with hindsight.
const ABOVE: f64 = 0.001;

const CLAIRVOYANT: &str = "clairvoyant";
const STATIC: &str = "static";

/// Who is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contender {
    /// The process's own settings.
    Own,
    /// Another product, by its name.
    Product(&'static str),
    /// One who knows the future.
    Clairvoyant,
    /// The same count, always.
    Static,
}

/// The one of this name.
pub(crate) fn named(name: &str) -> Result<Contender, String> {
    let product = PRESETS.into_iter().find(|preset| *preset == name);
    match name {
        CLAIRVOYANT => Ok(Contender::Clairvoyant),
        STATIC => Ok(Contender::Static),
        _ => product
            .map(Contender::Product)
            .ok_or_else(|| unknown(name, PRESETS.into_iter().chain([CLAIRVOYANT, STATIC]))),
    }
}

impl Contender {
    /// As people call it.
    pub fn name(self, subject: &Subject) -> String {
        match self {
            Self::Own => {
                let mut names: Vec<&str> = Vec::new();
                for metric in subject.process.metrics() {
                    let name = metric.decision.backend.as_str();
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                names.join(" + ")
            }
            Self::Product(name) => name.to_owned(),
            Self::Clairvoyant => CLAIRVOYANT.to_owned(),
            Self::Static => STATIC.to_owned(),
        }
    }
}

/// The production code that is tried, and what it is built of.
pub(crate) struct Tried<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) subject: &'a Subject,
    pub(crate) registry: &'a Registry,
    pub(crate) clock: Clock,
}

impl Tried<'_> {
    /// What comes of a contender on a scene. Each second is shown to `watch`.
    pub(crate) fn run(
        &self,
        contender: Contender,
        scene: &Scene,
        progress: &mut Progress,
        mut watch: impl FnMut(&Moment),
    ) -> anyhow::Result<Figures> {
        let what = contender.name(self.subject);
        let seconds = f64::from(scene.scenario.seconds());
        let seen = |moment: &Moment| {
            if moment.now.is_multiple_of(3600) {
                progress.at(&what, f64::from(moment.now) / seconds);
            }
            watch(moment);
        };
        let figures = match contender {
            Contender::Own => {
                let mut policy = self
                    .stage
                    .production(self.subject, self.registry, self.clock)?;
                scene.run(&mut policy, seen)
            }
            Contender::Product(name) => {
                let policy = preset(name, &scene.scenario.plant);
                let mut policy =
                    policy.ok_or_else(|| anyhow::anyhow!("there are no rules of {name}"))?;
                scene.run(policy.as_mut(), seen)
            }
            Contender::Static => {
                let most = scene.scenario.high_demand(ABOVE);
                scene.run(&mut Fixed(most), seen)
            }
            Contender::Clairvoyant => {
                let what = format!("{CLAIRVOYANT} (a load may take a minute or two)");
                let mut hear = |part: f64| progress.at(&what, part);
                let best = clairvoyant::best(&scene.scenario, &scene.conditions, BUDGET, &mut hear);
                shown(scene, &best.schedule, watch);
                best.figures
            }
        };
        progress.next();
        Ok(figures)
    }
}

/// A schedule of ready processes, second by second.
fn shown(scene: &Scene, schedule: &[u32], mut watch: impl FnMut(&Moment)) {
    let plant = &scene.scenario.plant;
    let counts = schedule
        .iter()
        .flat_map(|many| std::iter::repeat_n(*many, SLOT));
    let loads = scene.scenario.arrivals.iter().zip(&scene.scenario.demand);
    let mut last = Step {
        left: 0.0,
        busy: 0.0,
        delay: 0.0,
    };
    for ((now, ready), (arrivals, demand)) in (0..).zip(counts).zip(loads) {
        let arrivals = f64::from(*arrivals);
        last = plant.step(last.left, arrivals, f64::from(ready), plant.service_at(now));
        watch(&Moment {
            now,
            arrivals,
            demand: *demand,
            ready,
            target: ready,
            billed: ready,
            delay: last.delay,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_or_suggested() {
        for name in PRESETS {
            assert_eq!(named(name), Ok(Contender::Product(name)));
        }
        assert_eq!(named("clairvoyant"), Ok(Contender::Clairvoyant));
        let told = named("kedda").unwrap_err();
        assert!(told.contains("did you mean `keda`"), "{told}");
        let told = named("aws").unwrap_err();
        assert!(
            told.contains("`hpa`") && told.contains("`static`"),
            "{told}"
        );
    }
}
