//! `judoscale-express` from npm in an Express application.

use std::net::TcpStream;
use std::path::Path;

use autoscalebot::clock::Clock;

use super::{Api, assert_near, copies, judoscale, served};
use crate::bot::Home;
use crate::server::{ask, serve};
use crate::servers::free_port;

/// Where tests/run installs `tests/client_apps/package.json`.
const MODULES: &str = "target/node/node_modules";

#[test]
fn the_requests_of_an_express_application_are_told_and_counted() {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join(MODULES);
    let adapter = modules.join("judoscale-express");
    let there = adapter.display();
    assert!(
        adapter.exists(),
        "{there} is missing: run tests/run, which installs it"
    );
    let (port, app) = (free_port(), free_port());
    let variables = format!("NODE_PATH = \"{}\", {}", modules.display(), judoscale(port));
    let config = format!(
        "{}[processes.web.measurement]\nbackend = \"request_queue_time\"\nmeasurement_interval_in_seconds = 1\n\
         window_in_seconds = 120\n[processes.web.decision]\nbackend = \"schedule_only\"\nmin_processes = 1\nmax_processes = 1\n{}",
        served(port, "[\"web\"]", ""),
        copies("web", &["node", "judoscale_web.js"], &variables).replace(
            "backend = \"local\"",
            &format!("backend = \"local\"\nport = {app}")
        )
    );
    let home = Home::with(&config);
    let bot = serve(&home, port).bot;
    let api = Api::new(&home, port);
    home.wait("the application listens", || {
        TcpStream::connect(("127.0.0.1", app)).is_ok()
    });
    let waits = (1..=40).map(|number| f64::from(number) * 50.0);
    for wait in waits.clone() {
        let now = Clock::system().now().wall.timestamp_millis();
        let start = (now - num_traits::ToPrimitive::to_i64(&wait).unwrap()).to_string();
        let answer = ask(app, "GET", "/", &[("X-Request-Start", &start)], "");
        assert_eq!(answer.status, 200, "{answer:?}\n{}", api.said());
    }
    let shown = api.wait_told(40);
    let waits: Vec<f64> = waits.collect();
    assert_near("the p95 that is shown", shown, super::p95(&waits));
    let measured = api.wait_measured("web", "all requests measured", |_, data| {
        data["requests"] == 40
    });
    let value = measured["value"].as_f64().unwrap();
    assert_near("the p95 that is measured", value, super::p95(&waits));
    let source = api.source();
    assert_eq!(source["refused"], 0, "{source}");
    bot.stop();
}
