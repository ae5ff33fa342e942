//! A long time, twice.

use autoscalebot::harness::{Act, Entry, Scenario};
use serde_json::Value;

use crate::{process, seconds};

const WEEK: u64 = 7 * 24 * 3600;

fn week() -> (Vec<Entry>, u64) {
    let web = process("web", "min_processes = { \"0:00\" = 1, \"8:00\" = 3, \"18:00\" = 1 }\nmax_processes = 9\npost_scale_wait_time_seconds = 60\nnumber_of_passes_to_scale_down_after = 2")
        .replace("measurement_interval_in_seconds = 10", "measurement_interval_in_seconds = 30");
    let celery = process(
        "celery",
        "backend = \"average_threshold\"\nmax_processes = 5",
    )
    .replace(
        "min_measurement_value = 400\nmax_measurement_value = 1200\n",
        "",
    )
    .replace(
        "measurement_interval_in_seconds = 10",
        "measurement_interval_in_seconds = 30",
    );
    let mut result = (Vec::new(), 0);
    let into = &mut result;
    Scenario::new(&format!("time_zone = \"America/Vancouver\"\n{web}{celery}")).run(
        |world| async move {
            world.script("web").set_count(1);
            world.script("celery").set_count(1);
            world.script("web").measures(load(1));
            world.script("celery").measures(load(2));
            world.advance(seconds(WEEK)).await;
            *into = (world.tape(), world.status("web").await.cycle);
        },
    );
    result
}

/// Twenty thousand measurements out of a generator with this seed: values, failures, slow ones.
fn load(seed: u64) -> Vec<Act<Value>> {
    let mut state = seed;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 1000
    };
    let act = |number: u64, slow: u64| match number {
        0..=4 => Act::refuse("connection refused"),
        5 => Act::Never,
        _ => Act::Answer(Value::from(number * 2)).after(std::time::Duration::from_millis(slow)),
    };
    (0..20_200).map(|_| act(next(), next())).collect()
}

#[test]
fn a_virtual_week_of_two_processes_is_bit_identical() {
    let (first, cycles) = week();
    assert_eq!(cycles, WEEK / 30 + 1);
    assert!(
        first
            .iter()
            .filter(|entry| entry.message.starts_with("Scaled "))
            .count()
            > 100
    );
    let (second, _) = week();
    assert!(first == second, "two runs of the same week differ");
}
