//! The path of one cycle, message by message.

use autoscalebot::harness::{Act, Scenario};

use crate::{process, seconds};

#[test]
fn a_cycle_sends_its_messages_in_order() {
    Scenario::new(&process("web", "number_of_fails_to_scale_up_after = 1")).run(
        |world| async move {
            world.script("web").set_count(1);
            world.script("web").measures([Act::value(1500.0)]);
            world.advance(seconds(1)).await;
            assert_eq!(
                world.said("web"),
                [
                    "Measured 1500.0",
                    "GetCount",
                    "Decided 1 -> 2: the last result, 1500, is above 1200",
                    "Scale 1 -> 2",
                    "Scaled 1 -> 2",
                    "Notify web: scale up 1 -> 2: the last result, 1500, is above 1200",
                ]
            );
            assert!(world.tape().iter().all(|entry| entry.at < seconds(1)));
        },
    );
}

#[test]
fn three_fails_scale_up_and_five_passes_scale_down() {
    let decision = "post_scale_wait_time_seconds = 25";
    Scenario::new(&process("web", decision)).run(|world| async move {
        let web = world.script("web");
        web.set_count(2);
        web.measures([Act::value(1500.0)]);
        world.advance(seconds(19)).await;
        assert_eq!(web.count(), 2, "two results are not three");
        world.advance(seconds(2)).await;
        assert_eq!(
            web.count(),
            3,
            "the third result above the maximum scales up"
        );
        web.measures([Act::value(100.0)]);
        // Cooldown until 45 s; results at 50, 60, 70, 80 and 90 s count.
        world.advance(seconds(68)).await;
        assert_eq!(web.count(), 3, "results of the cooldown do not count");
        world.advance(seconds(2)).await;
        assert_eq!(web.was_scaled_to(), [3, 2]);
        assert_eq!(
            web.told(),
            [
                "web: scale up 2 -> 3: the last 3 results are above 1200",
                "web: scale down 3 -> 2: the last 5 results are below 400",
            ]
        );
    });
}

#[test]
fn the_same_story_is_the_same_to_the_bit() {
    let tell = || {
        let mut tape = Vec::new();
        let configuration =
            process("web", "") + &process("celery", "post_scale_wait_time_seconds = 60");
        let into = &mut tape;
        Scenario::new(&configuration).run(|world| async move {
            world.script("web").measures([
                Act::value(2000.0),
                Act::refuse("gone"),
                Act::value(10.0),
            ]);
            world
                .script("celery")
                .measures([Act::value(5000.0).after(seconds(3))]);
            world.advance(seconds(600)).await;
            *into = world.tape();
        });
        tape
    };
    let first = tell();
    assert!(first.len() > 200);
    assert_eq!(first, tell());
}

#[test]
fn a_measurement_is_told_in_one_line_however_much_was_measured() {
    let notifier = "[[processes.web.notification]]\nbackend = \"scripted\"\nscript = \"all\"\n\
        notify_on = [\"measurement\"]\n";
    Scenario::new(&(process("web", "") + notifier)).run(|world| async move {
        let web = world.script("web");
        let document = serde_json::json!({"queues": vec!["a\nb"; 100_000], "processes": 2});
        web.measures([Act::Answer(document)]);
        world.advance(seconds(1)).await;
        let [notice] = &web.notices("all")[..] else {
            panic!("one notice")
        };
        assert!(
            notice.reason.starts_with("scripted measured {"),
            "{notice:?}"
        );
        let length = notice.reason.chars().count();
        assert!(length <= 1_020, "{length} characters");
    });
}
