//! An empty queue whose workers are at work is not idle: real Celery workers hold the tasks, and the count stays.

use rustix::process::Signal;

use crate::bot::Home;
use crate::broker::{Broker, console, patient};

/// How many measurements of an empty queue would be enough for a scale down many times over.
const MANY: usize = 20;

fn decision(min: u32) -> String {
    format!(
        "[processes.worker.decision]\n\
         backend = \"average_threshold\"\n\
         min_processes = {min}\n\
         max_processes = 2\n\
         number_of_measurements_to_average = 3\n\
         post_scale_wait_time_seconds = 0\n"
    )
}

/// How often an empty queue was measured.
fn zeros(home: &Home) -> usize {
    let lines = home.out();
    let zeros = lines.iter().filter(|line| line.ends_with(" measured 0"));
    zeros.count()
}

/// Two workers hold `held` of `tasks` while nothing waits, and one of tomorrow's beside.
fn busy_workers_stay(variables: &str, tasks: u32, held: u64) {
    let broker = Broker::start();
    let config = |min| {
        let tables = [
            broker.measurement(),
            decision(min),
            broker.workers_with(1, variables),
            console(r#""measurement", "scale""#),
            patient(),
        ];
        tables.concat()
    };
    let home = Home::with(&config(2));
    let bot = home.run();
    bot.wait_copies(2);
    broker.wait_inspected("two workers", |said| said.ping.len() == 2);
    broker.push_for_tomorrow();
    home.wait("tomorrow's task in a worker's hands", || broker.held() == 1);
    broker.push(tasks, 0.0);
    home.wait("all tasks in the workers' hands", || {
        broker.waiting() == [0; 4] && broker.held() == held + 1
    });

    // From now on one is enough.
    home.configure(&config(1));
    bot.signal(Signal::HUP);
    home.wait_err("read again: changed worker");
    let before = zeros(&home);
    home.wait("many measurements of an empty queue", || {
        zeros(&home) >= before + MANY
    });
    let down = |line: &String| line.contains("worker: scale down");
    assert!(!home.out().iter().any(down), "{}", home.what_was_said());
    assert_eq!(
        broker.tasks("done"),
        [0; 0],
        "they were at work all the time"
    );

    broker.open_the_gate();
    home.wait_out("worker: scale down 2 -> 1");
    assert_eq!(
        broker.tasks("done").len(),
        usize::try_from(tasks).unwrap(),
        "not before all was done"
    );
    home.wait(
        "tomorrow's task, still there, which holds nothing up",
        || broker.held() + broker.waiting().iter().sum::<u64>() == 1,
    );
    bot.wait_copies(1);
    bot.stop();
}

#[test]
fn workers_that_fetched_tasks_ahead_are_busy() {
    busy_workers_stay("", 4, 2);
}

#[test]
fn workers_that_acknowledge_late_are_busy() {
    busy_workers_stay(", ACKS_LATE = \"1\"", 2, 2);
}
