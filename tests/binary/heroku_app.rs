//! `run` on a Heroku app: the stand-in for the platform, a real HTTP server as the application.

use crate::app::App;
use crate::bot::{Home, assert_silent};
use crate::servers::heroku::{APP, Heroku, KEY, Trouble};
use serde_json::json;

pub(crate) const FORMATION: &str = "/apps/dancing-forest-1234/formation";

pub(crate) fn web(heroku: &Heroku, app: &str, decision: &str) -> String {
    format!(
        r#"
[defaults.scaling]
app_name = "{APP}"
api_key = "{KEY}"
api_url = "{}"
timeout_in_seconds = 2
[defaults.measurement]
measurement_url = "{app}"
measurement_interval_in_seconds = 0.5
timeout_in_seconds = 5
min_time_ms = 150
max_time_ms = 400
[[defaults.notification]]
backend = "console"
notify_on = ["scale", "above_max", "scale_failed", "switched_off"]
[processes.web.decision]
number_of_fails_to_scale_up_after = 2
number_of_passes_to_scale_down_after = 2
post_scale_wait_time_seconds = 0.5
{decision}
"#,
        heroku.url()
    )
}

/// An app that answers after 250 ms is between the thresholds, also on a machine that is very busy.
fn steady(heroku: &Heroku, app: &str, decision: &str) -> String {
    web(heroku, app, decision).replace("max_time_ms = 400", "max_time_ms = 4000")
}

#[test]
fn a_slow_app_gets_dynos_and_a_fast_one_gives_them_back() {
    let heroku = Heroku::start();
    heroku.set("web", 1);
    let app = App::answering_after(600);
    let home = Home::with(&web(&heroku, &app.url(), "max_processes = 3"));
    let bot = home.run();
    home.wait_out("web: scale up 1 -> 2: the last 2 results are above 400");
    home.wait_out("web: scale up 2 -> 3");
    home.wait_out("web: above_max at 3");
    app.answer_after(0);
    home.wait_out("web: scale down 3 -> 2: the last 2 results are below 150");
    home.wait_out("web: scale down 2 -> 1");
    assert_eq!(heroku.quantity("web"), Some(1));
    let changes: Vec<_> = heroku
        .requests()
        .into_iter()
        .filter(|seen| seen.method == "PATCH")
        .map(|seen| seen.json())
        .collect();
    assert_eq!(
        changes,
        [2, 3, 2, 1].map(|quantity| json!({ "quantity": quantity }))
    );
    bot.stop();
}

#[test]
fn ten_process_types_of_one_app_are_read_by_one_call_a_tick() {
    let heroku = Heroku::start();
    let app = App::answering_after(250);
    let mut configuration =
        steady(&heroku, &app.url(), "").replace("= 0.5\ntimeout", "= 2\ntimeout");
    heroku.set("web", 1);
    for number in 1..10 {
        heroku.set(&format!("worker{number}"), 1);
        configuration.push_str("[processes.worker");
        configuration.push_str(&number.to_string());
        configuration.push_str("]\n");
    }
    let home = Home::with(&configuration);
    let bot = home.run();
    home.wait("six ticks", || heroku.asked("GET", FORMATION) >= 6);
    // The reads first: what is counted later can only be more.
    let reads = heroku.asked("GET", FORMATION);
    let measured = app.asked();
    assert!(
        measured >= (reads - 1) * 10,
        "{measured} measurements, {reads} reads"
    );
    bot.stop();
}

#[test]
fn a_quick_and_a_slow_application_are_read_by_one_call_a_tick() {
    let heroku = Heroku::start();
    heroku.set("web", 1);
    let (slow, quick) = (App::answering_after(1500), App::answering_after(0));
    let configuration = web(&heroku, &slow.url(), "")
        .replace("interval_in_seconds = 0.5", "interval_in_seconds = 3")
        .replace("max_time_ms = 400", "max_time_ms = 60000");
    let worker = format!(
        "[processes.worker.measurement]\nmeasurement_url = \"{}\"\n",
        quick.url()
    );
    let home = Home::with(&(configuration + &worker));
    let bot = home.run();
    home.wait("four ticks", || quick.asked() >= 4 && slow.asked() >= 4);
    let (reads, ticks) = (heroku.asked("GET", FORMATION), quick.asked());
    assert!(reads <= ticks + 1, "{reads} reads in {ticks} ticks");
    bot.stop();
}

