//! The budget of restarts, the rebuild, the degraded group and its way back.

use autoscalebot::harness::{Act, Scenario, World};
use autoscalebot::model::Role;
use autoscalebot::supervisor::inject::Injected;

use crate::{process, seconds};

fn count(world: &World, what: &str) -> usize {
    world
        .said("web")
        .iter()
        .filter(|line| line.contains(what))
        .count()
}

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
        // From now on every measurement panics: at 30, 40, … s; five restarts are borne.
        world.advance(seconds(50)).await;
        assert_eq!(count(&world, "Restart("), 5);
        // Five within 60 s, the sixth at 80 s is too many.
        world.advance(seconds(2)).await;
        assert_eq!(count(&world, "Rebuild"), 1, "{:?}", world.said("web"));
        let status = world.status("web").await;
        assert_eq!(
            (status.scales, status.degraded),
            (1, false),
            "the ledger outlives the rebuild"
        );
        degrades(&world).await;
        recovers(&world).await;
    });
}

/// Faults upon faults: past the budget again within the window.
async fn degrades(world: &World) {
    for _ in 0..12 {
        world.inject("web", Role::Decide, Injected::Panic).await;
        world.advance(seconds(4)).await;
    }
    let (web, status) = (world.script("web"), world.status("web").await);
    assert!(status.degraded);
    let told = web.told();
    let degraded = told
        .iter()
        .filter(|told| told.starts_with("web: degraded"))
        .count();
    assert_eq!(degraded, 1, "told once: {told:?}");
    world.advance(seconds(200)).await;
    assert_eq!(
        world.status("web").await.cycle,
        status.cycle,
        "a degraded group measures nothing"
    );
    let other = world.status("other").await;
    assert_eq!(
        other.cycle,
        world.now().as_secs() / 10 + 1,
        "its neighbour goes on"
    );
}

/// It is tried again after 300 s, and works.
async fn recovers(world: &World) {
    let (web, before) = (world.script("web"), world.status("web").await);
    web.measures([Act::value(800.0)]);
    world.advance(seconds(120)).await;
    let after = world.status("web").await;
    assert!(!after.degraded && after.cycle > before.cycle);
    assert_eq!(after.scales, 1, "the ledger outlives that too");
    let last = web.told().pop().unwrap_or_default();
    assert!(last.starts_with("web: degraded ended"), "{last}");
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
fn two_faults_at_once_are_one_rebuild() {
    let configuration = "[supervision]\nmax_restarts = 0\n".to_owned() + &process("web", "");
    Scenario::new(&configuration).run(|world| async move {
        world.advance(seconds(5)).await;
        tokio::join!(
            world.inject("web", Role::Decide, Injected::Panic),
            world.inject("web", Role::Scale, Injected::Panic),
            world.inject("web", Role::Measure, Injected::Panic),
        );
        world.advance(seconds(70)).await;
        let cycle = world.status("web").await.cycle;
        assert_eq!(cycle, 8, "it goes on");
        assert_eq!(count(&world, "Rebuild"), 1, "{:?}", world.said("web"));
        world.inject("web", Role::Decide, Injected::Panic).await;
        world.advance(seconds(1)).await;
        assert!(
            !world.status("web").await.degraded,
            "the faults of a life that was given up are not held against the next"
        );
        assert_eq!(count(&world, "Rebuild"), 2, "{:?}", world.said("web"));
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

#[test]
fn a_retry_that_fails_while_scaling_is_no_recovery() {
    let configuration = "[supervision]\nmax_restarts = 1\ndegraded_retry_in_seconds = 100\n"
        .to_owned()
        + &process("web", "min_processes = 2\nmax_processes = 4");
    Scenario::new(&configuration).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(800.0)]);
        web.scales([Act::Panic]);
        world.advance(seconds(1000)).await;
        assert!(world.status("web").await.degraded);
        let degraded: Vec<_> = web
            .told()
            .into_iter()
            .filter(|told| told.starts_with("web: degraded"))
            .collect();
        assert_eq!(degraded.len(), 1, "told once: {degraded:?}");
        web.scales([Act::Answer(())]);
        world.advance(seconds(120)).await;
        assert_eq!(web.count(), 2);
        assert!(!world.status("web").await.degraded);
    });
}
