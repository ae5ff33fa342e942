//! The `heroku` scaling backend's look at an app's dynos, against a stand-in for Heroku's Platform API: how many are up,
//! what a release does, and what it costs.

use std::rc::Rc;
use std::time::Duration;

use autoscalebot::scaling::fleet::Phase;
use autoscalebot::scaling::{Observed, ScaleError, ScalingBackend};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::heroku::{backend, bounded, later, made, site, table, with};
use crate::servers::heroku::{Heroku, Trouble};

/// Longer than any test.
const LONG: Duration = Duration::from_secs(3600);

async fn count(backend: &Rc<dyn ScalingBackend>) -> Observed {
    bounded(backend.count()).await.expect("a count")
}

/// What was seen, and what is under way.
async fn told(backend: &Rc<dyn ScalingBackend>) -> (String, String) {
    let seen = count(backend).await;
    let fleet = seen.fleet.as_ref().expect("dynos");
    (seen.told(), fleet.unsettled().unwrap_or_default())
}

#[track_caller]
fn is(found: (String, String), told: &str, unsettled: &str) {
    assert_eq!(found, (told.to_owned(), unsettled.to_owned()));
}

#[actix_rt::test]
async fn those_that_are_up_stand_beside_those_asked_for() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    is(told(&web).await, "2 asked for, 2 up", "");
    heroku.boot_takes(LONG);
    bounded(web.scale(3)).await.expect("a scale");
    is(
        told(&web).await,
        "3 asked for, 2 up (1 starting)",
        "1 of 3 processes is starting",
    );
    heroku.come_up();
    later(Duration::from_secs(1)).await;
    is(told(&web).await, "3 asked for, 3 up", "");
    heroku.crash("web");
    later(Duration::from_secs(1)).await;
    is(told(&web).await, "3 asked for, 2 up (1 crashed)", "");
}

#[actix_rt::test]
async fn a_release_starts_all_anew_or_beside_the_old() {
    let heroku = Heroku::start();
    let site = site("web");
    let web = made(table(&heroku, "web"), &site);
    let worker = made(table(&heroku, "worker"), &site);
    is(told(&web).await, "2 asked for, 2 up", "");
    heroku.boot_takes(LONG);
    heroku.release();
    later(Duration::from_secs(10)).await;
    is(
        told(&web).await,
        "2 asked for, 0 up (2 starting)",
        "2 of 2 processes are starting",
    );
    is(
        told(&worker).await,
        "1 asked for, 0 up (1 starting)",
        "1 of 1 processes is starting",
    );
    heroku.come_up();
    later(Duration::from_secs(10)).await;
    is(told(&web).await, "2 asked for, 2 up", "");

    heroku.preboot();
    heroku.release();
    later(Duration::from_secs(10)).await;
    is(
        told(&web).await,
        "2 asked for, 2 up (2 starting)",
        "release v13 beside v12, 2 of 4 processes are starting",
    );
    let error = bounded(web.scale(3)).await.expect_err("not now");
    assert!(matches!(error, ScaleError::Waits(_)), "{error:?}");
    assert_eq!(
        error.to_string(),
        "waiting for the release to finish: Heroku does not change the count of dancing-forest-1234's `web` before (422); \
         Heroku says: Cannot change formation for a preboot app until release phase and preboot complete."
    );
    assert_eq!(heroku.asked("PATCH", "/formation/web"), 1, "not repeated");
    heroku.come_up();
    later(Duration::from_secs(10)).await;
    is(told(&web).await, "2 asked for, 2 up", "");
    assert_eq!(bounded(web.scale(3)).await, Ok(3), "at the next tick");
}

#[actix_rt::test]
async fn a_restarted_dyno_is_starting() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    heroku.boot_takes(LONG);
    count(&web).await;
    heroku.come_up();
    heroku.restart("web");
    later(Duration::from_secs(1)).await;
    is(
        told(&web).await,
        "2 asked for, 1 up (1 starting)",
        "1 of 2 processes is starting",
    );
}

