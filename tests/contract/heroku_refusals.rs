//! The `heroku` scaling backend when Heroku refuses, is busy, or is not there: what is asked again, what is not, and for
//! each a sentence that says what to mend, without the key.

use std::time::Duration;

use autoscalebot::clock::Clock;
use autoscalebot::scaling::ScaleError;
use serde_json::{Value, json};

use crate::heroku::{backend, bounded, counted, later, made, site, table, with};
use crate::servers::heroku::{APP, Heroku, KEY, Trouble};

/// The error's text, in which there is no key.
#[track_caller]
fn text(error: &ScaleError) -> String {
    let (shown, debug) = (error.to_string(), format!("{error:?}"));
    assert!(!shown.contains(KEY) && !debug.contains(KEY), "{shown}");
    shown
}

#[track_caller]
fn says(error: &ScaleError, parts: &[&str]) {
    let shown = text(error);
    for part in parts {
        assert!(shown.contains(part), "{shown:?} has no {part:?}");
    }
}

#[actix_rt::test]
async fn a_busy_heroku_is_asked_again() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    let limited = json!({"id": "rate_limit", "message": "Your account reached the API rate limit"});
    let asked_to_wait = vec![("Retry-After", "2".to_owned())];
    let busy = Trouble::Answer(429, asked_to_wait, limited);
    heroku.trouble("GET", "/formation", busy);
    let down = Trouble::Answer(503, vec![], Value::Null);
    heroku.trouble("GET", "/formation", down.clone());
    let clock = Clock::system();
    assert_eq!(counted(&web).await, Ok(2));
    // The 2 s that were demanded, and the 2 s that it waits of its own accord after a second refusal.
    let taken = clock.now().mono;
    assert!(taken >= Duration::from_secs(4), "it waits: {taken:?}");
    assert_eq!(heroku.asked("GET", "/formation"), 3);

    heroku.trouble("PATCH", "/formation/web", down);
    let clock = Clock::system();
    assert_eq!(
        bounded(web.scale(3)).await,
        Ok(3),
        "an absolute count is safe to repeat"
    );
    let taken = clock.now().mono;
    assert!(taken >= Duration::from_secs(1), "it waits: {taken:?}");
    assert_eq!(heroku.asked("PATCH", "/formation/web"), 2);
}

#[actix_rt::test]
async fn a_wait_that_is_longer_than_the_time_left_is_not_begun() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    let limited = json!({"id": "rate_limit", "message": "Your account reached the API rate limit"});
    let asked_to_wait = vec![("Retry-After", "30".to_owned())];
    let busy = Trouble::Answer(429, asked_to_wait, limited);
    heroku.trouble("GET", "/formation", busy);
    let error = bounded(web.count()).await.expect_err("refused");
    assert!(matches!(error, ScaleError::Unavailable(_)), "{error:?}");
    says(
        &error,
        &["rate limit", "429", "30.0 s", "reached the API rate limit"],
    );
    assert_eq!(heroku.asked("GET", "/formation"), 1);
    let before = heroku.requests().len();

    later(Duration::from_secs(10)).await;
    let error = bounded(web.count()).await.expect_err("too early");
    says(&error, &["429", "reached the API rate limit"]);
    bounded(web.scale(3)).await.expect_err("too early");
    assert_eq!(
        heroku.requests().len(),
        before,
        "no call before the 30 s are over"
    );
    later(Duration::from_secs(20)).await;
    assert_eq!(
        counted(&web).await,
        Ok(2),
        "the next tick after them tries again"
    );
}

#[actix_rt::test]
async fn refusals_are_not_repeated_and_say_what_to_mend() {
    let heroku = Heroku::start();
    let rows: [(u16, Value, &[&str]); 4] = [
        (
            401,
            json!({"id": "unauthorized", "message": format!("Bad {KEY}.")}),
            &["api_key", "Bad ***."],
        ),
        (
            402,
            json!({"id": "delinquent", "message": "Pay."}),
            &["unpaid", "Pay."],
        ),
        (
            403,
            json!({"id": "forbidden", "message": "No."}),
            &["allow", APP],
        ),
        (
            422,
            json!({"id": "invalid_params", "message": "Cannot update to more than 1 Hobby size dynos per process type."}),
            &["422", "1 Hobby size"],
        ),
    ];
    for (status, body, parts) in rows {
        let web = backend(&heroku, "web");
        for method in ["GET", "PATCH"] {
            let before = heroku.asked(method, "/formation");
            heroku.trouble(
                method,
                "/formation",
                Trouble::Answer(status, vec![], body.clone()),
            );
            let error = match method {
                "GET" => bounded(web.count()).await.expect_err("refused"),
                _ => bounded(web.scale(3)).await.expect_err("refused"),
            };
            assert!(matches!(error, ScaleError::Refused(_)), "{error:?}");
            says(&error, parts);
            assert_eq!(
                heroku.asked(method, "/formation"),
                before + 1,
                "{status} is not repeated"
            );
        }
    }
}

