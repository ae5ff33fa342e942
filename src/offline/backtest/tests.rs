//! A past that the simulator made, played again.

use super::testing::{COMMAND, made, subject};
use super::*;
use crate::offline::simulated::Visible;
use crate::simulation::plant::Plant;

fn plant() -> PlantArguments {
    use clap::Parser;
    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        plant: PlantArguments,
    }
    Alone::try_parse_from(["x"]).unwrap().plant
}

const RESPONSE: &str = "backend = \"adaptive\"\ntarget_response_time_ms = 1000";
const WAIT: &str = "backend = \"adaptive\"\ntarget_queue_wait_seconds = 30";
const STEPS: &str =
    "backend = \"average_threshold\"\nmax_measurement_value = 600\nmin_measurement_value = 250";

fn played_again(
    because: &str,
    decision: &str,
    visible: Visible,
    kind: Plant,
    service: Option<f64>,
) {
    let made = made(subject(decision, COMMAND), visible, kind, 8.0);
    let plant = PlantArguments {
        sees: Some(visible),
        service_time_ms: service,
        ..plant()
    };
    let played = Played::new(&made.records, &plant, &made.subject, None).unwrap();
    let asked = Asked {
        price: Some(2.0),
        draw: false,
    };
    let registry = Registry::built_in();
    let works = (&registry, Clock::system());
    let (report, _) =
        crate::system::block_on(async { played.report(&made.subject, None, works, asked) })
            .unwrap();
    let [real, present] = report.rows.as_slice() else {
        panic!("{:?}", report.rows);
    };
    for (row, within) in [(real, 0.005), (present, 0.1)] {
        let off = row.hours / made.hours - 1.0;
        assert!(
            off.abs() < within,
            "{because}: {row:?} for {} h",
            made.hours
        );
        let off = row.late.unwrap() - made.late;
        assert!(
            off.abs() < 0.5 + 0.3 * made.late,
            "{because}: {row:?} for {} % late",
            made.late
        );
    }
    assert_eq!(real.cost, Some(2.0 * real.hours), "{because}");
}

/// Records that the simulator made, and a simulation of the same settings on what is inferred from them.
#[test]
fn the_same_settings_come_to_the_same_hours() {
    use Visible::{All, Queue, Response};
    let (web, jobs) = (Plant::web(), Plant::queue(5.0));
    for (because, decision, visible, plant, service) in [
        ("arrivals and responses", RESPONSE, All, &web, None),
        ("responses", RESPONSE, Response, &web, Some(100.0)),
        ("responses, nothing told", RESPONSE, Response, &web, None),
        ("thresholds, nothing told", STEPS, Response, &web, None),
        ("jobs", WAIT, All, &jobs, None),
        ("a queue's length", WAIT, Queue, &jobs, Some(5000.0)),
    ] {
        played_again(because, decision, visible, plant.clone(), service);
    }
}

/// Other settings come to what they come to on the load itself.
#[test]
fn other_settings_are_foretold() {
    let registry = Registry::built_in();
    let tight = "backend = \"adaptive\"\ntarget_response_time_ms = 300";
    let [past, future] = [STEPS, tight]
        .map(|decision| made(subject(decision, COMMAND), Visible::All, Plant::web(), 8.0));
    let plant = PlantArguments {
        slo_seconds: Some(1.0),
        ..plant()
    };
    let (present, tried) = (&past.subject, Some(&future.subject));
    let played = Played::new(&past.records, &plant, present, tried).unwrap();
    let asked = Asked {
        price: None,
        draw: true,
    };
    let works = (&registry, Clock::system());
    let (report, picture) =
        crate::system::block_on(async { played.report(present, tried, works, asked) }).unwrap();
    let row = &report.rows[2];
    let off = row.hours / future.hours - 1.0;
    assert!(off.abs() < 0.1, "{row:?} for {} h", future.hours);
    assert!(
        (row.late.unwrap() - future.late).abs() < 0.5,
        "{row:?} for {} %",
        future.late
    );
    let picture = picture.unwrap();
    assert!(picture.contains(PRESENT) && picture.contains(TRIED));
    let text = report.text();
    let first = text.lines().next().unwrap();
    assert!(
        first.starts_with("web, 16 hours: ") && first.contains("process-hours as it ran"),
        "{text}"
    );
    assert!(text.contains("This is a model."), "{text}");
}

#[test]
fn what_is_not_enough_is_told() {
    let made = made(subject(STEPS, COMMAND), Visible::All, Plant::web(), 2.0);
    let told =
        |records: &[CycleRecord]| Played::new(records, &plant(), &made.subject, None).unwrap_err();
    let hour = told(&made.records[..200]);
    assert!(hour.contains("there are 50 minutes"), "{hour}");
    let mut blind = made.records.clone();
    for record in &mut blind {
        for input in &mut record.inputs {
            (input.value, input.data) = (None, None);
        }
    }
    let nothing = told(&blind);
    assert!(nothing.contains("no record has a measurement"), "{nothing}");
    // Half of it was measured, and then nothing any more.
    let at = blind.len() / 2;
    blind[..at].clone_from_slice(&made.records[..at]);
    let played = Played::new(&blind, &plant(), &made.subject, None).unwrap();
    let half = played.course.seconds() / f64::from(15 * u32::try_from(at).unwrap());
    assert!((half - 1.0).abs() < 0.02, "{half}");
    assert!((played.past.unmeasured - 0.5).abs() < 0.01);
    assert!(played.course.left_out() > 7.0 * 3600.0);
}

#[test]
fn records_keep_how_many_are_busy() {
    let made = made(
        subject(WAIT, COMMAND),
        Visible::Celery,
        Plant::queue(5.0),
        4.0,
    );
    let busy = |record: &CycleRecord| record.inputs[0].busy;
    assert!(made.records.iter().filter_map(busy).max() > Some(3));
}
