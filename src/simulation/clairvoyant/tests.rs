//! The clairvoyant against all schedules there are, where they are few enough to be tried.

use super::grid::points;
use super::*;
use crate::simulation::plant::Plant;
use crate::simulation::sight::Noise;

fn scenario(plant: Plant, levels: &[u32], demand: &[u32]) -> Scenario {
    let spread = |of: &[u32]| {
        of.iter()
            .flat_map(|many| std::iter::repeat_n(*many, SLOT))
            .collect()
    };
    Scenario {
        plant,
        arrivals: spread(levels),
        demand: spread(demand),
    }
}

fn conditions(most: u32) -> Conditions {
    Conditions {
        boot: Boot::Fixed(30),
        grace: 10,
        least: 1,
        most,
        noise: Noise::NONE,
        seed: 0,
    }
}

/// Hours and late requests of a schedule, by the plant and the terms alone.
fn cost(scenario: &Scenario, terms: &Terms, schedule: &[u32]) -> (f64, f64) {
    let (mut count, mut left, mut seconds, mut late) = (terms.start, 0.0, 0.0, 0.0);
    for (slot, next) in scenario.arrivals.chunks(SLOT).zip(schedule) {
        seconds += terms.boot * f64::from(next.saturating_sub(count));
        seconds += terms.grace * f64::from(count.saturating_sub(*next));
        count = *next;
        for arrivals in slot {
            let arrivals = f64::from(*arrivals);
            let step =
                scenario
                    .plant
                    .step(left, arrivals, f64::from(count), scenario.plant.service);
            left = step.left;
            seconds += f64::from(count);
            late += if step.delay > scenario.plant.slo {
                arrivals
            } else {
                0.0
            };
        }
    }
    let undone = left * scenario.plant.service / f64::from(scenario.plant.slots);
    ((seconds + undone) / 3600.0, late)
}

/// The cheapest of all schedules within the budget.
fn brute(scenario: &Scenario, terms: &Terms, budget: f64) -> f64 {
    let allowed = scenario.requests() * budget / 100.0;
    let slots = u32::try_from(scenario.arrivals.len() / SLOT).unwrap();
    let counts = terms.most - terms.least + 1;
    let mut best = f64::INFINITY;
    for number in 0..counts.pow(slots) {
        let schedule: Vec<u32> = (0..slots)
            .map(|slot| terms.least + number / counts.pow(slot) % counts)
            .collect();
        let (hours, late) = cost(scenario, terms, &schedule);
        if late <= allowed && hours < best {
            best = hours;
        }
    }
    best
}

#[test]
fn it_is_as_good_as_the_best_of_all_schedules() {
    let web = scenario(
        Plant::web(),
        &[5, 8, 22, 24, 9, 26, 5, 4],
        &[1, 1, 3, 3, 1, 3, 1, 1],
    );
    let queue = scenario(
        Plant {
            slo: 10.0,
            ..Plant::queue(1.0)
        },
        &[0, 3, 1, 3, 2, 0, 2, 0],
        &[1, 4, 2, 4, 3, 1, 3, 1],
    );
    let several = scenario(
        Plant {
            slots: 4,
            ..Plant::web()
        },
        &[20, 50, 95, 40, 110, 20],
        &[1, 2, 3, 1, 3, 1],
    );
    for (name, scenario, budgets) in [
        ("web", web, [0.0, 5.0, 20.0]),
        ("web of four slots", several, [0.0, 5.0, 20.0]),
        ("queue", queue, [0.0, 5.0, 20.0]),
    ] {
        let conditions = conditions(4);
        let terms = Terms::new(&scenario, &conditions);
        for budget in budgets {
            let brute = brute(&scenario, &terms, budget);
            let best = best(&scenario, &conditions, budget, &mut |_| {});
            let (hours, late) = cost(&scenario, &terms, &best.schedule);
            assert!(
                (hours - best.figures.hours).abs() < 1e-9,
                "{name} {budget}: {hours} {:?}",
                best.figures
            );
            assert!(
                late <= scenario.requests() * budget / 100.0 + 1e-9,
                "{name} {budget}: {late}"
            );
            assert!(
                best.figures.hours >= brute - 1e-9,
                "{name} {budget}: better than all there are"
            );
            assert!(
                best.figures.hours <= brute * 1.10,
                "{name} {budget}: {} for {brute}",
                best.figures.hours
            );
            // The grid is straight between its points, so the bound is one but for that.
            assert!(
                best.bound <= brute * 1.005,
                "{name} {budget}: bound {} for {brute}",
                best.bound
            );
        }
    }
}

#[test]
fn a_dear_request_is_never_late_and_a_free_one_costs_nothing() {
    let scenario = scenario(Plant::web(), &[5, 22, 24, 5, 5, 30], &[1, 3, 3, 1, 1, 4]);
    let conditions = conditions(6);
    for (budget, most) in [(0.0, 1e-9), (100.0, 100.0)] {
        let best = best(&scenario, &conditions, budget, &mut |_| {});
        assert!(best.figures.late <= most, "{budget}: {:?}", best.figures);
        if budget > 0.0 {
            assert!(
                best.schedule.iter().all(|count| *count == 1),
                "{:?}",
                best.schedule
            );
        }
    }
}

#[test]
fn progress_rises_to_its_end() {
    let scenario = scenario(Plant::web(), &[5, 22, 24, 5], &[1, 3, 3, 1]);
    let mut heard = Vec::new();
    drop(best(&scenario, &conditions(4), 1.0, &mut |part| {
        heard.push(part);
    }));
    assert!(heard.is_sorted() && heard.len() == 4 * 5, "{heard:?}");
    assert!((heard.last().unwrap() - 1.0).abs() < 1e-9, "{heard:?}");
}

#[test]
fn what_is_kept_on_the_way_is_what_is_played() {
    // Longer than what is kept at a time, so that several segments are played.
    let levels: Vec<u32> = (0..450).map(|slot| 10 + slot % 7 * 3).collect();
    let demand = vec![3; 450];
    let scenario = scenario(Plant::web(), &levels, &demand);
    let conditions = conditions(6);
    let terms = Terms::new(&scenario, &conditions);
    let slots = Slots::new(&scenario);
    let prices = spread(0.01, 10.0);
    let mut saved = Checkpoints::default();
    let values = backward(&slots, &terms, &prices, Some(&mut saved), &mut || {}).at_start(&terms);
    assert_eq!(saved.len(), 3);
    for ((played, price), value) in play(&slots, &terms, &prices, &saved, &mut || {})
        .iter()
        .zip(&prices)
        .zip(values)
    {
        assert_eq!(played.schedule.len(), 450);
        let late = played.figures.late / 100.0 * scenario.requests();
        let cost = played.figures.hours * 3600.0 + price * late;
        assert!(
            (cost / value - 1.0).abs() < 0.02,
            "at {price}: played {cost}, expected {value}"
        );
    }
    assert!(points()[1] > 0.0);
}
