//! The console notifier in a process of its own, whose standard output is read, closed or left alone.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use autoscalebot::model::ProcessName;
use autoscalebot::notification::{Event, Notice, Phase, SHARED, console};
use chrono::DateTime;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::making::{section, site};

/// Where the other process writes how its notices went, how many it is to tell, and how many milliseconds it waits for
/// each.
const OUTCOMES: &str = "CONSOLE_OUTCOMES";
const NOTICES: &str = "CONSOLE_NOTICES";
const PATIENCE: &str = "CONSOLE_PATIENCE";

#[actix::test]
#[ignore = "the other process, which the tests below start"]
async fn other_process() {
    let Ok(file) = env::var(OUTCOMES) else {
        return;
    };
    let given = |name| env::var(name).unwrap().parse().unwrap();
    let patience = Duration::from_millis(given(PATIENCE));
    let table = section(SHARED, console::BACKEND.settings, json!({}));
    let notifier = (console::BACKEND.build)(&table, &site()).unwrap();
    let notice = Notice {
        process: ProcessName::new("web").unwrap(),
        event: Event::Scale,
        phase: Phase::Moment,
        at: DateTime::UNIX_EPOCH,
        cycle: 7,
        from: Some(2),
        to: Some(3),
        direction: None,
        reason: "too slow ".repeat(100),
    };
    let mut outcomes = Vec::new();
    for _ in 0..given(NOTICES) {
        let told = timeout(patience, notifier.notify(&notice));
        outcomes.push(match told.await {
            Ok(Ok(())) => "told".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "given up".to_owned(),
        });
    }
    let part = format!("{file}.part");
    fs::write(&part, outcomes.join("\n")).unwrap();
    fs::rename(part, file).unwrap();
}

fn start(file: &Path, notices: u64, patience: u64) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "notification_console::other_process",
            "--ignored",
            "--nocapture",
        ])
        .env(OUTCOMES, file)
        .env(NOTICES, notices.to_string())
        .env(PATIENCE, patience.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits for the outcomes, up to twenty seconds; then ends the process.
async fn outcomes(mut child: Child, file: &Path) -> Vec<String> {
    for _ in 0..1000 {
        if file.exists() {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let text = fs::read_to_string(file).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Reads up to the first notice; then the other end is closed.
fn first_notice(child: &mut Child) -> String {
    let output = BufReader::new(child.stdout.take().unwrap());
    // The other process is a test, and its harness writes there too.
    let mut lines = output.lines().map_while(Result::ok);
    let line = lines.find_map(|line| line.find("web: ").map(|start| line[start..].to_owned()));
    line.unwrap()
}

#[actix::test]
async fn a_notice_is_a_line() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("outcomes");
    let mut child = start(&file, 1, 20_000);
    let line = first_notice(&mut child);
    assert!(
        line.starts_with("web: scale up 2 -> 3: too slow too slow"),
        "{line}"
    );
    assert_eq!(outcomes(child, &file).await, ["told"]);
}

#[actix::test]
async fn a_reader_that_went_away_is_no_error() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("outcomes");
    let mut child = start(&file, 250, 20_000);
    first_notice(&mut child);
    let told = outcomes(child, &file).await;
    assert_eq!(told, ["told"; 250]);
}

#[actix::test]
async fn a_reader_that_does_not_read_holds_up_nobody() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("outcomes");
    let mut child = start(&file, 250, 20);
    // Kept open, and not read: a pipe takes about 70 of these lines.
    let unread = child.stdout.take();
    let told = outcomes(child, &file).await;
    drop(unread);
    assert_eq!(told.len(), 250, "its thread went on");
    let expected = "standard output is not being read: 100 lines wait, and this notice is dropped";
    assert_eq!(told.last().map(String::as_str), Some(expected), "{told:?}");
}
