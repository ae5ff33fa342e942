//! Several measurements of one process, each with its own decision, and what they come to together.

use std::rc::Rc;

use autoscalebot::harness::{Act, MemoryStore, Scenario, Script};
use autoscalebot::record::CycleRecord;
use autoscalebot::record::telling::told;

use crate::seconds;

/// Two measurements, `orders` and `mails`, a ceiling `db`, and these lines more in the decision table. One result is enough.
fn three(more: &str) -> String {
    format!(
        r#"
[processes.celery]
scaling = {{ backend = "scripted" }}
notification = {{ backend = "scripted", notify_on = ["scale", "measurement_failed"] }}
[[processes.celery.measurement]]
name = "orders"
backend = "scripted"
script = "orders"
measurement_interval_in_seconds = 10
timeout_in_seconds = 8
decision = {{ min_measurement_value = 10, max_measurement_value = 100 }}
[[processes.celery.measurement]]
name = "mails"
backend = "scripted"
script = "mails"
timeout_in_seconds = 2
decision = {{ min_measurement_value = 1000, max_measurement_value = 9000 }}
[[processes.celery.measurement]]
name = "db"
backend = "scripted"
script = "db"
ceiling = true
decision = {{ min_measurement_value = 1, max_measurement_value = 90 }}
[processes.celery.decision]
max_processes = 9
number_of_fails_to_scale_up_after = 1
number_of_passes_to_scale_down_after = 1
post_scale_wait_time_seconds = 0
flap_projection = false
{more}
"#
    )
}

/// What the three measure from now on; `None`: it fails.
fn measures(celery: &Rc<Script>, all: [Option<f64>; 3]) {
    for (name, value) in ["orders", "mails", "db"].into_iter().zip(all) {
        let act = value.map_or_else(|| Act::refuse("gone"), Act::value);
        celery.measures_as(name, [act]);
    }
}

#[test]
fn up_when_one_says_so_down_when_all_do_and_none_is_unknown() {
    let (high, low, fair) = (Some(5000.0), Some(0.0), Some(50.0));
    let (mails_high, mails_low, mails_fair) = (Some(10_000.0), Some(0.0), Some(5000.0));
    let (free, full) = (Some(20.0), Some(95.0));
    let max = "combine = \"max\"";
    let min = "combine = \"min\"";
    for (rule, all, to, because) in [
        (max, [high, mails_fair, free], 5, "one says up"),
        (max, [high, mails_low, free], 5, "one says up, another down"),
        (max, [fair, mails_low, free], 4, "one says stay"),
        (max, [low, mails_low, free], 3, "all say down"),
        (max, [low, None, free], 4, "all that are known say down"),
        (max, [high, None, free], 5, "up on what there is"),
        (max, [None, None, free], 4, "nothing is known"),
        (max, [high, mails_high, full], 4, "the ceiling is reached"),
        (max, [high, mails_high, None], 4, "the ceiling is not known"),
        (
            max,
            [low, mails_low, full],
            3,
            "a ceiling holds nothing that goes down",
        ),
        (
            max,
            [low, mails_low, None],
            3,
            "nor does one that is not known",
        ),
        (min, [high, mails_fair, free], 4, "one says stay"),
        (min, [high, mails_high, free], 5, "all say up"),
        (min, [high, mails_low, free], 3, "one says down"),
        (
            min,
            [low, None, free],
            4,
            "one says down, and one is unknown",
        ),
        (min, [high, None, free], 5, "up on what there is"),
        (min, [high, mails_high, full], 4, "the ceiling is reached"),
    ] {
        Scenario::new(&three(rule)).run(|world| async move {
            let celery = world.script("celery");
            celery.set_count(4);
            measures(&celery, all);
            world.advance(seconds(5)).await;
            assert_eq!(
                celery.count(),
                to,
                "{rule}: {because}: {:?}",
                world.said("celery")
            );
        });
    }
}

