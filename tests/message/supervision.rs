//! The budget of restarts, the rebuild, the degraded group and its way back.

use autoscalebot::harness::{Act, Scenario};
use autoscalebot::model::Role;
use autoscalebot::supervisor::inject::Injected;

use crate::{process, seconds};

#[test]
fn past_the_budget_the_group_is_rebuilt_then_degraded_then_recovers() {
    let configuration = process("web", "post_scale_wait_time_seconds = 0") + &process("other", "");
    Scenario::new(&configuration).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([
            Act::value(5000.0),
            Act::value(5000.0),
            Act::value(5000.0),
            Act::Panic,
        ]);
        world.advance(seconds(29)).await;
        assert_eq!(world.status("web").await.scales, 1);
        let history = world.status("web").await.history;
        // From now on every measurement panics: at 30, 40, … s; five restarts are borne.
        world.advance(seconds(50)).await;
        let restarts =
            |said: &[String]| said.iter().filter(|line| line.contains("Restart(")).count();
        assert_eq!(restarts(&world.said("web")), 5);
        assert_eq!(history, 0);
        // Five within 60 s, the sixth at 80 s is too many.
        world.advance(seconds(2)).await;
        assert!(
            world
                .said("web")
                .iter()
                .any(|line| line.ends_with("Rebuild")),
            "{:?}",
            world.said("web")
        );
        assert_eq!(
            world.status("web").await.scales,
            1,
            "the ledger outlives the rebuild"
        );
        assert!(!world.status("web").await.degraded);
        // A cycle every 10 s: five more restarts, and past the budget again within 60 s.
        for _ in 0..12 {
            world.inject("web", Role::Decide, Injected::Panic).await;
            world.advance(seconds(4)).await;
        }
        assert!(world.status("web").await.degraded);
        let told = web.told();
        let degraded: Vec<_> = told
            .iter()
            .filter(|told| told.starts_with("web: degraded"))
            .collect();
        assert_eq!(degraded.len(), 1, "told once: {told:?}");
        let cycle = world.status("web").await.cycle;
        world.advance(seconds(200)).await;
        assert_eq!(
            world.status("web").await.cycle,
            cycle,
            "a degraded group measures nothing"
        );
        assert_eq!(
            world.status("other").await.cycle,
            world.now().as_secs() / 10 + 1,
            "its neighbour goes on"
        );
        // It is tried again after 300 s, and works.
        web.measures([Act::value(800.0)]);
        world.advance(seconds(120)).await;
        assert!(!world.status("web").await.degraded);
        assert!(world.status("web").await.cycle > cycle);
        assert_eq!(
            world.status("web").await.scales,
            1,
            "the ledger outlives that too"
        );
        assert!(
            web.told()
                .last()
                .is_some_and(|told| told.starts_with("web: degraded ended")),
            "{:?}",
            web.told()
        );
    });
}

#[test]
fn a_group_that_stays_broken_stays_degraded_and_is_told_once() {
    let configuration = "[supervision]\nmax_restarts = 1\ndegraded_retry_in_seconds = 100\n"
        .to_owned()
        + &process("web", "");
    Scenario::new(&configuration).run(|world| async move {
        let web = world.script("web");
        web.measures([Act::Panic]);
        world.advance(seconds(1000)).await;
        assert!(world.status("web").await.degraded);
        let degraded: Vec<_> = web
            .told()
            .into_iter()
            .filter(|told| told.starts_with("web: degraded"))
            .collect();
        assert_eq!(degraded.len(), 1, "{degraded:?}");
        assert!(web.was_scaled_to().is_empty());
    });
}

#[test]
fn a_crash_loop_backs_off() {
    Scenario::new(&process("web", "")).run(|world| async move {
        for _ in 0..4 {
            world.inject("web", Role::Scale, Injected::Panic).await;
            world.advance(seconds(3)).await;
        }
        let backoffs: Vec<_> = world
            .said("web")
            .into_iter()
            .filter(|line| line.starts_with("Fault"))
            .collect();
        assert_eq!(
            backoffs,
            ["100ms", "200ms", "400ms", "800ms"]
                .map(|time| format!("Fault scale panicked: injected: Restart({time})"))
        );
    });
}
