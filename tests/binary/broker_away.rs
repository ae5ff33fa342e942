//! Redis goes away and comes back: what is not known is not load, and no reason to scale.

use crate::bot::{Bot, Home, Process};
use crate::broker::{Broker, console};

const DECISION: &str = r#"
[processes.worker.decision]
min_processes = 1
max_processes = 3
number_of_fails_to_scale_up_after = 2
number_of_passes_to_scale_down_after = 3
min_measurement_value = 1
max_measurement_value = 20
post_scale_wait_time_seconds = 0.5
[processes.worker.scaling]
backend = "local"
command = "sleep 1000"
"#;

/// How many cycles without a measurement are seen: more than it takes to scale, up or down.
const CYCLES: usize = 6;

fn home(broker: &Broker) -> Home {
    let measurement = broker.measurement().replace(
        "timeout_in_seconds = 10\n",
        "timeout_in_seconds = 3\n", // what hangs is given up soon
    );
    // A queue that is empty right after the outage is not believed at once.
    let measurement = measurement + "distrust_zero_after_outage_in_seconds = 2\n";
    let console = console(r#""scale", "measurement_failed", "scale_failed", "restarted""#);
    Home::with(&[measurement, DECISION.to_owned(), console].concat())
}

/// The bot, whose log has a line for each cycle, at its maximum.
fn run<'home>(home: &'home Home, broker: &Broker) -> (Bot<'home>, Vec<Process>) {
    broker.fill(100);
    let mut command = home.command(&["run"]);
    command.env("RUST_LOG", "autoscalebot=debug");
    let bot = home.start(command);
    home.wait_out("worker: scale up 2 -> 3: ");
    let copies = bot.wait_copies(3);
    (bot, copies)
}

fn failed_cycles(home: &Home) -> usize {
    let lines = home.err();
    let failed = lines
        .iter()
        .filter(|line| line.contains(": measured null;"));
    failed.count()
}

/// What was told, without the reasons.
fn told(home: &Home) -> Vec<String> {
    let lines = home.out();
    let heads = lines.iter().map(|line| {
        let mut parts = line.splitn(3, ": ");
        format!("{}: {}", parts.next().unwrap(), parts.next().unwrap())
    });
    heads.collect()
}

/// While it is away nothing scales; when it is back, with an empty queue, everything goes on by itself.
fn check_away_and_back(home: &Home, bot: Bot<'_>, copies: &[Process], come_back: impl FnOnce()) {
    home.wait_out("worker: measurement_failed: celery_redis_queue_size: ");
    let before = failed_cycles(home);
    home.wait("many cycles that could not measure", || {
        failed_cycles(home) >= before + CYCLES
    });
    assert_eq!(bot.copies(), copies, "{}", home.what_was_said());

    come_back();
    home.wait_out("worker: scale down 2 -> 1: ");
    let expected = [
        "worker: scale up 0 -> 1",
        "worker: scale up 1 -> 2",
        "worker: scale up 2 -> 3",
        "worker: measurement_failed",
        "worker: measurement_failed ended",
        "worker: scale down 3 -> 2",
        "worker: scale down 2 -> 1",
    ];
    assert_eq!(told(home), expected, "{}", home.what_was_said());
    assert_eq!(bot.wait_copies(1)[0], copies[0], "the oldest stays");
    bot.stop();
}

#[test]
fn a_redis_that_is_stopped_and_started_again_changes_no_count() {
    let mut broker = Broker::start_with_password();
    let home = home(&broker);
    let (bot, copies) = run(&home, &broker);
    broker.redis.stop();
    check_away_and_back(&home, bot, &copies, || broker.redis.start_again());
}

#[test]
fn a_redis_that_hangs_changes_no_count() {
    let broker = Broker::start_with_password();
    let home = home(&broker);
    let (bot, copies) = run(&home, &broker);
    broker.redis.freeze();
    check_away_and_back(&home, bot, &copies, || {
        broker.redis.thaw();
        broker.empty();
    });
}

/// Redis away from the start is no reason to end, or to start nothing.
#[test]
fn a_redis_that_is_not_there_at_the_start_is_waited_for() {
    let mut broker = Broker::start_with_password();
    broker.redis.stop();
    let home = home(&broker);
    let bot = home.run();
    bot.wait_copies(1);
    home.wait_out("worker: measurement_failed: ");
    broker.redis.start_again();
    broker.fill(100);
    home.wait_out("worker: measurement_failed ended");
    home.wait_out("worker: scale up 2 -> 3: ");
    bot.stop();
}

/// Nobody has picked `measurement_failed`: the log must show it all the same, once.
#[test]
fn a_redis_that_is_away_stands_in_the_log_once() {
    let mut broker = Broker::start_with_password();
    let console = console(r#""scale""#);
    let home = Home::with(&[broker.measurement(), DECISION.to_owned(), console].concat());
    let (bot, _) = run(&home, &broker);
    broker.redis.stop();
    home.wait("many cycles that could not measure", || {
        failed_cycles(&home) >= CYCLES
    });
    broker.redis.start_again();
    home.wait_err("INFO  worker: measurement_failed ended");
    let mut lines = home.err();
    lines.retain(|line| line.contains("worker: measurement_failed: celery_redis_queue_size: "));
    assert_eq!(lines.len(), 1, "{lines:?}");
    bot.stop();
}
