//! `adaptive` through the whole path: it sees every measurement, boots included, and goes on from what it had learned.

use autoscalebot::harness::{Act, MemoryStore, Scenario};
use autoscalebot::state::{Batch, StateStore as _};
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use crate::{log_capture, process, seconds};

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

/// What another version wrote is no reason to fall: it begins anew, and says so once.
#[test]
fn what_an_older_version_had_learned_is_told_and_not_taken_over() {
    let store = MemoryStore::default();
    let run = || {
        let scenario = Scenario::new(&adaptive()).keeping_in(&store);
        scenario.run(|world| async move {
            let web = world.script("web");
            web.set_count(6);
            for _ in 0..6 {
                web.measures([measured(4.0, web.count())]);
                world.advance(seconds(10)).await;
            }
        });
    };
    let kept = || store.snapshot("web").expect("it was kept");
    let learned = |text: &str| serde_json::from_str::<Value>(text).unwrap()["learned"].clone();
    run();
    let mut older = kept();
    let mut state: Value = serde_json::from_str(&older.text).unwrap();
    state["learned"] = json!({"service": 0.1});
    older.text = state.to_string();
    let batch = Batch {
        snapshots: vec![older],
        ..Batch::default()
    };
    store.save(&batch).now_or_never().unwrap().unwrap();
    log_capture::start();
    run();
    let lines = log_capture::lines();
    let told: Vec<&String> = lines
        .iter()
        .filter(|line| line.starts_with("WARN web learns anew"))
        .collect();
    assert!(
        matches!(told.as_slice(), [line] if line.contains("missing field") && line.ends_with("process=web")),
        "{lines:?}"
    );
    assert!(learned(&kept().text)["web"].is_object(), "{}", kept().text);
    // What this version wrote is read in silence.
    log_capture::start();
    run();
    let lines = log_capture::lines();
    assert!(!lines.iter().any(|line| line.contains("anew")), "{lines:?}");
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

/// What it has learned makes it no bolder: whatever happens to the source, nothing goes down while that lasts, what it asks
/// for stays sane, and it goes on when the source is well again.
#[test]
fn no_fault_of_the_source_is_taken_for_idleness() {
    let huge = json!({"response_time_ms": 1e300, "arrivals": 1e300});
    let faults = [
        ("gone", Act::refuse("connection refused")),
        ("hangs", Act::Never),
        ("an empty object", Act::Answer(json!({}))),
        ("a text", Act::Answer(json!("busy"))),
        ("null", Act::Answer(Value::Null)),
        (
            "negative",
            Act::Answer(json!({"arrivals": -5, "response_time_ms": -1})),
        ),
        ("huge", Act::Answer(huge)),
    ];
    for (fault, act) in faults {
        Scenario::new(&adaptive()).run(|world| async move {
            let web = world.script("web");
            web.set_count(4);
            for _ in 0..180 {
                web.measures([measured(5.0, web.count())]);
                world.advance(seconds(10)).await;
            }
            let before = web.count();
            assert!((6..=9).contains(&before), "it knows the load: {before}");
            web.measures([act]);
            world.advance(seconds(300)).await;
            let during = web.count();
            assert!(
                (before..=40).contains(&during),
                "{fault}: {before}, then {during}"
            );
            // What comes back first says that nothing is going on: it may have lost what it knew.
            web.measures([Act::Answer(json!({"arrivals": 0, "response_time_ms": 100}))]);
            world.advance(seconds(50)).await;
            if fault == "gone" || fault == "hangs" {
                assert!(web.count() >= before, "{fault}: a zero after an outage");
            }
            for _ in 0..180 {
                web.measures([measured(5.0, web.count())]);
                world.advance(seconds(10)).await;
            }
            let after = web.count();
            assert!(
                (6..=12).contains(&after),
                "{fault}: it goes on with {after}"
            );
        });
    }
}

/// Without any history it is careful, and says what it does.
#[test]
fn the_first_hour_is_bounded_and_explained() {
    let store = MemoryStore::default();
    Scenario::new(&adaptive())
        .keeping_in(&store)
        .run(|world| async move {
            let web = world.script("web");
            web.set_count(1);
            for look in 0..360 {
                let load = if look < 180 { 3.0 } else { 8.0 };
                web.measures([measured(load, web.count())]);
                world.advance(seconds(10)).await;
            }
            let highest = web.was_scaled_to().into_iter().max();
            assert!(
                highest < Some(25),
                "nine busy ones never need that: {highest:?}"
            );
            assert!((9..=14).contains(&web.count()), "{}", web.count());
        });
    for record in crate::challenger::records(&store, "web") {
        assert!(!record.reason.is_empty(), "{record:?}");
        let wish = record
            .wish
            .as_ref()
            .expect("each look says something of the load");
        assert!(wish.reason.contains("busy processes"), "{record:?}");
    }
}
