//! A notice that is marked as told is told: through restarts, rebuilds, a degraded group and a reload.

use autoscalebot::harness::{Act, Scenario, Script};
use autoscalebot::model::Role;
use autoscalebot::supervisor::inject::Injected;

use crate::{process, seconds};

/// Scales at each cycle, and is rebuilt at the first fault and degraded at the second.
fn frail() -> String {
    "[supervision]\nmax_restarts = 0\ndegraded_retry_in_seconds = 1000\n".to_owned()
        + &process("web", SCALES_ONCE)
}

const SCALES_ONCE: &str =
    "number_of_fails_to_scale_up_after = 1\npost_scale_wait_time_seconds = 1000";

/// A second notifier, with this script's name and these lines more.
fn notifier(name: &str, more: &str) -> String {
    format!("[[processes.web.notification]]\nbackend = \"scripted\"\nscript = \"{name}\"\n{more}\n")
}

fn scaling(script: &Script) {
    script.set_count(1);
    script.measures([Act::value(5000.0)]);
}

fn texts(script: &Script, notifier: &str, event: &str) -> Vec<String> {
    let notices = script.notices(notifier);
    let told = notices
        .iter()
        .filter(|notice| notice.event.name() == event)
        .map(autoscalebot::notification::Notice::text);
    told.collect()
}

#[test]
fn a_rebuild_and_a_degraded_group_keep_what_waits_to_be_told() {
    Scenario::new(&frail()).run(|world| async move {
        let web = world.script("web");
        scaling(&web);
        web.notifies("", [Act::Answer(()).after(seconds(5))]);
        world.advance(seconds(1)).await;
        world.inject("web", Role::Decide, Injected::Panic).await;
        world.advance(seconds(7)).await;
        assert_eq!(texts(&web, "", "scale").len(), 1, "{:?}", web.told());
        world.inject("web", Role::Measure, Injected::Panic).await;
        world.advance(seconds(60)).await;
        assert!(world.status("web").await.degraded);
        assert_eq!(texts(&web, "", "scale").len(), 1, "{:?}", web.told());
        assert_eq!(texts(&web, "", "restarted").len(), 1, "{:?}", web.told());
        assert_eq!(texts(&web, "", "degraded").len(), 1, "{:?}", web.told());
    });
}

#[test]
fn the_end_of_a_cycle_by_a_rebuild_is_told() {
    Scenario::new(&frail()).run(|world| async move {
        let web = world.script("web");
        scaling(&web);
        web.scales([Act::Panic, Act::refuse("no")]);
        world.advance(seconds(9)).await;
        let told = texts(&web, "", "scale_failed");
        assert_eq!(told.len(), 1, "the cycle that was lost: {:?}", web.told());
    });
}

#[test]
fn a_notifier_that_panics_costs_the_others_nothing() {
    let configuration =
        process("web", SCALES_ONCE) + &notifier("panics", "notify_on = [\"scale\"]");
    Scenario::new(&configuration).run(|world| async move {
        let web = world.script("web");
        scaling(&web);
        web.notifies("", [Act::Answer(()).after(seconds(5))]);
        web.notifies("panics", [Act::Panic]);
        world.advance(seconds(30)).await;
        assert_eq!(texts(&web, "", "scale").len(), 1, "{:?}", web.told());
        let faults = world.said("web");
        let faults = faults.iter().filter(|line| line.starts_with("Fault"));
        assert_eq!(faults.count(), 1, "it is not given the same notice again");
    });
}

#[test]
fn a_notice_is_taken_up_again_once_at_most() {
    Scenario::new(&process("web", SCALES_ONCE)).run(|world| async move {
        let web = world.script("web");
        scaling(&web);
        web.notifies("", [Act::Answer(()).after(seconds(5))]);
        for _ in 0..3 {
            world.advance(seconds(1)).await;
            world.inject("web", Role::Notify, Injected::Panic).await;
        }
        world.advance(seconds(60)).await;
        assert!(texts(&web, "", "scale").is_empty(), "{:?}", web.told());
        assert!(!texts(&web, "", "restarted").is_empty(), "{:?}", web.told());
    });
}