#[test]
fn a_first_start_cuts_nothing_and_what_is_off_stays_off() {
    let heroku = Heroku::start();
    heroku.set("web", 8);
    heroku.set("worker", 0);
    let app = App::answering_after(250);
    let configuration = steady(&heroku, &app.url(), "") + "[processes.worker]\n";
    let home = Home::with(&configuration);
    let bot = home.run();
    home.wait_out("web: above_max at 8");
    home.wait_out("worker: switched_off");
    home.wait("some more ticks", || heroku.asked("GET", FORMATION) >= 4);
    assert_eq!(
        (heroku.quantity("web"), heroku.quantity("worker")),
        (Some(8), Some(0))
    );
    assert!(
        heroku.requests().iter().all(|seen| seen.method == "GET"),
        "nothing was changed"
    );
    bot.stop();
}

#[test]
fn a_scale_by_hand_and_a_process_type_that_is_gone_are_seen() {
    let heroku = Heroku::start();
    heroku.set("web", 2);
    let app = App::answering_after(250);
    let home = Home::with(&steady(&heroku, &app.url(), "max_processes = 3"));
    let bot = home.run();
    home.wait("a tick", || heroku.asked("GET", FORMATION) >= 1);
    heroku.set("web", 9);
    home.wait_out("web: scale down 9 -> 3");
    heroku.remove("web");
    home.wait_out("web: scale_failed");
    heroku.set("web", 2);
    home.wait_out("web: scale_failed ended");
    bot.stop();
}

#[test]
fn a_running_process_that_is_set_to_0_by_hand_is_off_until_it_is_set_again() {
    let heroku = Heroku::start();
    heroku.set("web", 2);
    let app = App::answering_after(600);
    let two = "min_processes = 2\nmax_processes = 2";
    let home = Home::with(&web(&heroku, &app.url(), two));
    let bot = home.run();
    let reads = || heroku.asked("GET", FORMATION);
    home.wait_out("web: above_max at 2");
    // Neither the load, which is too high, nor the minimum starts it again.
    heroku.set("web", 0);
    home.wait_out("web: switched_off at 0");
    let seen = reads();
    home.wait("more ticks than it takes to scale", || reads() >= seen + 4);
    assert_eq!(heroku.quantity("web"), Some(0));
    assert_eq!(heroku.asked("PATCH", FORMATION), 0, "nothing was changed");
    heroku.set("web", 1);
    home.wait_out("web: switched_off ended at 1");
    home.wait_out("web: scale up 1 -> 2: 1 is below the minimum of 2");
    bot.stop();
}

#[test]
fn whatever_the_platform_says_the_bot_stays_and_goes_on() {
    let answer = |status: u16, body: serde_json::Value| Trouble::Answer(status, Vec::new(), body);
    let error = |id: &str, message: &str| json!({ "id": id, "message": message });
    let troubles = [
        (
            "401",
            answer(401, error("unauthorized", "Invalid credentials provided.")),
        ),
        (
            "404",
            answer(404, error("not_found", "Couldn't find that app.")),
        ),
        ("503", answer(503, error("server", "try later"))),
        (
            "429",
            answer(
                429,
                error("rate_limit", "Your account reached the API rate limit"),
            ),
        ),
        ("hangs", Trouble::Hang),
    ];
    // Each has a bot and a Heroku of its own; they mostly wait, so they do it at the same time.
    std::thread::scope(|scope| {
        for (name, trouble) in troubles {
            scope.spawn(move || goes_on_after(name, &trouble));
        }
    });
}

fn goes_on_after(name: &str, trouble: &Trouble) {
    let heroku = Heroku::start();
    heroku.set("web", 1);
    // More than a read with its retries uses up.
    for _ in 0..3 {
        heroku.trouble("GET", FORMATION, trouble.clone());
    }
    let app = App::answering_after(600);
    let home = Home::with(&web(&heroku, &app.url(), "max_processes = 2"));
    let bot = home.run();
    home.wait_out("web: scale_failed");
    home.wait_out("web: scale up 1 -> 2");
    assert_silent(name, &home.what_was_said());
    bot.stop();
}
