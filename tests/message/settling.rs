//! Releases, restarts and boots through the whole path: nothing goes down, what is measured does not count, and neither
//! for ever.

use autoscalebot::harness::{Act, Scenario};

use crate::{are, process, seconds};

/// One result is enough either way, and nothing is waited for but what this is about.
fn quick() -> String {
    process(
        "web",
        "max_processes = 20\nnumber_of_fails_to_scale_up_after = 1\nnumber_of_passes_to_scale_down_after = 1\n\
         post_scale_wait_time_seconds = 0\n",
    )
}

const HIGH: f64 = 5000.0;
const LOW: f64 = 1.0;

#[test]
fn a_release_is_waited_out_before_anything_goes_down() {
    Scenario::new(&quick()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        are(&web, 3, 0, 0);
        web.measures([Act::value(800.0)]);
        world.advance(seconds(5)).await;
        are(&web, 0, 3, 0);
        web.measures([Act::value(LOW)]);
        world.advance(seconds(30)).await;
        assert_eq!(web.count(), 3, "they start: at 10, 20 and 30 s");
        are(&web, 3, 0, 0);
        // They were seen up at 40 s, and so booted for 30 s; the last starting was seen at 30 s.
        world.advance(seconds(20)).await;
        assert_eq!(web.count(), 3, "at 40 and 50 s a boot has not passed since");
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 2, "at 60 s it has");
    });
}

#[test]
fn a_slow_start_does_not_add_processes_but_real_load_does() {
    Scenario::new(&quick()).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        are(&web, 3, 0, 0);
        web.measures([Act::value(800.0)]);
        world.advance(seconds(5)).await;
        are(&web, 1, 2, 0);
        web.measures([Act::value(HIGH)]);
        world.advance(seconds(120)).await;
        assert_eq!(web.count(), 3, "until 120 s it may be the start");
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 4, "after twice a boot of 60 s it is not");
    });
}

#[test]
fn what_was_added_is_up_before_more_is() {
    Scenario::new(&quick()).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        are(&web, 1, 0, 0);
        web.measures([Act::value(HIGH)]);
        world.advance(seconds(5)).await;
        assert_eq!(web.was_scaled_to(), [2]);
        are(&web, 1, 1, 0);
        world.advance(seconds(40)).await;
        assert_eq!(web.was_scaled_to(), [2], "the second one is starting");
        are(&web, 2, 0, 0);
        world.advance(seconds(10)).await;
        assert_eq!(web.was_scaled_to(), [2, 3], "two are not enough");
        // A boot was seen to take 40 s: from 10 s to 50 s.
        are(&web, 2, 1, 0);
        world.advance(seconds(40)).await;
        assert_eq!(web.was_scaled_to(), [2, 3], "from 60 s to 90 s");
        world.advance(seconds(10)).await;
        assert_eq!(
            web.was_scaled_to(),
            [2, 3, 4],
            "what does not come up is not waited for longer than a boot"
        );
    });
}

#[test]
fn a_mask_hides_no_outage_and_no_bound() {
    let on_failure = quick().replace("timeout_in_seconds = 8", "on_failure = \"hold\"");
    Scenario::new(&on_failure).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        are(&web, 3, 0, 0);
        web.measures([Act::value(800.0)]);
        world.advance(seconds(5)).await;
        are(&web, 2, 1, 0);
        web.measures([Act::refuse("gone")]);
        world.advance(seconds(10)).await;
        assert_eq!(web.told(), ["web: measurement_failed: scripted: gone"]);
        web.set_count(25);
        world.advance(seconds(10)).await;
        assert_eq!(web.was_scaled_to(), [20], "the maximum");
        web.set_count(3);
        web.measures([Act::value(HIGH)]);
        are(&web, 2, 0, 1);
        world.advance(seconds(10)).await;
        assert_eq!(web.was_scaled_to(), [20, 4], "one has crashed");
        let told = web.told();
        let reason =
            "web: scale up 3 -> 4: the last result, 5000, is above 1200; 1 of 3 processes has crashed";
        assert!(told.iter().any(|told| told == reason), "{told:#?}");
    });
}

#[test]
fn what_is_to_be_done_while_nothing_is_known_is_done_during_a_release_too() {
    let floor = "on_failure = \"hold\", on_missing_up = \"floor\", missing_floor = 6";
    let with_floor = quick().replace("timeout_in_seconds = 8", floor);
    Scenario::new(&with_floor).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        are(&web, 1, 2, 0);
        web.measures([Act::value(HIGH)]);
        world.advance(seconds(15)).await;
        assert_eq!(web.count(), 3, "what is measured does not count");
        web.measures([Act::refuse("gone")]);
        world.advance(seconds(10)).await;
        assert_eq!(web.count(), 6, "that nothing is measured does");
    });
    let known =
        "on_failure = \"hold\", on_missing_up = \"last_known\", last_known_for_seconds = 900";
    let last_known = quick()
        .replace("timeout_in_seconds = 8", known)
        .replace("up_after = 1", "up_after = 2");
    Scenario::new(&last_known).run(|world| async move {
        let web = world.script("web");
        web.set_count(3);
        are(&web, 3, 0, 0);
        web.measures([Act::value(HIGH), Act::refuse("gone")]);
        world.advance(seconds(5)).await;
        are(&web, 2, 1, 0);
        world.advance(seconds(60)).await;
        assert_eq!(
            web.count(),
            3,
            "what was known before the release is no second result"
        );
    });
}

#[test]
fn a_refusal_for_a_release_is_waited_for_and_told_when_it_lasts() {
    Scenario::new(&quick()).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.waits_for_a_release(true);
        web.measures([Act::value(HIGH)]);
        world.advance(seconds(595)).await;
        assert_eq!(web.told(), Vec::<String>::new(), "for ten minutes");
        world.advance(seconds(10)).await;
        assert_eq!(
            web.told(),
            [
                "web: scale_failed at 1: the count could not be set from 1 to 2: waiting for the release to finish; so for \
                 10 min now"
            ]
        );
        web.waits_for_a_release(false);
        world.advance(seconds(10)).await;
        assert_eq!(web.was_scaled_to(), [2], "tried again in each cycle");
        assert!(web.told()[1].starts_with("web: scale_failed ended"), "{:?}", web.told());
        // Another release, another ten minutes.
        web.waits_for_a_release(true);
        world.advance(seconds(300)).await;
        let failures = web.told();
        let failures = failures.iter().filter(|told| told.contains("so for"));
        assert_eq!(failures.count(), 2, "one of them when it ended");
    });
}
