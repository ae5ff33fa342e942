//! The `heroku` scaling backend against a stand-in for Heroku's Platform API: the right calls in the right number, and
//! for each refusal a sentence that says what to mend.

use std::future::Future;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use autoscalebot::backend::{Shared, Site};
use autoscalebot::clock::Clock;
use autoscalebot::http::Http;
use autoscalebot::model::ProcessName;
use autoscalebot::scaling::heroku::BACKEND;
use autoscalebot::scaling::{Observed, ScaleError, ScalingBackend};
use autoscalebot::settings::schema::Section;
use futures_util::future::join_all;
use serde_json::{Map, Value, json};

use crate::servers::heroku::{APP, Heroku, KEY, Trouble};

/// Where a program with one process type of this name builds its backends.
pub(crate) fn site(process: &str) -> Site {
    Site {
        process: ProcessName::new(process).expect("a name"),
        clock: Clock::system(),
        http: Http::default(),
        program: PathBuf::new(),
        shared: Shared::default(),
    }
}

/// A table with these values, all of them written.
pub(crate) fn section(values: Value) -> Section {
    let values: Map<String, Value> = serde_json::from_value(values).expect("a table");
    let written = values.keys().cloned().collect();
    Section::new(values, written)
}

/// Ends a test that hangs.
pub(crate) async fn bounded<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), test)
        .await
        .expect("the test hangs")
}

/// Moves the program's clock on, while nothing is under way.
async fn later(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

fn table(heroku: &Heroku, process_type: &str) -> Value {
    json!({
        "app_name": APP,
        "api_key": KEY,
        "api_url": heroku.url(),
        "process_type": process_type,
        "timeout_in_seconds": 10.0,
    })
}

fn with(mut table: Value, name: &str, value: Value) -> Value {
    table[name] = value;
    table
}

fn made(values: Value, site: &Site) -> Rc<dyn ScalingBackend> {
    let section = section(values);
    assert_eq!((BACKEND.check)(&section), [], "a good table");
    (BACKEND.build)(&section, site).expect("a backend")
}

fn backend(heroku: &Heroku, process_type: &str) -> Rc<dyn ScalingBackend> {
    made(table(heroku, process_type), &site("web"))
}

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
async fn a_count_is_read_and_set() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    assert_eq!(bounded(web.count()).await, Ok(Observed::ready(2)));
    assert_eq!(bounded(web.scale(3)).await, Ok(3));
    assert_eq!(heroku.quantity("web"), Some(3));
    assert_eq!(bounded(web.count()).await, Ok(Observed::ready(3)));

    let requests = heroku.requests();
    let [read, change, _] = requests.as_slice() else {
        panic!("not three requests: {requests:?}");
    };
    assert_eq!(read.path, format!("/apps/{APP}/formation"));
    assert_eq!(read.header("authorization"), format!("Bearer {KEY}"));
    let accept = "application/vnd.heroku+json; version=3";
    assert_eq!(read.header("accept"), accept);
    assert!(read.header("user-agent").starts_with("autoscalebot/"));
    assert_eq!(change.method, "PATCH");
    assert_eq!(change.path, format!("/apps/{APP}/formation/web"));
    assert_eq!(change.header("content-type"), "application/json");
    assert_eq!(change.json(), json!({"quantity": 3}), "a whole number");
}

#[actix_rt::test]
async fn ten_process_types_of_an_app_read_once() {
    let heroku = Heroku::start();
    let site = site("web");
    let names: Vec<String> = (0..10).map(|n| format!("type{n}")).collect();
    let late = Trouble::Late(Duration::from_millis(200));
    heroku.trouble("GET", "/formation", late);
    let mut backends = Vec::new();
    for (name, quantity) in names.iter().zip(1..) {
        heroku.set(name, quantity);
        backends.push(made(table(&heroku, name), &site));
    }
    let counts = bounded(join_all(backends.iter().map(|each| each.count()))).await;
    for (count, quantity) in counts.into_iter().zip(1..) {
        assert_eq!(count, Ok(Observed::ready(quantity)));
    }
    assert_eq!(heroku.asked("GET", "/formation"), 1, "joined in flight");
    for each in &backends {
        bounded(each.count()).await.expect("a count");
    }
    assert_eq!(heroku.asked("GET", "/formation"), 1, "under a second old");
    later(Duration::from_secs(1)).await;
    bounded(join_all(backends.iter().map(|each| each.count()))).await;
    assert_eq!(heroku.asked("GET", "/formation"), 2, "at the next tick");
}

