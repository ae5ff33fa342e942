//! `kill -9` of the bot, and of its keeper. The bot is this test program, run again for one hidden test.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use autoscalebot::clock::Clock;
use rustix::process::Signal;
use serde_json::json;

use super::world::{World, in_time, lines, lives, ready, signal, story, wait};

const FOLDER: &str = "LOCAL_TEST_BOT_FOLDER";

/// Children that would outlive their leader's death by a parent-death signal alone.
const PARENT: &str = r#"sh -c 'trap "" TERM HUP INT; echo $$ >> grandchildren; sleep 1000 & echo $! >> grandchildren; wait' &
echo $$ >> copies
wait"#;

/// Not a test by itself: the bot that the others kill.
#[test]
fn bot() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    actix_rt::System::new().block_on(async {
        let world = World::new();
        let web = world.backend(
            PARENT,
            json!({"working_directory": folder.to_str().unwrap()}),
        );
        web.setup().await.unwrap();
        web.scale(2).await.unwrap();
        ready(&web, 2).await;
        let keeper = world.keeper().unwrap().to_string();
        std::fs::write(Path::new(&folder).join("keeper"), keeper).unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
}

#[test]
fn a_killed_bot_leaves_no_copy_no_grandchild_and_no_keeper() {
    story(async |world| {
        let mut bot = Command::new(std::env::current_exe().unwrap())
            .args(["local::killed::bot", "--exact"])
            .env(FOLDER, world.folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let copies = world.wait_lines("copies", 2).await;
        let grandchildren = world.wait_lines("grandchildren", 4).await;
        let keeper = world.wait_lines("keeper", 1).await;
        let all = || copies.iter().chain(&grandchildren).chain(&keeper);
        assert!(all().all(|pid| lives(pid)));
        // What a platform sends to every process at its end, and what a terminal may.
        for asking in [Signal::TERM, Signal::HUP, Signal::INT] {
            signal(&keeper[0], asking);
        }
        let clock = Clock::system();
        bot.kill().unwrap();
        let killed = clock.now().mono;
        let since = || clock.now().mono.saturating_sub(killed);
        bot.wait().unwrap();
        wait("no copy is left", || !copies.iter().any(|pid| lives(pid))).await;
        let taken = since();
        assert!(taken <= Duration::from_secs(2), "copies: {taken:?}");
        wait("no grandchild is left", || !all().any(|pid| lives(pid))).await;
        let taken = since();
        assert!(taken <= Duration::from_secs(5), "all of it: {taken:?}");
    });
}

#[test]
fn a_keeper_that_is_killed_comes_back_and_no_copy_notices() {
    story(async |world| {
        let web = world.backend(PARENT, json!({}));
        web.setup().await.unwrap();
        web.scale(2).await.unwrap();
        let copies = world.wait_lines("copies", 2).await;
        let first = world.keeper().expect("the keeper runs");
        signal(&first.to_string(), Signal::KILL);
        wait("another keeper", || {
            world.keeper().is_some_and(|keeper| keeper != first)
        })
        .await;
        assert!(copies.iter().all(|pid| lives(pid)));
        assert_eq!(
            lines(&world.file("copies")).len(),
            2,
            "no copy was started again"
        );
        in_time(web.teardown(Duration::from_secs(1))).await;
        assert!(!copies.iter().any(|pid| lives(pid)));
    });
}
