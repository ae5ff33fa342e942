//! A new configuration at an awkward moment: while a group is degraded, while something is in flight, before an end.

use std::rc::Rc;
use std::time::Duration;

use autoscalebot::backend::{Backend, no_check};
use autoscalebot::harness::{Act, Scenario};
use autoscalebot::model::{Count, Role};
use autoscalebot::scaling::{Observed, ScaleError, ScalingBackend};
use autoscalebot::supervisor::inject::Injected;

use crate::{process, seconds};

const FRAIL: &str = "[supervision]\nmax_restarts = 0\ndegraded_retry_in_seconds = 100\nrestart_window_in_seconds = 60\n";

#[test]
fn a_degraded_group_with_other_settings_is_tried_at_once_and_recovers() {
    for other in ["max_processes = 7", "max_processes = 8"] {
        let supervision = if other.ends_with('8') {
            FRAIL.replace("= 100", "= 200")
        } else {
            FRAIL.to_owned()
        };
        let old = FRAIL.to_owned() + &process("web", "max_processes = 5");
        let new = supervision + &process("web", other);
        Scenario::new(&old).run(|world| async move {
            let web = world.script("web");
            web.set_count(2);
            web.measures([Act::Panic, Act::Panic, Act::value(800.0)]);
            world.advance(seconds(12)).await;
            assert!(world.status("web").await.degraded);
            world.reload(&new).await.unwrap();
            world.advance(seconds(11)).await;
            let status = world.status("web").await;
            assert!(!status.degraded, "{other}: it works: {status:?}");
            let told = web.told();
            let last = told.last().map(String::as_str).unwrap_or_default();
            assert!(last.starts_with("web: degraded ended"), "{other}: {told:?}");
            world.inject("web", Role::Decide, Injected::Panic).await;
            world.advance(seconds(1)).await;
            let status = world.status("web").await;
            assert!(!status.degraded, "{other}: nothing is held against it");
            let cycle = status.cycle;
            world.advance(seconds(200)).await;
            assert_eq!(
                world.status("web").await.cycle,
                cycle + 20,
                "{other}: and the retry of its earlier life does not disturb it"
            );
        });
    }
}

#[test]
fn a_maximum_that_is_written_later_replaces_the_one_that_was_found() {
    Scenario::new(&process("web", "")).run(|world| async move {
        let web = world.script("web");
        web.set_count(8);
        web.measures([Act::value(800.0)]);
        world.advance(seconds(5)).await;
        world
            .reload(&process("web", "max_processes = 5"))
            .await
            .unwrap();
        world.advance(seconds(5)).await;
        assert_eq!(web.count(), 5, "as the file says now");
        world.advance(seconds(5)).await;
        web.set_count(5);
        world.reload(&process("web", "")).await.unwrap();
        world.advance(seconds(25)).await;
        assert_eq!(web.count(), 5, "a line taken out of the file cuts nothing");
    });
}

/// The same process, for another process type of the platform: another app, say, or another key.
fn pointed_elsewhere(configuration: &str) -> String {
    configuration.replace(
        "timeout_in_seconds = 4",
        "timeout_in_seconds = 4, process_type = \"elsewhere\"",
    )
}

#[test]
fn a_process_that_is_pointed_at_another_app_does_not_cut_it_down() {
    Scenario::new(&process("web", "")).run(|world| async move {
        let web = world.script("web");
        web.set_count(2);
        web.measures([Act::value(800.0)]);
        world.advance(seconds(5)).await;
        web.set_count(8);
        world
            .reload(&pointed_elsewhere(&process("web", "")))
            .await
            .unwrap();
        world.advance(seconds(25)).await;
        assert_eq!(web.count(), 8, "it is a first start there");
        assert!(
            web.told()[0].contains("max_processes is not set"),
            "{:?}",
            web.told()
        );
    });
}

#[test]
fn a_maximum_that_was_found_is_not_lowered_by_another_key() {
    Scenario::new(&process("web", "post_scale_wait_time_seconds = 0")).run(|world| async move {
        let web = world.script("web");
        web.set_count(8);
        web.measures([Act::value(800.0)]);
        world.advance(seconds(5)).await;
        web.set_count(5);
        let new = pointed_elsewhere(&process("web", "post_scale_wait_time_seconds = 0"));
        world.reload(&new).await.unwrap();
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(200)).await;
        assert_eq!(web.count(), 8);
        assert!(!web.told()[1].contains("were found"), "{:?}", web.told());
    });
}

#[test]
fn an_end_in_the_middle_of_a_reload_begins_nothing_new() {
    let old = process("web", "number_of_fails_to_scale_up_after = 1");
    let new = process(
        "web",
        "number_of_fails_to_scale_up_after = 1\nmax_processes = 9",
    ) + &process("mailer", "");
    Scenario::new(&old).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        web.scales([Act::Answer(()).after(seconds(3))]);
        world.advance(seconds(1)).await;
        let (reloaded, ()) = tokio::join!(world.reload(&new), world.shut_down());
        assert_eq!(reloaded, Err("the program is stopping".to_owned()));
        world.rewind();
        world.advance(seconds(60)).await;
        assert!(world.tape().is_empty(), "{:?}", world.tape());
        assert!(world.script("mailer").hooks().is_empty());
    });
}

/// A scaling backend whose teardown never ends.
struct Clings;

#[async_trait::async_trait(?Send)]
impl ScalingBackend for Clings {
    async fn teardown(&self, _: Duration) {
        std::future::pending::<()>().await;
    }

    async fn count(&self) -> Result<Observed, ScaleError> {
        panic!("degraded by this")
    }

    async fn scale(&self, to: Count) -> Result<Count, ScaleError> {
        Ok(to)
    }

    fn target(&self) -> String {
        String::new()
    }
}

static CLINGS: Backend<dyn ScalingBackend> = Backend {
    name: "clings",
    summary: "never lets go",
    settings: &[],
    example: "",
    check: no_check,
    build: |_, _| Ok(Rc::new(Clings)),
};

#[test]
fn the_grace_holds_for_a_degraded_group_too() {
    let configuration = "[supervision]\nmax_restarts = 0\nshutdown_grace_in_seconds = 5\n"
        .to_owned()
        + &process("web", "").replace(
            "scaling = { backend = \"scripted\"",
            "scaling = { backend = \"clings\"",
        );
    Scenario::new(&configuration)
        .with_scaling(&CLINGS)
        .run(|world| async move {
            world.advance(seconds(12)).await;
            assert!(world.status("web").await.degraded);
            let begun = world.now();
            tokio::time::timeout(seconds(60), world.shut_down())
                .await
                .expect("it ends");
            assert!(world.now() <= begun + seconds(8), "{:?}", world.now());
        });
}
