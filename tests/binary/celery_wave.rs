//! A wave of real Celery tasks, from a push to an empty queue: the whole program at the work that it is for.

use std::time::Duration;

use crate::bot::Home;
use crate::broker::{Broker, console, patient};

/// How many tasks, and how long one takes.
const TASKS: u32 = 300;
const NAP: f64 = 0.3;

const DECISION: &str = r"
[processes.worker.decision]
min_processes = 1
max_processes = 4
number_of_fails_to_scale_up_after = 2
number_of_passes_to_scale_down_after = 4
min_measurement_value = 1
max_measurement_value = 20
post_scale_wait_time_seconds = 1
";

fn scales(home: &Home) -> Vec<String> {
    let lines = home.out();
    let steps = lines.iter().filter_map(|line| {
        let (step, _) = line.strip_prefix("worker: scale ")?.split_once(": ")?;
        Some(step.to_owned())
    });
    steps.collect()
}

/// The newest number that was measured.
fn measured(home: &Home) -> Option<u64> {
    let lines = home.out();
    let mut newest = lines.iter().rev();
    newest.find_map(|line| line.rsplit_once(" measured ")?.1.parse().ok())
}

#[test]
fn a_wave_of_tasks_is_met_by_workers_and_each_task_runs_once() {
    let broker = Broker::start();
    let config = [
        broker.measurement(),
        DECISION.to_owned(),
        broker.workers(1),
        console(r#""measurement", "scale", "scale_failed", "restarted""#),
        patient(),
    ];
    let home = Home::with(&config.concat());
    let bot = home.run();
    bot.wait_copies(1);
    broker.wait_inspected("one worker", |said| said.ping.len() == 1);

    broker.push(TASKS, NAP);
    home.wait("all workers that there may be", || {
        scales(&home) == ["up 0 -> 1", "up 1 -> 2", "up 2 -> 3", "up 3 -> 4"]
    });
    broker.wait_inspected("four workers under their copies' names", |said| {
        let numbered =
            |(number, name): (u32, &String)| name.starts_with(&format!("worker.{number}@"));
        said.ping.len() == 4 && (1..).zip(&said.ping).all(numbered)
    });

    // Behind the gate nothing moves: what Redis holds is what no worker has fetched, at every priority.
    broker.wait_inspected(
        "a measurement of what is neither active nor reserved",
        |said| {
            let waiting = u64::from(TASKS) - said.active - said.reserved;
            said.active == 4
                && broker.waiting().iter().sum::<u64>() == waiting
                && measured(&home) == Some(waiting)
        },
    );
    let by_priority = broker.waiting();
    assert!(by_priority.iter().all(|step| *step > 0), "{by_priority:?}");

    broker.open_the_gate();
    let all: Vec<_> = (0..TASKS).collect();
    let drained = Duration::from_secs(240);
    home.wait_within(drained, "all tasks done", || {
        broker.tasks("done").len() >= all.len()
    });
    home.wait("the minimum again", || scales(&home).len() == 7);
    assert_eq!(
        scales(&home)[4..],
        ["down 4 -> 3", "down 3 -> 2", "down 2 -> 1"]
    );
    assert_eq!(measured(&home), Some(0));
    bot.wait_copies(1);
    broker.wait_inspected("the oldest worker alone", |said| {
        said.ping.len() == 1 && said.ping[0].starts_with("worker.1@")
    });
    bot.stop();

    for which in ["started", "done"] {
        let mut tasks = broker.tasks(which);
        tasks.sort_unstable();
        assert_eq!(tasks, all, "each once: {which}");
    }
    assert_eq!(broker.tasks("signalled"), [0; 0]);
}
