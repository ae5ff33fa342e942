//! Commands that die, hang, answer late, talk too much or too long, or leave others behind.

use std::fs;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use autoscalebot::decision::{self, Situation};
use futures_util::future::{Either, select};
use serde_json::json;
use tokio::time::timeout;

use super::{failure, file, number, odd, runs, script, situation, until};
use crate::log_capture;
use crate::making::{section, site};

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
    let pids = || fs::read_to_string(&file).unwrap_or_default();
    for _ in 0..2 {
        let given_up = timeout(Duration::from_millis(300), backend.measure()).await;
        assert!(given_up.is_err());
    }
    let third = backend.measure();
    let second_life = until("another is started", || pids().lines().count() == 2);
    match select(pin!(third), pin!(second_life)).await {
        Either::Left(_) => panic!("it hangs again, and does not answer"),
        Either::Right(_) => {}
    }
    let pids = pids();
    until("the first is dead", || !runs(pids.lines().next().unwrap())).await;
}

#[actix::test]
async fn one_that_ended_unasked_costs_no_call() {
    log_capture::start();
    let backend = odd("dies_idle", None);
    let first = number(backend.measure().await);
    until("it is dead", || !runs(&first)).await;
    let second = number(backend.measure().await);
    assert_ne!(first, second);
    let expected =
        "WARN the command ended (exit status: 1); its last words: bored; it is started again";
    let lines = log_capture::lines();
    assert!(
        lines.iter().any(|line| line.starts_with(expected)),
        "{lines:?}"
    );
}

#[actix::test]
async fn a_request_that_was_given_up_half_written_is_written_to_its_end() {
    let row = &decision::command::BACKEND;
    let words = [
        "python3".to_owned(),
        script("command_odd.py"),
        "sleepy".to_owned(),
    ];
    let table = section(decision::SHARED, row.settings, json!({"command": words}));
    let backend = (row.build)(&table, &site()).unwrap();
    backend.setup().await.unwrap();
    // It sleeps now and does not read; its pipe takes 64 kB, which is less than half of this.
    let large = timeout(
        Duration::from_millis(200),
        backend.decide(&situation(2_000)),
    )
    .await;
    assert!(large.is_err());
    let wish = backend.decide(&situation(3)).await.unwrap();
    assert_eq!(wish.desired, 3, "the second request's answer");
}

#[actix::test]
async fn a_large_request_is_made_and_too_large_a_one_harms_nobody() {
    let row = &decision::command::BACKEND;
    let words = [
        "python3".to_owned(),
        script("command_odd.py"),
        "decides".to_owned(),
    ];
    let table = section(decision::SHARED, row.settings, json!({"command": words}));
    let backend = (row.build)(&table, &site()).unwrap();
    backend.setup().await.unwrap();
    let mut history = situation(10);
    let with_answers = |situation: &mut Situation, bytes: usize| {
        let answer = Arc::new(json!({"rows": "x".repeat(bytes)}));
        for reading in &mut situation.history {
            reading.data = answer.clone();
        }
    };
    with_answers(&mut history, 120_000);
    let wish = backend.decide(&history).await.unwrap();
    assert_eq!(wish.desired, 10, "a request of 1.2 MB");
    with_answers(&mut history, 2_000_000);
    let error = backend.decide(&history).await.unwrap_err().to_string();
    assert!(
        error.contains("the request is larger than 16 MiB"),
        "{error}"
    );
    let wish = backend.decide(&situation(3)).await.unwrap();
    assert_eq!(wish.desired, 3, "the command is still there");
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
async fn one_whose_child_goes_on_writing_is_over_all_the_same() {
    let backend = odd("leaves_a_child", None);
    let first = number(backend.measure().await);
    until("it is dead", || !runs(&first)).await;
    let second = timeout(Duration::from_secs(10), backend.measure()).await;
    assert_ne!(number(second.expect("it is started again")), first);

    let backend = odd("leaves_a_child_early", None);
    let early = timeout(Duration::from_secs(10), backend.measure()).await;
    let error = failure(early.expect("its end is seen"));
    assert!(error.contains("ended (exit status: 1)"), "{error}");
}

#[actix::test]
async fn one_that_refuses_its_teardown_reads_to_the_end_of_its_input() {
    let (_dir, file) = file();
    let backend = odd("refuses_teardown", Some(&file));
    backend.setup().await.unwrap();
    backend.teardown().await;
    let notes = fs::read_to_string(&file).unwrap_or_default();
    assert!(notes.ends_with("end of input\n"), "{notes:?}");
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
