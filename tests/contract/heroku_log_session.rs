//! The log session that `heroku_service_time` follows: one an app, in whatever form it comes, opened again whatever
//! happens to it.

use std::rc::Rc;
use std::time::Duration;

use autoscalebot::backend::Site;
use autoscalebot::measurement::{MeasureError, MeasurementBackend, Sample};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::heroku::{bounded, site};
use crate::heroku_service_time::{backend, hasty, made, says, table};
use crate::servers::heroku::{Format, Heroku, KEY, Plan, Trouble};

/// Waits until no log session is followed any more, and a moment longer, in which the end of the last one is read.
async fn nobody_follows(heroku: &Heroku) {
    let moment = Duration::from_millis(20);
    while heroku.followers() > 0 {
        tokio::time::sleep(moment).await;
    }
    tokio::time::sleep(moment).await;
}

#[actix_rt::test]
async fn every_form_of_a_session_is_understood() {
    for format in [Format::Plain, Format::Events, Format::Quiet] {
        let heroku = Heroku::start();
        heroku.write_logs_as(format);
        let web = backend(&heroku);
        let measured = bounded(web.measure()).await;
        assert_eq!(measured, Ok(Sample::number(42.0)), "{format:?}");
    }
}

#[actix_rt::test]
async fn process_types_of_an_app_share_a_session() {
    let heroku = Heroku::start();
    let site = site("web");
    let all: Vec<_> = (0..5).map(|_| made(table(&heroku), &site)).collect();
    for _ in 0..3 {
        let measured = bounded(join_all(all.iter().map(|each| each.measure()))).await;
        for sample in measured {
            assert_eq!(sample, Ok(Sample::number(42.0)));
        }
    }
    assert_eq!(heroku.asked("POST", "/log-sessions"), 1);
    assert_eq!(heroku.asked("GET", "/measure/"), 15);
    assert_eq!(heroku.followers(), 1);
    drop(all);
    drop(site);
    bounded(nobody_follows(&heroku)).await;
}

#[actix_rt::test]
async fn one_that_is_dropped_does_not_take_the_log_with_it() {
    let heroku = Heroku::start();
    let site = site("web");
    heroku.plan(Plan {
        told_after: Duration::from_secs(2),
        ..Plan::default()
    });
    let (first, second) = (made(table(&heroku), &site), made(table(&heroku), &site));
    let mut dropped = Box::pin(first.measure());
    let mut kept = Box::pin(second.measure());
    tokio::time::timeout(
        Duration::from_millis(250),
        join_all([&mut dropped, &mut kept]),
    )
    .await
    .expect_err("still under way");
    drop(dropped);
    assert_eq!(bounded(kept).await, Ok(Sample::number(42.0)));
    assert_eq!(heroku.asked("POST", "/log-sessions"), 1);
}

#[actix_rt::test]
async fn a_session_that_ended_is_replaced_before_the_next_probe() {
    let heroku = Heroku::start();
    let web = backend(&heroku);
    bounded(web.measure()).await.expect("a measurement");
    heroku.end_sessions();
    bounded(nobody_follows(&heroku)).await;
    assert_eq!(bounded(web.measure()).await, Ok(Sample::number(42.0)));
    assert_eq!(heroku.asked("POST", "/log-sessions"), 2);
    assert_eq!(heroku.asked("GET", "/measure/"), 2, "no probe was lost");
}

#[actix_rt::test]
async fn a_line_that_passed_while_no_session_was_there_is_found() {
    let heroku = Heroku::start();
    let web = backend(&heroku);
    bounded(web.measure()).await.expect("a measurement");
    heroku.plan(Plan {
        sessions_end_before: true,
        told_after: Duration::from_millis(200),
        ..Plan::default()
    });
    assert_eq!(bounded(web.measure()).await, Ok(Sample::number(42.0)));
    let requests = heroku.requests();
    let opened = requests.iter().filter(|seen| seen.method == "POST");
    let lines: Vec<Value> = opened.map(|seen| seen.json()["lines"].clone()).collect();
    assert_eq!(lines, [json!(1), json!(1500)], "with the lines before it");
}

