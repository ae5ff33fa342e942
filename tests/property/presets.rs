//! Each preset, through the production histories, decisions and envelope, beside the simulation's own code of the same rules: on
//! the same load, from the same measurements, they come to the same.

use autoscalebot::backend::Registry;
use autoscalebot::clock::Clock;
use autoscalebot::measurement::Sample;
use autoscalebot::offline::replay::Replay;
use autoscalebot::offline::subject::Subject;
use autoscalebot::scaling::Observed;
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

/// Holds a preset against the peer of its name, on a day of a load: `hundredths` is by what part of a hundred their hours, and
/// by how many of a hundred requests or jobs their late ones may differ.
#[track_caller]
fn alike(name: &str, kind: Kind, hundredths: f64, preset: impl Fn(&Plant) -> Preset) {
    let trace = Shape::FlashCrowd.trace(1, 1).unwrap();
    let (plant, scale) = scoreboard(&trace, kind, 10.0);
    let scenario = Scenario::new(&trace, plant, scale, 0);
    let conditions = Conditions {
        noise: Noise::NONE,
        ..Conditions::scoreboard(0)
    };
    // The production code asks its runtime for the time-out of a decision.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let of = |policy: &mut dyn Policy| run(&scenario, &conditions, policy, |_| {});
    let mut peer = peers::preset(name, &scenario.plant).unwrap();
    let (peer, own) = (of(peer.as_mut()), of(&mut preset(&scenario.plant)));
    if hundredths == 0.0 {
        assert_eq!(peer, own, "{name}, {kind:?}: not the same rule");
    }
    let hours = (own.hours / peer.hours - 1.0).abs() * 100.0;
    let late = (own.late - peer.late).abs();
    assert!(
        hours <= hundredths && late <= hundredths,
        "{name}, {kind:?}: {peer:?} and {own:?}"
    );
}

/// How much of a goal's measure each process is to have.
fn target(goal: Goal) -> String {
    let (Goal::Utilisation(each) | Goal::Rate(each) | Goal::Inside(each)) = goal;
    format!("target_value = {each}")
}

// As methods they are of one sight alone.
fn in_system(sight: &mut Sight<'_>) -> f64 {
    sight.in_system()
}

fn queue_length(sight: &mut Sight<'_>) -> f64 {
    sight.queue_length()
}

const KINDS: [Kind; 2] = [Kind::Web, Kind::Queue];

#[test]
fn hpa() {
    for kind in KINDS {
        alike("hpa", kind, 0.0, |_| {
            let goal = target(Goal::Utilisation(USUAL_SHARE));
            Preset::new("hpa", &goal, 15, |sight| {
                sight.utilisation(30).unwrap_or(0.0)
            })
        });
    }
}

#[test]
fn nomad() {
    for kind in KINDS {
        alike("nomad", kind, 0.0, |_| {
            let goal = target(Goal::Utilisation(USUAL_SHARE));
            Preset::new("nomad", &goal, 10, |sight| {
                sight.utilisation(60).unwrap_or(0.0)
            })
        });
    }
}

/// One step each 30 s is not quite two each 15 s.
#[test]
fn keda() {
    alike("keda", Kind::Web, 2.0, |plant| {
        let goal = target(Goal::usual_rate(plant));
        Preset::new("keda", &goal, 30, |sight| sight.rate(60))
    });
    alike("keda", Kind::Queue, 2.0, |plant| {
        let goal = target(Goal::jobs_in_time(plant));
        Preset::new("keda", &goal, 30, |sight| sight.in_flight(1))
    });
}

/// The means are of what each tick measured; the peer asks for them.
#[test]
fn knative() {
    alike("knative", Kind::Web, 0.5, |plant| {
        let goal = target(Goal::usual_rate(plant));
        Preset::new("knative", &goal, 2, |sight| sight.rate(2))
    });
    alike("knative", Kind::Queue, 0.5, |plant| {
        let goal = target(Goal::Inside(USUAL_SHARE * f64::from(plant.slots)));
        Preset::new("knative", &goal, 2, |sight| sight.in_flight(2))
    });
}

#[test]
fn hirefire() {
    alike("hirefire", Kind::Web, 0.0, |plant| {
        let (least, most) = (plant.slo * 0.4, plant.slo);
        let range = format!("min_measurement_value = {least}\nmax_measurement_value = {most}");
        Preset::new("hirefire", &range, 60, |sight| {
            sight.delay(60).unwrap_or(0.0)
        })
    });
    alike("hirefire", Kind::Queue, 0.0, |plant| {
        let ratio = target(Goal::jobs_in_time(plant)).replace("target_value", "jobs_per_process");
        let ratio = format!("backend = \"queue_ratio\"\n{ratio}");
        Preset::new("hirefire", &ratio, 60, in_system)
    });
}

#[test]
fn autoscalebot_2012() {
    alike("autoscalebot-2012", Kind::Web, 0.0, |_| {
        Preset::new("autoscalebot-2012", "", 30, |sight| sight.ping() * 1000.0)
    });
    alike("autoscalebot-2012", Kind::Queue, 0.0, |_| {
        let backlog = "min_measurement_value = 1\nmax_measurement_value = 20";
        Preset::new("autoscalebot-2012", backlog, 30, queue_length)
    });
}