#[actix_rt::test]
async fn one_that_is_dropped_does_not_take_the_read_with_it() {
    let heroku = Heroku::start();
    let site = site("web");
    let web = made(table(&heroku, "web"), &site);
    let worker = made(table(&heroku, "worker"), &site);
    let late = Trouble::Late(Duration::from_millis(300));
    heroku.trouble("GET", "/formation", late);
    let mut first = Box::pin(web.count());
    let mut second = Box::pin(worker.count());
    let short = Duration::from_millis(100);
    // The first drives the read, the second joins; then the first one's actor is restarted.
    tokio::time::timeout(short, join_all([&mut first, &mut second]))
        .await
        .expect_err("still under way");
    drop(first);
    assert_eq!(bounded(second).await, Ok(Observed::ready(1)));
    assert_eq!(heroku.asked("GET", "/formation"), 1);
}

#[actix_rt::test]
async fn one_with_less_patience_does_not_shorten_the_others() {
    let heroku = Heroku::start();
    let site = site("web");
    let hasty = with(table(&heroku, "web"), "timeout_in_seconds", json!(0.3));
    let hasty = made(hasty, &site);
    let patient = made(table(&heroku, "worker"), &site);
    let busy = Trouble::Answer(503, vec![], Value::Null);
    heroku.trouble("GET", "/formation", busy);
    let late = Trouble::Late(Duration::from_millis(200));
    heroku.trouble("GET", "/formation", late);
    let (first, second) = bounded(futures_util::future::join(hasty.count(), patient.count())).await;
    let error = first.expect_err("too little time");
    says(&error, &["within 0.3 s"]);
    assert_eq!(second, Ok(Observed::ready(1)));
}

#[actix_rt::test]
async fn what_was_read_before_our_own_change_is_not_used_after_it() {
    let heroku = Heroku::start();
    let site = site("web");
    let web = made(table(&heroku, "web"), &site);
    let worker = made(table(&heroku, "worker"), &site);
    bounded(web.count()).await.expect("a count");
    bounded(web.scale(4)).await.expect("a scale");
    assert_eq!(bounded(web.count()).await, Ok(Observed::ready(4)));
    assert_eq!(heroku.asked("GET", "/formation"), 2);

    // A read that is in flight while the change is made: its answer is not for those who ask later.
    later(Duration::from_secs(2)).await;
    let late = Trouble::Late(Duration::from_millis(400));
    heroku.trouble("GET", "/formation", late);
    let mut old = Box::pin(worker.count());
    tokio::time::timeout(Duration::from_millis(100), &mut old)
        .await
        .expect_err("still under way");
    bounded(web.scale(5)).await.expect("a scale");
    let (old, new) = bounded(futures_util::future::join(old, web.count())).await;
    assert_eq!(old, Ok(Observed::ready(1)));
    assert_eq!(new, Ok(Observed::ready(5)));
    assert_eq!(heroku.asked("GET", "/formation"), 4, "not joined");
}

#[actix_rt::test]
async fn few_calls_left_are_spared() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    heroku.leave(400);
    bounded(web.count()).await.expect("a count");
    later(Duration::from_secs(9)).await;
    heroku.set("web", 7);
    assert_eq!(bounded(web.count()).await, Ok(Observed::ready(2)), "kept");
    assert_eq!(heroku.asked("GET", "/formation"), 1);
    later(Duration::from_secs(1)).await;
    assert_eq!(bounded(web.count()).await, Ok(Observed::ready(7)));
    assert_eq!(heroku.asked("GET", "/formation"), 2);
    bounded(web.scale(8)).await.expect("a scale");
    assert_eq!(bounded(web.count()).await, Ok(Observed::ready(8)));
    assert_eq!(heroku.asked("GET", "/formation"), 3, "after our own change");
    heroku.leave(4000);
    later(Duration::from_secs(10)).await;
    bounded(web.count()).await.expect("a count");
    later(Duration::from_secs(1)).await;
    bounded(web.count()).await.expect("a count");
    assert_eq!(heroku.asked("GET", "/formation"), 5, "enough are left");
}

