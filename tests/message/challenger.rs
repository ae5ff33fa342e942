//! A challenger: decides beside the process on the same measurements, is recorded, and never acts.

use autoscalebot::harness::{Act, MemoryStore, Scenario};
use autoscalebot::record::CycleRecord;
use autoscalebot::record::compare::compare;
use autoscalebot::record::telling;

use crate::{process, seconds};

/// One bad result is enough for the challenger, three for the process itself.
fn challenged(more: &str) -> String {
    let decision = "max_processes = 9\npost_scale_wait_time_seconds = 1";
    let challenger = format!(
        "[processes.web.challenger]\nnumber_of_fails_to_scale_up_after = 1\npost_scale_wait_time_seconds = 15\n{more}\n"
    );
    process("web", decision) + &challenger
}

/// What was recorded of a process, or of its challenger.
pub(crate) fn records(store: &MemoryStore, name: &str) -> Vec<CycleRecord> {
    let batches = store.batches();
    let records = batches.iter().flat_map(|batch| &batch.records);
    let own = records.filter(|record| record.process.as_str() == name);
    own.map(|record| serde_json::from_str(&record.text).unwrap())
        .collect()
}

fn reasons(store: &MemoryStore, name: &str) -> Vec<String> {
    let told = |record: &CycleRecord| telling::outcome(record);
    records(store, name).iter().map(told).collect()
}

#[test]
fn it_decides_by_its_own_settings_and_changes_nothing() {
    let store = MemoryStore::default();
    Scenario::new(&challenged(""))
        .keeping_in(&store)
        .run(|world| async move {
            let web = world.script("web");
            web.set_count(2);
            web.measures([Act::value(5000.0)]);
            world.advance(seconds(35)).await;
            assert_eq!(
                web.was_scaled_to(),
                [3],
                "the process's own decision, at 20 s"
            );
            assert_eq!(
                web.told().len(),
                1,
                "nobody is told of the challenger: {:?}",
                web.told()
            );
        });
    assert_eq!(
        reasons(&store, "web"),
        ["stays at 2", "stays at 2", "scaled up 2 -> 3", "stays at 3"]
    );
    assert_eq!(
        reasons(&store, "web.challenger"),
        // At 10 s it waits after what it would have done; at 30 s the count is another, of which nothing is known.
        [
            "would be scaled up 2 -> 3",
            "stays at 2",
            "would be scaled up 2 -> 3",
            "stays at 3"
        ]
    );
    let told = telling::told(&records(&store, "web.challenger")[0], chrono_tz::UTC);
    assert!(told.starts_with("web.challenger at "), "{told}");
    let silences: Vec<_> = records(&store, "web.challenger")
        .into_iter()
        .map(|record| record.silence.unwrap_or_default())
        .collect();
    assert_eq!(silences[1], "cooling down for another 5.0 s");
    assert_eq!(silences[3], "cooling down for another 5.0 s");
    let found = compare(&records(&store, "web"), &records(&store, "web.challenger"));
    assert_eq!(
        (found.cycles, found.differing, found.stretches.len()),
        (4, 2, 1)
    );
}

#[test]
fn a_change_of_the_count_is_waited_after() {
    let store = MemoryStore::default();
    let patient = challenged("").replace(
        "post_scale_wait_time_seconds = 15",
        "post_scale_wait_time_seconds = 0",
    );
    Scenario::new(&patient)
        .keeping_in(&store)
        .run(|world| async move {
            let web = world.script("web");
            web.set_count(2);
            web.measures([Act::value(5000.0)]);
            world.advance(seconds(35)).await;
        });
    let last = records(&store, "web.challenger").pop().unwrap();
    assert_eq!(
        last.silence.as_deref(),
        Some("not decided on: the count was changed from 2 to 3")
    );
}

#[test]
fn one_that_fails_hangs_or_panics_holds_nothing_up() {
    let scripted = "backend = \"scripted\"\nscript = \"challenger\"";
    let configuration = challenged("").replace("number_of_fails_to_scale_up_after = 1", scripted);
    for act in [Act::refuse("no"), Act::Never, Act::Panic] {
        Scenario::new(&configuration).run(|world| async move {
            let web = world.script("web");
            web.set_count(2);
            web.measures([Act::value(5000.0)]);
            web.decides_as("challenger", [act]);
            world.advance(seconds(200)).await;
            assert_eq!(
                web.was_scaled_to(),
                [3, 4, 5, 6, 7, 8],
                "{:?}",
                world.said("web")
            );
            let restarted = web.told().iter().any(|text| text.contains("restarted"));
            assert!(!restarted, "{:?}", web.told());
        });
    }
}

#[test]
fn a_reload_takes_another_one_up() {
    let store = MemoryStore::default();
    Scenario::new(&challenged(""))
        .keeping_in(&store)
        .run(|world| async move {
            let web = world.script("web");
            web.set_count(2);
            web.measures([Act::value(800.0)]);
            world.advance(seconds(15)).await;
            let other = challenged("max_measurement_value = 700");
            world.reload(&other).await.unwrap();
            world.advance(seconds(10)).await;
            let without = other
                .split("[processes.web.challenger]")
                .next()
                .unwrap()
                .to_owned();
            world.reload(&without).await.unwrap();
            world.advance(seconds(30)).await;
            assert!(web.was_scaled_to().is_empty());
        });
    let said = reasons(&store, "web.challenger");
    assert_eq!(said.len(), 3, "{said:?}");
    assert_eq!(
        said.last().map(String::as_str),
        Some("would be scaled up 2 -> 3")
    );
}
