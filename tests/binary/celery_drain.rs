//! A load of real Celery tasks that falls, and workers with less time to stop than a task takes: with a drain not one task
//! is lost, restarted or killed; without it, some are. The figures are printed.
//!
//! `AUTOSCALEBOT_DRAIN_WAVES` says how often the load rises and falls; by default once.

use std::collections::BTreeSet;
use std::time::Duration;

use autoscalebot::clock::Clock;

use crate::bot::{Bot, Home};
use crate::broker::{Broker, console, patient};

/// How many tasks a wave has. Each takes 5 to 20 s.
const WAVE: u32 = 14;

/// Far longer than a wave takes.
const LONG_ENOUGH: Duration = Duration::from_secs(170);

/// Up to three while more wait than one worker holds, and down to one while some still wait.
const DECISION: &str = r"
[processes.worker.decision]
min_processes = 1
max_processes = 3
increment = 2
number_of_fails_to_scale_up_after = 2
number_of_passes_to_scale_down_after = 2
min_measurement_value = 4
max_measurement_value = 8
post_scale_wait_time_seconds = 1
";

/// What became of the tasks.
#[derive(Debug, Default, PartialEq, Eq)]
struct Fate {
    /// Begun, and never done.
    killed: usize,
    /// Fetched by a worker that was killed: back in an hour, by Celery's `visibility_timeout`.
    stranded: usize,
    /// Begun more than once.
    restarted: usize,
}

fn waves() -> u32 {
    let waves = std::env::var("AUTOSCALEBOT_DRAIN_WAVES");
    waves.map_or(1, |waves| waves.parse().expect("a number of waves"))
}

/// Two seconds to stop are less than any task takes.
fn config(broker: &Broker, drain: &str) -> String {
    let workers = broker.workers(2);
    let grace = "stop_grace_in_seconds = 120\n";
    assert!(workers.contains(grace));
    [
        broker.measurement(),
        DECISION.to_owned(),
        workers.replace(grace, "stop_grace_in_seconds = 2\n"),
        drain.to_owned(),
        console(r#""scale", "drain", "scale_failed", "restarted""#),
        patient(),
    ]
    .concat()
}

fn down(home: &Home) -> usize {
    let lines = home.out();
    let down = |line: &&String| line.starts_with("worker: scale down 3 -> 1");
    lines.iter().filter(down).count()
}

/// One wave: three workers while it is high, one when it has fallen, and rest.
fn wave(home: &Home, bot: &Bot<'_>, broker: &Broker, number: u32) {
    let down_before = down(home);
    broker.push_long(number * WAVE, WAVE);
    home.wait("three workers", || bot.copies().len() == 3);
    home.wait_within(LONG_ENOUGH, "one worker", || {
        down(home) > down_before && bot.copies().len() == 1
    });
    home.wait_within(LONG_ENOUGH, "rest", || {
        let is_empty = broker.waiting().iter().sum::<u64>() == 0;
        let all = usize::try_from((number + 1) * WAVE).unwrap();
        is_empty && (unique(&broker.tasks("done")) == all || is_idle(broker))
    });
}

fn is_idle(broker: &Broker) -> bool {
    let said = broker.inspect();
    said.ping.len() == 1 && said.active + said.reserved == 0
}

fn unique(tasks: &[u32]) -> usize {
    tasks.iter().collect::<BTreeSet<_>>().len()
}

/// Runs the waves, and prints what became of their tasks.
#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
fn fate_of_the_tasks(name: &str, drain: &str) -> (Fate, Vec<String>) {
    let (clock, waves) = (Clock::system(), waves());
    let broker = Broker::start();
    broker.open_the_gate();
    let home = Home::with(&config(&broker, drain));
    let bot = home.run();
    bot.wait_copies(1);
    broker.wait_inspected("one worker", |said| said.ping.len() == 1);
    let beginning = clock.now().mono;
    for number in 0..waves {
        wave(&home, &bot, &broker, number);
    }
    let took = clock.now().mono.saturating_sub(beginning).as_secs();
    let (started, done) = (broker.tasks("started"), broker.tasks("done"));
    let all = usize::try_from(waves * WAVE).unwrap();
    let all_begun = unique(&started);
    let fate = Fate {
        killed: all_begun - unique(&done),
        stranded: all - all_begun,
        restarted: started.len() - all_begun,
    };
    println!(
        "{name}: {all} tasks of 5 to 20 s, {waves} times up to three workers and down to one, in {took} s: {fate:?}"
    );
    assert_eq!(broker.tasks("signalled"), [0; 0]);
    let said = home.out();
    bot.stop();
    (fate, said)
}

#[test]
fn with_a_drain_no_task_is_lost_restarted_or_killed() {
    let (fate, said) = fate_of_the_tasks("with a drain", "drain = \"celery\"\n");
    assert_eq!(fate, Fate::default(), "{said:#?}");
    let count = |part: &str| said.iter().filter(|line| line.contains(part)).count();
    let waves = usize::try_from(waves()).unwrap();
    assert_eq!(
        count("worker: drain at 3: draining worker.2, worker.3 since "),
        waves,
        "{said:#?}"
    );
    assert_eq!(
        count("worker: drain ended at 1: drained worker.2, worker.3 in "),
        waves,
        "{said:#?}"
    );
}

#[test]
fn without_it_some_are() {
    let (fate, said) = fate_of_the_tasks("without a drain", "");
    assert!(
        fate.killed > 0,
        "the test could not fail otherwise: {fate:?} {said:#?}"
    );
}
