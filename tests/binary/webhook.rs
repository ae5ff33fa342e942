//! Webhooks of a running bot: one receiver verifies, one is in trouble, one is gone. None is in the others' way.

use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::thread;

use serde_json::Value;

use crate::app::App;
use crate::bot::{Home, LONG};
use crate::servers::http::{HttpServer, answer};
use crate::servers::receiver::Receiver;

const SECRET: &str = "whsec_s3cr3ts3cr3ts3cr3ts3cr3ts3cr3ts3";

/// The next `many` requests, or a failure after a bounded time.
fn next(mut well: Receiver, many: usize) -> Vec<Value> {
    let (tell, told) = channel();
    thread::spawn(move || {
        let all: Vec<Value> = (0..many).map(|_| well.received()).collect();
        tell.send((all, well)).ok();
    });
    let (all, _well) = told.recv_timeout(LONG).expect("webhooks");
    all
}

#[test]
fn receivers_that_fail_are_in_nobodys_way() {
    let app = App::answering_after(0);
    let well = Receiver::plain(SECRET);
    let busy = HttpServer::start(|_| answer("503 Service Unavailable", ""));
    let gone = HttpServer::start(|_| answer("410 Gone", ""));
    let urls = [
        format!("http://127.0.0.1:{}/s3cr3t", well.port),
        busy.url("/s3cr3t"),
        gone.url("/s3cr3t"),
    ];
    let tables: Vec<String> = urls
        .iter()
        .map(|url| {
            format!(
                "[[processes.web.notification]]\nbackend = \"webhook\"\nurl = \"{url}\"\n\
                 signing_secret = \"${{WEBHOOK_SECRET}}\"\nnotify_on = [\"measurement\"]\n\
                 timeout_in_seconds = 600\n"
            )
        })
        .collect();
    let home = Home::with(&format!(
        "[supervision]\nshutdown_grace_in_seconds = 2\n[processes.web.measurement]\nmeasurement_url = \"{}\"\n\
         measurement_interval_in_seconds = 0.5\n[processes.web.scaling]\nbackend = \"local\"\ncommand = \"sleep 600\"\n{}",
        app.url(),
        tables.concat()
    ));
    let mut command = home.command(&["run"]);
    command
        .env("WEBHOOK_SECRET", SECRET)
        .env("RUST_LOG", "trace");
    let bot = home.start(command);
    let received = next(well, 8);
    bot.stop();

    let ids: BTreeSet<_> = received
        .iter()
        .map(|one| one["headers"]["webhook-id"].to_string())
        .collect();
    assert_eq!(ids.len(), 8, "each notice once: {ids:?}");
    for one in &received {
        assert_eq!(one["payload"]["type"], "measurement.taken", "{one}");
        assert_eq!(one["payload"]["data"]["process"], "web", "{one}");
    }
    let tried: BTreeSet<_> = busy
        .seen()
        .iter()
        .filter_map(|one| one.header("webhook-id").map(str::to_owned))
        .collect();
    assert_eq!(tried.len(), 1, "it waits with its first notice");
    assert_eq!(gone.seen().len(), 1, "and this one is left alone");
    let said = home.what_was_said();
    assert_eq!(
        said.matches("wants no more notices (410 Gone)").count(),
        1,
        "{said}"
    );
    assert!(!said.contains("s3cr3t"), "{said}");
}
