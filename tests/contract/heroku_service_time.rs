//! The `heroku_service_time` backend against a stand-in for Heroku: the figure is the router's, found by request id.
//! What can happen to the log session is in `heroku_log_session`.

use std::rc::Rc;
use std::time::Duration;

use autoscalebot::backend::Site;
use autoscalebot::measurement::heroku_service_time::BACKEND;
use autoscalebot::measurement::{MeasureError, MeasurementBackend, OnFailure, Sample};
use serde_json::{Value, json};

use crate::heroku::{bounded, section, site};
use crate::servers::heroku::{APP, Heroku, KEY, Plan, Trouble};

pub(crate) fn table(heroku: &Heroku) -> Value {
    json!({
        "measurement_url": "/measure/",
        "base_url": heroku.url(),
        "app_name": APP,
        "api_key": KEY,
        "api_url": heroku.url(),
        "timeout_in_seconds": 10.0,
    })
}

pub(crate) fn made(values: Value, site: &Site) -> Rc<dyn MeasurementBackend> {
    let section = section(values);
    assert_eq!((BACKEND.check)(&section), [], "a good table");
    (BACKEND.build)(&section, site).expect("a backend")
}

pub(crate) fn backend(heroku: &Heroku) -> Rc<dyn MeasurementBackend> {
    made(table(heroku), &site("web"))
}

pub(crate) fn hasty(heroku: &Heroku, seconds: f64) -> Rc<dyn MeasurementBackend> {
    let mut table = table(heroku);
    table["timeout_in_seconds"] = json!(seconds);
    made(table, &site("web"))
}

/// Holds the error against parts of its text, in which there is neither the key nor the log's address.
#[track_caller]
pub(crate) fn says(error: &MeasureError, parts: &[&str]) {
    let shown = error.to_string();
    for part in parts {
        assert!(shown.contains(part), "{shown:?} has no {part:?}");
    }
    for secret in [KEY, "/sessions/", "srv="] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[actix_rt::test]
async fn the_figure_is_the_routers() {
    let heroku = Heroku::start();
    let web = backend(&heroku);
    assert_eq!(bounded(web.measure()).await, Ok(Sample::number(42.0)));
    heroku.plan(Plan {
        service_ms: 1234,
        ..Plan::default()
    });
    assert_eq!(bounded(web.measure()).await, Ok(Sample::number(1234.0)));

    assert_eq!(
        heroku.asked("POST", "/log-sessions"),
        1,
        "one session for both"
    );
    assert_eq!(heroku.asked("GET", "/sessions/"), 1);
    assert_eq!(heroku.asked("GET", "/measure/"), 2);
    let requests = heroku.requests();
    let opened = requests.iter().find(|seen| seen.method == "POST");
    let body = opened.expect("a session").json();
    assert_eq!(
        body,
        json!({"lines": 1, "tail": true, "source": "heroku", "dyno": "router"})
    );
    let followed = requests
        .iter()
        .find(|seen| seen.path.starts_with("/sessions/"));
    let followed = followed.expect("a follower");
    assert_eq!(
        followed.header("authorization"),
        "",
        "the address is the secret"
    );
    let ids: Vec<&str> = requests
        .iter()
        .filter(|seen| seen.path == "/measure/")
        .map(|seen| seen.header("x-request-id"))
        .collect();
    assert!(
        ids.iter().all(|id| id.len() == 36) && ids[0] != ids[1],
        "{ids:?}"
    );
}

#[actix_rt::test]
async fn other_lines_are_not_ours() {
    let heroku = Heroku::start();
    heroku.plan(Plan {
        told_after: Duration::from_millis(300),
        ..Plan::default()
    });
    let web = backend(&heroku);
    let noise = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        for _ in 0..2000 {
            heroku.say("2026-01-01T00:00:00+00:00 heroku[router]: at=info path=\"/x\" request_id=other service=9ms status=200");
            heroku.say(
                "2026-01-01T00:00:00+00:00 app[web.1]: at=info request_id= service=8ms status=200",
            );
        }
    };
    let (measured, ()) = bounded(futures_util::future::join(web.measure(), noise)).await;
    assert_eq!(measured, Ok(Sample::number(42.0)));
}

