//! The measurement backends of what applications send: what they make of what came, and of silence.

use std::time::Duration;

use autoscalebot::backend::{Backend, Site};
use autoscalebot::clock::Clock;
use autoscalebot::envelope::doubt::Trust;
use autoscalebot::intake::{Format, Headers, Intake, parse};
use autoscalebot::measurement::{
    MeasureError, MeasurementBackend, SHARED, Sample, busy_jobs, heroku_service_time, hirefire,
    job_queue_depth, job_queue_latency, pushed, request_queue_time, utilisation,
};
use autoscalebot::model::ProcessName;
use autoscalebot::server::settings::SourceSettings;
use autoscalebot::settings::Secret;
use chrono::DateTime;
use serde_json::{Value, json};

use crate::making;
use crate::measuring;
use crate::servers::http::{HttpServer, answer};

/// The second at which each test begins.
const BEGIN: i64 = 1_795_451_990;

/// A process `web` with a source that feeds it, on a clock that stands still.
struct Fed {
    site: Site,
}

impl Fed {
    fn new() -> Self {
        tokio::time::pause();
        let base = DateTime::from_timestamp(BEGIN, 0).unwrap();
        let clock = Clock::starting_at(base).with_past(Duration::from_secs(1000));
        let site = Site {
            clock,
            ..making::site()
        };
        let intake = site.shared.get::<Intake>();
        intake.set_sources(&[SourceSettings {
            name: "shop".to_owned(),
            token: Secret::new("0123456789abcdef"),
            processes: vec![ProcessName::new("web").unwrap()],
            process: None,
        }]);
        Self { site }
    }

    fn send(&self, format: &Format, body: &str) {
        let delivery = parse(format, &Headers::default(), body.as_bytes()).unwrap();
        let taken = self
            .site
            .shared
            .get::<Intake>()
            .take("shop", delivery, self.site.clock.now());
        assert!(taken.refused.is_empty(), "{taken:?}");
    }

    /// A report with these metrics, of this age in seconds.
    fn report(&self, metrics: &[(i64, f64, &str, Option<&str>)]) {
        let now = self.site.clock.now().wall.timestamp();
        let metrics: Vec<_> = metrics
            .iter()
            .map(|(age, value, what, queue)| json!([now - age, value, what, queue]))
            .collect();
        let body = json!({"container": "web.1", "pid": 7, "metrics": metrics}).to_string();
        self.send(&Format::Judoscale, &body);
    }

    fn backend(
        &self,
        row: &Backend<dyn MeasurementBackend>,
        values: Value,
    ) -> std::rc::Rc<dyn MeasurementBackend> {
        let section = making::section(SHARED, row.settings, values);
        assert!((row.check)(&section).is_empty());
        (row.build)(&section, &self.site).unwrap()
    }
}

async fn wait(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

#[track_caller]
fn number(sample: Result<Sample, MeasureError>) -> f64 {
    sample.unwrap().number.unwrap()
}

/// Within what a sketch may be off.
#[track_caller]
fn near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= expected * 0.0101,
        "{found}, not {expected}"
    );
}

#[actix_rt::test]
async fn silence_is_an_error_then_a_value_then_stale_then_an_error() {
    let fed = Fed::new();
    let backend = fed.backend(&request_queue_time::BACKEND, json!({}));
    let error = backend.measure().await.unwrap_err();
    let MeasureError::Unavailable(text) = &error else {
        panic!("{error:?}");
    };
    assert!(
        text.contains("has come yet")
            && text.contains("source `shop`")
            && text.contains("JUDOSCALE_URL"),
        "{text}"
    );
    fed.report(&[(1, 100.0, "qt", None), (1, 50.0, "at", None)]);
    near(number(backend.measure().await), 100.0);
    wait(59).await;
    let sample = backend.measure().await.unwrap();
    near(sample.number.unwrap(), 100.0);
    assert_eq!(sample.age, Some(Duration::from_secs(59)));
    assert_eq!(
        sample.trust(Duration::from_secs(30)),
        Trust::Stale { seconds: 59.0 }
    );
    wait(32).await;
    let text = backend.measure().await.unwrap_err().to_string();
    assert!(
        text.contains("since 2026-11-23T16:39:50Z, 91 s ago"),
        "{text}"
    );
    fed.report(&[]);
    let sample = backend.measure().await.unwrap();
    assert_eq!(
        (sample.number, sample.age),
        (Some(0.0), Some(Duration::ZERO)),
        "nobody waits"
    );
}

