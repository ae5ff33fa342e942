//! Code of a backend that panics where the supervisor itself runs it: the others must not notice.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use autoscalebot::backend::{Backend, Site, no_check};
use autoscalebot::harness::{Act, Scenario, World};
use autoscalebot::measurement::{MeasureError, MeasurementBackend, Sample};
use autoscalebot::model::{Count, Role};
use autoscalebot::scaling::{Observed, ScaleError, ScalingBackend};
use autoscalebot::supervisor::inject::Injected;

use crate::{process, seconds};

/// A scaling backend that panics at everything but reading the count, which it can do.
struct Sour {
    counts: bool,
}

#[async_trait::async_trait(?Send)]
impl ScalingBackend for Sour {
    async fn teardown(&self, _: Duration) {
        panic!("sour teardown")
    }

    async fn count(&self) -> Result<Observed, ScaleError> {
        assert!(self.counts, "sour count");
        Ok(Observed::ready(1))
    }

    async fn scale(&self, to: Count) -> Result<Count, ScaleError> {
        Ok(to)
    }

    fn target(&self) -> String {
        String::new()
    }

    fn limit(&self) -> Option<Count> {
        panic!("sour limit")
    }
}

static SOUR: Backend<dyn ScalingBackend> = Backend {
    name: "sour",
    summary: "panics when it is asked for its limit",
    settings: &[],
    example: "",
    check: no_check,
    build: |_, _| Ok(Rc::new(Sour { counts: true })),
};

static SOURER: Backend<dyn ScalingBackend> = Backend {
    name: "sourer",
    summary: "panics at everything",
    settings: &[],
    example: "",
    check: no_check,
    build: |_, _| Ok(Rc::new(Sour { counts: false })),
};

fn scaled_by(backend: &str, decision: &str) -> String {
    process("web", decision).replace(
        "scaling = { backend = \"scripted\"",
        &format!("scaling = {{ backend = \"{backend}\""),
    )
}

/// Makes `other` scale in every cycle.
fn busy_other(world: &World) {
    let other = world.script("other");
    other.set_count(1);
    other.measures([Act::value(5000.0)]);
}

const BUSY: &str =
    "number_of_fails_to_scale_up_after = 1\npost_scale_wait_time_seconds = 0\nmax_processes = 50";

#[test]
fn a_platform_that_panics_fails_its_own_cycle() {
    let configuration = scaled_by("sour", "") + &process("other", BUSY);
    Scenario::new(&configuration)
        .with_scaling(&SOUR)
        .run(|world| async move {
            busy_other(&world);
            world.advance(Duration::from_millis(95_500)).await;
            assert_eq!(
                world.script("other").was_scaled_to().len(),
                10,
                "at each of its cycles, at once"
            );
            let status = world.status("web").await;
            assert!(status.reason.contains("sour limit"), "{status:?}");
            assert!(!status.in_flight, "{status:?}");
            let told = world.script("web").told();
            assert_eq!(told.len(), 1, "once: {told:?}");
            assert!(told[0].starts_with("web: scale_failed: "), "{told:?}");
        });
}

#[test]
fn a_teardown_that_panics_spoils_no_reload() {
    let old = "[supervision]\nmax_restarts = 0\ndegraded_retry_in_seconds = 1000\n".to_owned()
        + &scaled_by("sourer", "")
        + &process("other", BUSY);
    let new = "[supervision]\nmax_restarts = 0\ndegraded_retry_in_seconds = 1000\n".to_owned()
        + &process("other", &BUSY.replace("50", "60"));
    Scenario::new(&old)
        .with_scaling(&SOURER)
        .run(|world| async move {
            busy_other(&world);
            world.advance(seconds(15)).await;
            assert!(world.status("web").await.degraded);
            let changes = world.reload(&new).await.unwrap();
            assert_eq!((changes.removed.len(), changes.changed.len()), (1, 1));
            world.advance(seconds(30)).await;
            assert!(world.script("other").was_scaled_to().len() >= 4);
        });
}

#[test]
fn a_teardown_that_panics_spoils_no_end() {
    let configuration = "[supervision]\nmax_restarts = 0\ndegraded_retry_in_seconds = 1000\n"
        .to_owned()
        + &scaled_by("sourer", "")
        + &process("other", BUSY);
    Scenario::new(&configuration)
        .with_scaling(&SOURER)
        .run(|world| async move {
            world.advance(seconds(15)).await;
            assert!(world.status("web").await.degraded);
            world.shut_down().await;
            let hooks = world.script("other").hooks();
            assert!(hooks.contains(&"scaling.teardown"), "{hooks:?}");
            assert!(hooks.contains(&"notification.teardown"), "{hooks:?}");
        });
}

#[test]
fn a_supervisor_that_fails_during_a_reload_leaves_no_group_behind() {
    let old = process("web", BUSY);
    let new = process("web", &BUSY.replace("50", "60"));
    Scenario::new(&old).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        web.scales([Act::Answer(()).after(seconds(3)), Act::Answer(())]);
        world.advance(seconds(1)).await;
        let struck = async {
            world.advance(seconds(1)).await;
            world.inject_into_supervisor().await;
        };
        let (reloaded, ()) = tokio::join!(world.reload(&new), struck);
        assert!(reloaded.is_err(), "{reloaded:?}");
        let cycle = world.status("web").await.cycle;
        world.advance(seconds(30)).await;
        let status = world.status("web").await;
        assert!(status.cycle >= cycle + 2, "{status:?}");
        assert!(web.count() >= 3, "{status:?}");
        world.reload(&new).await.expect("and it can be told again");
    });
}

/// Cannot be built a second time.
struct Brittle;

#[async_trait::async_trait(?Send)]
impl MeasurementBackend for Brittle {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        Ok(Sample::number(1.0))
    }
}

#[derive(Default)]
struct Built(Cell<u32>);

static BRITTLE: Backend<dyn MeasurementBackend> = Backend {
    name: "brittle",
    summary: "can be built once",
    settings: &[],
    example: "",
    check: no_check,
    build: |_, site: &Site| {
        let built = site.shared.get::<Built>();
        built.0.set(built.0.get() + 1);
        assert!(built.0.get() < 2, "brittle build");
        Ok(Rc::new(Brittle))
    },
};

#[test]
fn a_build_that_panics_degrades_its_own_group() {
    let configuration = "[supervision]\nmax_restarts = 0\ndegraded_retry_in_seconds = 1000\n"
        .to_owned()
        + &process("web", "").replace(
            "measurement = { backend = \"scripted\"",
            "measurement = { backend = \"brittle\"",
        )
        + &process("other", BUSY);
    Scenario::new(&configuration)
        .with_measurement(&BRITTLE)
        .run(|world| async move {
            busy_other(&world);
            world.script("web").set_count(1);
            world.advance(seconds(5)).await;
            world.inject("web", Role::Decide, Injected::Panic).await;
            world.advance(Duration::from_millis(90_500)).await;
            assert!(world.status("web").await.degraded);
            let told = world.script("web").told();
            assert!(told[0].contains("brittle build"), "{told:?}");
            assert_eq!(world.script("other").was_scaled_to().len(), 10);
        });
}