#[actix_rt::test]
async fn the_dynos_of_all_process_types_are_read_once_a_tick() {
    let heroku = Heroku::start();
    let site = site("web");
    let backends = ["web", "worker"].map(|name| made(table(&heroku, name), &site));
    for tick in 1..=3 {
        let late = Trouble::Late(Duration::from_millis(100));
        heroku.trouble("GET", "/dynos", late);
        let counts = bounded(join_all(backends.iter().map(count))).await;
        let ready = counts.iter().map(|seen| seen.ready);
        assert!(ready.eq([Some(2), Some(1)]), "{counts:?}");
        assert_eq!(heroku.asked("GET", "/dynos"), tick);
        assert_eq!(heroku.asked("GET", "/formation"), tick);
        later(Duration::from_secs(30)).await;
    }
}

#[actix_rt::test]
async fn without_the_dynos_there_is_a_count_and_nobody_knows_how_many_are_up() {
    let heroku = Heroku::start();
    let refused = |status| Trouble::Answer(status, vec![], Value::Null);
    let strange = Trouble::Answer(200, vec![], json!([{"id": "a", "type": "web"}]));
    for (trouble, because) in [
        (refused(403), "refused"),
        (refused(503), "busy, and not asked again"),
        (refused(404), "not there"),
        (Trouble::Rubbish, "rubbish"),
        (Trouble::Half, "broken off"),
        (strange, "a dyno without a state"),
    ] {
        let web = backend(&heroku, "web");
        heroku.trouble("GET", "/dynos", trouble);
        let before = heroku.asked("GET", "/dynos");
        assert_eq!(count(&web).await, Observed::unknown(2), "{because}");
        assert_eq!(heroku.asked("GET", "/dynos"), before + 1, "{because}");
        later(Duration::from_secs(1)).await;
        assert_eq!(count(&web).await.ready, Some(2), "at the next tick");
    }
}

#[actix_rt::test]
async fn dynos_that_are_not_told_cost_the_count_no_more_than_a_moment() {
    let heroku = Heroku::start();
    let short = with(table(&heroku, "web"), "timeout_in_seconds", json!(2));
    let web = made(short, &site("web"));
    heroku.trouble("GET", "/dynos", Trouble::Hang);
    assert_eq!(count(&web).await, Observed::unknown(2));
    // The other way round it is the count that counts.
    later(Duration::from_secs(10)).await;
    heroku.trouble("GET", "/formation", Trouble::Hang);
    let error = bounded(web.count()).await.expect_err("no count");
    assert!(error.to_string().contains("within 2 s"), "{error}");
}

#[actix_rt::test]
async fn few_calls_left_are_not_spent_on_dynos() {
    let heroku = Heroku::start();
    let web = backend(&heroku, "web");
    heroku.leave(502);
    assert_eq!(count(&web).await.ready, Some(2), "not known to be few");
    assert_eq!(heroku.asked("GET", "/dynos"), 1);
    heroku.leave(400);
    later(Duration::from_secs(10)).await;
    count(&web).await;
    for tick in 1..4 {
        later(Duration::from_secs(10)).await;
        assert_eq!(count(&web).await, Observed::unknown(2), "not all up");
        assert!(heroku.asked("GET", "/dynos") <= 2, "tick {tick}");
    }
    heroku.leave(4000);
    later(Duration::from_secs(10)).await;
    count(&web).await;
    later(Duration::from_secs(10)).await;
    assert_eq!(count(&web).await.ready, Some(2), "there are enough again");
}

#[actix_rt::test]
async fn one_off_dynos_and_other_types_are_not_ours() {
    let heroku = Heroku::start();
    let dyno = |name: &str, kind: &str, state: &str| json!({"id": name, "name": name, "type": kind, "state": state, "release": {"version": 7}});
    let dynos = json!([
        dyno("web.1", "web", "up"),
        dyno("web.2", "run", "starting"),
        dyno("web-1234abcde-123ab", "web", "starting"),
        dyno("worker.1", "worker", "crashed"),
    ]);
    heroku.trouble("GET", "/dynos", Trouble::Answer(200, vec![], dynos));
    let seen = count(&backend(&heroku, "web")).await;
    let fleet = seen.fleet.expect("dynos");
    let phases: Vec<Phase> = fleet.members().iter().map(|dyno| dyno.phase).collect();
    assert_eq!(phases, [Phase::Up, Phase::Starting]);
}
