//! `adaptive` through the whole path: it sees every measurement, boots included, and goes on from what it had learned.

use autoscalebot::harness::{Act, MemoryStore, Scenario};
use serde_json::{Value, json};

use crate::{process, seconds};

fn adaptive() -> String {
    process(
        "web",
        "backend = \"adaptive\"\ntarget_response_time_ms = 1000\nmax_processes = 40\npost_scale_wait_time_seconds = 0",
    )
    .replace("min_measurement_value = 400\nmax_measurement_value = 1200\n", "")
}

/// What is measured of so many processes of 0.1 s a request, in 10 s of so many busy ones.
fn measured(load: f64, count: u32) -> Act<Value> {
    let busy = (load / f64::from(count)).min(0.99);
    Act::Answer(json!({
        "response_time_ms": 100.0 / (1.0 - busy),
        "arrivals": load * 100.0,
    }))
}

#[test]
fn it_follows_the_load_and_says_why() {
    Scenario::new(&adaptive()).run(|world| async move {
        let web = world.script("web");
        web.set_count(6);
        for load in [4.0, 12.0, 3.0] {
            for _ in 0..60 {
                web.measures([measured(load, web.count())]);
                world.advance(seconds(10)).await;
            }
            let (least, most) = (load / 0.9, load / 0.9 * 1.7 + 2.0);
            let count = f64::from(web.count());
            assert!(
                (least..most).contains(&count),
                "{load} busy ones, and {count} run"
            );
        }
        let told = web.told();
        let why = told
            .iter()
            .find(|text| text.contains("scale up"))
            .expect("it was scaled up");
        assert!(
            why.contains("by requests and response time")
                && why.contains("keep 99 % under 1000 ms"),
            "{why}"
        );
    });
}

#[test]
fn what_was_learned_outlives_the_program() {
    let store = MemoryStore::default();
    Scenario::new(&adaptive())
        .keeping_in(&store)
        .run(|world| async move {
            let web = world.script("web");
            web.set_count(6);
            for _ in 0..30 {
                web.measures([measured(4.0, web.count())]);
                world.advance(seconds(10)).await;
            }
        });
    let snapshot = store.snapshot("web").expect("it was kept");
    let kept: Value = serde_json::from_str(&snapshot.text).unwrap();
    let service = kept["learned"]["web"]["capacity"]["beliefs"][0]["service"].as_f64();
    assert!(
        service.is_some_and(|service| (service - 0.1).abs() < 0.02),
        "0.1 s: {service:?}"
    );
    assert!(
        snapshot.text.len() < 12_000,
        "{} bytes",
        snapshot.text.len()
    );
}

#[test]
fn nothing_goes_down_while_the_load_is_not_known() {
    Scenario::new(&adaptive()).run(|world| async move {
        let web = world.script("web");
        web.set_count(6);
        for act in [
            Act::refuse("gone"),
            Act::Answer(json!({})),
            Act::Answer(json!("text")),
            Act::Answer(json!({"arrivals": -5})),
        ] {
            web.measures([act]);
            world.advance(seconds(300)).await;
            assert_eq!(web.count(), 6, "{:?}", world.said("web"));
        }
    });
}
