//! Each preset, through the production histories, decisions and envelope, beside the simulation's own code of the same rules: on
//! the same load, from the same measurements, they come to the same.

use autoscalebot::backend::Registry;
use autoscalebot::clock::Clock;
use autoscalebot::measurement::Sample;
use autoscalebot::offline::replay::Replay;
use autoscalebot::offline::subject::Subject;
use autoscalebot::scaling::Observed;
use autoscalebot::simulation::figures::Figures;
use autoscalebot::simulation::peers::{self, Goal, USUAL_SHARE};
use autoscalebot::simulation::plant::{Kind, Plant};
use autoscalebot::simulation::policy::Policy;
use autoscalebot::simulation::run::{Conditions, run};
use autoscalebot::simulation::scenario::{Scenario, scoreboard};
use autoscalebot::simulation::sight::{Noise, Sight};
use autoscalebot::simulation::trace::generator::Shape;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;

/// What a preset's user measures.
type Look = fn(&mut Sight<'_>) -> f64;

/// A process that a preset sets up.
struct Preset {
    replay: Replay,
    interval: u32,
    look: Look,
}

impl Preset {
    fn new(preset: &str, decision: &str, interval: u32, look: Look) -> Self {
        let text = format!(
            "[processes.web]\npreset = \"{preset}\"\n\
             measurement = {{ backend = \"command\", command = \"none\" }}\n\
             scaling = {{ backend = \"command\", command = \"none\" }}\n\
             [processes.web.decision]\nmin_processes = 1\nmax_processes = 200\n{decision}\n"
        );
        let registry = Registry::built_in();
        let subject = Subject::of_text(preset, &text, &registry).unwrap();
        let (replay, _) = subject.replay(&registry, Clock::system()).unwrap();
        assert_eq!(replay.interval().as_secs(), u64::from(interval), "{preset}");
        Self {
            replay,
            interval,
            look,
        }
    }
}

impl Policy for Preset {
    fn interval(&self) -> u32 {
        self.interval
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        let start: DateTime<Utc> = DateTime::UNIX_EPOCH;
        let at = start + TimeDelta::seconds(i64::from(sight.now));
        let seen = Observed {
            count: sight.target,
            ready: Some(sight.ready.min(sight.target)),
            fleet: None,
        };
        let sample = Ok(Sample::number((self.look)(sight)));
        let step = self.replay.step(at, vec![sample], seen).now_or_never();
        step.unwrap().desired
    }
}

/// What a peer and a preset come to on two days of a load.
fn both(name: &str, kind: Kind, preset: impl Fn(&Plant) -> Preset) -> (Figures, Figures) {
    let trace = Shape::FlashCrowd.trace(2, 1).unwrap();
    let (plant, scale) = scoreboard(&trace, kind, 10.0);
    let scenario = Scenario::new(&trace, plant, scale, 0);
    let conditions = Conditions {
        noise: Noise::NONE,
        ..Conditions::scoreboard(0)
    };
    let of = |policy: &mut dyn Policy| run(&scenario, &conditions, policy, |_| {});
    let mut peer = peers::preset(name, &scenario.plant).unwrap();
    (of(peer.as_mut()), of(&mut preset(&scenario.plant)))
}

#[test]
fn show() {
    let each = |goal: Goal| match goal {
        Goal::Utilisation(each) | Goal::Rate(each) | Goal::Inside(each) => each,
    };
    let target = format!("target_value = {USUAL_SHARE}");
    for kind in [Kind::Web, Kind::Queue] {
        let t = target.clone();
        let show = |name: &str, (peer, own): (Figures, Figures)| {
            println!(
                "{name} {kind:?}: hours {:.1} {:.1}, late {:.3} {:.3}, actions {:.1} {:.1}",
                peer.hours, own.hours, peer.late, own.late, peer.actions, own.actions
            );
        };
        show(
            "hpa",
            both("hpa", kind, |_| {
                Preset::new("hpa", &t, 15, |sight| sight.utilisation(30).unwrap_or(0.0))
            }),
        );
        show(
            "nomad",
            both("nomad", kind, |_| {
                Preset::new("nomad", &t, 10, |sight| {
                    sight.utilisation(60).unwrap_or(0.0)
                })
            }),
        );
        show(
            "keda",
            both("keda", kind, |plant| {
                let (goal, look): (Goal, Look) = match kind {
                    Kind::Web => (Goal::usual_rate(plant), |sight| sight.rate(60)),
                    Kind::Queue => (Goal::jobs_in_time(plant), |sight| sight.in_flight(1)),
                };
                Preset::new("keda", &format!("target_value = {}", each(goal)), 30, look)
            }),
        );
        show(
            "knative",
            both("knative", kind, |plant| {
                let (goal, look): (Goal, Look) = match kind {
                    Kind::Web => (Goal::usual_rate(plant), |sight| sight.rate(2)),
                    Kind::Queue => (
                        Goal::Inside(USUAL_SHARE * f64::from(plant.slots)),
                        |sight| sight.in_flight(2),
                    ),
                };
                Preset::new(
                    "knative",
                    &format!("target_value = {}", each(goal)),
                    2,
                    look,
                )
            }),
        );
        show(
            "hirefire",
            both("hirefire", kind, |plant| match kind {
                Kind::Web => Preset::new(
                    "hirefire",
                    &format!(
                        "max_measurement_value = {}\nmin_measurement_value = {}",
                        plant.slo,
                        plant.slo * 0.4
                    ),
                    60,
                    |sight| sight.delay(60).unwrap_or(0.0),
                ),
                Kind::Queue => Preset::new(
                    "hirefire",
                    &format!(
                        "backend = \"queue_ratio\"\njobs_per_process = {}",
                        each(Goal::jobs_in_time(plant))
                    ),
                    60,
                    Sight::in_system,
                ),
            }),
        );
        show(
            "2012",
            both("autoscalebot-2012", kind, |_| match kind {
                Kind::Web => {
                    Preset::new("autoscalebot-2012", "", 30, |sight| sight.ping() * 1000.0)
                }
                Kind::Queue => Preset::new(
                    "autoscalebot-2012",
                    "min_measurement_value = 1\nmax_measurement_value = 20",
                    30,
                    Sight::queue_length,
                ),
            }),
        );
    }
}
