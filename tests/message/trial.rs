//! `once` and `check --live` beside the running bot: the same decision of the same measurement, and no call without a
//! deadline.

use std::future::pending;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use autoscalebot::backend::{Backend, Registry, no_check};
use autoscalebot::clock::Clock;
use autoscalebot::harness::Scenario;
use autoscalebot::measurement::{MeasureError, MeasurementBackend, Sample};
use autoscalebot::model::Count;
use autoscalebot::scaling::{Observed, ScaleError, ScalingBackend};
use autoscalebot::settings::{Source, load};
use autoscalebot::supervisor::works::Works;
use autoscalebot::trial::{self, Report};

use crate::seconds;

struct Wordy;

#[async_trait(?Send)]
impl MeasurementBackend for Wordy {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        let (data, number) = (Arc::new("busy".into()), None);
        Ok(Sample {
            data,
            ..Sample::new(serde_json::Value::Null, number)
        })
    }
}

/// A good measurement in which no threshold finds a number.
static WORDY: Backend<dyn MeasurementBackend> = Backend {
    name: "wordy",
    summary: "measures a word",
    settings: &[],
    example: "",
    check: no_check,
    build: |_, _| Ok(Rc::new(Wordy)),
};

/// Has two processes.
struct Two {
    hangs: bool,
}

#[async_trait(?Send)]
impl ScalingBackend for Two {
    async fn teardown(&self, _: Duration) {
        if self.hangs {
            pending::<()>().await;
        }
    }

    async fn count(&self) -> Result<Observed, ScaleError> {
        Ok(Observed::ready(2))
    }

    async fn scale(&self, to: Count) -> Result<Count, ScaleError> {
        Ok(to)
    }

    async fn look_ahead(&self) -> Result<(), ScaleError> {
        pending().await
    }

    fn target(&self) -> String {
        String::new()
    }
}

static TWO: Backend<dyn ScalingBackend> = Backend {
    name: "two",
    summary: "has two processes",
    settings: &[],
    example: "",
    check: no_check,
    build: |_, _| Ok(Rc::new(Two { hangs: false })),
};

/// Comes to no end in anything but the count.
static HANGING: Backend<dyn ScalingBackend> = Backend {
    name: "hanging",
    summary: "never ends",
    settings: &[],
    example: "",
    check: no_check,
    build: |_, _| Ok(Rc::new(Two { hangs: true })),
};

fn configuration(measurement: &str, scaling: &str) -> String {
    format!(
        r#"
[processes.web]
measurement = {{ backend = "wordy", {measurement} measurement_interval_in_seconds = 10 }}
decision = {{ max_measurement_value = 1200, number_of_fails_to_scale_up_after = 1, max_processes = 3 }}
scaling = {{ backend = "{scaling}", timeout_in_seconds = 4 }}
notification = []
"#
    )
}

/// Tries the one process of a configuration, on a paused clock, within a minute of it.
fn tried(configuration: &str, is_live: bool) -> Report {
    let mut registry = Registry::built_in();
    registry.measurement.push(&WORDY);
    registry.scaling.extend([&TWO, &HANGING]);
    let source = Source::new("trial.toml", configuration);
    let settings = load(&source, &registry, &|_| None).expect("a good configuration");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let works = Works::new(registry, Clock::system(), PathBuf::from("autoscalebot"));
        let process = &settings.processes[0];
        let work = async {
            if is_live {
                trial::live(&works, &settings, process).await
            } else {
                trial::once(&works, &settings, process).await
            }
        };
        let report = tokio::time::timeout(seconds(60), work).await;
        report.expect("an end").expect("a report")
    })
}

/// What the running bot makes of it: the count after the first cycle, from 2.
fn run(configuration: &str) -> Count {
    let count = Rc::new(std::cell::Cell::new(0));
    let seen = Rc::clone(&count);
    Scenario::new(configuration)
        .with_measurement(&WORDY)
        .run(|world| async move {
            world.script("web").set_count(2);
            world.advance(seconds(5)).await;
            seen.set(world.script("web").count());
        });
    count.get()
}

#[test]
fn once_decides_without_a_number_as_the_bot_does() {
    for (on_failure, bot, once) in [
        (
            "",
            2,
            "would stay at 2: without a result, nothing is scaled by load",
        ),
        (
            "on_failure = \"hold\",",
            2,
            "would stay at 2: without a result, nothing is scaled by load",
        ),
        (
            "on_failure = \"ignore\",",
            2,
            "would stay at 2: without a result, nothing is scaled by load",
        ),
        ("on_failure = \"too_high\",", 3, "would scale 2 -> 3: "),
    ] {
        assert_eq!(
            run(&configuration(on_failure, "scripted")),
            bot,
            "{on_failure}"
        );
        let report = tried(&configuration(on_failure, "two"), false);
        assert!(report.text.contains(once), "{on_failure} {}", report.text);
        let why = "there is no number in the measurement for the thresholds (see `value_key`)";
        assert!(report.text.contains(why), "{on_failure} {}", report.text);
        assert!(!report.is_good);
    }
}

#[test]
fn live_waits_for_no_call_for_ever() {
    let report = tried(&configuration("", "hanging"), true);
    let late = "scaling      FAILED: no answer within 4 s";
    assert!(report.text.contains(late), "{}", report.text);
    assert!(!report.is_good);
}
