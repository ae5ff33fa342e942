//! `hirefire-resource` from `PyPI` in a Flask application: what it dispatches over TLS, and what it answers when it is asked.

use std::fs;
use std::net::TcpStream;

use autoscalebot::clock::Clock;

use super::{Api, assert_near, flask_copies, p95, served, waits};
use crate::bot::Home;
use crate::server::{SHOP, ask, serve};
use crate::servers::free_port;
use crate::servers::tls::Tls;

/// A process that only sleeps, and is counted by what the application answers for it.
fn worker(app: u16) -> String {
    format!(
        "[processes.worker.measurement]\nbackend = \"hirefire\"\nurl = \"http://127.0.0.1:{app}\"\ntoken = \"{SHOP}\"\n\
         measurement_interval_in_seconds = 0.5\ndistrust_zero_after_outage_in_seconds = 0\n\
         [processes.worker.decision]\nbackend = \"consecutive_threshold\"\nmin_processes = 1\nmax_processes = 2\n\
         number_of_fails_to_scale_up_after = 2\nnumber_of_passes_to_scale_down_after = 2\n\
         min_measurement_value = 1\nmax_measurement_value = 10\npost_scale_wait_time_seconds = 1\n\
         [processes.worker.scaling]\nbackend = \"local\"\ncommand = [\"sleep\", \"1000\"]\n\
         [[processes.worker.notification]]\nbackend = \"console\"\nnotify_on_every_scale = true\n"
    )
}

#[test]
fn what_hirefires_client_dispatches_and_answers_is_measured() {
    let tls = Tls::new();
    let (port, app) = (free_port(), free_port());
    let home = Home::with("");
    let (seen, backlog) = (home.file("seen.txt"), home.file("backlog.txt"));
    fs::write(&backlog, "4.5").unwrap();
    let variables = format!(
        "SEEN = \"{}\", BACKLOG = \"{}\", HIREFIRE_TOKEN = \"{SHOP}\", SSL_CERT_FILE = \"{}\", \
         HIREFIRE_DISPATCH_URL = \"https://127.0.0.1:{port}\"",
        seen.display(),
        backlog.display(),
        tls.ca_file().display()
    );
    let files = format!(
        "tls_certificate = \"{}\"\ntls_key = \"{}\"",
        tls.certificate_file().display(),
        tls.key_file().display()
    );
    home.configure(&format!(
        "{}[processes.web.measurement]\nbackend = \"request_queue_time\"\nmeasurement_interval_in_seconds = 1\n\
         window_in_seconds = 120\n[processes.web.decision]\nbackend = \"schedule_only\"\nmin_processes = 1\nmax_processes = 1\n{}{}",
        served(port, "[\"web\"]", &files),
        flask_copies("hirefire_web:app", app, &variables),
        worker(app)
    ));
    let bot = serve(&home, port).bot;
    let api = Api {
        home: &home,
        port,
        tls: Some(&tls),
    };
    home.wait("the application listens", || {
        TcpStream::connect(("127.0.0.1", app)).is_ok()
    });
    for number in 1..=60 {
        let start = Clock::system().now().wall.timestamp_millis() - number * 25;
        let header = [("X-Request-Start", start.to_string())];
        let header = header
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let answer = ask(app, "GET", "/", &header, "");
        assert_eq!(answer.status, 200, "{answer:?}\n{}", api.said());
    }
    let waits = waits(&seen);
    assert_eq!(waits.len(), 60);
    let shown = api.wait_told(60);
    assert_near("the p95 that is shown", shown, p95(&waits));
    let measured = api.wait_measured("web", "all requests measured", |_, data| {
        data["requests"] == 60
    });
    let value = measured["value"].as_f64().unwrap();
    assert_near("the p95 that is measured", value, p95(&waits));
    let source = api.source();
    assert_eq!(source["refused"], 0, "{source}");

    // The other way: the application is asked for what its worker has to do.
    let is = |wanted: f64| move |value: f64, _: &serde_json::Value| (value - wanted).abs() < 1e-9;
    api.wait_measured("worker", "what the application answers", is(4.5));
    fs::write(&backlog, "12").unwrap();
    home.wait_out("worker: scale up 1 -> 2");
    fs::write(&backlog, "0").unwrap();
    home.wait_out("worker: scale down 2 -> 1");
    bot.stop();
}