#[actix_rt::test]
async fn a_line_that_never_comes_is_explained() {
    let heroku = Heroku::start();
    let web = hasty(&heroku, 1.0);
    heroku.plan(Plan {
        told: false,
        ..Plan::default()
    });
    let error = bounded(web.measure()).await.expect_err("no line");
    assert!(matches!(error, MeasureError::Unusable(_)), "{error:?}");
    says(&error, &["200", APP, "within 1 s", "X-Request-ID"]);
    assert_eq!(web.counts_as(&error), OnFailure::Hold);
    heroku.plan(Plan::default());
    // A session that gives nothing may be dead: the next measurement has another.
    let web = async {
        loop {
            if let Ok(sample) = web.measure().await {
                return sample;
            }
        }
    };
    assert_eq!(bounded(web).await, Sample::number(42.0));
    assert!(heroku.asked("POST", "/log-sessions") > 1);
}

#[actix_rt::test]
async fn the_routers_errors_are_the_applications() {
    let heroku = Heroku::start();
    let web = backend(&heroku);
    heroku.plan(Plan {
        status: 503,
        service_ms: 30000,
        error: Some(("H12", "Request timeout")),
        ..Plan::default()
    });
    let error = bounded(web.measure()).await.expect_err("H12");
    assert!(matches!(error, MeasureError::ServerError(_)), "{error:?}");
    says(&error, &["H12", "Request timeout"]);

    heroku.plan(Plan {
        status: 500,
        ..Plan::default()
    });
    let error = bounded(web.measure()).await.expect_err("500");
    assert!(matches!(error, MeasureError::ServerError(_)), "{error:?}");
    says(&error, &["500"]);

    heroku.plan(Plan {
        status: 500,
        told: false,
        ..Plan::default()
    });
    let error = bounded(web.measure()).await.expect_err("500");
    assert!(matches!(error, MeasureError::ServerError(_)), "{error:?}");

    heroku.plan(Plan {
        status: 404,
        ..Plan::default()
    });
    let error = bounded(web.measure()).await.expect_err("404");
    assert!(matches!(error, MeasureError::Unavailable(_)), "{error:?}");
    says(&error, &["404", "measurement_url"]);
    assert_eq!(heroku.asked("POST", "/log-sessions"), 1);
}

#[actix_rt::test]
async fn an_application_that_is_not_there_is_unavailable() {
    let heroku = Heroku::start();
    let nobody = Heroku::start().url();
    let mut table = table(&heroku);
    table["base_url"] = json!(nobody);
    let web = made(table, &site("web"));
    let error = bounded(web.measure()).await.expect_err("nobody there");
    assert!(matches!(error, MeasureError::Unavailable(_)), "{error:?}");
    says(&error, &["cannot connect"]);
}

#[actix_rt::test]
async fn an_application_that_hangs_times_out() {
    let heroku = Heroku::start();
    let web = hasty(&heroku, 1.0);
    heroku.trouble("GET", "/measure/", Trouble::Hang);
    let error = bounded(web.measure()).await.expect_err("no answer");
    assert_eq!(error, MeasureError::TimedOut(Duration::from_secs(1)));
    assert_eq!(
        bounded(web.measure()).await,
        Ok(Sample::number(42.0)),
        "and it goes on"
    );
}

#[test]
fn the_app_and_key_must_come_from_somewhere() {
    let values = json!({"measurement_url": "https://www.example.com/"});
    let error = (BACKEND.build)(&section(values), &site("web")).err();
    let text = error.expect("no backend").to_string();
    assert!(
        text.contains("app_name") && text.contains("api_key"),
        "{text}"
    );
}