#[actix_rt::test]
async fn queue_time_has_its_statistic_and_what_adaptive_looks_at() {
    let fed = Fed::new();
    for (statistic, expected) in [("p50", 50.0), ("p95", 95.0), ("p99", 99.0), ("mean", 50.5)] {
        let backend = fed.backend(
            &request_queue_time::BACKEND,
            json!({"statistic": statistic}),
        );
        if statistic == "p50" {
            let metrics: Vec<_> = (1..=100)
                .flat_map(|ms| {
                    [
                        (ms % 9, f64::from(i32::try_from(ms).unwrap()), "qt", None),
                        (1, 20.0, "at", None),
                    ]
                })
                .collect();
            fed.report(&metrics);
        }
        near(number(backend.measure().await), expected);
    }
    let backend = fed.backend(&request_queue_time::BACKEND, json!({}));
    let first = backend.measure().await.unwrap();
    assert_eq!(
        (first.data.get("requests"), first.data.get("arrivals")),
        (Some(&json!(100)), None)
    );
    near(first.data["response_time_ms"].as_f64().unwrap(), 70.5);
    wait(10).await;
    fed.report(&[(1, 1.0, "qt", None), (1, 1.0, "at", None)]);
    let second = backend.measure().await.unwrap();
    assert_eq!(second.data.get("arrivals"), Some(&json!(1)));
    // The window slides.
    wait(35).await;
    fed.report(&[(1, 1.0, "qt", None)]);
    near(number(backend.measure().await), 1.0);
}

#[actix_rt::test]
async fn queues_are_summed_or_the_longest_counts() {
    let fed = Fed::new();
    let metrics = [
        (0, 3.0, "qd", Some("celery")),
        (0, 2.0, "qd", Some("celery\u{6}\u{16}6")),
        (0, 7.0, "qd", Some("mail")),
        (0, 4000.0, "qt", Some("celery")),
        (0, 9000.0, "qt", Some("celery\u{6}\u{16}6")),
        (0, 100.0, "qt", Some("mail")),
        (0, 2.0, "busy", Some("celery")),
    ];
    fed.report(&metrics);
    wait(3).await;
    let rows: [(&Backend<dyn MeasurementBackend>, Value, f64); 7] = [
        (&job_queue_depth::BACKEND, json!({}), 12.0),
        (
            &job_queue_depth::BACKEND,
            json!({"queue_name": ["celery"]}),
            5.0,
        ),
        (&job_queue_latency::BACKEND, json!({}), 9000.0),
        (
            &job_queue_latency::BACKEND,
            json!({"queue_name": ["mail"]}),
            100.0,
        ),
        (&job_queue_latency::BACKEND, json!({"unit": "seconds"}), 9.0),
        (&busy_jobs::BACKEND, json!({}), 2.0),
        (&busy_jobs::BACKEND, json!({"queue_name": ["celery"]}), 2.0),
    ];
    for (row, values, expected) in rows {
        let sample = fed.backend(row, values.clone()).measure().await.unwrap();
        assert_eq!(sample.number, Some(expected), "{} {values}", row.name);
        assert_eq!(
            sample.age,
            Some(Duration::from_secs(3)),
            "{} {values}",
            row.name
        );
        let only_mail = values == json!({"queue_name": ["mail"]});
        assert_eq!(
            sample.busy,
            (!only_mail).then_some(2),
            "{} {values}",
            row.name
        );
        assert!(
            sample.data["queue_length"].is_number(),
            "{} {values}",
            row.name
        );
    }
    let missing = fed.backend(&job_queue_depth::BACKEND, json!({"queue_name": ["low"]}));
    let text = missing.measure().await.unwrap_err().to_string();
    assert!(
        text.contains("queue `low`") && text.contains("`celery`, `mail`"),
        "{text}"
    );
    wait(100).await;
    let text = fed
        .backend(&job_queue_depth::BACKEND, json!({}))
        .measure()
        .await
        .unwrap_err()
        .to_string();
    assert!(text.contains("103 s ago"), "{text}");
}

#[actix_rt::test]
async fn utilisation_is_the_mean_of_all_that_report() {
    let fed = Fed::new();
    for (container, percent) in [("web.1", 20), ("web.2", 60)] {
        let body =
            json!({"container": container, "pid": 1, "metrics": [[BEGIN, percent, "up", null]]});
        fed.send(&Format::Judoscale, &body.to_string());
    }
    let backend = fed.backend(&utilisation::BACKEND, json!({}));
    let sample = backend.measure().await.unwrap();
    assert_eq!(sample.number, Some(40.0));
    assert_eq!(
        *sample.data,
        json!({"utilisation": 0.4, "percent": 40.0, "reporters": 2})
    );
    wait(40).await;
    let body = json!({"container": "web.2", "pid": 1, "metrics": [[BEGIN + 40, 10, "up", null]]});
    fed.send(&Format::Judoscale, &body.to_string());
    assert_eq!(
        number(backend.measure().await).to_string(),
        "10",
        "the other one is gone"
    );
}

