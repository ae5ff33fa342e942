//! Backends that are slow or never answer: a result, never a fault, and nobody else waits.

use autoscalebot::harness::{Act, Scenario};

use crate::{process, seconds};

#[test]
fn a_measurement_that_never_ends_is_a_failed_measurement() {
    Scenario::new(&process("web", "")).run(|world| async move {
        world.script("web").set_count(1);
        world.script("web").measures([Act::Never, Act::value(1.0)]);
        world.advance(seconds(9)).await;
        assert_eq!(
            world.script("web").told()[0],
            "web: measurement_failed: scripted: no answer within 8 s"
        );
        world.advance(seconds(2)).await;
        assert!(
            !world
                .said("web")
                .iter()
                .any(|line| line.starts_with("Fault")),
            "{:?}",
            world.said("web")
        );
        assert!(world.script("web").told()[1].starts_with("web: measurement_failed ended"));
    });
}

#[test]
fn a_measurement_longer_than_the_interval_skips_ticks() {
    let configuration =
        process("web", "").replace("timeout_in_seconds = 8", "timeout_in_seconds = 60");
    Scenario::new(&configuration).run(|world| async move {
        world
            .script("web")
            .measures([Act::value(1.0).after(seconds(25))]);
        world.advance(seconds(89)).await;
        let status = world.status("web").await;
        assert_eq!(
            (status.cycle, status.skipped),
            (3, 6),
            "cycles begin at 0, 30 and 60 s"
        );
    });
}

#[test]
fn a_count_a_decision_or_a_scale_that_never_ends_fails_its_cycle_alone() {
    let decision = "number_of_fails_to_scale_up_after = 1";
    Scenario::new(&process("web", decision)).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        web.counts([Act::Never, Act::Answer(())]);
        world.advance(seconds(9)).await;
        assert!(
            web.told()[0].contains("did not answer within 4 s"),
            "{:?}",
            web.told()
        );
        web.scales([Act::Never, Act::Answer(())]);
        world.advance(seconds(20)).await;
        assert_eq!(web.was_scaled_to(), [2], "tried again at the next cycle");
        assert!(
            !world
                .said("web")
                .iter()
                .any(|line| line.starts_with("Fault")),
            "{:?}",
            world.said("web")
        );
    });
    let scripted = process("web", "backend = \"scripted\"").replace(
        "min_measurement_value = 400\nmax_measurement_value = 1200\n",
        "",
    );
    Scenario::new(&scripted).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.decides([Act::Never, Act::Answer(2)]);
        world.advance(seconds(45)).await;
        assert_eq!(web.was_scaled_to(), [2]);
        assert!(
            !world
                .said("web")
                .iter()
                .any(|line| line.starts_with("Fault")),
            "{:?}",
            world.said("web")
        );
    });
}

#[test]
fn what_reading_the_count_took_is_no_longer_there_for_the_scale() {
    let millis = std::time::Duration::from_millis;
    // Of the 4 s of a cycle; a second is left to a scale in any case.
    let rows = [
        (2_500, 1_400, true, "3.9 s together"),
        (2_500, 1_600, false, "4.1 s together"),
        (3_900, 900, true, "a second is left to it"),
        (3_900, 1_100, false, "but no more"),
    ];
    for (count, scale, works, because) in rows {
        let decision = "number_of_fails_to_scale_up_after = 1";
        Scenario::new(&process("web", decision)).run(|world| async move {
            let web = world.script("web");
            web.set_count(1);
            web.measures([Act::value(5000.0)]);
            web.counts([Act::Answer(()).after(millis(count))]);
            web.scales([Act::Answer(()).after(millis(scale))]);
            world.advance(seconds(9)).await;
            assert_eq!(web.count() == 2, works, "{because}: {:?}", web.told());
            if !works {
                let told = web.told();
                assert!(told[0].contains("of the 4 s"), "{because}: {told:?}");
            }
        });
    }
}

#[test]
fn a_notifier_that_hangs_or_fails_delays_nobody() {
    let two = process(
        "web",
        "number_of_fails_to_scale_up_after = 1\npost_scale_wait_time_seconds = 0\nmax_processes = 50",
    ) + "[[processes.web.notification]]\nbackend = \"scripted\"\nscript = \"hangs\"\nnotify_on = [\"scale\"]\n"
        + "[[processes.web.notification]]\nbackend = \"scripted\"\nscript = \"fails\"\nnotify_on = [\"scale\"]\n";
    Scenario::new(&two).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        web.notifies("hangs", [Act::Never]);
        web.notifies("fails", [Act::refuse("451 try again later")]);
        world.advance(seconds(95)).await;
        assert_eq!(
            web.was_scaled_to().len(),
            10,
            "a scale in each of ten cycles"
        );
        assert_eq!(
            web.told()
                .iter()
                .filter(|told| told.starts_with("web: scale "))
                .count(),
            10,
            "told to the notifier that works, at once"
        );
        assert_eq!(web.notices("hangs").len() + web.notices("fails").len(), 0);
    });
}

#[test]
fn a_notifier_that_panics_loses_one_notice() {
    Scenario::new(&process(
        "web",
        "number_of_fails_to_scale_up_after = 1\npost_scale_wait_time_seconds = 0",
    ))
    .run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        web.notifies("", [Act::Panic, Act::Answer(())]);
        world.advance(seconds(15)).await;
        let told = web.told();
        assert!(told[0].starts_with("web: restarted"), "{told:?}");
        assert!(told[1].starts_with("web: scale up 2 -> 3"), "{told:?}");
    });
}

#[test]
fn a_notifier_that_always_panics_does_not_stop_the_scaling() {
    Scenario::new(&process(
        "web",
        "number_of_fails_to_scale_up_after = 1\npost_scale_wait_time_seconds = 1000",
    ))
    .run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        web.notifies("", [Act::Panic]);
        world.advance(seconds(95)).await;
        let faults = world.said("web");
        let faults = faults.iter().filter(|line| line.starts_with("Fault"));
        assert_eq!(faults.count(), 2, "its own fault is told to it once");
        assert_eq!(world.status("web").await.cycle, 10);
        assert!(!world.status("web").await.degraded);
    });
}

#[test]
fn a_condition_whose_notice_was_not_delivered_is_told_at_the_next_cycle() {
    Scenario::new(&process("web", "max_processes = 2")).run(|world| async move {
        let web = world.script("web");
        web.set_count(2);
        web.measures([Act::value(5000.0)]);
        web.notifies("", [Act::refuse("451 try again later"), Act::Answer(())]);
        world.advance(seconds(95)).await;
        let told = web.told();
        assert_eq!(told.len(), 1, "once it could be told, once: {told:?}");
        assert!(told[0].starts_with("web: above_max at 2"), "{told:?}");
    });
}
