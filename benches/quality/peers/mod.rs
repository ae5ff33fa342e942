//! Who is compared. Those whose rules are read in their source are the program's own presets; here are those that are
//! inferred from what is documented, and two plain rules beside them.

mod average;
mod aws;
mod heroku;
mod judoscale;
mod own;
mod simple;

use autoscalebot::offline::simulated::Visible;
use autoscalebot::simulation::peers::hpa::Hpa;
use autoscalebot::simulation::peers::knative::Knative;
use autoscalebot::simulation::peers::nomad::Nomad;
use autoscalebot::simulation::peers::{Goal, USUAL_SHARE, preset};
use autoscalebot::simulation::plant::{Kind, Plant};
use autoscalebot::simulation::policy::{Fixed, Policy};
use autoscalebot::simulation::scenario::Scenario;

/// A row of the table.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// What it is on a scenario, if it can be set up for it.
    pub(crate) make: fn(&Scenario) -> Option<Box<dyn Policy>>,
}

/// The rows, in their order.
pub(crate) const PEERS: [Peer; 19] = [
    Peer {
        name: "autoscalebot adaptive",
        make: |scenario| own::adaptive(&scenario.plant, Visible::All),
    },
    Peer {
        name: "autoscalebot adaptive, response time / Celery queue",
        make: |scenario| own::adaptive(&scenario.plant, alone(scenario.plant.kind)),
    },
    Peer {
        name: "autoscalebot adaptive, 4 probes",
        make: |scenario| {
            only(Kind::Web, scenario, || {
                own::adaptive(&scenario.plant, Visible::Probes(4))
            })
        },
    },
    Peer {
        name: "static at p99.9 demand (hindsight)",
        make: |scenario| Some(Box::new(Fixed(scenario.high_demand(0.001)))),
    },
    Peer {
        name: "autoscalebot-2012",
        make: |scenario| preset("autoscalebot-2012", &scenario.plant),
    },
    Peer {
        name: "autoscalebot average_threshold",
        make: |scenario| Some(Box::new(average::Average::new(scenario.plant.kind))),
    },
    Peer {
        name: "Judoscale-like queue time",
        make: |scenario| Some(Box::new(judoscale::Judoscale::new(&scenario.plant))),
    },
    Peer {
        name: "HPA cpu 0.7",
        make: |scenario| preset("hpa", &scenario.plant),
    },
    Peer {
        name: "HPA rps / queue length",
        make: |scenario| Some(Box::new(Hpa::new(sum_goal(&scenario.plant)))),
    },
    Peer {
        name: "KEDA (polled each 30 s)",
        make: |scenario| preset("keda", &scenario.plant),
    },
    Peer {
        name: "Knative concurrency",
        make: |scenario| only(Kind::Queue, scenario, || preset("knative", &scenario.plant)),
    },
    Peer {
        name: "Knative rps 0.7",
        make: |scenario| Some(Box::new(Knative::new(Goal::usual_rate(&scenario.plant)))),
    },
    Peer {
        name: "AWS target tracking cpu 0.7",
        make: |_| Some(Box::new(aws::Aws::new(Goal::Utilisation(USUAL_SHARE)))),
    },
    Peer {
        name: "AWS target tracking requests",
        make: |scenario| Some(Box::new(aws::Aws::new(Goal::usual_rate(&scenario.plant)))),
    },
    Peer {
        name: "Heroku p95 style",
        make: |scenario| {
            only(Kind::Web, scenario, || {
                Some(Box::new(heroku::Heroku::new(&scenario.plant)))
            })
        },
    },
    Peer {
        name: "Nomad, 5 min cooldown",
        make: |scenario| preset("nomad", &scenario.plant),
    },
    Peer {
        name: "Nomad, 1 min cooldown",
        make: |_| {
            Some(Box::new(Nomad::with_cooldown(
                Goal::Utilisation(USUAL_SHARE),
                60,
            )))
        },
    },
    Peer {
        name: "HireFire",
        make: |scenario| preset("hirefire", &scenario.plant),
    },
    Peer {
        name: "simple rate tracking 0.80",
        make: |scenario| Some(Box::new(simple::Simple::new(&scenario.plant))),
    },
];

/// What is mostly there: the mean response time, or the queue's length and how many work.
fn alone(kind: Kind) -> Visible {
    match kind {
        Kind::Web => Visible::Response,
        Kind::Queue => Visible::Celery,
    }
}

/// What is summed up and shared out: requests a second, or jobs.
fn sum_goal(plant: &Plant) -> Goal {
    match plant.kind {
        Kind::Web => Goal::usual_rate(plant),
        Kind::Queue => Goal::jobs_in_time(plant),
    }
}

fn only(
    kind: Kind,
    scenario: &Scenario,
    make: impl FnOnce() -> Option<Box<dyn Policy>>,
) -> Option<Box<dyn Policy>> {
    if scenario.plant.kind == kind {
        make()
    } else {
        None
    }
}
