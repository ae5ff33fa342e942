//! The `heroku` scaling backend against a stand-in for Heroku's Platform API: the right calls in the right number.
//! What Heroku refuses is in `heroku_refusals`.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use autoscalebot::backend::Site;
use autoscalebot::model::{Count, ProcessName};
use autoscalebot::scaling::heroku::BACKEND;
use autoscalebot::scaling::{ScaleError, ScalingBackend};
use autoscalebot::settings::schema::Section;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::making;
use crate::servers::heroku::{APP, Heroku, KEY, Seen, Trouble};

/// Where a program with one process type of this name builds its backends.
pub(crate) fn site(process: &str) -> Site {
    Site {
        process: ProcessName::new(process).expect("a name"),
        ..making::site()
    }
}

/// A table with these values, all of them written.
pub(crate) fn section(values: Value) -> Section {
    making::section(&[], &[], values)
}

/// Ends a test that hangs.
pub(crate) async fn bounded<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), test)
        .await
        .expect("the test hangs")
}

/// Moves the program's clock on, while nothing is under way.
pub(crate) async fn later(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

pub(crate) fn table(heroku: &Heroku, process_type: &str) -> Value {
    json!({
        "app_name": APP,
        "api_key": KEY,
        "api_url": heroku.url(),
        "process_type": process_type,
        "timeout_in_seconds": 10.0,
    })
}

pub(crate) fn with(mut table: Value, name: &str, value: Value) -> Value {
    table[name] = value;
    table
}

pub(crate) fn made(values: Value, site: &Site) -> Rc<dyn ScalingBackend> {
    let section = section(values);
    assert_eq!((BACKEND.check)(&section), [], "a good table");
    (BACKEND.build)(&section, site).expect("a backend")
}

/// How many are asked for; how many of them are up is `heroku_dynos`'s to look at.
pub(crate) async fn counted(backend: &Rc<dyn ScalingBackend>) -> Result<Count, ScaleError> {
    bounded(backend.count()).await.map(|seen| seen.count)
}

pub(crate) fn backend(heroku: &Heroku, process_type: &str) -> Rc<dyn ScalingBackend> {
    made(table(heroku, process_type), &site("web"))
}

#[actix_rt::test]
async fn a_count_is_read_and_set() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    assert_eq!(counted(&web).await, Ok(2));
    assert_eq!(bounded(web.scale(3)).await, Ok(3));
    assert_eq!(heroku.quantity("web"), Some(3));
    assert_eq!(counted(&web).await, Ok(3));

    let requests = heroku.requests();
    let counts = |seen: &&Seen| seen.path.contains("/formation");
    let requests: Vec<&Seen> = requests.iter().filter(counts).collect();
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
    let counts = bounded(join_all(backends.iter().map(counted))).await;
    for (count, quantity) in counts.into_iter().zip(1..) {
        assert_eq!(count, Ok(quantity));
    }
    assert_eq!(heroku.asked("GET", "/formation"), 1, "joined in flight");
    for each in &backends {
        bounded(each.count()).await.expect("a count");
    }
    assert_eq!(heroku.asked("GET", "/formation"), 1, "under a second old");
    later(Duration::from_secs(1)).await;
    bounded(join_all(backends.iter().map(counted))).await;
    assert_eq!(heroku.asked("GET", "/formation"), 2, "at the next tick");
}

#[actix_rt::test]
async fn one_that_is_dropped_does_not_take_the_read_with_it() {
    let heroku = Heroku::start();
    let site = site("web");
    let web = made(table(&heroku, "web"), &site);
    let worker = made(table(&heroku, "worker"), &site);
    let late = Trouble::Late(Duration::from_secs(2));
    heroku.trouble("GET", "/formation", late);
    let mut first = Box::pin(counted(&web));
    let mut second = Box::pin(counted(&worker));
    let short = Duration::from_millis(100);
    // The first drives the read, the second joins; then the first one's actor is restarted.
    tokio::time::timeout(short, join_all([&mut first, &mut second]))
        .await
        .expect_err("still under way");
    drop(first);
    assert_eq!(bounded(second).await, Ok(1));
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
    let (first, second) = bounded(futures_util::future::join(
        counted(&hasty),
        counted(&patient),
    ))
    .await;
    let error = first.expect_err("too little time");
    assert!(error.to_string().contains("within 0.3 s"), "{error}");
    assert_eq!(second, Ok(1));
}

