//! Records of a load that is known: the production code on the simulator's plant.

use std::cell::RefCell;
use std::rc::Rc;

use chrono::{DateTime, Utc};

use crate::backend::Registry;
use crate::clock::Clock;
use crate::offline::simulated::{Simulated, Visible};
use crate::offline::subject::Subject;
use crate::record::CycleRecord;
use crate::simulation::fleet::Boot;
use crate::simulation::number::{length, place};
use crate::simulation::plant::Plant;
use crate::simulation::run::{Conditions, run};
use crate::simulation::scenario::{Scale, Scenario};
use crate::simulation::trace::Trace;

/// A past that is known.
pub(super) struct Made {
    pub(super) subject: Subject,
    pub(super) records: Vec<CycleRecord>,
    /// What came a second, in each 15 s.
    pub(super) rates: Vec<f64>,
    /// Process-hours.
    pub(super) hours: f64,
    /// Late requests or jobs in a hundred.
    pub(super) late: f64,
}

/// How long it is: enough for a night and a day, and little enough for a test.
const MINUTES: u32 = 16 * 60;

/// Two waves, with a crowd on one.
fn wave(mean: f64) -> Trace {
    let rates = (0..MINUTES).map(|minute| {
        let turn = f64::from(minute) / 480.0 * std::f64::consts::TAU;
        let crowd = if (700..720).contains(&minute) {
            1.5
        } else {
            0.0
        };
        mean * (1.0 - 0.7 * turn.cos() + crowd)
    });
    Trace::new(60, rates.collect()).unwrap()
}

/// A process `web` under this decision, which sees this of the plant.
pub(super) fn subject(decision: &str, measurement: &str) -> Subject {
    let text = format!(
        "[processes.web]\nscaling = {{ backend = \"command\", command = \"none\" }}\n[processes.web.measurement]\n\
         {measurement}\nmeasurement_interval_in_seconds = 15\n[processes.web.decision]\nmax_processes = 60\n{decision}\n"
    );
    Subject::of_text("made", &text, &Registry::built_in()).unwrap()
}

pub(super) const COMMAND: &str = "backend = \"command\"\ncommand = \"none\"";

/// Runs a load of so many busy processes on average.
pub(super) fn made(subject: Subject, visible: Visible, plant: Plant, busy: f64) -> Made {
    let trace = wave(busy * f64::from(plant.slots) / plant.service);
    let scenario = Scenario::new(&trace, plant, Scale::Real, 3);
    let conditions = Conditions {
        most: 60,
        // At no certain place between two looks.
        boot: Boot::Between(20, 40),
        ..Conditions::scoreboard(3)
    };
    let records: Rc<RefCell<Vec<CycleRecord>>> = Rc::default();
    let (mut seconds, mut late) = (0.0, 0.0);
    crate::system::block_on(async {
        let (replay, signals) = subject.replay(&Registry::built_in(), Clock::system())?;
        let seen = signals.into_iter().map(|signal| (visible, signal));
        let kept = Rc::clone(&records);
        let start: DateTime<Utc> = "2026-11-16T00:00:00Z".parse()?;
        let mut policy = Simulated::new(
            replay.never_off(),
            seen.collect(),
            start,
            move |_, cycle| {
                kept.borrow_mut().extend(
                    cycle
                        .record
                        .as_ref()
                        .map(|record| CycleRecord::clone(record)),
                );
            },
        );
        run(&scenario, &conditions, &mut policy, |moment| {
            seconds += f64::from(moment.target);
            if moment.delay > scenario.plant.slo {
                late += moment.arrivals;
            }
        });
        Ok(())
    })
    .unwrap();
    let rates = scenario.arrivals.chunks(15).map(|bin| {
        let many: f64 = bin.iter().map(|many| f64::from(*many)).sum();
        many / 15.0
    });
    Made {
        rates: rates.collect(),
        hours: seconds / 3600.0,
        late: 100.0 * late / scenario.requests(),
        subject,
        records: records.take(),
    }
}

/// Means of ten minutes.
pub(super) fn tens(rates: &[f64]) -> Vec<f64> {
    let means = rates.chunks(place(40));
    means
        .map(|ten| ten.iter().sum::<f64>() / length(ten.len()))
        .collect()
}
