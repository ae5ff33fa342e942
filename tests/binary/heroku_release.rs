//! `run` on a Heroku app while it is being deployed: nothing goes down before it has settled, and what Heroku refuses
//! meanwhile is waited for. And what `check --live` and `once` say of dynos that are not up.

use std::time::Duration;

use crate::app::App;
use crate::bot::{Home, LONG};
use crate::heroku_app::{FORMATION, web};
use crate::servers::heroku::Heroku;

const DYNOS: &str = "/apps/dancing-forest-1234/dynos";

/// Longer than any test.
const FOR_EVER: Duration = Duration::from_secs(3600);

/// A boot of so many seconds, and thresholds that hold on a busy machine.
fn configuration(heroku: &Heroku, app: &App, boot: u32) -> String {
    web(heroku, &app.url(), "max_processes = 4")
        .replace("max_time_ms = 400", "max_time_ms = 4000")
        .replace(
            "timeout_in_seconds = 2\n[defaults.measurement]",
            &format!(
                "timeout_in_seconds = 2\nboot_time_in_seconds = {boot}\n[defaults.measurement]"
            ),
        )
}

#[test]
fn a_release_under_low_load_takes_nothing_away_before_it_has_settled() {
    let heroku = Heroku::start();
    heroku.set("web", 3);
    // Between the thresholds: nothing is wanted.
    let app = App::answering_after(250);
    let home = Home::with(&configuration(&heroku, &app, 2));
    let bot = home.run();
    home.wait("a look", || heroku.asked("GET", DYNOS) >= 1);
    heroku.boot_takes(FOR_EVER);
    heroku.release();
    let seen = heroku.asked("GET", DYNOS);
    home.wait("a look at the release", || {
        heroku.asked("GET", DYNOS) >= seen + 2
    });
    app.answer_after(0);
    let asked = app.asked();
    // Longer than the mask of twice 2 s: from then on it is the wish that is held.
    home.wait("fourteen ticks", || app.asked() >= asked + 14);
    assert_eq!(heroku.asked("PATCH", FORMATION), 0, "it is not down yet");
    heroku.come_up();
    home.wait_out("web: scale down 3 -> 2: the last 2 results are below 150");
    home.wait_out("web: scale down 2 -> 1");
    assert_eq!(heroku.quantity("web"), Some(1));
    bot.stop();
}

#[test]
fn a_preboot_is_waited_for_and_is_no_failure() {
    let heroku = Heroku::start();
    heroku.set("web", 1);
    heroku.preboot();
    heroku.boot_takes(FOR_EVER);
    heroku.release();
    let app = App::answering_after(600);
    // Nothing is masked, so that the load is acted on at once.
    let slow = configuration(&heroku, &app, 0).replace("max_time_ms = 4000", "max_time_ms = 400");
    let home = Home::with(&slow);
    let bot = home.run();
    home.wait("tries", || heroku.asked("PATCH", FORMATION) >= 3);
    assert_eq!(heroku.quantity("web"), Some(1));
    heroku.come_up();
    home.wait_out("web: scale up 1 -> 2: the last ");
    let told = home.out();
    let failed = told.iter().filter(|line| line.contains("scale_failed"));
    assert_eq!(failed.count(), 0, "{told:#?}");
    bot.stop();
}

#[test]
fn what_is_asked_for_and_what_is_up_are_told_apart() {
    let heroku = Heroku::start();
    heroku.boot_takes(FOR_EVER);
    heroku.set("web", 3);
    let app = App::answering_after(0);
    let home = Home::with(&configuration(&heroku, &app, 2));
    for (arguments, more) in [
        (["check", "--live"].as_slice(), "All of it works."),
        (
            &["once"],
            "would stay at 3: 1 of 2 results below 150 so far",
        ),
    ] {
        let output = home.command(arguments).output().expect("an end");
        let said = String::from_utf8_lossy(&output.stdout);
        let count = "count        heroku has 3 processes: 3 asked for, 2 up (1 starting)";
        assert!(said.contains(count), "{said}");
        assert!(said.contains(more), "{said}");
        home.assert_empty(LONG);
    }
}
