//! What Heroku refuses is told in words that say what to mend, costs the calls that it must, and is over once it is mended.

use rustix::process::Signal;
use serde_json::json;

use crate::app::App;
use crate::bot::Home;
use crate::heroku_app::{FORMATION, web};
use crate::servers::heroku::{APP, Heroku, KEY, Trouble};

/// Slow enough to be above the maximum of [`web`].
const SLOW: u64 = 600;

fn patches(heroku: &Heroku) -> usize {
    heroku.asked("PATCH", FORMATION)
}

#[test]
fn a_wrong_key_or_app_is_mended_in_the_file_and_read_again() {
    for (right, wrong, told) in [
        (
            KEY,
            "HRKU-revoked",
            "Heroku refuses the key (401): api_key is wrong, expired or revoked; make a new one with `heroku \
             authorizations:create`",
        ),
        (
            APP,
            "no-such-app",
            "Heroku knows no app `no-such-app` that this key can see (404): check app_name",
        ),
    ] {
        let heroku = Heroku::start();
        heroku.set("web", 1);
        let app = App::answering_after(SLOW);
        let good = web(&heroku, &app.url(), "max_processes = 2");
        let home = Home::with(&good.replace(right, wrong));
        let bot = home.run();
        home.wait_out("web: scale_failed: ");
        home.wait_out(told);
        home.wait("some ticks", || app.asked() >= 5);
        let failures = home.out().len();
        assert_eq!(failures, 1, "told once: {}", home.what_was_said());
        home.configure(&good);
        bot.signal(Signal::HUP);
        home.wait_out("web: scale up 1 -> 2");
        assert_eq!(heroku.quantity("web"), Some(2));
        let said = home.what_was_said();
        assert!(!said.contains("HRKU-"), "{said}");
        bot.stop();
    }
}

#[test]
fn a_process_type_that_is_gone_is_named_beside_those_that_are_there() {
    let heroku = Heroku::start();
    heroku.remove("web");
    let app = App::answering_after(SLOW);
    let home = Home::with(&web(&heroku, &app.url(), "max_processes = 2"));
    let bot = home.run();
    home.wait_out("app `dancing-forest-1234` has no process type `web`; the app has: worker");
    heroku.set("web", 1);
    home.wait_out("web: scale_failed ended");
    home.wait_out("web: scale up 1 -> 2");
    bot.stop();
}

#[test]
fn a_limit_of_heroku_is_told_once_and_kept_until_the_dynos_are_resized() {
    let heroku = Heroku::start();
    heroku.set("web", 2);
    heroku.limit(Some(2));
    let app = App::answering_after(SLOW);
    let home = Home::with(&web(&heroku, &app.url(), "max_processes = 4"));
    let bot = home.run();
    home.wait_out("web: scale_failed");
    home.wait_out("Heroku allows no more than 2 dynos of this size");
    home.wait_out("web: above_max at 2");
    let asked = app.asked();
    home.wait("more ticks", || app.asked() >= asked + 5);
    assert_eq!(patches(&heroku), 1, "it is not asked again");
    let lines = home.out();
    let told = lines
        .iter()
        .filter(|line| line.starts_with("web: scale_failed at 2: "));
    assert_eq!(told.count(), 1, "{}", home.what_was_said());
    heroku.limit(None);
    heroku.resize("web", "Performance-M");
    home.wait_out("web: scale up 2 -> 3");
    home.wait_out("web: scale up 3 -> 4");
    assert_eq!(patches(&heroku), 3);
    bot.stop();
}

#[test]
fn a_rate_limit_is_waited_for_and_not_hammered() {
    let heroku = Heroku::start();
    heroku.set("web", 1);
    let slow_down = Trouble::Answer(
        429,
        vec![("Retry-After", "10".to_owned())],
        json!({"id": "rate_limit", "message": "Your account reached the API rate limit"}),
    );
    heroku.trouble("GET", FORMATION, slow_down);
    let app = App::answering_after(SLOW);
    let home = Home::with(&web(&heroku, &app.url(), "max_processes = 2"));
    let bot = home.run();
    home.wait_out("Heroku's rate limit for this key's account is used up (429)");
    let asked = app.asked();
    home.wait("three more cycles", || app.asked() >= asked + 3);
    assert_eq!(
        heroku.asked("GET", FORMATION),
        1,
        "the cycles after it do not ask: {}",
        home.what_was_said()
    );
    home.wait_out("web: scale up 1 -> 2");
    // A wait of 10 s passes the time that a cycle has; the last seconds of it do not, and may be waited for.
    let told = home.out();
    let failed = told
        .iter()
        .filter(|line| line.starts_with("web: scale_failed: "));
    assert_eq!(failed.count(), 1, "told once: {told:#?}");
    let waits = home
        .err()
        .iter()
        .filter(|line| line.contains("asking again in"))
        .count();
    assert!(waits <= 1, "{}", home.what_was_said());
    bot.stop();
}

#[test]
fn a_read_that_hangs_costs_its_own_time_and_no_more() {
    let heroku = Heroku::start();
    heroku.set("web", 1);
    heroku.trouble("GET", FORMATION, Trouble::Hang);
    heroku.trouble("PATCH", FORMATION, Trouble::Hang);
    let app = App::answering_after(SLOW);
    let home = Home::with(&web(&heroku, &app.url(), "max_processes = 2"));
    let bot = home.run();
    home.wait_out("within 2 s");
    home.wait("the change that hangs", || patches(&heroku) >= 1);
    home.wait_out("web: scale up 1 -> 2");
    assert_eq!(heroku.quantity("web"), Some(2));
    bot.stop();
}
