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

#[test]
fn a_known_load_is_found_again() {
    let four = Plant {
        slots: 4,
        service: 0.25,
        ..Plant::web()
    };
    let mut wrong = false;
    // How far the mean of all is off, the mean of ten minutes, and the service time.
    for (because, decision, measurement, visible, plant, service, within) in [
        (
            "arrivals and responses",
            RESPONSE,
            COMMAND,
            Visible::All,
            Plant::web(),
            None,
            (0.02, 0.02, 0.05),
        ),
        (
            "four slots",
            RESPONSE,
            COMMAND,
            Visible::All,
            four.clone(),
            None,
            (0.02, 0.02, 0.1),
        ),
        (
            "the mean of all responses",
            RESPONSE,
            COMMAND,
            Visible::Response,
            Plant::web(),
            Some(0.1),
            (0.02, 0.04, 0.0),
        ),
        (
            "the same, the service time unknown",
            RESPONSE,
            COMMAND,
            Visible::Response,
            Plant::web(),
            None,
            (0.2, 0.2, 0.3),
        ),
        (
            "the mean of all, four slots",
            RESPONSE,
            COMMAND,
            Visible::Response,
            four,
            Some(0.25),
            (0.03, 0.06, 0.0),
        ),
        (
            "four probes",
            STEPS,
            PROBE,
            Visible::Probes(4),
            Plant::web(),
            Some(0.1),
            (0.1, 0.15, 0.0),
        ),
        (
            "one probe",
            STEPS,
            PROBE,
            Visible::Probes(1),
            Plant::web(),
            Some(0.1),
            (0.1, 0.3, 0.0),
        ),
        (
            "utilisation",
            RESPONSE,
            COMMAND,
            Visible::Utilisation,
            Plant::web(),
            Some(0.1),
            (0.04, 0.05, 0.0),
        ),
        (
            "jobs, arrivals and busy",
            WAIT,
            COMMAND,
            Visible::All,
            Plant::queue(5.0),
            None,
            (0.03, 0.05, 0.1),
        ),
        (
            "a queue's length",
            WAIT,
            COMMAND,
            Visible::Queue,
            Plant::queue(5.0),
            Some(5.0),
            (0.15, 0.2, 0.0),
        ),
        (
            "a queue's length, by ratio",
            RATIO,
            COMMAND,
            Visible::Queue,
            Plant::queue(5.0),
            Some(5.0),
            (0.1, 0.2, 0.0),
        ),
    ] {
        let workers = Workers {
            kind: plant.kind,
            slots: plant.slots,
            service,
        };
        let real = plant.service;
        let made = made(subject(decision, measurement), visible, plant, 8.0);
        let past = Past::of(&made.records, Some(workers.kind));
        let load = infer(&past.looks, 15.0, workers).unwrap();
        let course = Course::new(&past.looks, &load, past.interval, workers.kind);
        let rates: Vec<f64> = course.bins.iter().map(|bin| bin.rate).collect();
        let mean = |rates: &[f64]| rates.iter().sum::<f64>() / length(rates.len());
        let known = &made.rates[..rates.len()];
        let (found, known) = (tens(&rates), tens(known));
        let off: Vec<f64> = found
            .iter()
            .zip(&known)
            .map(|(found, known)| (found / known - 1.0).abs())
            .collect();
        let (all, ten) = (mean(&found) / mean(&known) - 1.0, mean(&off));
        let one = load.service.seconds / real - 1.0;
        println!(
            "{because}: all {:+.1} %, ten minutes {:.1} %, service {:+.1} %, likely {:.2}",
            100.0 * all,
            100.0 * ten,
            100.0 * one,
            load.likely
        );
        wrong |= !(all.abs() < within.0 && ten < within.1 && one.abs() < within.2 + 1e-9);
    }
    assert!(!wrong);
}