#[actix_rt::test]
async fn a_change_by_hand_is_seen() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    bounded(web.count()).await.expect("a count");
    heroku.set("web", 9);
    later(Duration::from_secs(1)).await;
    assert_eq!(bounded(web.count()).await, Ok(Observed::ready(9)));
}

#[actix_rt::test]
async fn a_list_of_several_pages_is_read_to_its_end() {
    let heroku = Heroku::start();
    heroku.page_by(2);
    for name in ["clock", "mailer", "urgent"] {
        heroku.set(name, 6);
    }
    let urgent = backend(&heroku, "urgent");
    assert_eq!(bounded(urgent.count()).await, Ok(Observed::ready(6)));
    let requests = heroku.requests();
    let ranges: Vec<&str> = requests.iter().map(|seen| seen.header("range")).collect();
    assert_eq!(ranges, ["", "]worker..; max=200", "]mailer..; max=200"]);
}

#[actix_rt::test]
async fn a_busy_heroku_is_asked_again() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    let limited = json!({"id": "rate_limit", "message": "Your account reached the API rate limit"});
    let asked_to_wait = vec![("Retry-After", "1".to_owned())];
    let busy = Trouble::Answer(429, asked_to_wait, limited);
    heroku.trouble("GET", "/formation", busy);
    let down = Trouble::Answer(503, vec![], Value::Null);
    heroku.trouble("GET", "/formation", down.clone());
    assert_eq!(bounded(web.count()).await, Ok(Observed::ready(2)));
    assert_eq!(heroku.asked("GET", "/formation"), 3);

    heroku.trouble("PATCH", "/formation/web", down);
    assert_eq!(
        bounded(web.scale(3)).await,
        Ok(3),
        "an absolute count is safe to repeat"
    );
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
    assert_eq!(
        bounded(web.count()).await,
        Ok(Observed::ready(2)),
        "the next tick tries again"
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
            let before = heroku.requests().len();
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
                heroku.requests().len(),
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
    let ScaleError::Limited { limit, .. } = error else {
        panic!("not a limit: {error:?}");
    };
    assert_eq!((limit, web.limit()), (3, Some(3)));
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
    let hasty = with(table(&heroku, "web"), "timeout_in_seconds", json!(0.5));
    let rows: [(Trouble, &[&str]); 3] = [
        (
            Trouble::Hang,
            &["no answer within 0.5 s", "timeout_in_seconds"],
        ),
        (Trouble::Half, &["broke off"]),
        (Trouble::Rubbish, &["not JSON"]),
    ];
    for (trouble, parts) in rows {
        let web = made(hasty.clone(), &site("web"));
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
async fn a_refused_connection_is_told_at_once() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    let url = heroku.url();
    drop(heroku);
    let error = bounded(web.count()).await.expect_err("nobody there");
    assert!(matches!(error, ScaleError::Unavailable(_)), "{error:?}");
    says(&error, &[&url, "cannot be reached"]);
}

#[actix_rt::test]
async fn process_types_of_an_app_have_one_target() {
    let heroku = Heroku::start();
    let with_password = heroku.url().replace("http://", "http://user:hunter2@");
    let table = with(table(&heroku, "web"), "api_url", json!(with_password));
    let web = made(table, &site("web"));
    assert_eq!(web.target(), format!("heroku {} {APP}", heroku.url()));
    assert!(web.zero_can_mean_off());
}

#[test]
fn values_that_no_app_or_key_has_are_faults() {
    let good = json!({"app_name": APP, "api_key": KEY, "process_type": "web"});
    let rows = [
        ("app_name", json!("")),
        ("app_name", json!("my app/../x")),
        ("api_key", json!("")),
        ("api_key", json!("HRKU-1\n")),
        ("process_type", json!("web?x")),
    ];
    assert_eq!((BACKEND.check)(&section(good.clone())), []);
    for (name, value) in rows {
        let faults = (BACKEND.check)(&section(with(good.clone(), name, value)));
        let [fault] = faults.as_slice() else {
            panic!("not one fault: {faults:?}");
        };
        assert_eq!(fault.setting, name);
        assert!(!fault.wrong.contains("HRKU"), "{}", fault.wrong);
    }
}
