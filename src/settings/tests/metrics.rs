//! Several measurements of one process, each with its decision; and challengers.

use super::*;

const SEVERAL: &str = "SCALING
[defaults.decision]
increment = 2
[processes.web.decision]
max_processes = 8
min_measurement_value = 1
[[processes.web.measurement]]
name = 'db'
ceiling = true
measurement_url = 'https://example.com/db/'
[[processes.web.measurement]]
measurement_url = 'https://example.com/'
max_time_ms = 900
measurement_interval_in_seconds = 7
[[processes.web.measurement]]
name = 'jobs'
measurement_url = 'https://example.com/jobs/'
decision = { backend = 'average_threshold', max_measurement_value = 50 }
[processes.web.challenger]
max_processes = 9
max_measurement_value = 400
";

#[test]
fn several_measurements_have_a_decision_each() {
    let settings = good(&SEVERAL.replace("SCALING", SCALING));
    let web = &settings.processes[0];
    let shown: Vec<_> = web
        .metrics()
        .map(|metric| {
            let decision = &metric.decision.section;
            (
                metric.measurement.section.text("name").map(str::to_owned),
                metric
                    .measurement
                    .section
                    .number("measurement_interval_in_seconds"),
                metric.decision.backend.clone(),
                decision.number("min_measurement_value"),
                decision.number("max_measurement_value"),
                decision.number("max_processes"),
                decision.number("increment"),
            )
        })
        .collect();
    let seven = Some(7.0);
    let consecutive = || "consecutive_threshold".to_owned();
    assert_eq!(
        shown,
        [
            // The one that decides stands first; the interval of one is that of all.
            (
                None,
                seven,
                consecutive(),
                Some(1.0),
                Some(900.0),
                Some(8.0),
                Some(2.0)
            ),
            (
                Some("jobs".to_owned()),
                seven,
                "average_threshold".to_owned(),
                Some(1.0),
                Some(50.0),
                Some(8.0),
                Some(2.0)
            ),
            (
                Some("db".to_owned()),
                seven,
                consecutive(),
                Some(1.0),
                Some(1200.0),
                Some(8.0),
                Some(2.0)
            ),
        ]
    );
}

#[test]
fn a_challenger_tries_the_decision_of_the_process() {
    let settings = good(&SEVERAL.replace("SCALING", SCALING));
    let web = &settings.processes[0];
    let challenger: Vec<_> = web
        .challenger
        .iter()
        .map(|step| {
            let section = &step.section;
            (
                step.backend.as_str(),
                section.number("max_measurement_value"),
                section.number("max_processes"),
            )
        })
        .collect();
    assert_eq!(
        challenger,
        [
            ("consecutive_threshold", Some(400.0), Some(9.0)),
            // The decision of a measurement alone is tried as it is.
            ("average_threshold", Some(50.0), Some(9.0)),
            ("consecutive_threshold", Some(400.0), Some(9.0)),
        ]
    );
}

#[test]
fn one_fault_in_a_decision_behind_others_is_told_once() {
    assert_eq!(
        bad(&format!(
            "{SCALING}[processes.web.decision]\nmax_measurement_value = 'x'\n\
             [processes.web.measurement]\nmeasurement_url = 'https://example.com/'\ndecision = {{ min_measurement_value = 1 }}\n\
             [processes.web.challenger]\nincrement = 2\n"
        )),
        ["`processes.web.decision.max_measurement_value`: a string does not belong here"]
    );
}
