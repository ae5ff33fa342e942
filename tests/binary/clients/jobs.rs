//! `judoscale` from `PyPI` with Celery, on a real redis-server.

use std::process::{Command, Stdio};

use super::{Api, applications, copies, judoscale, served};
use crate::bot::Home;
use crate::server::serve;
use crate::servers::celery::venv;
use crate::servers::free_port;
use crate::servers::redis::RedisServer;

/// How many jobs, and how long one takes, in seconds.
const JOBS: u32 = 36;
const NAP: f64 = 1.0;

/// A process that only sleeps, and measures one figure of the queue.
fn watcher(backend: &str) -> String {
    format!(
        "[processes.{backend}]\nmeasurement = {{ backend = \"{backend}\", queue_name = \"celery\", measurement_interval_in_seconds = 0.5 }}\n\
         decision = {{ backend = \"schedule_only\", min_processes = 1, max_processes = 1 }}\n\
         scaling = {{ backend = \"local\", command = [\"sleep\", \"1000\"] }}\n"
    )
}

fn configuration(port: u16, broker: &str) -> String {
    let celery = venv("celery").display().to_string();
    let worker = ["-A", "judoscale_jobs", "worker", "--concurrency=1"];
    let options = ["--prefetch-multiplier=1", "--loglevel=INFO"];
    // Its banner goes to standard error, so that standard output has the notices alone.
    let line = format!(
        "exec {celery} {} {} -n $DYNO@%h >&2",
        worker.join(" "),
        options.join(" ")
    );
    let variables = format!("BROKER_URL = \"{broker}\", {}", judoscale(port));
    format!(
        "{}[processes.worker.measurement]\nbackend = \"job_queue_latency\"\nqueue_name = \"celery\"\n\
         measurement_interval_in_seconds = 1\nmax_age_in_seconds = 30\ndistrust_zero_after_outage_in_seconds = 0\n\
         [processes.worker.decision]\nbackend = \"consecutive_threshold\"\nmin_processes = 1\nmax_processes = 3\n\
         number_of_fails_to_scale_up_after = 2\nnumber_of_passes_to_scale_down_after = 3\n\
         min_measurement_value = 500\nmax_measurement_value = 3000\npost_scale_wait_time_seconds = 1\n{}{}{}",
        served(port, "[\"worker\", \"job_queue_depth\", \"busy_jobs\"]", ""),
        copies("worker", &["/bin/sh", "-c", &line], &variables),
        watcher("job_queue_depth"),
        watcher("busy_jobs")
    )
}

/// Publishes the jobs, as the application does.
fn publish(broker: &str) {
    let mut python = Command::new(venv("python"));
    let arguments = [
        "judoscale_jobs.py".to_owned(),
        JOBS.to_string(),
        NAP.to_string(),
    ];
    let said = python
        .args(arguments)
        .current_dir(applications())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("BROKER_URL", broker)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let why = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{why}");
}

#[test]
fn workers_are_added_while_jobs_wait_and_removed_when_none_is_left() {
    let redis = RedisServer::start();
    let port = free_port();
    let home = Home::with(&configuration(port, &redis.url()));
    let bot = serve(&home, port).bot;
    let api = Api::new(&home, port);
    publish(&redis.url());
    api.wait_measured("worker", "jobs that wait", |value, data| {
        value > 1000.0 && data["queue_length"].as_f64() > Some(0.0)
    });
    api.wait_measured("job_queue_depth", "how many wait", |value, _| {
        value > 0.0 && value <= f64::from(JOBS)
    });
    api.wait_measured("busy_jobs", "how many are worked on", |value, _| {
        (1.0..=3.0).contains(&value)
    });
    home.wait_out("worker: scale up 1 -> 2");
    home.wait_out("worker: scale up 2 -> 3");
    api.wait_measured("job_queue_depth", "an empty queue", |value, _| value == 0.0);
    home.wait_out("worker: scale down 3 -> 2");
    home.wait_out("worker: scale down 2 -> 1");
    api.wait_measured("worker", "no wait", |value, _| value < 500.0);
    api.wait_measured("busy_jobs", "nothing to do", |value, _| value == 0.0);
    let source = api.source();
    assert_eq!(source["refused"], 0, "{source}");
    bot.stop();
}
