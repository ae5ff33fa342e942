//! How copies are stopped: the leader first, the group last, nothing left.

use std::time::Duration;

use autoscalebot::scaling::Observed;
use serde_json::json;

use super::world::{in_time, lives, ready, story, wait};

/// A leader with one child, both of which tell of a SIGTERM; neither ends by it.
const STUBBORN: &str = r#"sh -c 'trap "echo child >> told" TERM; echo $$ >> pids; while :; do sleep 0.05; done' &
trap 'echo leader >> told' TERM
echo $$ >> pids
while :; do sleep 0.05; done"#;

#[test]
fn the_signal_reaches_the_leader_alone_and_the_kill_its_whole_group() {
    story(async |world| {
        let web = world.backend(STUBBORN, json!({"stop_grace_in_seconds": 5.0}));
        web.setup().await.unwrap();
        web.scale(1).await.unwrap();
        let pids = world.wait_lines("pids", 2).await;
        assert_eq!(web.scale(0).await, Ok(0));
        assert_eq!(world.wait_lines("told", 1).await, ["leader"]);
        assert!(
            pids.iter().all(|pid| lives(pid)),
            "within the grace nothing is killed"
        );
        wait("leader and child are killed", || {
            !pids.iter().any(|pid| lives(pid))
        })
        .await;
        assert_eq!(
            world.lines("told"),
            ["leader"],
            "the child never saw the signal"
        );
    });
}

#[test]
fn what_a_leader_leaves_behind_is_killed() {
    story(async |world| {
        let script = r"sleep 100 & echo $! >> pids
            trap 'exit 0' TERM
            echo $$ >> pids
            while :; do sleep 0.05; done";
        let web = world.backend(script, json!({}));
        web.setup().await.unwrap();
        web.scale(1).await.unwrap();
        let pids = world.wait_lines("pids", 2).await;
        web.scale(0).await.unwrap();
        wait("nothing is left of the group", || {
            !pids.iter().any(|pid| lives(pid))
        })
        .await;
    });
}

#[test]
fn the_stop_signal_is_the_settings() {
    story(async |world| {
        let script =
            r"trap 'echo int >> told; exit 0' INT; echo $$ >> pids; while :; do sleep 0.05; done";
        let web = world.backend(script, json!({"stop_signal": "int"}));
        web.setup().await.unwrap();
        web.scale(1).await.unwrap();
        world.wait_lines("pids", 1).await;
        web.scale(0).await.unwrap();
        assert_eq!(world.wait_lines("told", 1).await, ["int"]);
    });
}

#[test]
fn a_teardown_cuts_the_grace_and_leaves_nothing_not_even_what_was_stopping() {
    story(async |world| {
        let web = world.backend(STUBBORN, json!({"stop_grace_in_seconds": 600.0}));
        web.setup().await.unwrap();
        web.scale(3).await.unwrap();
        let pids = world.wait_lines("pids", 6).await;
        ready(&web, 3).await;
        web.scale(2).await.unwrap();
        world.wait_lines("told", 1).await;
        let keeper = world.keeper().expect("the keeper runs").to_string();
        assert!(lives(&keeper));
        in_time(web.teardown(Duration::from_secs(1))).await;
        wait("everything is gone", || !pids.iter().any(|pid| lives(pid))).await;
        assert_eq!(
            web.count().await.unwrap(),
            Observed::ready(0),
            "the pool is empty"
        );
        assert!(
            !lives(&keeper),
            "the keeper has nothing to keep and is gone"
        );
        web.scale(1).await.unwrap();
        world.wait_lines("pids", 8).await;
        assert!(
            world.keeper().is_some(),
            "who is used again has a keeper again"
        );
    });
}

#[test]
fn a_teardown_that_is_given_up_kills_all_the_same() {
    story(async |world| {
        let web = world.backend(STUBBORN, json!({"stop_grace_in_seconds": 600.0}));
        web.setup().await.unwrap();
        web.scale(1).await.unwrap();
        let pids = world.wait_lines("pids", 2).await;
        let fence = Duration::from_millis(100);
        let late = tokio::time::timeout(fence, web.teardown(Duration::from_secs(600))).await;
        assert!(late.is_err(), "it was given up");
        wait("everything is gone", || !pids.iter().any(|pid| lives(pid))).await;
    });
}

/// A leader that has a task in hand when it is asked to end, and finishes it first.
const BUSY: &str = r"trap 'sleep 1; echo done >> told; exit 0' TERM
echo $$ >> pids
while :; do sleep 0.05; done";

#[test]
fn a_second_teardown_waits_for_what_the_first_one_stops() {
    story(async |world| {
        let web = world.backend(BUSY, json!({}));
        web.setup().await.unwrap();
        web.scale(1).await.unwrap();
        world.wait_lines("pids", 1).await;
        let grace = Duration::from_secs(10);
        let mut first = web.teardown(grace);
        let begun = tokio::time::timeout(Duration::from_millis(100), &mut first).await;
        assert!(begun.is_err(), "it is under way");
        // The end of the program in the middle of a reload; what it leaves alive dies with the program.
        let second = async {
            web.teardown(grace).await;
            world.lines("told")
        };
        let ((), told) = in_time(futures_util::future::join(first, second)).await;
        assert_eq!(told, ["done"], "the task was finished before it returned");
        assert_eq!(web.count().await.unwrap(), Observed::ready(0));
    });
}

#[test]
fn a_second_teardown_cuts_the_grace_of_the_first() {
    story(async |world| {
        let web = world.backend(STUBBORN, json!({"stop_grace_in_seconds": 600.0}));
        web.setup().await.unwrap();
        web.scale(1).await.unwrap();
        let pids = world.wait_lines("pids", 2).await;
        let first = web.teardown(Duration::from_secs(600));
        let second = async {
            web.teardown(Duration::from_millis(300)).await;
            assert!(!pids.iter().any(|pid| lives(pid)), "killed in time");
        };
        in_time(futures_util::future::join(first, second)).await;
    });
}

#[test]
fn a_copy_leads_its_own_session_without_a_terminal() {
    story(async |world| {
        let web = world.backend("echo $$ >> pids; exec sleep 100", json!({}));
        web.setup().await.unwrap();
        web.scale(1).await.unwrap();
        let pids = world.wait_lines("pids", 1).await;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pids[0])).unwrap();
        let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let (group, session, terminal) = (fields[2], fields[3], fields[4]);
        assert_eq!(
            (group, session, terminal),
            (pids[0].as_str(), pids[0].as_str(), "0")
        );
    });
}
