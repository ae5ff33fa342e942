//! How Celery workers are stopped: on a scale down, with the bot, and when the bot is killed.

use rustix::process::Signal;
use std::collections::BTreeSet;

use crate::bot::{Bot, Home, LONG, Process, kill_and_check, lives};
use crate::broker::{Broker, console, patient};

/// How long a task still takes once the gate is open.
const NAP: f64 = 2.0;

/// What a worker takes: two tasks that it works on, and two that it has fetched beside.
const TASKS_EACH: u32 = 4;

/// So many processes, whatever the load.
fn decision(many: u32) -> String {
    format!("[processes.worker.decision]\nmin_processes = {many}\nmax_processes = {many}\n")
}

fn config(broker: &Broker, many: u32) -> String {
    let tables = [
        broker.measurement(),
        decision(many),
        broker.workers(2),
        console(r#""scale""#),
        patient(),
    ];
    tables.concat()
}

/// The children of these processes: the pools of the workers.
fn pools(home: &Home, workers: &[Process]) -> Vec<Process> {
    let of_a_worker = |child: &Process| workers.iter().any(|worker| worker.pid == child.parent);
    home.processes().into_iter().filter(of_a_worker).collect()
}

/// So many workers, with two pool processes each, all at work behind the gate. Each has fetched two more tasks.
fn at_work<'home>(home: &'home Home, broker: &Broker, many: u32) -> (Bot<'home>, Vec<Process>) {
    let bot = home.run();
    let workers = bot.wait_copies(usize::try_from(many).unwrap());
    broker.push(TASKS_EACH * many, NAP);
    home.wait("a task in each pool process", || {
        broker.tasks("started").len() == 2 * workers.len()
    });
    assert_eq!(pools(home, &workers).len(), 2 * workers.len());
    (bot, workers)
}

/// How many workers have said that they were asked to stop.
fn warm_shutdowns(home: &Home) -> usize {
    let lines = home.err();
    let asked = lines.iter().filter(|line| line.contains("Warm shutdown"));
    asked.count()
}

/// So many tasks ran, each once and to its end, and no pool process got a signal while it worked.
fn assert_whole(broker: &Broker, many: usize) {
    for which in ["started", "done"] {
        let tasks = broker.tasks(which);
        let different: BTreeSet<_> = tasks.iter().collect();
        assert_eq!(
            (tasks.len(), different.len()),
            (many, many),
            "{which}: {tasks:?}"
        );
    }
    assert_eq!(broker.tasks("signalled"), [0; 0]);
}

#[test]
fn a_scale_down_lets_a_worker_finish_its_tasks() {
    let broker = Broker::start();
    let home = Home::with(&config(&broker, 2));
    let (bot, workers) = at_work(&home, &broker, 2);

    home.configure(&config(&broker, 1));
    bot.signal(Signal::HUP);
    home.wait_out("worker: scale down 2 -> 1: 2 is above the maximum of 1");
    home.wait("the newest worker's shutdown", || {
        warm_shutdowns(&home) == 1
    });
    assert_eq!(
        broker.tasks("done"),
        [0; 0],
        "all that began are in progress"
    );
    assert_eq!(pools(&home, &workers).len(), 4, "and nobody is gone");

    // What the newest has begun it finishes; what it had only fetched it gives back, and the other one does that.
    broker.open_the_gate();
    home.wait("the newest worker's end", || !lives(workers[1].pid));
    home.wait("all tasks done", || broker.tasks("done").len() >= 8);
    assert_whole(&broker, 8);
    assert_eq!(bot.wait_copies(1)[0].pid, workers[0].pid);
    bot.stop();
}

#[test]
fn a_stop_of_the_bot_lets_every_worker_finish_its_tasks() {
    let broker = Broker::start();
    let home = Home::with(&config(&broker, 2));
    let (mut bot, _) = at_work(&home, &broker, 2);

    bot.signal(Signal::TERM);
    home.wait("the workers' shutdowns", || warm_shutdowns(&home) == 2);
    assert_eq!(
        broker.tasks("done"),
        [0; 0],
        "all that began are in progress"
    );
    broker.open_the_gate();
    assert_eq!(bot.exit_code(), Some(0), "{}", home.what_was_said());
    home.assert_empty(LONG);
    assert_whole(&broker, 4);
    let waiting: u64 = broker.waiting().iter().sum();
    assert_eq!(waiting, 4, "what was only fetched was given back");
    let killed = |line: &String| line.contains("is killed");
    assert!(!home.err().iter().any(killed), "{}", home.what_was_said());
}

#[test]
fn a_killed_bot_takes_its_workers_along() {
    let broker = Broker::start();
    let home = Home::with(&config(&broker, 2));
    let (mut bot, workers) = at_work(&home, &broker, 2);

    kill_and_check(&mut bot, &workers);
}
