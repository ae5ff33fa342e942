//! Five hundred adapters and a busy drain at once, among a crowd that only costs, while a hundred process types cycle each
//! second: no tick is missed, nothing that was sent is lost, and the memory is bounded. How fast it went is told, and
//! held to nothing: it depends on the machine, and on what else runs on it.
//!
//! It takes 10 s, or as many seconds as `AUTOSCALEBOT_LOAD_SECONDS` says.

mod crowd;
mod sending;

use std::time::Duration;

use autoscalebot::clock::Clock;
use serde_json::Value;

use self::crowd::{Crowd, most};
use self::sending::{Sent, Share, send};
use super::{Answer, TOKEN, get};
use crate::bot::{Bot, Home};
use crate::servers::{free_port, pause};

/// How many sources, and how many process types each feeds.
const SOURCES: u64 = 10;
const PROCESSES_OF_ONE: u64 = 10;

/// How many queue times a report has.
const SAMPLES: u64 = 20;

/// How many lines a batch of the drain has.
const LINES: u64 = 100;

/// 500 reports and 5,000 lines a second, from ten sources that send five times a second.
const SHARE: Share = Share {
    reports: 10,
    batches: 1,
};

/// What the memory may grow by after the first quarter, in MB: the windows of what is measured are still being filled.
const MOST_GROWTH: u64 = 96;

fn token(source: u64) -> String {
    format!("source-{source}-s3cr3t-0123456789")
}

fn configuration(port: u16) -> String {
    let source = |source: u64| {
        let first = source * PROCESSES_OF_ONE;
        let names: Vec<String> = (first..first + PROCESSES_OF_ONE)
            .map(|process| format!("\"p{process}\""))
            .collect();
        format!(
            "[[server.source]]\nname = \"s{source}\"\ntoken = \"{}\"\nfeeds = [{}]\n",
            token(source),
            names.join(", ")
        )
    };
    let process = |process: u64| {
        format!(
            "[processes.p{process}]\n\
             measurement = {{ backend = \"request_queue_time\", measurement_interval_in_seconds = 1 }}\n\
             decision = {{ backend = \"consecutive_threshold\", min_measurement_value = 20, max_measurement_value = 500, max_processes = 5, mode = \"shadow\" }}\n\
             scaling = {{ backend = \"local\", command = [\"sleep\", \"1000\"] }}\n"
        )
    };
    let served = format!(
        "[state]\nurl = \"file:state.db\"\n[server]\nlisten = \"127.0.0.1:{port}\"\ntoken = \"{TOKEN}\"\nmax_connections = 100000\n"
    );
    let sources = (0..SOURCES).map(source);
    let processes = (0..SOURCES * PROCESSES_OF_ONE).map(process);
    let tables: Vec<String> = std::iter::once(served)
        .chain(sources)
        .chain(processes)
        .collect();
    tables.concat()
}

/// A figure of `/proc`, in MB.
fn resident(bot: &Bot<'_>) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", bot.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap() / 1000
}

fn json(answer: Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

/// Of each process its name, how many cycles there were, and how many ticks were missed.
fn cycles(port: u16) -> Vec<(String, u64, u64)> {
    let all = json(get(port, "/api/v1/processes"));
    let of = |view: &Value| {
        let cycle = view["decided"]["cycle"].as_u64().unwrap_or_default();
        let name = view["name"].as_str().unwrap().to_owned();
        (name, cycle, view["skipped"].as_u64().unwrap())
    };
    all["processes"]
        .as_array()
        .unwrap()
        .iter()
        .map(of)
        .collect()
}

/// All that was sent was taken, once.
fn assert_taken(port: u16, sent: &[Sent]) {
    let told = json(get(port, "/api/v1/sources"));
    let sources = told["sources"].as_array().unwrap();
    assert_eq!(sources.len(), sent.len());
    for (number, sent) in sent.iter().enumerate() {
        let name = format!("s{number}");
        let source = sources
            .iter()
            .find(|source| source["name"] == name.as_str());
        let source = source.unwrap();
        let figures = ["deliveries", "accepted", "repeated", "refused"]
            .map(|figure| source[figure].as_u64().unwrap());
        let deliveries = sent.reports + sent.lines / LINES;
        assert!(sent.refused.is_empty(), "{name}: {:?}", sent.refused);
        assert_eq!(
            figures,
            [deliveries, sent.things(), 0, 0],
            "{name}: {}",
            source["refusals"]
        );
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "its figures are what it is run for")]
fn a_hundred_processes_cycle_under_the_load_of_five_hundred_adapters() {
    let seconds: u64 = std::env::var("AUTOSCALEBOT_LOAD_SECONDS")
        .map_or(10, |text| text.parse().expect("a number"));
    let (most, port, clock) = (most(), free_port(), Clock::system());
    let home = Home::with(&configuration(port));
    let mut command = home.command(&["run", "--config", "autoscalebot.toml"]);
    command.env("RUST_LOG", "info");
    let bot = home.start(command);
    home.wait("every process has cycled", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
            && cycles(port).iter().all(|(_, cycle, _)| *cycle > 0)
    });
    let (before, at_rest) = (cycles(port), resident(&bot));
    let begin = clock.now().mono;
    let sending: Vec<_> = (0..SOURCES)
        .map(|source| {
            let length = Duration::from_secs(seconds);
            std::thread::spawn(move || send(port, source, SHARE, length))
        })
        .collect();
    let mut crowd = Crowd::come(port, most);
    let (mut quarter, mut returned) = (None, 0);
    while !sending.iter().all(std::thread::JoinHandle::is_finished) {
        pause(Duration::from_secs(1));
        crowd.drip();
        returned += crowd.return_idle();
        let passed = clock.now().mono.saturating_sub(begin);
        if passed >= Duration::from_secs(seconds) / 4 {
            quarter.get_or_insert_with(|| resident(&bot));
        }
    }
    let sent: Vec<Sent> = sending
        .into_iter()
        .map(|source| source.join().unwrap())
        .collect();
    let passed = clock.now().mono.saturating_sub(begin).as_secs();
    let (after, end, quarter) = (cycles(port), resident(&bot), quarter.unwrap());
    let reports: u64 = sent.iter().map(|sent| sent.reports).sum();
    let lines: u64 = sent.iter().map(|sent| sent.lines).sum();
    println!(
        "in {passed} s, beside {} connections that only cost ({returned} times one was sent away and came back): {} reports and {} \
         lines a second; resident memory {at_rest} MB at rest, {quarter} MB after a quarter, {end} MB at the end",
        crowd.size(),
        reports / passed,
        lines / passed
    );
    assert_taken(port, &sent);
    for ((name, before, _), (_, after, skipped)) in before.iter().zip(&after) {
        assert_eq!(*skipped, 0, "{name}: ticks were missed");
        assert!(
            after - before >= seconds / 2,
            "{name}: cycles {before} to {after} in {passed} s"
        );
    }
    assert!(
        end <= quarter + MOST_GROWTH,
        "from {quarter} MB to {end} MB"
    );
    drop(crowd);
    bot.stop();
}