#[actix_rt::test]
async fn what_was_read_before_our_own_change_is_not_used_after_it() {
    let heroku = Heroku::start();
    let site = site("web");
    let web = made(table(&heroku, "web"), &site);
    let worker = made(table(&heroku, "worker"), &site);
    bounded(web.count()).await.expect("a count");
    bounded(web.scale(4)).await.expect("a scale");
    assert_eq!(counted(&web).await, Ok(4));
    assert_eq!(heroku.asked("GET", "/formation"), 2);

    // A read that is in flight while the change is made: its answer is not for those who ask later.
    later(Duration::from_secs(5)).await;
    let late = Trouble::Late(Duration::from_secs(2));
    heroku.trouble("GET", "/formation", late);
    let mut old = Box::pin(counted(&worker));
    tokio::time::timeout(Duration::from_millis(100), &mut old)
        .await
        .expect_err("still under way");
    bounded(web.scale(5)).await.expect("a scale");
    let (old, new) = bounded(futures_util::future::join(old, counted(&web))).await;
    assert_eq!(old, Ok(1));
    assert_eq!(new, Ok(5));
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
    assert_eq!(counted(&web).await, Ok(2), "kept");
    assert_eq!(heroku.asked("GET", "/formation"), 1);
    later(Duration::from_secs(1)).await;
    assert_eq!(counted(&web).await, Ok(7));
    assert_eq!(heroku.asked("GET", "/formation"), 2);
    bounded(web.scale(8)).await.expect("a scale");
    assert_eq!(counted(&web).await, Ok(8));
    assert_eq!(
        heroku.asked("GET", "/formation"),
        2,
        "the answer to our own change tells the count"
    );
    later(Duration::from_secs(10)).await;
    heroku.leave(4000);
    bounded(web.count()).await.expect("a count");
    later(Duration::from_secs(1)).await;
    bounded(web.count()).await.expect("a count");
    assert_eq!(heroku.asked("GET", "/formation"), 4, "enough are left");
}

#[actix_rt::test]
async fn few_calls_left_are_spared_while_everything_scales() {
    let heroku = Heroku::start();
    let site = site("web");
    let names = ["web", "worker", "mailer"];
    heroku.set("mailer", 1);
    let backends = names.map(|name| made(table(&heroku, name), &site));
    heroku.leave(400);
    // A cycle each second, all of which scale at once; the reads of 0 and 10 s are the only ones.
    for second in 0..20 {
        bounded(join_all(backends.iter().map(counted))).await;
        let late = Trouble::Late(Duration::from_millis(20));
        heroku.trouble("PATCH", "/formation/worker", late);
        let scaled = join_all(backends.iter().map(|each| each.scale(second + 2)));
        assert_eq!(bounded(scaled).await, [(); 3].map(|()| Ok(second + 2)));
        let counts = bounded(join_all(backends.iter().map(counted))).await;
        assert_eq!(counts, [(); 3].map(|()| Ok(second + 2)));
        later(Duration::from_secs(1)).await;
    }
    let reads = heroku.asked("GET", "/formation");
    assert!(reads <= 3, "at most once in 10 s, not {reads} times");
}

#[actix_rt::test]
async fn a_refused_change_costs_no_read_while_few_calls_are_left() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    heroku.leave(400);
    bounded(web.count()).await.expect("a count");
    heroku.limit(Some(2));
    bounded(web.scale(3)).await.expect_err("over the limit");
    assert_eq!(counted(&web).await, Ok(2));
    assert_eq!(heroku.asked("GET", "/formation"), 1);
    // What came of this one is not known.
    heroku.trouble("PATCH", "/formation/web", Trouble::Half);
    heroku.limit(None);
    bounded(web.scale(3)).await.expect_err("no whole answer");
    assert_eq!(counted(&web).await, Ok(3));
    assert_eq!(heroku.asked("GET", "/formation"), 2);
}

#[actix_rt::test]
async fn a_tick_is_one_read_however_long_the_measurements_take() {
    let heroku = Heroku::start();
    let site = site("web");
    let slow = made(table(&heroku, "web"), &site);
    let quick = made(table(&heroku, "worker"), &site);
    for tick in 1..=3 {
        heroku.set("web", 2 + tick);
        bounded(quick.count()).await.expect("a count");
        later(Duration::from_secs(3)).await;
        assert_eq!(counted(&slow).await, Ok(2 + tick));
        assert_eq!(
            heroku.asked("GET", "/formation"),
            usize::try_from(tick).expect("a few"),
            "one a tick"
        );
        later(Duration::from_secs(7)).await;
    }
    bounded(quick.count()).await.expect("a count");
    later(Duration::from_secs(3)).await;
    bounded(slow.scale(7)).await.expect("a scale");
    assert_eq!(
        counted(&slow).await,
        Ok(7),
        "what was read before our own change is not used after it"
    );
    later(Duration::from_secs(10)).await;
    bounded(quick.count()).await.expect("a count");
    heroku.set("web", 9);
    later(Duration::from_secs(5)).await;
    assert_eq!(
        counted(&slow).await,
        Ok(9),
        "an old count is not decided on"
    );
}

#[actix_rt::test]
async fn a_change_by_hand_is_seen() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    bounded(web.count()).await.expect("a count");
    heroku.set("web", 9);
    later(Duration::from_secs(1)).await;
    assert_eq!(counted(&web).await, Ok(9));
}

#[actix_rt::test]
async fn a_list_of_several_pages_is_read_to_its_end() {
    let heroku = Heroku::start();
    heroku.page_by(2);
    for name in ["clock", "mailer", "urgent"] {
        heroku.set(name, 6);
    }
    let urgent = backend(&heroku, "urgent");
    assert_eq!(counted(&urgent).await, Ok(6));
    let requests = heroku.requests();
    let counts = requests
        .iter()
        .filter(|seen| seen.path.contains("/formation"));
    let ranges: Vec<&str> = counts.map(|seen| seen.header("range")).collect();
    assert_eq!(ranges, ["", "]worker..; max=200", "]mailer..; max=200"]);
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
