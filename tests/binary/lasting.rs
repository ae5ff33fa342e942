//! What outlives the bot: a cooldown, an order of people, a scale in the middle of which it was killed; and `why`, which
//! tells of all of it.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::app::App;
use crate::bot::{Bot, Home, LONG, comes_true};
use crate::heroku_app::{FORMATION, web};
use crate::servers::heroku::{Heroku, Trouble};
use crate::servers::redis::RedisServer;

const FILE: &str = "[state]\nurl = \"file:state.db\"\n";
const EVENTS: &str = r#"notify_on = ["scale", "above_max", "scale_failed", "switched_off"]"#;
const MORE: &str = r#"notify_on = ["scale", "scale_failed", "ordered", "store_failed", "measurement_failed", "manual_scale"]"#;

fn config(state: &str, heroku: &Heroku, app: &App, decision: &str) -> String {
    format!(
        "{state}{}",
        web(heroku, &app.url(), decision).replace(EVENTS, MORE)
    )
}

/// What a command says on standard output.
#[track_caller]
fn said(home: &Home, line: &str) -> String {
    let words = shell_words::split(line).unwrap();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = home
        .command(&words)
        .env("USER", "ann")
        .env_remove("DYNO")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Waits until `why web` says this, and gives all that it says.
#[track_caller]
fn why(home: &Home, wanted: &str) -> String {
    let mut last = String::new();
    let told = comes_true(LONG, || {
        let output = home.command(&["why", "web"]).output().unwrap();
        last = String::from_utf8_lossy(&output.stdout).into_owned();
        last.contains(wanted)
    });
    assert!(told, "`{wanted}` is not in:\n{last}");
    last
}

/// As `kill -9` does it.
fn killed(mut bot: Bot<'_>) {
    bot.signal(Signal::KILL);
    assert_eq!(bot.exit_code(), None);
}

fn patches(heroku: &Heroku) -> usize {
    heroku.asked("PATCH", FORMATION)
}

#[test]
fn a_cooldown_outlives_a_kill_in_either_store() {
    let redis = RedisServer::start();
    let in_redis = format!("[state]\nurl = \"{}/1\"\n", redis.url());
    for state in [FILE, &in_redis] {
        let heroku = Heroku::start();
        heroku.set("web", 1);
        let app = App::answering_after(600);
        let decision = "max_processes = 5";
        let text = config(state, &heroku, &app, decision).replace(
            "post_scale_wait_time_seconds = 0.5",
            "post_scale_wait_time_seconds = 600",
        );
        let home = Home::with(&text);
        let bot = home.run();
        home.wait_out("web: scale up 1 -> 2");
        let cycle = why(&home, "stays at 2");
        assert!(
            cycle.contains("of the wait after a scale are left"),
            "{cycle}"
        );
        killed(bot);
        let bot = home.run();
        let before = app.asked();
        assert!(
            comes_true(LONG, || app.asked() >= before + 8),
            "it measures again"
        );
        assert_eq!(
            patches(&heroku),
            1,
            "the wait goes on: {}",
            home.what_was_said()
        );
        let told = why(&home, "of the wait after a scale are left");
        assert!(
            told.contains("evaluated, if the wait after the last scale had ended, in "),
            "{told}"
        );
        bot.stop();
    }
}

#[test]
fn a_kill_in_the_middle_of_a_scale_forgets_neither_the_order_nor_its_cooldown() {
    let heroku = Heroku::start();
    heroku.set("web", 1);
    let app = App::answering_after(600);
    let text = config(FILE, &heroku, &app, "max_processes = 5")
        .replace(
            "post_scale_wait_time_seconds = 0.5",
            "post_scale_wait_time_seconds = 600",
        )
        .replace("timeout_in_seconds = 2\n", "timeout_in_seconds = 50\n");
    let home = Home::with(&text);
    heroku.trouble("PATCH", FORMATION, Trouble::Hang);
    let bot = home.run();
    assert!(
        comes_true(LONG, || patches(&heroku) == 1),
        "it is asked for"
    );
    killed(bot);
    let bot = home.run();
    let before = app.asked();
    assert!(
        comes_true(LONG, || app.asked() >= before + 8),
        "it measures again"
    );
    assert_eq!(
        patches(&heroku),
        1,
        "nothing is asked for within the wait: {}",
        home.what_was_said()
    );
    bot.stop();
}

#[test]
fn people_pause_override_and_scale_and_everybody_is_told_why() {
    let heroku = Heroku::start();
    heroku.set("web", 1);
    let app = App::answering_after(600);
    let home = Home::with(&config(FILE, &heroku, &app, "max_processes = 3"));
    said(&home, "pause web --for 2h --because 'database migration'");
    let bot = home.run();
    home.wait_out("web: ordered: paused by ann@");
    let told = why(&home, "rules      pause: 2 -> 1");
    assert!(told.contains(" are above 400; paused by ann@"), "{told}");
    assert!(
        told.contains("up to 2, if it had not been paused"),
        "{told}"
    );
    assert!(told.contains("stays at 1"), "{told}");
    assert_eq!(patches(&heroku), 0);
    said(&home, "resume web");
    home.wait_out("web: ordered: over: paused by ann@");
    home.wait_out("web: scale up 1 -> 2: the last 2 results are above 400");
    home.wait_out("web: scale up 2 -> 3");
    why(&home, "already at the maximum of 3");
    said(
        &home,
        "override web --min 5 --max 6 --for 1h --because sale",
    );
    home.wait_out("web: scale up 3 -> 5: 3 is below the minimum of 5");
    let told = why(&home, "5 to 6 allowed");
    assert!(told.contains("wished"), "{told}");
    said(&home, "scale web 4 --for 30m --because test");
    home.wait_out("web: scale down");
    home.wait_out(" -> 4: ");
    why(&home, "exactly 4 allowed");
    let status = said(&home, "status");
    assert!(status.contains("scaled to 4 by ann@"), "{status}");
    let ledger = said(&home, "why web --since 1h");
    for line in ["scaled up 1 -> 2: ", "scaled up 3 -> 5: ", " -> 4: "] {
        assert!(ledger.contains(line), "{line}\n{ledger}");
    }
    assert!(
        ledger.contains("and the same"),
        "what repeats is counted:\n{ledger}"
    );
    let json = said(&home, "why web --json");
    let record: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&record["process"], &record["min"]),
        (&"web".into(), &4.into())
    );
    bot.stop();
    assert_eq!(heroku.quantity("web"), Some(4));
}

