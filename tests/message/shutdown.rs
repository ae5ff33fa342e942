//! The end, and a new configuration on the way.

use std::rc::Rc;

use autoscalebot::backend::{Backend, no_check};
use autoscalebot::harness::{Act, Scenario};
use autoscalebot::measurement::{MeasureError, MeasurementBackend, Sample};
use autoscalebot::model::Role;
use autoscalebot::supervisor::inject::Injected;
use tokio::sync::Mutex;

use crate::{process, seconds};

#[test]
fn a_scale_in_flight_is_finished_and_the_hooks_are_run() {
    Scenario::new(&process("web", "number_of_fails_to_scale_up_after = 1")).run(
        |world| async move {
            let web = world.script("web");
            web.set_count(1);
            web.measures([Act::value(5000.0)]);
            web.scales([Act::Answer(()).after(seconds(3))]);
            world.advance(seconds(1)).await;
            world.shut_down().await;
            assert_eq!(web.was_scaled_to(), [2]);
            assert_eq!(web.told().len(), 1, "the last notice is out");
            let hooks = web.hooks();
            let torn: Vec<_> = hooks
                .iter()
                .filter(|hook| hook.ends_with("teardown"))
                .collect();
            assert_eq!(
                torn,
                [
                    &"measurement.teardown",
                    &"scaling.teardown",
                    &"notification.teardown"
                ]
            );
            world.rewind();
            world.advance(seconds(60)).await;
            assert!(
                world.tape().is_empty(),
                "nothing happens any more: {:?}",
                world.tape()
            );
        },
    );
}

#[test]
fn nothing_new_begins_during_a_shutdown() {
    Scenario::new(&process("web", "number_of_fails_to_scale_up_after = 1")).run(
        |world| async move {
            let web = world.script("web");
            web.set_count(1);
            web.measures([Act::value(5000.0).after(seconds(2))]);
            world.advance(seconds(1)).await;
            world.shut_down().await;
            world.advance(seconds(60)).await;
            assert!(
                web.was_scaled_to().is_empty(),
                "a measurement under way leads to no scale any more"
            );
        },
    );
}

#[test]
fn a_scale_that_never_ends_is_given_up_within_the_grace() {
    let configuration = "[supervision]\nshutdown_grace_in_seconds = 5\n".to_owned()
        + &process("web", "number_of_fails_to_scale_up_after = 1")
            .replace("timeout_in_seconds = 4", "timeout_in_seconds = 60");
    Scenario::new(&configuration).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        web.scales([Act::Never]);
        world.advance(seconds(1)).await;
        world.shut_down().await;
        assert!(world.now() <= seconds(8), "{:?}", world.now());
    });
}

#[test]
fn a_group_that_is_rebuilt_while_it_leaves_is_torn_down_all_the_same() {
    let configuration = "[supervision]\nmax_restarts = 0\n".to_owned()
        + &process("web", "number_of_fails_to_scale_up_after = 1");
    Scenario::new(&configuration).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        web.scales([Act::Never]);
        web.notifies("", [Act::Answer(()).after(seconds(1))]);
        world.advance(seconds(1)).await;
        let struck = async {
            world.advance(seconds(1)).await;
            world.inject("web", Role::Decide, Injected::Panic).await;
        };
        tokio::join!(world.shut_down(), struck);
        assert!(
            web.hooks().contains(&"scaling.teardown"),
            "{:?}",
            web.hooks()
        );
        assert!(
            web.told().iter().any(|told| told.contains("rebuilt")),
            "the last notices are out: {:?}",
            web.told()
        );
    });
}

#[test]
fn a_reload_restarts_only_what_changed() {
    let old = process("web", "max_processes = 5") + &process("celery", "");
    let new = process("web", "max_processes = 7") + &process("celery", "") + &process("mailer", "");
    Scenario::new(&old).run(|world| async move {
        let (web, celery) = (world.script("web"), world.script("celery"));
        web.set_count(1);
        celery.set_count(1);
        web.measures([Act::value(5000.0)]);
        celery.measures([Act::value(800.0)]);
        world.advance(seconds(21)).await;
        assert_eq!(world.status("web").await.scales, 1);
        let changes = world.reload(&new).await.unwrap();
        let names = |list: &[autoscalebot::model::ProcessName]| {
            list.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            (
                names(&changes.added),
                names(&changes.changed),
                names(&changes.removed)
            ),
            (vec!["mailer".into()], vec!["web".into()], vec![])
        );
        world.advance(seconds(8)).await;
        assert_eq!(
            celery
                .hooks()
                .iter()
                .filter(|hook| **hook == "measurement.setup")
                .count(),
            1,
            "celery was not touched"
        );
        assert_eq!(world.status("celery").await.history, 3);
        assert_eq!(world.status("web").await.scales, 1, "the ledger is kept");
        assert_eq!(
            web.hooks()
                .iter()
                .filter(|hook| **hook == "scaling.teardown")
                .count(),
            0,
            "the scaling backend stays"
        );
        world.advance(seconds(200)).await;
        assert_eq!(web.count(), 7, "the new maximum is in force");
        assert!(world.status("mailer").await.cycle > 10);
        world
            .reload(&process("web", "max_processes = 7"))
            .await
            .unwrap();
        assert_eq!(celery.hooks().last(), Some(&"notification.teardown"));
        assert!(celery.hooks().contains(&"scaling.teardown"));
    });
}

/// A measurement backend whose calls and teardown wait for each other, as those of a command do.
struct OneAtATime(Mutex<()>);

#[async_trait::async_trait(?Send)]
impl MeasurementBackend for OneAtATime {
    async fn teardown(&self) {
        let _turn = self.0.lock().await;
        TORN_DOWN.set(true);
    }

    async fn measure(&self) -> Result<Sample, MeasureError> {
        let _turn = self.0.lock().await;
        std::future::pending().await
    }
}

thread_local! {
    static TORN_DOWN: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

static ONE_AT_A_TIME: Backend<dyn MeasurementBackend> = Backend {
    name: "one_at_a_time",
    summary: "measures, and is torn down after that",
    settings: &[],
    example: "",
    check: no_check,
    build: |_, _| Ok(Rc::new(OneAtATime(Mutex::new(())))),
};

#[test]
fn a_measurement_in_flight_takes_the_teardown_from_nobody() {
    let configuration = process("web", "backend = \"scripted\"")
        .replace(
            "measurement = { backend = \"scripted\"",
            "measurement = { backend = \"one_at_a_time\"",
        )
        .replace(
            "min_measurement_value = 400\nmax_measurement_value = 1200\n",
            "",
        );
    Scenario::new(&configuration)
        .with_measurement(&ONE_AT_A_TIME)
        .run(|world| async move {
            world.advance(seconds(1)).await;
            world.shut_down().await;
            assert!(TORN_DOWN.get(), "the measurement backend's");
            let hooks = world.script("web").hooks();
            assert!(hooks.contains(&"decision.teardown"), "{hooks:?}");
            assert!(world.now() < seconds(2), "{:?}", world.now());
        });
}