#[actix_rt::test]
async fn what_was_pushed_is_the_number() {
    let fed = Fed::new();
    let format = Format::Pushed {
        process: ProcessName::new("web").unwrap(),
    };
    let backend = fed.backend(&pushed::BACKEND, json!({"silent_after_in_seconds": 10}));
    let text = backend.measure().await.unwrap_err().to_string();
    assert!(text.contains("/api/v1/measurements/web"), "{text}");
    fed.send(&format, r#"{"value": 0, "busy": 3}"#);
    let sample = backend.measure().await.unwrap();
    assert_eq!((sample.number, sample.busy), (Some(0.0), Some(3)));
    assert_eq!(*sample.data, json!({"value": 0, "busy": 3}));
    wait(11).await;
    assert!(backend.measure().await.is_err());
}

#[actix_rt::test]
async fn the_service_time_of_all_requests_comes_by_a_drain() {
    let fed = Fed::new();
    let frame = |text: &str| format!("{} {text}", text.len());
    let router = |ms: u32| {
        frame(&format!(
            "<158>1 t host heroku router - at=info dyno=web.1 connect=1ms service={ms}ms status=200"
        ))
    };
    let backend = fed.backend(&heroku_service_time::BACKEND, json!({"source": "drain"}));
    let text = backend.measure().await.unwrap_err().to_string();
    assert!(text.contains("heroku drains:add"), "{text}");
    fed.send(&Format::Logplex, &(1..=100).map(router).collect::<String>());
    let sample = backend.measure().await.unwrap();
    near(sample.number.unwrap(), 95.0);
    assert_eq!(
        sample.data["statuses"],
        json!({"2xx": 100, "3xx": 0, "4xx": 0, "5xx": 0})
    );
    assert_eq!(sample.trust(Duration::from_secs(30)), Trust::Sound);
    // Lost lines: the window is not whole, until they are out of it.
    let notice = "<172>1 t host heroku logplex - Error L10 (output buffer overflow): 44 messages dropped since t.";
    fed.send(&Format::Logplex, &frame(notice));
    let sample = backend.measure().await.unwrap();
    assert_eq!(
        sample.trust(Duration::from_secs(30)),
        Trust::Incomplete { lost: 44 }
    );
    wait(40).await;
    fed.send(&Format::Logplex, &frame("<190>1 t host app web.1 - hello"));
    let sample = backend.measure().await.unwrap();
    assert_eq!(
        (sample.number, sample.trust(Duration::from_secs(30))),
        (Some(0.0), Trust::Sound)
    );
}

#[test]
fn the_captured_answers_to_hirefire() {
    let folder =
        std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/contract/captures/sent");
    for (capture, name, expected) in [
        ("python", "worker", Ok(4.227_427_721_023_56)),
        ("python", "celery-size", Ok(3.0)),
        ("node", "fixed", Ok(1.5)),
        ("ruby", "size", Ok(8.0)),
        ("ruby", "web", Err("`worker`, `size`: set `worker`")),
    ] {
        let bytes =
            std::fs::read_to_string(folder.join(format!("hirefire-{capture}-info-response.http")))
                .unwrap();
        let (_, body) = bytes.split_once("\r\n\r\n").unwrap();
        match (hirefire::value_of(body.as_bytes(), name), expected) {
            (Ok(value), Ok(expected)) => {
                assert!((value - expected).abs() < 1e-9, "{capture} {name}");
            }
            (Err(why), Err(expected)) => assert!(why.contains(expected), "{why}"),
            (found, expected) => panic!("{capture} {name}: {found:?}, not {expected:?}"),
        }
    }
    for (body, expected) in [
        (r#"[{"name": "w", "quantity": 7}]"#, Some(7.0)),
        (r#"[{"name": "w", "value": null}]"#, None),
        (r#"[{"name": "w"}]"#, None),
        ("[]", None),
        ("{}", None),
        ("", None),
    ] {
        assert_eq!(
            hirefire::value_of(body.as_bytes(), "w").ok(),
            expected,
            "{body}"
        );
    }
}

#[actix_rt::test]
async fn hirefires_address_is_asked_with_the_token_where_it_belongs() {
    let server = HttpServer::start(|_| answer("200 OK", r#"[{"name": "web", "value": 4.5}]"#));
    let token = "aaaa-bbbb";
    for (token_in, line) in [
        ("path", "GET /app/hirefire/aaaa-bbbb/info HTTP/1.1"),
        ("header", "GET /app/hirefire HTTP/1.1"),
    ] {
        let table = json!({"url": server.url("/app/"), "token": token, "token_in": token_in});
        let backend = measuring::backend("hirefire", table);
        assert_eq!(number(backend.measure().await).to_string(), "4.5");
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.line, line);
        let sent = seen.header("HireFire-Token") == Some(token);
        assert_eq!(sent, token_in == "header");
    }
    for (status, server_error) in [
        ("404 Not Found", false),
        ("500 Internal Server Error", true),
    ] {
        let server = HttpServer::start(move |_| answer(status, ""));
        let table = json!({"url": server.url(""), "token": token});
        let error = measuring::backend("hirefire", table)
            .measure()
            .await
            .unwrap_err();
        assert_eq!(
            matches!(error, MeasureError::ServerError(_)),
            server_error,
            "{error:?}"
        );
        assert!(!error.to_string().contains(token), "{error}");
    }
    let gone = measuring::backend(
        "hirefire",
        json!({"url": "http://127.0.0.1:9", "token": token}),
    );
    let error = gone.measure().await.unwrap_err().to_string();
    assert!(!error.contains(token), "{error}");
}
