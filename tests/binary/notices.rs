//! What standard output tells of a whole run, line by line: the form and the order that people and pipes rely on.

use crate::bot::Home;
use crate::broker::{Broker, console};

const REST: &str = r#"
[processes.worker.decision]
min_processes = 1
max_processes = 3
number_of_fails_to_scale_up_after = 2
number_of_passes_to_scale_down_after = 3
min_measurement_value = 10
max_measurement_value = 20
post_scale_wait_time_seconds = 0.2
[processes.worker.scaling]
backend = "local"
command = "sleep 1000"
"#;

#[test]
fn a_wave_is_told_line_by_line() {
    let mut broker = Broker::start();
    let console = console(
        r#""scale", "above_max", "below_min", "measurement_failed", "scale_failed", "restarted", "degraded""#,
    );
    broker.fill(15);
    let home = Home::with(&[broker.measurement(), REST.to_owned(), console].concat());
    let bot = home.run();
    home.wait_out("worker: scale up 0 -> 1: ");
    broker.fill(500);
    home.wait_out("worker: above_max at 3: ");
    broker.fill(15);
    home.wait_out("worker: above_max ended at 3: ");
    broker.fill(2);
    home.wait_out("worker: below_min at 1: ");
    broker.redis.stop();
    home.wait_out("worker: measurement_failed: ");
    bot.stop();

    let (mut lines, port) = (home.out(), broker.redis.port());
    let failure = lines.pop().unwrap();
    assert_eq!(
        lines,
        [
            "worker: scale up 0 -> 1: 0 is below the minimum of 1",
            "worker: scale up 1 -> 2: the last 2 results are above 20",
            "worker: scale up 2 -> 3: the last 2 results are above 20",
            "worker: above_max at 3: the last 2 results are above 20",
            "worker: above_max ended at 3: the last 2 results are above 20",
            "worker: scale down 3 -> 2: the last 3 results are below 10",
            "worker: scale down 2 -> 1: the last 3 results are below 10",
            "worker: below_min at 1: the last 3 results are below 10",
        ]
    );
    assert!(
        failure.starts_with("worker: measurement_failed: celery_redis_queue_size: ")
            && failure.contains(&format!("127.0.0.1:{port}"))
            && failure.contains("connection refused"),
        "{failure}"
    );
}

#[test]
fn without_a_choice_only_what_needs_somebody_is_told() {
    let broker = Broker::start();
    broker.fill(500);
    let home = Home::with(&[broker.measurement(), REST.to_owned()].concat());
    let bot = home.run();
    home.wait_out("worker: above_max at 3: ");
    bot.stop();
    let lines = home.out();
    assert_eq!(
        lines,
        ["worker: above_max at 3: the last 2 results are above 20"]
    );
}
