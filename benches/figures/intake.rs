//! What it costs to take in what applications send, in CPU time of one thread: parsed, and taken into the intake.

use std::hint::black_box;
use std::time::Duration;

use anyhow::{Result, ensure};
use autoscalebot::clock::Clock;
use autoscalebot::intake::{Format, Headers, Intake, parse};
use autoscalebot::model::ProcessName;
use autoscalebot::server::settings::SourceSettings;
use autoscalebot::settings::Secret;

use crate::usage::{memory, thread_cpu};

/// How many requests a report has: 10 a second, for 10 s.
const REQUESTS: u64 = 100;

/// How many lines a batch of the drain has.
const LINES: u64 = 100;

pub(crate) fn figure(length: Duration) -> Result<String> {
    let before = memory("self")?.own;
    let intake = Intake::default();
    intake.set_sources(&[SourceSettings {
        name: "bench".to_owned(),
        token: Secret::new("0123456789abcdef"),
        processes: vec![ProcessName::new("web")?],
        process: None,
    }]);
    let share = length / 2;
    let reports = rate(&intake, &Format::Judoscale, report, REQUESTS * 2 + 1, share)?;
    let batches = rate(&intake, &Format::Logplex, batch, LINES, share)?;
    let used = memory("self")?.own - before;
    Ok(format!(
        "intake: what one thread parses and takes in
  adapters' reports          {reports:.0} a second, of {REQUESTS} requests each
  log lines of the router    {:.0} a second, {LINES} at a time
  memory                     {used:.1} MB more than before

",
        batches * f64::from(u32::try_from(LINES)?),
    ))
}

/// How many bodies a second.
fn rate(
    intake: &Intake,
    format: &Format,
    body: fn(u64, i64) -> String,
    accepted: u64,
    length: Duration,
) -> Result<f64> {
    let clock = Clock::system();
    let (mut taken, mut spent) = (0_u64, Duration::ZERO);
    while spent < length {
        let now = clock.now();
        let bodies: Vec<String> = (taken..taken + 100)
            .map(|number| body(number, now.wall.timestamp()))
            .collect();
        let begin = thread_cpu();
        for body in &bodies {
            let delivery = parse(format, &Headers::default(), black_box(body.as_bytes()))?;
            let told = intake.take("bench", delivery, now);
            ensure!(told.accepted == accepted, "{told:?}");
        }
        spent += thread_cpu().saturating_sub(begin);
        taken += 100;
    }
    Ok(f64::from(u32::try_from(taken)?) / spent.as_secs_f64())
}

/// A report of one of 500 processes.
fn report(number: u64, now: i64) -> String {
    let (container, pid) = (number % 500, number);
    let metric = |index: u64| {
        let (at, ms) = (
            now - i64::try_from(index % 10).unwrap_or_default(),
            index * 37 % 900,
        );
        format!("[{at},{ms},\"qt\",null],[{at},{},\"at\",null]", ms / 3 + 20)
    };
    let metrics: Vec<String> = (0..REQUESTS).map(metric).collect();
    format!(
        "{{\"container\":\"web.{container}\",\"pid\":{},\"config\":{{\"log_level\":null}},\"adapters\":{{\"judoscale-ruby\":\
         {{\"adapter_version\":\"1.13.3\"}}}},\"metrics\":[{},[{now},40,\"up\",null]],\"metadata\":{{\"n\":{pid}}}}}",
        container + 10,
        metrics.join(","),
    )
}

/// A batch of the router's lines.
fn batch(number: u64, _: i64) -> String {
    let line = |index: u64| {
        let ms = (number + index) * 37 % 900;
        let line = format!(
            "<158>1 2026-01-01T00:00:00.000000+00:00 host heroku router - at=info method=GET path=\"/orders/{index}\" \
             host=www.example.com request_id=407b828f-ec16-bfef-cff3-25e749e57945 fwd=\"203.0.113.7\" dyno=web.{} connect=1ms \
             service={ms}ms status=200 bytes=15225 protocol=http1.1 tls=true tls_version=tls1.3\n",
            index % 20 + 1
        );
        format!("{} {line}", line.len())
    };
    (0..LINES).map(line).collect()
}