#[actix_rt::test]
async fn a_wrong_key_is_refused() {
    let heroku = Heroku::start();
    let other = "HRKU-99999999";
    let table = with(table(&heroku, "web"), "api_key", json!(other));
    let error = bounded(made(table, &site("web")).count())
        .await
        .expect_err("refused");
    says(&error, &["401", "api_key", "heroku authorizations:create"]);
    assert!(!text(&error).contains(other));
}

#[actix_rt::test]
async fn what_is_not_there_is_named() {
    let heroku = Heroku::start();
    let elsewhere = with(table(&heroku, "web"), "app_name", json!("no-such-app"));
    let elsewhere = made(elsewhere, &site("web"));
    let error = bounded(elsewhere.count()).await.expect_err("no app");
    says(&error, &["no app `no-such-app`", "app_name"]);
    let error = bounded(elsewhere.scale(2)).await.expect_err("no app");
    says(&error, &["no app `no-such-app`", "app_name"]);

    let celery = backend(&heroku, "celery");
    let error = bounded(celery.count()).await.expect_err("no type");
    assert!(matches!(error, ScaleError::Refused(_)), "{error:?}");
    says(
        &error,
        &["no process type `celery`", "the app has: web, worker"],
    );
    let error = bounded(celery.scale(2)).await.expect_err("no type");
    says(&error, &["no process type `celery`", "Procfile"]);
}

#[actix_rt::test]
async fn a_process_type_that_goes_is_noticed() {
    let heroku = Heroku::start();
    let worker = backend(&heroku, "worker");
    bounded(worker.count()).await.expect("a count");
    heroku.remove("worker");
    later(Duration::from_secs(1)).await;
    let error = bounded(worker.count()).await.expect_err("gone");
    says(&error, &["no process type `worker`", "the app has: web"]);
    heroku.remove("web");
    later(Duration::from_secs(1)).await;
    let error = bounded(worker.count()).await.expect_err("gone");
    says(&error, &["no process types yet"]);
}

#[actix_rt::test]
async fn a_limit_is_remembered_until_the_size_changes() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    bounded(web.count()).await.expect("a count");
    assert_eq!(web.limit(), None);
    heroku.limit(Some(3));
    let error = bounded(web.scale(5)).await.expect_err("too many");
    assert!(matches!(error, ScaleError::Refused(_)), "{error:?}");
    assert_eq!(web.limit(), Some(3));
    says(
        &error,
        &["no more than 3", "Cannot run more than 3 Standard-1X"],
    );
    assert_eq!(heroku.asked("PATCH", "/formation"), 1, "not repeated");

    later(Duration::from_secs(1)).await;
    bounded(web.count()).await.expect("a count");
    assert_eq!(web.limit(), Some(3), "the same size");
    heroku.resize("web", "Standard-2X");
    later(Duration::from_secs(1)).await;
    bounded(web.count()).await.expect("a count");
    assert_eq!(web.limit(), None, "another size");

    bounded(web.scale(5)).await.expect_err("too many");
    assert_eq!(web.limit(), Some(3));
    later(Duration::from_secs(3600)).await;
    assert_eq!(web.limit(), None, "an hour has passed");
}

#[actix_rt::test]
async fn trouble_on_the_way_is_no_count() {
    let heroku = Heroku::start();
    let rows: [(Trouble, &[&str]); 3] = [
        (
            Trouble::Hang,
            &["no answer within 2 s", "timeout_in_seconds"],
        ),
        (Trouble::Half, &["broke off"]),
        (Trouble::Rubbish, &["not JSON"]),
    ];
    for (trouble, parts) in rows {
        // Only what is never answered is given up soon; still, the last count must be answered within that time.
        let patience = if matches!(trouble, Trouble::Hang) {
            2.0
        } else {
            10.0
        };
        let table = with(table(&heroku, "web"), "timeout_in_seconds", json!(patience));
        let web = made(table, &site("web"));
        heroku.trouble("GET", "/formation", trouble.clone());
        let error = bounded(web.count()).await.expect_err("no count");
        assert!(matches!(error, ScaleError::Unavailable(_)), "{error:?}");
        says(&error, parts);
        heroku.trouble("PATCH", "/formation/web", trouble);
        let error = bounded(web.scale(3)).await.expect_err("no count");
        assert!(matches!(error, ScaleError::Unavailable(_)), "{error:?}");
        says(&error, parts);
        assert!(bounded(web.count()).await.is_ok(), "and it goes on");
    }
}

#[actix_rt::test]
async fn a_kept_connection_that_is_closed_meanwhile_is_no_failure() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    heroku.trouble("GET", "/formation", Trouble::CloseLater);
    bounded(web.count()).await.expect("a count");
    assert_eq!(
        bounded(web.scale(3)).await,
        Ok(3),
        "over another connection"
    );
    heroku.trouble("PATCH", "/formation", Trouble::CloseLater);
    assert_eq!(bounded(web.scale(4)).await, Ok(4));
    assert_eq!(counted(&web).await, Ok(4));
}

#[actix_rt::test]
async fn a_refused_connection_is_told_at_once() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    let url = heroku.url();
    drop(heroku);
    let error = bounded(web.count()).await.expect_err("nobody there");
    assert!(matches!(error, ScaleError::Unavailable(_)), "{error:?}");
    says(&error, &[&url, "cannot be reached"]);
}
