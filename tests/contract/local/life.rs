//! Starting, naming, restarting, and what a reload changes.

use std::time::Duration;

use autoscalebot::clock::Clock;
use autoscalebot::scaling::{Observed, ScaleError};
use rustix::process::Signal;
use serde_json::json;

use super::world::{in_time, lives, ready, signal, story, wait};

/// Says its name once it is up, and ends upon SIGTERM with a word about it.
const TALKER: &str = r#"trap 'echo "$DYNO" >> stopped; exit 0' TERM
echo "$DYNO $$" >> started
while :; do sleep 0.05; done"#;

fn names(lines: &[String]) -> Vec<&str> {
    lines
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect()
}

fn pids(lines: &[String]) -> Vec<String> {
    lines
        .iter()
        .filter_map(|line| Some(line.split(' ').nth(1)?.to_owned()))
        .collect()
}

#[test]
fn scales_up_under_the_smallest_numbers_and_down_newest_first() {
    story(async |world| {
        let web = world.backend(TALKER, json!({}));
        web.setup().await.unwrap();
        assert_eq!(
            web.count().await.unwrap(),
            Observed::ready(0),
            "local starts at 0"
        );
        assert!(!web.zero_can_mean_off());
        for to in 1..=3 {
            assert_eq!(web.scale(to).await, Ok(to));
            assert_eq!(
                web.count().await.unwrap().count,
                to,
                "the count is the number wanted, at once"
            );
            world
                .wait_lines("started", usize::try_from(to).unwrap())
                .await;
        }
        assert_eq!(names(&world.lines("started")), ["web.1", "web.2", "web.3"]);
        ready(&web, 3).await;
        assert_eq!(web.scale(2).await, Ok(2));
        world.wait_lines("stopped", 1).await;
        assert_eq!(web.scale(1).await, Ok(1));
        assert_eq!(world.wait_lines("stopped", 2).await, ["web.3", "web.2"]);
        ready(&web, 1).await;
    });
}

#[test]
fn a_number_is_free_again_only_when_its_copy_is_gone() {
    story(async |world| {
        // A copy that is stopping goes on until a file says that it may end.
        let slow = r#"trap 'echo "$DYNO" >> told; while [ ! -e go ]; do sleep 0.05; done; exit 0' TERM
            echo "$DYNO $$" >> started
            while :; do sleep 0.05; done"#;
        let web = world.backend(slow, json!({}));
        web.setup().await.unwrap();
        web.scale(2).await.unwrap();
        world.wait_lines("started", 2).await;
        web.scale(1).await.unwrap();
        world.wait_lines("told", 1).await;
        web.scale(2).await.unwrap();
        let started = world.wait_lines("started", 3).await;
        assert_eq!(names(&started)[2], "web.3", "web.2 still has its name");
        std::fs::write(world.file("go"), "").unwrap();
        wait("web.2 is gone", || world.held() == 2).await;
        ready(&web, 2).await;
        web.scale(3).await.unwrap();
        let started = world.wait_lines("started", 4).await;
        assert_eq!(names(&started)[3], "web.2", "its name is free again");
    });
}

#[test]
fn a_copy_has_the_environment_that_the_settings_describe() {
    story(async |world| {
        let script = "env > seen; pwd > place; exec sleep 100";
        let environment = json!({"GREETING": "good day", "CARGO_MANIFEST_DIR": ""});
        let web = world.backend(
            script,
            json!({"environment": environment, "port": 8123, "process_type": "shop"}),
        );
        web.setup().await.unwrap();
        web.scale(1).await.unwrap();
        world.wait_lines("place", 1).await;
        let seen = world.lines("seen");
        for expected in ["GREETING=good day", "DYNO=shop.1", "PORT=8123"] {
            assert!(
                seen.iter().any(|line| line == expected),
                "{expected} is in {seen:?}"
            );
        }
        assert!(
            std::env::var_os("CARGO_MANIFEST_DIR").is_some(),
            "cargo gives it to its tests"
        );
        assert!(
            !seen
                .iter()
                .any(|line| line.starts_with("CARGO_MANIFEST_DIR=")),
            "an empty value removes"
        );
        assert!(
            seen.iter().any(|line| line.starts_with("PATH=")),
            "the rest is inherited"
        );
        let place = std::fs::canonicalize(world.folder.path()).unwrap();
        assert_eq!(world.lines("place"), [place.to_str().unwrap()]);
    });
}

