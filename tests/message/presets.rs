//! The presets through the whole path: each does what the autoscaler does whose rules it has.

use std::time::Duration;

use autoscalebot::harness::{Act, Scenario};
use serde_json::{Value, json};

use crate::seconds;

/// A process that a preset sets up, with these lines more in its decision table.
fn process(preset: &str, decision: &str) -> String {
    format!(
        "[processes.web]\npreset = \"{preset}\"\n\
         measurement = {{ backend = \"scripted\" }}\n\
         scaling = {{ backend = \"scripted\" }}\n\
         notification = [{{ backend = \"scripted\", notify_on = [\"scale\"] }}]\n\
         [processes.web.decision]\n{decision}\n"
    )
}

/// How many processes there are after each look, out of what is measured for a count.
fn counts(
    configuration: &str,
    interval: u64,
    begin: u32,
    measured: &[(usize, &dyn Fn(f64) -> f64)],
) -> Vec<u32> {
    let mut counts = Vec::new();
    let looks: Vec<_> = measured
        .iter()
        .flat_map(|(many, value)| std::iter::repeat_n(*value, *many))
        .collect();
    let into = &mut counts;
    Scenario::new(configuration).run(|world| async move {
        let web = world.script("web");
        web.set_count(begin);
        for value in looks {
            web.measures([Act::value(value(f64::from(web.count())))]);
            world.advance(seconds(interval)).await;
            into.push(web.count());
        }
        let ticks = world
            .said("web")
            .iter()
            .filter(|said| said.starts_with("Measured"))
            .count();
        assert!(
            ticks <= into.len() + 1,
            "{ticks} ticks, {} looks",
            into.len()
        );
    });
    counts
}

/// A load that so many processes would carry at a target of 0.7.
fn load(busy: f64) -> impl Fn(f64) -> f64 {
    move |count| 0.7 * busy / count
}

#[test]
fn hpa_doubles_and_waits_five_minutes() {
    let hpa = process("hpa", "target_value = 0.7\nmax_processes = 50");
    let found = counts(&hpa, 15, 1, &[(5, &load(20.0)), (25, &load(3.0))]);
    assert_eq!(
        found[..5],
        [5, 10, 20, 20, 20],
        "four more, then the double"
    );
    // The last wish for twenty was at 60 s; at 360 s it still counts.
    let down = found.iter().position(|count| *count == 3);
    assert_eq!(down, Some(25), "{found:?}");
    assert!(found[5..25].iter().all(|count| *count == 20), "{found:?}");
    assert_eq!(
        counts(&hpa, 15, 10, &[(3, &load(10.9))]),
        [10; 3],
        "within a tenth"
    );
}

#[test]
fn keda_goes_from_none_and_to_none() {
    let keda = process("keda", "target_value = 10\nmax_processes = 50");
    let found = counts(
        &keda,
        30,
        0,
        &[(2, &|_| 0.0), (2, &|_| 42.0), (14, &|_| 0.0)],
    );
    assert_eq!(found[..4], [0, 0, 5, 5], "a total, for each");
    let down = found[2..].iter().position(|count| *count == 0);
    assert_eq!(down, Some(12), "five minutes after the last job: {found:?}");
    assert!(!found[2..].contains(&1), "in one step: {found:?}");
}

#[test]
fn knative_panics() {
    let knative = process("knative", "target_value = 7\nmax_processes = 100");
    let steady = |_: f64| 28.0;
    let found = counts(
        &knative,
        2,
        4,
        &[(40, &steady), (4, &|_| 140.0), (70, &steady)],
    );
    assert!(found[..40].iter().all(|count| *count == 4), "{found:?}");
    // The means of six seconds: (28 + 28 + 140) / 3, and so on.
    assert_eq!(found[40..44], [10, 15, 20, 20]);
    assert!(
        found[44..70].iter().all(|count| *count == 20),
        "never down in a panic: {found:?}"
    );
    assert_eq!(found.last(), Some(&4), "{found:?}");
}

#[test]
fn nomad_rests_after_a_change() {
    let nomad = process("nomad", "target_value = 0.7\nmax_processes = 50");
    let found = counts(
        &nomad,
        10,
        10,
        &[(1, &load(10.2)), (33, &load(20.0)), (33, &load(5.0))],
    );
    assert_eq!(found[0], 11, "two hundredths above");
    let up = found.iter().position(|count| *count == 20).unwrap();
    let down = found.iter().position(|count| *count == 5).unwrap();
    assert!((30..=31).contains(&up), "five minutes later: {found:?}");
    assert!((60..=62).contains(&down), "and again: {found:?}");
}

#[test]
fn hirefire_has_a_range_for_responses_and_a_ratio_for_a_queue() {
    let range = process("hirefire", "max_processes = 50");
    let found = counts(
        &range,
        60,
        10,
        &[(1, &|_| 170.0), (2, &|_| 260.0), (3, &|_| 90.0)],
    );
    assert_eq!(
        found,
        [10, 15, 20, 20, 19, 19],
        "five more at once; one less after two"
    );
    let ratio = process(
        "hirefire",
        "backend = \"queue_ratio\"\njobs_per_process = 2.8\nmax_processes = 50",
    );
    let found = counts(
        &ratio,
        60,
        10,
        &[
            (1, &|_| 28.0),
            (1, &|_| 100.0),
            (1, &|_| 3.0),
            (1, &|_| 0.0),
        ],
    );
    assert_eq!(found, [10, 36, 36, 1], "down only when there are none");
}

#[test]
fn the_ancestor_counts_in_a_row() {
    let old = process("autoscalebot-2012", "max_processes = 9");
    let slow = |_: f64| 1100.0;
    let quick = |_: f64| 100.0;
    let found = counts(
        &old,
        30,
        5,
        &[(2, &slow), (1, &|_| 500.0), (3, &slow), (6, &quick)],
    );
    assert_eq!(found, [5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 5, 5]);
}

#[test]
fn a_metric_that_fails_changes_nothing() {
    for preset in ["hpa", "keda", "knative", "nomad"] {
        let configuration = process(preset, "target_value = 0.7\nmax_processes = 50");
        Scenario::new(&configuration).run(|world| async move {
            let web = world.script("web");
            web.set_count(4);
            let acts: Vec<Act<Value>> = vec![
                Act::refuse("gone"),
                Act::Answer(json!({"x": 1})),
                Act::refuse("gone"),
            ];
            web.measures(acts);
            world.advance(Duration::from_secs(900)).await;
            assert_eq!(web.count(), 4, "{preset}");
        });
    }
}