#[test]
fn a_reload_neither_waits_for_a_notifier_that_hangs_nor_loses_its_notices() {
    let old = process("web", SCALES_ONCE) + &process("other", "");
    let new = process("web", &format!("{SCALES_ONCE}\nmax_processes = 9")) + &process("other", "");
    Scenario::new(&old).run(|world| async move {
        let web = world.script("web");
        scaling(&web);
        web.notifies("", [Act::Never, Act::Answer(())]);
        world.advance(seconds(5)).await;
        assert!(web.told().is_empty());
        let begun = world.now();
        world.reload(&new).await.unwrap();
        let took = world.now().saturating_sub(begun);
        assert!(took < seconds(2), "measuring stood still for {took:?}");
        world.advance(seconds(5)).await;
        assert_eq!(texts(&web, "", "scale").len(), 1, "{:?}", web.told());
    });
}

#[test]
fn a_notifier_that_stays_keeps_its_notices_among_new_ones() {
    let before = notifier("stays", "notify_on = [\"scale\", \"above_max\"]");
    let old = process("web", SCALES_ONCE) + &before;
    let new = old.replacen(
        "[[processes.web.notification]]",
        &(notifier("new", "notify_on = [\"scale\", \"above_max\"]")
            + "[[processes.web.notification]]"),
        1,
    );
    Scenario::new(&old).run(|world| async move {
        let web = world.script("web");
        scaling(&web);
        web.notifies("stays", [Act::Never, Act::Answer(())]);
        world.advance(seconds(5)).await;
        world.reload(&new).await.unwrap();
        world.advance(seconds(5)).await;
        let of = |name: &str| web.notices(name).len();
        assert_eq!((of(""), of("stays"), of("new")), (1, 1, 0));
    });
}

#[test]
fn a_notifier_that_stays_is_not_told_anew_of_what_it_knows() {
    let old = process(
        "web",
        "number_of_fails_to_scale_up_after = 1\nmax_processes = 2",
    );
    let new = old.replacen(
        "[[processes.web.notification]]",
        &(notifier("new", "notify_on = [\"above_max\"]") + "[[processes.web.notification]]"),
        1,
    );
    Scenario::new(&old).run(|world| async move {
        let web = world.script("web");
        scaling(&web);
        web.set_count(2);
        world.advance(seconds(5)).await;
        world.reload(&new).await.unwrap();
        world.advance(seconds(25)).await;
        assert_eq!(texts(&web, "", "above_max").len(), 1, "{:?}", web.told());
        assert_eq!(texts(&web, "new", "above_max").len(), 1, "{:?}", web.told());
    });
}

#[test]
fn a_degraded_group_is_told_until_it_is_heard_and_again_when_asked() {
    let configuration = frail()
        + &notifier(
            "again",
            "notify_on = [\"degraded\"]\nrepeat_after_minutes = 1",
        );
    Scenario::new(&configuration).run(|world| async move {
        let web = world.script("web");
        web.measures([Act::Panic]);
        web.notifies("", [Act::refuse("451 try again later")]);
        world.advance(seconds(20)).await;
        assert!(world.status("web").await.degraded);
        assert!(texts(&web, "", "degraded").is_empty());
        web.notifies("", [Act::Answer(())]);
        world.advance(seconds(15)).await;
        assert_eq!(texts(&web, "", "degraded").len(), 1, "{:?}", web.told());
        world.inject_into_supervisor().await;
        world.advance(seconds(165)).await;
        assert_eq!(texts(&web, "", "degraded").len(), 1, "{:?}", web.told());
        let again = texts(&web, "again", "degraded").len();
        assert!((3..=4).contains(&again), "in 190 s: {again}");
    });
}
