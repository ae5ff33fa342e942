//! The rules of other autoscalers, as their sources have them, for comparison: one file each. What they cannot know by
//! themselves (how much one process can do) is given to them, as whoever sets them up would have to find it out.

pub mod autoscalebot_2012;
pub mod hirefire;
pub mod hpa;
pub mod keda;
pub mod knative;
pub mod nomad;

use super::plant::{Kind, Plant};
use super::policy::Policy;

/// The part of a process that peers are told to keep busy: what most of their guides say.
pub const USUAL_SHARE: f64 = 0.7;

/// What a peer measures, and how much of it one process shall have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// The busy part of a process.
    Utilisation(f64),
    /// Requests or jobs a second, for each process.
    Rate(f64),
    /// Requests or jobs in the system, waiting or worked on, for each process.
    Inside(f64),
}

impl Goal {
    /// The usual share of what one process can do, as a rate.
    pub fn usual_rate(plant: &Plant) -> Self {
        Self::Rate(USUAL_SHARE * f64::from(plant.slots) / plant.service)
    }

    /// As many jobs for each process as it is done with in three tenths of the time that a job may wait.
    pub fn jobs_in_time(plant: &Plant) -> Self {
        Self::Inside(f64::from(plant.slots) * (1.0 + 0.3 * plant.slo / plant.service))
    }
}

/// The products whose rules are known from their source (hirefire: from its Terraform provider and guides).
pub const PRESETS: [&str; 6] = [
    "hpa",
    "keda",
    "knative",
    "nomad",
    "hirefire",
    "autoscalebot-2012",
];

/// A product as it would be set up for a plant. `None` for a name that is none of [`PRESETS`].
pub fn preset(name: &str, plant: &Plant) -> Option<Box<dyn Policy>> {
    let policy: Box<dyn Policy> = match (name, plant.kind) {
        ("hpa", _) => Box::new(hpa::Hpa::new(Goal::Utilisation(USUAL_SHARE))),
        ("keda", Kind::Web) => Box::new(keda::Keda::new(Goal::usual_rate(plant))),
        ("keda", Kind::Queue) => Box::new(keda::Keda::new(Goal::jobs_in_time(plant))),
        // In a web process the number in flight does not fall in step with the count: its users set a rate.
        ("knative", Kind::Web) => Box::new(knative::Knative::new(Goal::usual_rate(plant))),
        ("knative", Kind::Queue) => Box::new(knative::Knative::new(Goal::Inside(
            USUAL_SHARE * f64::from(plant.slots),
        ))),
        ("nomad", _) => Box::new(nomad::Nomad::new(Goal::Utilisation(USUAL_SHARE))),
        ("hirefire", Kind::Web) => Box::new(hirefire::Range::new(plant.slo)),
        ("hirefire", Kind::Queue) => Box::new(hirefire::Ratio::new(plant)),
        ("autoscalebot-2012", kind) => Box::new(autoscalebot_2012::Consecutive::new(kind)),
        _ => return None,
    };
    Some(policy)
}

#[cfg(test)]
mod tests {
    use super::super::run::{Conditions, run};
    use super::super::scenario::{Scenario, scoreboard};
    use super::super::trace::generator::Shape;
    use super::*;

    #[test]
    fn every_preset_serves_a_calm_load() {
        let trace = Shape::DailyWave.trace(1, 1).unwrap();
        for kind in [Kind::Web, Kind::Queue] {
            let (plant, scale) = scoreboard(&trace, kind, 10.0);
            let scenario = Scenario::new(&trace, plant, scale, 0);
            for name in PRESETS {
                let mut policy = preset(name, &scenario.plant).unwrap();
                let figures = run(
                    &scenario,
                    &Conditions::scoreboard(0),
                    policy.as_mut(),
                    |_| {},
                );
                assert!(
                    figures.hours > 200.0 && figures.hours < 1500.0,
                    "{name}, {kind:?}: {figures:?}"
                );
                assert!(figures.late < 60.0, "{name}, {kind:?}: {figures:?}");
            }
        }
        assert!(preset("kubernetes", &Plant::web()).is_none());
    }
}