#[test]
fn why_tells_of_an_outage_and_of_a_platform_that_refuses() {
    let heroku = Heroku::start();
    heroku.set("web", 2);
    let app = App::answering_after(600);
    let home = Home::with(&config(FILE, &heroku, &app, "max_processes = 3"));
    heroku.trouble(
        "PATCH",
        FORMATION,
        Trouble::Answer(403, Vec::new(), json!({"id": "forbidden", "message": "no"})),
    );
    let bot = home.run();
    let told = why(&home, "could not be scaled up 2 -> 3");
    assert!(
        told.contains("because    the count could not be set from 2 to 3"),
        "{told}"
    );
    home.wait_out("web: scale up 2 -> 3");
    let url = app.url();
    drop(app);
    let told = why(&home, "nothing by response_time: GET ");
    assert!(told.contains("because    not measured: "), "{told}");
    assert!(told.contains("stays at 3"), "{told}");
    assert!(url.starts_with("http://"));
    bot.stop();
}

#[test]
fn a_store_that_is_away_is_told_and_stops_nobody() {
    let mut redis = RedisServer::start();
    let state = format!(
        "[state]\nurl = \"{}/1\"\ntimeout_in_seconds = 0.5\n",
        redis.url()
    );
    let heroku = Heroku::start();
    heroku.set("web", 1);
    let app = App::answering_after(250);
    let decision = "max_processes = 3";
    let text =
        config(&state, &heroku, &app, decision).replace("max_time_ms = 400", "max_time_ms = 4000");
    let home = Home::with(&text);
    let bot = home.run();
    why(&home, "stays at 1");
    redis.stop();
    home.wait_out("web: store_failed: state is not being kept: ");
    let text = home.out().join("\n");
    assert!(!text.contains("restarted"), "{text}");
    home.configure(&text_with_quick_up(&heroku, &app, &state));
    bot.signal(Signal::HUP);
    home.wait_out("web: scale up 1 -> 2");
    redis.start_again();
    home.wait_out("web: store_failed ended");
    why(&home, " at 2");
    bot.stop();
}

