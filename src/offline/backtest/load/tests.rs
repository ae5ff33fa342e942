//! Loads that are known, and what is inferred of them from the production code's records.

use super::*;
use crate::offline::backtest::course::Course;
use crate::offline::backtest::records::Past;
use crate::offline::backtest::testing::{COMMAND, made, subject, tens};
use crate::offline::simulated::Visible;
use crate::simulation::plant::Plant;

const RESPONSE: &str = "backend = \"adaptive\"\ntarget_response_time_ms = 1000";
const WAIT: &str = "backend = \"adaptive\"\ntarget_queue_wait_seconds = 30";
const RATIO: &str = "backend = \"queue_ratio\"\njobs_per_process = 4";
const STEPS: &str =
    "backend = \"average_threshold\"\nmax_measurement_value = 600\nmin_measurement_value = 250";
const PROBE: &str = "backend = \"response_time\"\nmeasurement_url = \"https://x.invalid/\"";

/// A process that is recorded, and how far what is inferred may be off.
struct Case {
    because: &'static str,
    process: (&'static str, &'static str),
    visible: Visible,
    plant: Plant,
    service: Option<f64>,
    /// The mean of all; those of ten minutes; the service time.
    within: [f64; 3],
}

fn web(because: &'static str, visible: Visible, service: Option<f64>, within: [f64; 3]) -> Case {
    let process = match visible {
        Visible::Probes(_) => (STEPS, PROBE),
        Visible::All
        | Visible::Response
        | Visible::Utilisation
        | Visible::Queue
        | Visible::Celery => (RESPONSE, COMMAND),
    };
    Case {
        because,
        process,
        visible,
        plant: Plant::web(),
        service,
        within,
    }
}

/// Of four slots.
fn four(case: Case) -> Case {
    let service = 0.25;
    Case {
        plant: Plant {
            slots: 4,
            service,
            ..case.plant
        },
        service: case.service.map(|_| service),
        ..case
    }
}

fn queue(
    because: &'static str,
    decision: &'static str,
    visible: Visible,
    service: Option<f64>,
    within: [f64; 3],
) -> Case {
    Case {
        process: (decision, COMMAND),
        plant: Plant::queue(5.0),
        ..web(because, visible, service, within)
    }
}

fn found_again(cases: impl IntoIterator<Item = Case>) {
    for case in cases {
        let workers = Workers {
            kind: case.plant.kind,
            slots: case.plant.slots,
            service: case.service,
        };
        let real = case.plant.service;
        let (decision, measurement) = case.process;
        let made = made(
            subject(decision, measurement),
            case.visible,
            case.plant,
            8.0,
        );
        let past = Past::of(&made.records, Some(workers.kind));
        let load = infer(&past.looks, 15.0, workers).unwrap();
        let course = Course::new(&past.looks, &load, past.interval, workers.kind);
        let rates: Vec<f64> = course.bins.iter().map(|bin| bin.rate).collect();
        let mean = |rates: &[f64]| rates.iter().sum::<f64>() / length(rates.len());
        let (found, known) = (tens(&rates), tens(&made.rates[..rates.len()]));
        let pairs = found.iter().zip(&known);
        let off: Vec<f64> = pairs
            .map(|(found, known)| (found / known - 1.0).abs())
            .collect();
        let off = [
            mean(&found) / mean(&known) - 1.0,
            mean(&off),
            load.service.seconds / real - 1.0,
        ];
        let good = off
            .iter()
            .zip(case.within)
            .all(|(off, within)| off.abs() <= within + 1e-9);
        assert!(good, "{}: {off:.3?}", case.because);
    }
}

#[test]
fn a_known_load_of_requests_is_found_again() {
    use Visible::{All, Probes, Response, Utilisation};
    found_again([
        web("arrivals and responses", All, None, [0.01, 0.01, 0.03]),
        four(web("of four slots", All, None, [0.01, 0.01, 0.03])),
        web("all responses", Response, Some(0.1), [0.03, 0.04, 0.0]),
        web("nothing told", Response, None, [0.25, 0.25, 0.25]),
        four(web(
            "of four slots",
            Response,
            Some(0.25),
            [0.03, 0.04, 0.0],
        )),
        web("four probes", Probes(4), Some(0.1), [0.03, 0.06, 0.0]),
        web("one probe", Probes(1), Some(0.1), [0.1, 0.15, 0.0]),
        web("utilisation", Utilisation, Some(0.1), [0.02, 0.02, 0.0]),
    ]);
}

#[test]
fn a_known_load_of_jobs_is_found_again() {
    use Visible::{All, Queue};
    found_again([
        queue("arrivals and busy", WAIT, All, None, [0.01, 0.01, 0.02]),
        queue(
            "length and busy",
            WAIT,
            Visible::Celery,
            Some(5.0),
            [0.04, 0.05, 0.0],
        ),
        queue("mostly empty", WAIT, Queue, Some(5.0), [0.12, 0.15, 0.0]),
        queue("by ratio", RATIO, Queue, Some(5.0), [0.12, 0.12, 0.0]),
    ]);
}

fn looks(queues: &[f64], ready: f64) -> Vec<Look> {
    let look = |(at, queue): (f64, &f64)| Look {
        at: at * 10.0,
        count: Some(ready),
        ready,
        queue: Some(*queue),
        ..Look::default()
    };
    let places = (0..queues.len()).map(length);
    places.zip(queues).map(look).collect()
}

#[test]
fn a_queue_that_grows_is_what_came() {
    let workers = Workers {
        kind: Kind::Queue,
        slots: 1,
        service: Some(5.0),
    };
    // Two workers do four jobs in ten seconds.
    let load = infer(&looks(&[10.0, 16.0, 12.0, 0.0, 0.0], 2.0), 10.0, workers).unwrap();
    let rates: Vec<f64> = load.rates.iter().map(|rate| rate.unwrap_or(-1.0)).collect();
    for (at, (rate, expected)) in rates.iter().zip([0.4, 1.0, 0.0, 0.0, 0.0]).enumerate() {
        assert!((rate - expected).abs() < 1e-9, "{at}: {rates:?}");
    }
    assert!((load.likely - 0.6).abs() < 1e-9, "{}", load.likely);
    assert_eq!(load.delays[1], Some(40.0));
    let always_empty = infer(&looks(&[0.0; 9], 2.0), 10.0, workers).unwrap_err();
    assert!(always_empty.contains("always empty"), "{always_empty}");
    let untold = Workers {
        service: None,
        ..workers
    };
    let untold = infer(&looks(&[3.0; 9], 2.0), 10.0, untold).unwrap_err();
    assert!(untold.contains("--service-time-ms"), "{untold}");
}