#[actix_rt::test]
async fn a_session_that_had_expired_is_replaced() {
    let heroku = Heroku::start();
    for status in [404, 403] {
        let gone = Trouble::Answer(status, vec![], Value::Null);
        heroku.trouble("GET", "/sessions/", gone);
        let web = backend(&heroku);
        assert_eq!(bounded(web.measure()).await, Ok(Sample::number(42.0)));
    }
    assert_eq!(heroku.asked("POST", "/log-sessions"), 4);
    assert_eq!(
        heroku.asked("GET", "/measure/"),
        2,
        "sent when the log was followed"
    );
}

#[actix_rt::test]
async fn a_log_that_cannot_be_followed_says_why() {
    let heroku = Heroku::start();
    let refusal = json!({"id": "forbidden", "message": format!("{KEY} may not.")});
    let web = backend(&heroku);
    heroku.trouble(
        "POST",
        "/log-sessions",
        Trouble::Answer(403, vec![], refusal),
    );
    let error = bounded(web.measure()).await.expect_err("refused");
    assert!(matches!(error, MeasureError::Unavailable(_)), "{error:?}");
    says(&error, &["cannot be followed", "scope", "*** may not"]);
    assert_eq!(
        heroku.asked("GET", "/measure/"),
        0,
        "no probe without a log"
    );

    let rubbish = Trouble::Rubbish;
    heroku.trouble("POST", "/log-sessions", rubbish);
    let error = bounded(web.measure()).await.expect_err("no address");
    says(&error, &["no usable address"]);

    let web = hasty(&heroku, 1.0);
    heroku.trouble(
        "GET",
        "/sessions/",
        Trouble::Answer(500, vec![], Value::Null),
    );
    heroku.trouble("POST", "/log-sessions", Trouble::Hang);
    heroku.trouble("POST", "/log-sessions", Trouble::Hang);
    let error = bounded(web.measure()).await.expect_err("hangs");
    says(&error, &["be followed", "within"]);
}

#[actix_rt::test]
async fn a_log_session_that_is_never_opened_does_not_hold_up_the_next_measurement() {
    let heroku = Heroku::start();
    let site = site("web");
    let (web, api) = (hasty_at(&heroku, &site), hasty_at(&heroku, &site));
    heroku.trouble("POST", "/log-sessions", Trouble::Hang);
    for measured in bounded(join_all([web.measure(), api.measure()])).await {
        let error = measured.expect_err("hangs");
        assert!(matches!(error, MeasureError::Unavailable(_)), "{error:?}");
    }
    for measured in bounded(join_all([web.measure(), api.measure()])).await {
        assert_eq!(measured, Ok(Sample::number(42.0)));
    }
    assert_eq!(heroku.asked("POST", "/log-sessions"), 2);
}

#[actix_rt::test]
async fn a_session_that_falls_silent_is_replaced_though_process_types_overlap() {
    let heroku = Heroku::start();
    let site = site("web");
    let (web, api) = (hasty_at(&heroku, &site), hasty_at(&heroku, &site));
    bounded(web.measure()).await.expect("a measurement");
    heroku.silence_sessions();
    // One is always waiting while the other gives up.
    let until_it_works = async |backend: &dyn MeasurementBackend, wait: Duration| {
        tokio::time::sleep(wait).await;
        for tries in 1..10 {
            if backend.measure().await.is_ok() {
                return tries;
            }
        }
        panic!("the session is never replaced");
    };
    let both = join(
        until_it_works(web.as_ref(), Duration::ZERO),
        until_it_works(api.as_ref(), Duration::from_secs(1)),
    );
    let (web, api) = bounded(both).await;
    assert_eq!(
        (web, api),
        (2, 1),
        "the first that waits in vain replaces it"
    );
    assert_eq!(heroku.asked("POST", "/log-sessions"), 2);
}

fn hasty_at(heroku: &Heroku, site: &Site) -> Rc<dyn MeasurementBackend> {
    let mut values = table(heroku);
    values["timeout_in_seconds"] = json!(2.0);
    made(values, site)
}