#[test]
fn a_copy_that_dies_comes_back_under_its_name_and_takes_its_children_along() {
    story(async |world| {
        let script = r#"sleep 100 & echo "$DYNO $$ $!" >> started; wait"#;
        let web = world.backend(script, json!({}));
        web.setup().await.unwrap();
        web.scale(2).await.unwrap();
        let first = world.wait_lines("started", 2).await;
        ready(&web, 2).await;
        let words: Vec<_> = first[0].split(' ').collect();
        signal(words[1], Signal::KILL);
        wait("the dead copy's child is killed", || !lives(words[2])).await;
        assert_eq!(
            web.count().await.unwrap().count,
            2,
            "the count is what is wanted"
        );
        let again = world.wait_lines("started", 3).await;
        assert_eq!(
            names(&again)[2],
            words[0],
            "it comes back under its own name"
        );
        ready(&web, 2).await;
    });
}

#[test]
fn a_copy_that_dies_at_once_is_not_started_in_a_spin() {
    story(async |world| {
        let web = world.backend("echo x >> started; exit 3", json!({}));
        web.setup().await.unwrap();
        web.scale(1).await.unwrap();
        // Starts at 0, 0.5 and 1.5 s, and each later one at least a second after the one before it; slowness only makes
        // them fewer. The clock is read after they are counted.
        let clock = Clock::system();
        tokio::time::sleep(Duration::from_millis(1900)).await;
        let starts = world.lines("started").len();
        let taken = clock.now().mono.as_secs_f64();
        assert!(
            starts >= 1 && f64::from(u32::try_from(starts).unwrap()) <= 2.0 + taken,
            "{starts} starts in {taken:.1} s"
        );
        assert_eq!(web.count().await.unwrap().count, 1);
        assert_eq!(
            web.scale(0).await,
            Ok(0),
            "it can be stopped while it waits"
        );
        ready(&web, 0).await;
    });
}

#[test]
fn a_command_that_is_not_there_is_refused_with_what_to_mend() {
    story(async |world| {
        let web = world.built(json!({"command": ["no-such-program", "--key=swordfish"]}));
        web.setup().await.unwrap();
        let Err(ScaleError::Refused(text)) = web.scale(1).await else {
            panic!("it must be refused")
        };
        assert!(
            text.contains("`no-such-program` is in no folder of PATH"),
            "{text}"
        );
        assert!(!text.contains("swordfish"), "{text}");
        assert_eq!(
            web.count().await.unwrap(),
            Observed::ready(0),
            "nothing has changed"
        );
    });
}

#[test]
fn the_same_settings_keep_the_copies_and_a_changed_command_replaces_them() {
    story(async |world| {
        let old = world.backend(TALKER, json!({}));
        old.setup().await.unwrap();
        old.scale(2).await.unwrap();
        let first = world.wait_lines("started", 2).await;
        ready(&old, 2).await;

        let same = world.backend(TALKER, json!({"stop_grace_in_seconds": 9.0}));
        same.setup().await.unwrap();
        same.setup().await.unwrap();
        old.teardown(Duration::from_secs(5)).await;
        assert_eq!(same.count().await.unwrap(), Observed::ready(2));
        assert!(
            pids(&first).iter().all(|pid| lives(pid)),
            "reloaded with the same command, they live on"
        );

        let wrong = world.built(json!({"command": ["no-such-program"]}));
        assert!(matches!(wrong.setup().await, Err(ScaleError::Refused(_))));
        assert!(
            pids(&first).iter().all(|pid| lives(pid)),
            "what cannot be started replaces nothing"
        );

        let other = world.backend(&format!("# changed\n{TALKER}"), json!({}));
        other.setup().await.unwrap();
        assert_eq!(
            other.count().await.unwrap().count,
            2,
            "the count wanted stays"
        );
        world.wait_sorted("stopped", &["web.1", "web.2"]).await;
        let all = world.wait_lines("started", 4).await;
        wait("the old copies are gone", || {
            !pids(&first).iter().any(|pid| lives(pid))
        })
        .await;
        ready(&other, 2).await;
        assert!(pids(&all)[2..].iter().all(|pid| lives(pid)));

        in_time(other.teardown(Duration::from_secs(5))).await;
        assert!(!pids(&all).iter().any(|pid| lives(pid)), "nothing is left");
    });
}
