//! `judoscale` from `PyPI` in a Flask application, under a load by wrk.

use super::load::Load;
use super::{Api, assert_near, flask_copies, judoscale, p95, served, waits};
use crate::bot::{Bot, Home};
use crate::server::serve;
use crate::servers::free_port;

/// Copies of the application, measured by what their adapter says, under these decisions.
fn shop(port: u16, app: u16, measurement: &str, decision: &str) -> Home {
    let home = Home::with("");
    let seen = home.file("seen.txt");
    let variables = format!("SEEN = \"{}\", {}", seen.display(), judoscale(port));
    home.configure(&format!(
        "{}[processes.web.measurement]\nbackend = \"request_queue_time\"\nmeasurement_interval_in_seconds = 1\n{measurement}\n\
         [processes.web.decision]\n{decision}\n{}",
        served(port, "[\"web\"]", ""),
        flask_copies("judoscale_web:app", app, &variables)
    ));
    home
}

fn serve_shop(home: &Home, port: u16, copies: usize) -> Bot<'_> {
    let bot = serve(home, port).bot;
    bot.wait_copies(copies);
    home.wait("as many applications whose adapter has begun", || {
        let begun = |line: &&String| line.contains("Starting reporter for process");
        home.err().iter().filter(begun).count() == copies
    });
    bot
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what it is read for")]
fn the_p95_that_the_bot_has_is_that_of_the_requests() {
    let (port, app) = (free_port(), free_port());
    let home = shop(
        port,
        app,
        "window_in_seconds = 120",
        "backend = \"schedule_only\"\nmin_processes = 2\nmax_processes = 2",
    );
    let bot = serve_shop(&home, port, 2);
    let load = Load::start(app, 10, (20, 200), &home.file("wrk.txt"));
    let sent = load.finish();
    let waits = waits(&home.file("seen.txt"));
    assert!(sent.failed == 0 && sent.answered > 500, "{sent:?}");
    // What was under way at the end may have come or not.
    let came = u64::try_from(waits.len()).unwrap();
    assert!(
        (sent.answered..=sent.requests).contains(&came),
        "{came}: {sent:?}"
    );

    let api = Api::new(&home, port);
    let shown = api.wait_told(waits.len());
    let count = serde_json::json!(waits.len());
    let measured = api.wait_measured("web", "all requests measured", |_, data| {
        data["requests"] == count
    });
    let measured = measured["value"].as_f64().unwrap();
    let real = p95(&waits);
    println!(
        "wrk sent requests that had waited: {sent:?}; {} came",
        waits.len()
    );
    assert_near("the p95 that is measured", measured, real);
    assert_near("the p95 that is shown", shown, real);
    assert!(real > sent.p95 * 0.97, "{sent:?}: nobody waits less");
    let source = api.source();
    assert_eq!(source["refused"], 0, "{source}");
    bot.stop();
}

#[test]
fn copies_are_added_while_requests_wait_and_removed_when_they_do_not() {
    let (port, app) = (free_port(), free_port());
    let home = shop(
        port,
        app,
        "window_in_seconds = 10\nmax_age_in_seconds = 30",
        "backend = \"consecutive_threshold\"\nmin_processes = 1\nmax_processes = 2\n\
         number_of_fails_to_scale_up_after = 2\nnumber_of_passes_to_scale_down_after = 3\n\
         min_measurement_value = 120\nmax_measurement_value = 300\npost_scale_wait_time_seconds = 1",
    );
    let bot = serve_shop(&home, port, 1);
    let api = Api::new(&home, port);
    let mut high = Load::start(app, 60, (500, 100), &home.file("high.txt"));
    home.wait("a scale up by queue times", || {
        assert!(high.sends(), "{}\n{}", high.said(), api.said());
        home.out()
            .iter()
            .any(|line| line.starts_with("web: scale up 1 -> 2"))
    });
    bot.wait_copies(2);
    drop(high);
    let mut low = Load::start(app, 60, (1, 5), &home.file("low.txt"));
    home.wait("a scale down by queue times", || {
        assert!(low.sends(), "{}\n{}", low.said(), api.said());
        home.out()
            .iter()
            .any(|line| line.starts_with("web: scale down 2 -> 1"))
    });
    bot.wait_copies(1);
    // Not by silence: there were requests, and they did not wait.
    let measured = api.measured("web");
    let requests = measured["data"]["requests"].as_u64();
    assert!(requests.is_some_and(|requests| requests > 0), "{measured}");
    drop(low);
    bot.stop();
}
