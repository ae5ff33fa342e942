//! The dead man's switch of a running bot: called while all is well, silent and then loud while it is not, and never in
//! the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;

use crate::bot::{Home, LONG};
use crate::servers::http::{Act, HttpServer, Seen, answer};

fn is_well(seen: &Seen) -> bool {
    seen.line.starts_with("GET /s3cr3t-uuid HTTP/")
}

fn is_fail(seen: &Seen) -> bool {
    seen.line.starts_with("POST /s3cr3t-uuid/fail HTTP/")
}

/// A server that is well while the switch says so, and else does this.
fn while_on(switch: &Arc<AtomicBool>, else_: fn() -> Vec<Act>) -> HttpServer {
    let switch = Arc::clone(switch);
    HttpServer::start(move |_| {
        if switch.load(Ordering::SeqCst) {
            answer("200 OK", "x")
        } else {
            else_()
        }
    })
}

/// Two processes, measured each half second, and the watcher.
fn configuration(watcher: &HttpServer, web: &HttpServer, worker: &HttpServer) -> String {
    let process = |name: &str, app: &HttpServer| {
        format!(
            "[processes.{name}.measurement]\nmeasurement_url = \"{}\"\nmeasurement_interval_in_seconds = 0.5\n\
             [processes.{name}.scaling]\nbackend = \"local\"\ncommand = \"sleep 600\"\n",
            app.url("/")
        )
    };
    format!(
        "[supervision]\nheartbeat_url = \"{}\"\nheartbeat_timeout_in_seconds = 5\n{}{}",
        watcher.url("/s3cr3t-uuid"),
        process("web", web),
        process("worker", worker),
    )
}

#[test]
fn it_is_called_after_complete_rounds_and_only_then() {
    let lives = Arc::new(AtomicBool::new(true));
    let hears = Arc::new(AtomicBool::new(true));
    let app = while_on(&lives, || vec![Act::Close]);
    let watcher = while_on(&hears, || answer("503 Service Unavailable", ""));
    let well = HttpServer::start(|_| answer("200 OK", "x"));
    let home = Home::with(&configuration(&watcher, &well, &app));
    let bot = home.run();
    let mut seen = Vec::new();
    home.wait("three complete rounds", || {
        seen.extend(watcher.seen());
        seen.iter().filter(|one| is_well(one)).count() >= 3
    });
    assert!(seen.iter().all(is_well), "{seen:?}");

    lives.store(false, Ordering::SeqCst);
    let mut after = Vec::new();
    home.wait("the failure is told", || {
        after.extend(watcher.seen());
        after.iter().any(is_fail)
    });
    let fail = after.iter().find(|one| is_fail(one)).unwrap();
    let why = String::from_utf8_lossy(&fail.body).into_owned();
    assert!(why.starts_with("no complete round for 1 s: "), "{why}");
    assert!(why.contains("worker could not be measured"), "{why}");
    assert!(!why.contains("web could"), "{why}");
    // One measurement of `worker` may have succeeded just before; more rounds there were none.
    let rounds = after.iter().filter(|one| is_well(one)).count();
    assert!(rounds <= 2, "{after:?}");
    let asked = app.connections();
    home.wait("some more intervals", || app.connections() > asked + 6);
    assert_eq!(watcher.seen().len(), 0, "it is told once");

    hears.store(false, Ordering::SeqCst);
    lives.store(true, Ordering::SeqCst);
    home.wait_err("the heartbeat does not get through, and whoever watches it may raise an alarm: it answered 503");
    hears.store(true, Ordering::SeqCst);
    home.wait_err("the heartbeat gets through again");
    let later: Vec<Seen> = watcher.seen();
    assert!(later.iter().all(is_well), "{later:?}");

    let elsewhere = configuration(&watcher, &well, &app).replace("s3cr3t-uuid", "s3cr3t-other");
    home.configure(&elsewhere);
    bot.signal(Signal::HUP);
    home.wait("the address of the new configuration is called", || {
        let other = |one: &Seen| one.line.starts_with("GET /s3cr3t-other HTTP/");
        watcher.seen().iter().any(other)
    });
    bot.stop();
    home.assert_empty(LONG);
}
