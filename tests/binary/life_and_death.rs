//! How the bot's local copies live and end: with it, without it, and when it is killed.

use std::time::Duration;

use rustix::process::Signal;

use crate::bot::{Home, LONG};
use crate::broker::{Broker, console, patient};

const SLEEPERS: &str = r#"
[processes.worker.measurement]
backend = "command"
command = ["python3", "-c", '''
import json, sys
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "data": 5}), flush=True)
''']
measurement_interval_in_seconds = 0.25
[processes.worker.decision]
min_processes = 2
max_processes = 3
min_measurement_value = 1
max_measurement_value = 20
[processes.worker.scaling]
backend = "local"
command = "sleep 1000"
"#;

fn sleepers() -> String {
    SLEEPERS.to_owned() + &console(r#""scale", "restarted""#)
}

fn pids(copies: &[crate::bot::Process]) -> Vec<i32> {
    copies.iter().map(|copy| copy.pid).collect()
}

#[test]
fn a_killed_bot_takes_its_celery_workers_and_their_pools_along() {
    let broker = Broker::start();
    let decision = "[processes.worker.decision]\nmin_processes = 2\nmin_measurement_value = 1\n";
    let home = Home::with(&[broker.measurement(), decision.to_owned(), broker.workers(2)].concat());
    let mut bot = home.run();
    let copies = pids(&bot.wait_copies(2));
    home.wait("pools of two under each worker", || {
        let pool = |copy: &i32| {
            home.processes()
                .iter()
                .filter(|process| process.parent == *copy)
                .count()
        };
        copies.iter().all(|copy| pool(copy) >= 2)
    });
    bot.signal(Signal::KILL);
    assert_eq!(bot.exit_code(), None);
    home.wait_within(Duration::from_secs(2), "the copies' end", || {
        home.processes()
            .iter()
            .all(|process| !copies.contains(&process.pid))
    });
    home.assert_empty(Duration::from_secs(5));
}

#[test]
fn a_task_in_hand_is_finished_when_its_worker_is_scaled_away() {
    let broker = Broker::start();
    let bounds = |min: u32| {
        let decision = format!(
            "[processes.worker.decision]\nmin_processes = {min}\nmax_processes = {min}\nmin_measurement_value = 1\n"
        );
        [
            broker.measurement(),
            decision,
            broker.workers(1),
            console(r#""scale""#),
            patient(),
        ]
        .concat()
    };
    let home = Home::with(&bounds(2));
    let bot = home.run();
    bot.wait_copies(2);
    broker.open_the_gate();
    broker.push(2, 5.0);
    home.wait("a task in each worker", || {
        broker.tasks("started").len() == 2
    });
    home.configure(&bounds(1));
    bot.signal(Signal::HUP);
    home.wait_out("worker: scale down 2 -> 1: ");
    bot.wait_copies(1);
    home.wait("both tasks done", || broker.tasks("done").len() == 2);
    assert!(
        broker.tasks("signalled").is_empty(),
        "the signal went to the main process alone"
    );
    bot.stop();
    let mut started = broker.tasks("started");
    started.sort_unstable();
    assert_eq!(started, [0, 1], "neither was lost and run again");
}

#[test]
fn a_term_stops_the_copies_and_a_second_one_ends_it_at_once() {
    let home = Home::with(&sleepers());
    let bot = home.run();
    bot.wait_copies(2);
    bot.stop();

    let stubborn = "command = [\"sh\", \"-c\", \"trap : TERM; while :; do sleep 0.1; done\"]";
    let home = Home::with(&sleepers().replace("command = \"sleep 1000\"", stubborn));
    let mut bot = home.run();
    bot.wait_copies(2);
    bot.signal(Signal::TERM);
    home.wait_err("SIGTERM: stopping");
    bot.signal(Signal::TERM);
    assert_eq!(bot.exit_code(), Some(1), "{}", home.what_was_said());
    home.assert_empty(LONG);
}

#[test]
fn a_hang_up_reads_the_file_again_and_keeps_what_has_not_changed() {
    let home = Home::with(&sleepers());
    let bot = home.run();
    let copies = bot.wait_copies(2);

    home.configure(&sleepers().replace("max_measurement_value = 20", "max_measurement_value = 30"));
    bot.signal(Signal::HUP);
    home.wait_err("the configuration was read again: changed worker");
    assert_eq!(
        pids(&bot.wait_copies(2)),
        pids(&copies),
        "other thresholds, the same copies"
    );

    home.configure(&sleepers().replace("min_processes = 2", "min_processes = 9"));
    bot.signal(Signal::HUP);
    home.wait_err("the new configuration was refused and changes nothing");
    home.wait_out("worker: restarted: the new configuration was refused");
    assert_eq!(pids(&bot.wait_copies(2)), pids(&copies));

    home.configure(&sleepers().replace("sleep 1000", "sleep 2000"));
    bot.signal(Signal::HUP);
    home.wait("copies of the new command", || {
        let copies = bot.copies();
        copies.len() == 2
            && copies
                .iter()
                .all(|copy| copy.command.contains("sleep 2000"))
    });
    bot.stop();
}