#[test]
fn a_ceiling_holds_by_its_last_result_however_long_its_window_is() {
    let patient = three("").replace(
        "max_measurement_value = 90 }",
        "max_measurement_value = 90, number_of_fails_to_scale_up_after = 3 }",
    );
    let mean = three("").replace(
        "decision = { min_measurement_value = 1, max_measurement_value = 90 }",
        "decision = { backend = \"average_threshold\", min_measurement_value = 1, max_measurement_value = 90 }",
    );
    for configuration in [patient, mean] {
        Scenario::new(&configuration).run(|world| async move {
            let celery = world.script("celery");
            celery.set_count(4);
            measures(&celery, [Some(5000.0), Some(0.0), Some(95.0)]);
            world.advance(seconds(15)).await;
            let reason = world.status("celery").await.reason;
            assert_eq!(celery.count(), 4, "{reason}");
            let said = "the ceiling db is reached, the last result, 95, is above 90";
            assert!(reason.contains(said), "{reason}");
            measures(&celery, [Some(5000.0), Some(0.0), Some(20.0)]);
            world.advance(seconds(10)).await;
            assert_eq!(celery.count(), 5);
        });
    }
}

#[test]
fn a_doubt_about_one_holds_what_all_want() {
    let cautious = three("").replace(
        "number_of_passes_to_scale_down_after = 1",
        "number_of_passes_to_scale_down_after = 3",
    );
    Scenario::new(&cautious).run(|world| async move {
        let celery = world.script("celery");
        celery.set_count(4);
        measures(&celery, [Some(0.0), Some(0.0), Some(20.0)]);
        // The second measurement of the mails is lost, so that their window of three is whole again at 40 s.
        celery.measures_as(
            "mails",
            [Act::value(0.0), Act::refuse("gone"), Act::value(0.0)],
        );
        world.advance(seconds(35)).await;
        assert!(celery.was_scaled_to().is_empty());
        world.advance(seconds(10)).await;
        // A zero after an outage is distrusted for a minute, of one as of all.
        assert!(celery.was_scaled_to().is_empty());
        world.advance(seconds(70)).await;
        assert_eq!(
            celery.was_scaled_to().first(),
            Some(&3),
            "{:?}",
            world.said("celery")
        );
    });
}

#[test]
fn one_that_hangs_holds_the_others_up_no_longer_than_its_own_deadline() {
    Scenario::new(&three("")).run(|world| async move {
        let celery = world.script("celery");
        celery.set_count(4);
        measures(&celery, [Some(5000.0), None, Some(20.0)]);
        celery.measures_as("mails", [Act::Never]);
        world.advance(seconds(1)).await;
        assert!(celery.was_scaled_to().is_empty(), "it is waited for");
        world.advance(seconds(2)).await;
        assert_eq!(celery.was_scaled_to(), [5]);
        let told = celery.told();
        let failed = told
            .iter()
            .find(|text| text.contains("mails"))
            .expect("it is told");
        assert!(
            failed.contains("measurement_failed") && !failed.contains("orders"),
            "{failed}"
        );
    });
}

#[test]
fn a_panic_of_one_is_a_failed_cycle_of_all_and_the_next_one_works() {
    Scenario::new(&three("")).run(|world| async move {
        let celery = world.script("celery");
        celery.set_count(4);
        measures(&celery, [Some(5000.0), Some(5000.0), Some(20.0)]);
        celery.measures_as("mails", [Act::Panic, Act::value(5000.0)]);
        world.advance(seconds(5)).await;
        assert!(celery.was_scaled_to().is_empty());
        world.advance(seconds(10)).await;
        assert_eq!(celery.was_scaled_to(), [5]);
    });
}

#[test]
fn why_says_what_each_would_have_led_to() {
    let store = MemoryStore::default();
    Scenario::new(&three(""))
        .keeping_in(&store)
        .run(|world| async move {
            let celery = world.script("celery");
            celery.set_count(4);
            measures(&celery, [Some(5000.0), None, Some(95.0)]);
            world.advance(seconds(5)).await;
        });
    let record = store
        .batches()
        .into_iter()
        .flat_map(|batch| batch.records)
        .next()
        .unwrap();
    let record: CycleRecord = serde_json::from_str(&record.text).unwrap();
    let told = told(&record, chrono_tz::UTC);
    let (_, told) = told.split_once('\n').unwrap();
    let expected = "  \
because    orders: the last result, 5000, is above 100; not up: the ceiling db is reached, the last result, 95, is above 90
  measured   5000 by orders
             nothing by mails: gone
             95 by db
  count      4 asked for, 4 up; 1 to 9 allowed
  wished     4 by max of 3
  alone      orders: 5, the last result, 5000, is above 100
             mails: nothing, not measured
             db (a ceiling): 5, the last result, 95, is above 90
  otherwise  orders: stay, if the last result had been 100 or less
             not held by the ceiling db, if the last result had been 90 or less
";
    assert_eq!(told, expected);
}
