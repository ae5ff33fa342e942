//! SIGHUP: what a changed, a bad and a mended configuration do to the copies that run.

use rustix::process::Signal;

use crate::bot::{Bot, Home, Process, lives};
use crate::broker::{Broker, console};

/// A configuration whose copies run this command, and whose queue is too long above this number.
fn config(broker: &Broker, command: &str, max_measurement_value: u32) -> String {
    let rest = format!(
        r#"
[processes.worker.decision]
min_processes = 2
max_processes = 3
number_of_fails_to_scale_up_after = 2
min_measurement_value = 1
max_measurement_value = {max_measurement_value}
post_scale_wait_time_seconds = 0.1
[processes.worker.scaling]
backend = "local"
command = "{command}"
"#
    );
    let console = console(r#""scale", "scale_failed", "restarted""#);
    [broker.measurement(), rest, console].concat()
}

const SLEEP: &str = "sleep 1000";

/// A bot with two copies and a queue of 50, which is too long above 40.
fn run<'home>(home: &'home Home, broker: &Broker) -> (Bot<'home>, Vec<Process>) {
    broker.fill(50);
    let bot = home.run();
    let copies = bot.wait_copies(2);
    home.wait_out("worker: scale up 0 -> 2: ");
    (bot, copies)
}

fn reload(home: &Home, bot: &Bot<'_>, config: &str) {
    home.configure(config);
    bot.signal(Signal::HUP);
}

#[test]
fn changed_thresholds_are_in_force_and_keep_the_copies() {
    let broker = Broker::start();
    let home = Home::with(&config(&broker, SLEEP, 100));
    let (bot, copies) = run(&home, &broker);
    reload(&home, &bot, &config(&broker, SLEEP, 40));
    home.wait_err("SIGHUP: the configuration was read again: changed worker");
    home.wait_out("worker: scale up 2 -> 3: the last 2 results are above 40");
    let after = bot.wait_copies(3);
    assert_eq!(after[..2], copies, "the same processes");
    bot.stop();
}

#[test]
fn an_unchanged_file_changes_nothing() {
    let broker = Broker::start();
    let home = Home::with(&config(&broker, SLEEP, 100));
    let (bot, copies) = run(&home, &broker);
    bot.signal(Signal::HUP);
    home.wait_err("SIGHUP: the configuration was read again: nothing has changed");
    assert_eq!(bot.copies(), copies);
    bot.stop();
}

#[test]
fn a_bad_file_changes_nothing_and_says_why() {
    let broker = Broker::start();
    let home = Home::with(&config(&broker, SLEEP, 100));
    let (bot, copies) = run(&home, &broker);
    let bad = config(&broker, "sleep 2000", 40).replace("max_processes", "max_proceses");
    reload(&home, &bot, &bad);
    home.wait_out("worker: restarted: the new configuration was refused, the old one stays: ");
    let notice = home.out().pop().unwrap();
    assert!(notice.contains("max_proceses"), "{notice}");
    home.wait_err("SIGHUP: the new configuration was refused and changes nothing: ");
    home.wait_err("did you mean `max_processes`?");
    home.wait_err("autoscalebot.toml:");
    assert_eq!(bot.copies(), copies);

    assert!(
        !home.err().iter().any(|line| line.starts_with("error: ")),
        "the log alone tells it: {}",
        home.what_was_said()
    );

    // A file that is no TOML at all, and one that is not there.
    home.configure("[processes.worker");
    bot.signal(Signal::HUP);
    let refusals = |home: &Home| {
        let lines = home.out();
        let refused = lines.iter().filter(|line| line.contains("was refused"));
        refused.count()
    };
    home.wait("a second refusal", || refusals(&home) == 2);
    std::fs::remove_file(home.file("autoscalebot.toml")).unwrap();
    bot.signal(Signal::HUP);
    home.wait("a third refusal", || refusals(&home) == 3);
    assert_eq!(bot.copies(), copies);

    // Mended, it goes on from what it was.
    reload(&home, &bot, &config(&broker, SLEEP, 40));
    home.wait_out("worker: scale up 2 -> 3: ");
    assert_eq!(bot.wait_copies(3)[..2], copies);
    bot.stop();
}

#[test]
fn a_refusal_is_in_the_log_for_machines_too() {
    let broker = Broker::start();
    let home = Home::with(&config(&broker, SLEEP, 100));
    broker.fill(50);
    let bot = home.start(home.command(&["run", "--log-format", "json"]));
    bot.wait_copies(2);
    let bad = config(&broker, SLEEP, 40).replace("max_processes", "max_proceses");
    reload(&home, &bot, &bad);
    home.wait_err("was refused and changes nothing: ");
    bot.stop();
    let lines: Vec<serde_json::Value> = home
        .err()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    let told = |line: &serde_json::Value| {
        let message = line["message"].as_str().unwrap_or_default();
        line["level"] == "error"
            && message.contains("autoscalebot.toml:")
            && message.ends_with("unknown setting; did you mean `max_processes`?")
    };
    assert!(lines.iter().any(told), "{lines:#?}");
}

#[test]
fn a_changed_command_replaces_the_copies() {
    let broker = Broker::start();
    let home = Home::with(&config(&broker, SLEEP, 100));
    let (bot, old) = run(&home, &broker);
    reload(&home, &bot, &config(&broker, "sleep 2000", 100));
    home.wait("two new copies and no old one", || {
        let copies = bot.copies();
        copies.len() == 2 && copies.iter().all(|copy| copy.command == "sleep 2000")
    });
    assert!(!old.iter().any(|copy| lives(copy.pid)));
    let scales = |line: &&String| line.contains(": scale ");
    assert_eq!(home.out().iter().filter(scales).count(), 1, "no new scale");
    bot.stop();
}

#[test]
fn a_command_that_cannot_be_started_leaves_the_old_copies() {
    let broker = Broker::start();
    let home = Home::with(&config(&broker, SLEEP, 100));
    let (bot, copies) = run(&home, &broker);
    reload(&home, &bot, &config(&broker, "/no/such/program", 100));
    home.wait_out(
        "worker: scale_failed: the count could not be read: local: the command `/no/such/program`",
    );
    assert_eq!(bot.copies(), copies);
    reload(&home, &bot, &config(&broker, SLEEP, 40));
    home.wait_out("worker: scale_failed ended at 2: ");
    home.wait_out("worker: scale up 2 -> 3: ");
    assert_eq!(bot.wait_copies(3)[..2], copies);
    bot.stop();
}

#[test]
fn processes_are_added_and_taken_away() {
    let broker = Broker::start();
    let one = config(&broker, SLEEP, 100);
    let home = Home::with(&one);
    let (bot, copies) = run(&home, &broker);
    let other = config(&broker, "sleep 3000", 100).replace("processes.worker", "processes.other");
    reload(&home, &bot, &[one.as_str(), &other].concat());
    home.wait_err("SIGHUP: the configuration was read again: added other");
    home.wait_out("other: scale up 0 -> 2: 0 is below the minimum of 2");
    let all = bot.wait_copies(4);
    assert!(copies.iter().all(|copy| all.contains(copy)));
    reload(&home, &bot, &one);
    home.wait_err("SIGHUP: the configuration was read again: removed other");
    assert_eq!(bot.wait_copies(2), copies);
    bot.stop();
}
