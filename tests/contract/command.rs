//! The `command` backend of all four steps against real commands, well-behaved and not.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use autoscalebot::decision::{self, Level, Reading, Situation};
use autoscalebot::measurement::{self, MeasureError, MeasurementBackend, Sample};
use autoscalebot::model::{Bounds, ProcessName};
use autoscalebot::notification::{self, Event, Notice, Phase};
use autoscalebot::scaling::{self, Observed};
use chrono::DateTime;
use rustix::process::{Pid, test_kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::log_capture;
use crate::making::{section, site};

const TOKEN: &str = "hunter22-and-more";

fn script(name: &str) -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract");
    dir.join(name).display().to_string()
}

fn example() -> Value {
    json!({"command": ["python3", script("command_example.py")]})
}

/// A measurement backend whose command misbehaves.
fn odd(how: &str, file: Option<&Path>) -> Rc<dyn MeasurementBackend> {
    let mut words = vec![
        "python3".to_owned(),
        script("command_odd.py"),
        how.to_owned(),
    ];
    words.extend(file.map(|file| file.display().to_string()));
    measuring(json!({"command": words, "environment": {"TOKEN": TOKEN}}))
}

fn measuring(table: Value) -> Rc<dyn MeasurementBackend> {
    let row = &measurement::command::BACKEND;
    (row.build)(&section(measurement::SHARED, row.settings, table), &site()).unwrap()
}

/// The error's text; in no case the secret.
#[track_caller]
fn failure(outcome: Result<Sample, MeasureError>) -> String {
    let error = outcome.unwrap_err().to_string();
    assert!(!error.contains("hunter22"), "{error}");
    assert!(
        error.chars().count() < 800 && !error.contains('\n'),
        "{error}"
    );
    error
}

/// A measured number, as text.
#[track_caller]
fn number(measured: Result<Sample, MeasureError>) -> String {
    measured.unwrap().number.unwrap().to_string()
}

/// Waits until it is so, up to ten seconds.
async fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..500 {
        if so() {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} does not come true");
}

/// A process that runs: a zombie does not.
fn runs(pid: &str) -> bool {
    let number: i32 = pid.parse().unwrap();
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    let is_zombie = stat
        .rsplit(')')
        .next()
        .is_some_and(|rest| rest.trim().starts_with('Z'));
    test_kill_process(Pid::from_raw(number).unwrap()).is_ok() && !is_zombie
}

fn file() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("notes");
    (dir, file)
}

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
    let reading = |level| Reading {
        at: DateTime::UNIX_EPOCH,
        level,
        data: Rc::new(json!({"queue": 7})),
    };
    let situation = Situation {
        at: DateTime::UNIX_EPOCH,
        history: [Level::None, Level::TooHigh, Level::Number(7.0)]
            .map(reading)
            .to_vec(),
        count: 2,
        ready: 1,
        bounds: Bounds::new(1, 5).unwrap(),
        increment: 1,
    };
    let wish = backend.decide(&situation).await.unwrap();
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
async fn a_command_that_dies_comes_back() {
    let backend = odd("dies", None);
    assert_eq!(number(backend.measure().await), "1");
    let error = failure(backend.measure().await);
    let expected = "the command `python3` ended (exit status: 1); its last words: out of luck";
    assert_eq!(error, expected);
    assert_eq!(number(backend.measure().await), "1", "a new life");
}

#[actix::test]
async fn a_killed_command_comes_back_and_is_set_up() {
    let (_dir, file) = file();
    let backend = odd("dies_early", Some(&file));
    assert!(failure(backend.measure().await).contains("ended (signal: 9 (SIGKILL))"));
    assert_eq!(number(backend.measure().await), "1");
}

#[actix::test]
async fn a_command_that_keeps_ending_is_left_alone() {
    let backend = odd("exits", None);
    let first = failure(backend.measure().await);
    assert!(
        first.contains("ended (exit status: 3); its last words: no licence for ***"),
        "{first}"
    );
    failure(backend.measure().await);
    failure(backend.measure().await);
    let error = failure(backend.measure().await);
    assert!(
        error.contains("(exit status: 3)") && error.contains("it is started again in"),
        "{error}"
    );
}

#[actix::test]
async fn a_late_answer_is_not_taken_for_the_next() {
    let backend = odd("late", None);
    backend.setup().await.unwrap();
    let given_up = timeout(Duration::from_millis(200), backend.measure()).await;
    assert!(given_up.is_err());
    let sample = backend.measure().await.unwrap();
    assert_eq!(
        &*sample.data,
        &json!(2),
        "the answer to the second request, not \"late\""
    );
}

#[actix::test]
async fn a_command_that_hangs_is_started_again() {
    let (_dir, file) = file();
    let backend = odd("hangs", Some(&file));
    backend.setup().await.unwrap();
    for _ in 0..3 {
        let given_up = timeout(Duration::from_millis(700), backend.measure()).await;
        assert!(given_up.is_err());
    }
    let notes = fs::read_to_string(&file).unwrap();
    let pids: Vec<&str> = notes.lines().collect();
    assert_eq!(
        pids.len(),
        2,
        "one that hung through two calls, then another: {notes}"
    );
    until("the first is dead", || !runs(pids[0])).await;
}

#[actix::test]
async fn rubbish_is_an_error_and_what_follows_is_not_mixed_up() {
    let backend = odd("rubbish", None);
    for _ in 0..2 {
        let error = failure(backend.measure().await);
        let expected =
            "the command `python3` wrote a line that is no JSON object: debug: *** [31mxxx";
        assert!(
            error.starts_with(expected) && error.ends_with('…'),
            "{error}"
        );
    }
}

#[actix::test]
async fn too_long_a_line_ends_the_command() {
    let backend = odd("long", None);
    let error = failure(backend.measure().await);
    assert!(
        error.contains("wrote a line of more than 1 MiB: yyy"),
        "{error}"
    );
    backend.setup().await.unwrap();
}

#[actix::test]
async fn a_refusal_and_a_wrong_form_are_said() {
    let error = failure(odd("refuses", None).measure().await);
    assert_eq!(error, "not with ***");
    let error = failure(odd("pointless", None).measure().await);
    assert!(
        error.contains("gave an answer of the wrong form"),
        "{error}"
    );
}

#[actix::test]
async fn an_answer_without_line_end_before_the_exit_counts() {
    let backend = odd("last_words", None);
    assert_eq!(number(backend.measure().await), "9");
    assert!(failure(backend.measure().await).contains("ended (exit status: 0)"));
}

#[actix::test]
async fn a_flood_on_standard_error_is_bounded() {
    log_capture::start();
    let backend = odd("chatty", None);
    assert_eq!(number(backend.measure().await), "1");
    assert_eq!(number(backend.measure().await), "2");
    let lines = log_capture::lines();
    let said = lines
        .iter()
        .filter(|line| line.contains("the command says:"))
        .count();
    assert!((50..=200).contains(&said), "{said}");
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("WARN the command wrote")),
        "{lines:?}"
    );
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

#[actix::test]
async fn whatever_it_started_ends_with_it() {
    for tear_down in [false, true] {
        let (_dir, file) = file();
        let backend = odd("child", Some(&file));
        backend.setup().await.unwrap();
        let notes = fs::read_to_string(&file).unwrap();
        let pids: Vec<&str> = notes.split_whitespace().collect();
        assert!(
            pids.len() == 2 && pids.iter().all(|pid| runs(pid)),
            "{notes}"
        );
        if tear_down {
            backend.teardown().await;
        }
        drop(backend);
        until("both are dead", || pids.iter().all(|pid| !runs(pid))).await;
    }
}