/// The same, but 250 ms are too slow.
fn text_with_quick_up(heroku: &Heroku, app: &App, state: &str) -> String {
    config(state, heroku, app, "max_processes = 2")
        .replace("max_time_ms = 400", "max_time_ms = 160")
}

#[test]
fn a_long_pause_is_held_while_the_bot_is_away() {
    let heroku = Heroku::start();
    heroku.set("web", 3);
    let app = App::answering_after(0);
    let home = Home::with(&config(FILE, &heroku, &app, "max_processes = 3"));
    said(
        &home,
        "pause web --down-only --for 1h --because 'load test'",
    );
    for _ in 0..2 {
        let bot = home.run();
        let before = app.asked();
        assert!(
            comes_true(LONG, || app.asked() >= before + 6),
            "it measures"
        );
        assert_eq!(patches(&heroku), 0, "{}", home.what_was_said());
        killed(bot);
    }
    let told = home.out();
    let begun = told
        .iter()
        .filter(|line| line.contains("ordered: paused (down)"))
        .count();
    assert_eq!(begun, 1, "a restart repeats nothing: {told:?}");
    home.assert_empty(Duration::from_secs(5));
}

#[test]
fn a_count_set_by_hand_is_respected_over_a_kill_and_told_once() {
    let heroku = Heroku::start();
    heroku.set("web", 2);
    let app = App::answering_after(250);
    let respect = "max_processes = 6\nrespect_manual_scale_for_seconds = 600";
    let home = Home::with(&config(FILE, &heroku, &app, respect));
    let bot = home.run();
    why(&home, "stays at 2");
    heroku.set("web", 4);
    home.wait_out(
        "web: manual_scale up 2 -> 4: someone changed the count on the platform; respected until ",
    );
    app.answer_after(0);
    let told = why(&home, "rules      manual: ");
    for part in [
        "stays at 4",
        "  by hand    changed from 2 to 4 on the platform, noticed at ",
        "; changed by hand from 2 to 4, which is respected until ",
        "if respect_manual_scale_for_seconds had ended, in ",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let status = said(&home, "status");
    assert!(
        status.contains("\n  changed from 2 to 4 on the platform, noticed at "),
        "{status}"
    );
    killed(bot);
    let bot = home.run();
    let before = app.asked();
    assert!(
        comes_true(LONG, || app.asked() >= before + 6),
        "it measures"
    );
    assert_eq!(patches(&heroku), 0, "{}", home.what_was_said());
    let told = home.out();
    let times = told.iter().filter(|line| line.contains("manual_scale"));
    assert_eq!(times.count(), 1, "a restart repeats nothing: {told:?}");
    let ledger = said(&home, "why web --since 1h");
    assert!(
        ledger.contains("changed by hand 2 -> 4; stays at 4: "),
        "{ledger}"
    );
    bot.stop();
}

#[test]
fn local_copies_are_as_many_as_there_were() {
    let text = format!(
        "{FILE}[processes.worker]\n\
         measurement = {{ backend = \"command\", command = [\"sh\", \"-c\", \"while read -r line; do echo {{}}; done\"], \
         measurement_interval_in_seconds = 0.25 }}\n\
         decision = {{ max_processes = 5 }}\n\
         scaling = {{ backend = \"local\", command = \"sleep 1000\" }}\n\
         notification = [{{ backend = \"console\", notify_on = [\"scale\", \"ordered\"] }}]\n"
    );
    let home = Home::with(&text);
    said(&home, "scale worker 4 --for 1h --because test");
    let bot = home.run();
    home.wait_out("worker: scale up 0 -> 4: 0 is below the minimum of 4");
    bot.wait_copies(4);
    said(&home, "resume worker");
    home.wait_out("worker: ordered: over: scaled to 4");
    killed(bot);
    let bot = home.run();
    home.wait_out("worker: scale up 0 -> 4: 4 ran before the start");
    bot.stop();
}
