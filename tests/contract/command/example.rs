//! The example of the documentation in each step, and what a table may set.

use std::fs;
use std::time::Duration;

use autoscalebot::decision;
use autoscalebot::model::ProcessName;
use autoscalebot::notification::{self, Event, Notice, Phase};
use autoscalebot::scaling::{self, Observed};
use chrono::DateTime;
use serde_json::json;
use tempfile::TempDir;

use super::{TOKEN, example, failure, file, measuring, number, odd, runs, script, situation};
use crate::log_capture;
use crate::making::{section, site};

#[actix::test]
async fn the_example_measures() {
    let backend = measuring(example());
    backend.setup().await.unwrap();
    for _ in 0..3 {
        backend.heartbeat_start().await.unwrap();
        let sample = backend.measure().await.unwrap();
        assert_eq!(&*sample.data, &json!(42));
        assert_eq!(number(Ok(sample)), "42");
    }
    backend.teardown().await;
}

#[actix::test]
async fn the_example_decides() {
    let row = &decision::command::BACKEND;
    let table = section(decision::SHARED, row.settings, example());
    let backend = (row.build)(&table, &site()).unwrap();
    backend.setup().await.unwrap();
    backend.heartbeat_start().await.unwrap();
    let wish = backend.decide(&situation(3)).await.unwrap();
    assert_eq!((wish.desired, wish.reason.as_str()), (3, "one more"));
    backend.teardown().await;
}

#[actix::test]
async fn the_example_scales() {
    let row = &scaling::command::BACKEND;
    let table = section(scaling::SHARED, row.settings, example());
    let backend = (row.build)(&table, &site()).unwrap();
    backend.setup().await.unwrap();
    backend.heartbeat_start().await.unwrap();
    assert_eq!(backend.count().await.unwrap(), Observed::ready(1));
    assert_eq!(backend.scale(4).await.unwrap(), 4);
    assert_eq!(
        backend.count().await.unwrap(),
        Observed::ready(4),
        "it keeps running"
    );
    backend.teardown(Duration::from_secs(5)).await;
}

#[actix::test]
async fn the_example_tells() {
    log_capture::start();
    let row = &notification::command::BACKEND;
    let table = section(notification::SHARED, row.settings, example());
    let backend = (row.build)(&table, &site()).unwrap();
    backend.setup().await.unwrap();
    backend.heartbeat_start().await.unwrap();
    let notice = Notice {
        process: ProcessName::new("web").unwrap(),
        event: Event::Scale,
        phase: Phase::Moment,
        at: DateTime::UNIX_EPOCH,
        cycle: 7,
        from: Some(2),
        to: Some(3),
        direction: None,
        reason: "too slow".to_owned(),
    };
    backend.notify(&notice).await.unwrap();
    // Standard error is another pipe, so its line may be read in the next call.
    backend.heartbeat_start().await.unwrap();
    let expected = "INFO the command says: web: scale up 2 -> 3: too slow";
    assert!(
        log_capture::lines()
            .iter()
            .any(|line| line.contains(expected)),
        "{:?}",
        log_capture::lines()
    );
    backend.teardown().await;
}

#[actix::test]
async fn environment_and_directory_are_as_set() {
    let dir = TempDir::new().unwrap();
    let place = dir.path().canonicalize().unwrap();
    let backend = measuring(json!({
        "command": ["python3", script("command_odd.py"), "environment"],
        "environment": {"TOKEN": TOKEN, "HOME": ""},
        "working_directory": place,
    }));
    let sample = backend.measure().await.unwrap();
    assert_eq!(&*sample.data, &json!([TOKEN, null, place]));
    assert_eq!(sample.number, None);
}

#[actix::test]
async fn what_cannot_start_says_why() {
    let error = failure(
        measuring(json!({"command": ["/no/such/program", TOKEN]}))
            .measure()
            .await,
    );
    assert!(
        error.contains("the command `/no/such/program` cannot be started: No such file"),
        "{error}"
    );
    let table = json!({"command": ["python3"], "working_directory": "/no/such/directory"});
    let error = failure(measuring(table).measure().await);
    assert!(
        error.contains("there is no directory /no/such/directory (working_directory)"),
        "{error}"
    );
}

#[actix::test]
async fn teardown_says_good_bye_in_order() {
    let (_dir, file) = file();
    let backend = odd("notes", Some(&file));
    backend.setup().await.unwrap();
    backend.heartbeat_start().await.unwrap();
    backend.measure().await.unwrap();
    backend.teardown().await;
    let notes = fs::read_to_string(&file).unwrap();
    let said: Vec<&str> = notes
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|line| line.1)
        .collect();
    let expected = [
        "1 setup",
        "2 heartbeat_start",
        "3 measure",
        "4 teardown",
        "end of input",
    ];
    assert_eq!(said, expected);
    let (pid, _) = notes.split_once(' ').unwrap();
    assert!(!runs(pid));
    backend.teardown().await;
}
