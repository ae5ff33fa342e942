//! `adaptive` gets no worse: through the production histories, decisions, envelope and cooldowns, given its target alone, it
//! runs a day of generated loads as the scoreboard does. Each row's limits are what was measured when it was written, which
//! it says, and a margin. Whoever makes it better writes the new figures; whoever makes it worse is told here.

use autoscalebot::backend::Registry;
use autoscalebot::clock::Clock;
use autoscalebot::offline::simulated::{Simulated, Visible};
use autoscalebot::offline::subject::Subject;
use autoscalebot::simulation::plant::{Kind, Plant};
use autoscalebot::simulation::policy::Policy;
use autoscalebot::simulation::run::{Conditions, run};
use autoscalebot::simulation::scenario::{Scenario, scoreboard};
use autoscalebot::simulation::trace::generator::Shape;
use chrono::DateTime;

/// What draws the loads and whatever else is left to chance.
const SEED: u64 = 0;

/// By how much a row may be worse than its figures: hours and changes in parts of what they are, late ones in hundredths of all.
const HOURS: f64 = 1.03;
const ACTIONS: f64 = 1.10;
const LATE: f64 = 0.3;

/// A load, and what was measured on it.
struct Row(Kind, Shape, Measured);

struct Measured {
    /// Process-hours to those of the demand.
    hours: f64,
    /// Late requests or jobs in a hundred.
    late: f64,
    /// Changes of the count, a day.
    actions: f64,
}

const fn were(hours: f64, late: f64, actions: f64) -> Measured {
    Measured {
        hours,
        late,
        actions,
    }
}

const ROWS: [Row; 7] = [
    Row(Kind::Web, Shape::DailyWave, were(1.0888, 0.097, 303.0)),
    Row(Kind::Web, Shape::FlashCrowd, were(1.1354, 0.589, 488.0)),
    Row(Kind::Web, Shape::Ramp, were(1.0869, 0.100, 260.0)),
    Row(Kind::Web, Shape::Noise, were(1.5704, 1.136, 2219.0)),
    Row(Kind::Queue, Shape::DailyWave, were(0.9500, 0.000, 1295.0)),
    Row(Kind::Queue, Shape::FlashCrowd, were(0.9538, 0.127, 1295.0)),
    Row(Kind::Queue, Shape::JobBursts, were(1.2183, 4.399, 1603.0)),
];

#[test]
fn adaptive_is_no_worse_than_it_was() {
    // The production code asks its runtime for the time-out of a decision.
    let worse: Vec<String> =
        autoscalebot::system::block_on(async { Ok(ROWS.iter().filter_map(worse).collect()) })
            .unwrap();
    assert!(
        worse.is_empty(),
        "adaptive has become worse:\n{}",
        worse.join("\n")
    );
}

/// What is said of a row that is beyond its limits.
fn worse(Row(kind, shape, were): &Row) -> Option<String> {
    let now = measured(*kind, *shape);
    let within = now.hours <= were.hours * HOURS
        && now.late <= were.late + LATE
        && now.actions <= were.actions * ACTIONS;
    (!within).then(|| {
        format!(
            "{kind:?}, {}: hours {:.4} (were {}), late {:.3} % (were {}), changes a day {:.0} (were {})",
            shape.name(),
            now.hours,
            were.hours,
            now.late,
            were.late,
            now.actions,
            were.actions
        )
    })
}

/// A day of a load under `adaptive`.
fn measured(kind: Kind, shape: Shape) -> Measured {
    let trace = shape.trace(1, SEED).unwrap();
    let (plant, scale) = scoreboard(&trace, kind, 10.0);
    let scenario = Scenario::new(&trace, plant, scale, SEED);
    let mut policy = adaptive(&scenario.plant);
    let figures = run(
        &scenario,
        &Conditions::scoreboard(SEED),
        &mut policy,
        |_| {},
    );
    let demand: f64 = scenario.demand.iter().map(|many| f64::from(*many)).sum();
    Measured {
        hours: figures.hours * 3600.0 / demand,
        late: figures.late,
        actions: figures.actions,
    }
}

/// `adaptive`, given the target alone, which sees all of the plant.
fn adaptive(plant: &Plant) -> impl Policy {
    let target = match plant.kind {
        Kind::Web => format!("target_response_time_ms = {}", plant.slo * 1000.0),
        Kind::Queue => format!("target_queue_wait_seconds = {}", plant.slo),
    };
    let registry = Registry::built_in();
    let subject = Subject::bare("adaptive", &target, &registry).unwrap();
    let (replay, signals) = subject.replay(&registry, Clock::system()).unwrap();
    let seen = signals.into_iter().map(|signal| (Visible::All, signal));
    Simulated::new(replay, seen.collect(), DateTime::UNIX_EPOCH, |_, _| {})
}
