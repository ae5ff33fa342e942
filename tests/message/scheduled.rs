//! A count that follows the clock, and steps of several at a time, through the whole path.

use autoscalebot::harness::{Act, Scenario};

use crate::seconds;

/// Two from midnight on, five from ten past, one from twenty past.
const SCHEDULE: &str =
    "backend = \"schedule_only\"\nmin_processes = { \"0:00\" = 2, \"0:10\" = 5, \"0:20\" = 1 }\n";

fn process(measurement: &str, decision: &str) -> String {
    format!(
        "[processes.web]\n{measurement}\nscaling = {{ backend = \"scripted\" }}\n\
         notification = [{{ backend = \"scripted\", notify_on = [\"scale\", \"measurement_failed\"] }}]\n\
         [processes.web.decision]\n{decision}\n"
    )
}

#[test]
fn the_clock_alone_decides() {
    for (measurement, decision, because) in [
        ("", "", "nothing is measured"),
        ("", "max_processes = 9", "with room above"),
        (
            "measurement = { measurement_interval_in_seconds = 10 }",
            "",
            "only how often",
        ),
        (
            "measurement = { backend = \"scripted\" }",
            "max_processes = 9",
            "what is measured fails",
        ),
        (
            "measurement = { backend = \"scripted\", on_failure = \"too_high\" }",
            "max_processes = 9",
            "and counts as too high",
        ),
    ] {
        Scenario::new(&process(measurement, &format!("{SCHEDULE}{decision}"))).run(
            |world| async move {
                let web = world.script("web");
                web.set_count(4);
                web.measures([Act::refuse("gone")]);
                let mut counts = Vec::new();
                for _ in 0..3 {
                    world.advance(seconds(580)).await;
                    counts.push(web.count());
                    world.advance(seconds(20)).await;
                }
                assert_eq!(counts, [2, 5, 1], "{because}: {:?}", web.told());
            },
        );
    }
}

#[test]
fn a_wish_for_several_is_cut_only_by_what_is_written() {
    for (more, expected) in [
        ("", 8),
        ("scale_up_increment = 2", 7),
        ("max_processes = 6", 6),
    ] {
        let most = if more.contains("max") {
            ""
        } else {
            "max_processes = 20\n"
        };
        let step = format!(
            "backend = \"step\"\nnumber_of_fails_to_scale_up_after = 1\n\
             scale_up_steps = {{ \"100\" = 1, \"300\" = 3 }}\nscale_down_steps = {{ \"10\" = 1 }}\n{most}{more}"
        );
        Scenario::new(&process("measurement = { backend = \"scripted\" }", &step)).run(
            |world| async move {
                let web = world.script("web");
                web.set_count(5);
                web.measures([Act::value(400.0), Act::value(50.0)]);
                world.advance(seconds(50)).await;
                assert_eq!(web.count(), expected, "{more}: {:?}", web.told());
            },
        );
    }
}
