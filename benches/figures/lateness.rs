//! How late measurements begin when many processes measure a local server each second, beside how late the same many
//! bare timers of another thread are: what the machine itself is late by.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::Result;
use autoscalebot::clock::Clock;
use autoscalebot::messages::GetStatus;
use autoscalebot::run::Bot;
use autoscalebot::supervisor::spread;
use autoscalebot::supervisor::works::Works;
use tokio::task::{LocalSet, spawn_local};

use crate::rows::{Records, registry};
use crate::usage::{percentile, sorted, thread_cpu};
use crate::{carry, server};

const INTERVAL: Duration = Duration::from_secs(1);

/// How long nobody looks: all connections are made at the start.
const WARM_UP: Duration = Duration::from_secs(2);

pub(crate) fn figure(processes: u32, length: Duration) -> Result<String> {
    actix_rt::System::new().block_on(lateness(processes, length))
}

async fn lateness(processes: u32, length: Duration) -> Result<String> {
    let server = server::start()?;
    let works = Works::new(registry(), Clock::system(), PathBuf::new());
    let records = works.shared.get::<Records>();
    let measurement = format!("measurement = {{ measurement_url = \"http://{server}/\" }}");
    let settings = carry::settings(&works, processes, "recorded", &measurement)?;
    let cpu = thread_cpu();
    let bot = Bot::start(works, settings)?;
    let bare = bare(processes, length);
    tokio::time::sleep(WARM_UP + length).await;
    let share = thread_cpu().saturating_sub(cpu).as_secs_f64() / (WARM_UP + length).as_secs_f64();
    let all = bot.supervisor().send(GetStatus).await?;
    let skipped: u64 = all.iter().map(|status| status.skipped).sum();
    bot.stop().await;

    let begun = records.begun.borrow();
    let late = begun.iter().flat_map(|(process, (_, times))| {
        let first = spread::offset(process.as_str(), INTERVAL);
        times.iter().map(move |at| late(*at, first))
    });
    let from = WARM_UP + begun.values().map(|(at, _)| *at).max().unwrap_or_default();
    let late = late.filter(|(at, _)| *at >= from).map(|(_, late)| late);
    let late = sorted(late.collect());
    let bare = sorted(bare.recv().unwrap_or_default());
    Ok(format!(
        "lateness: {processes} processes measure a local server each second, for {} s; {} ticks, {} failed, {skipped} skipped
                    p50        p99        most
  measurements   {}   late by
  bare timers    {}   late by
  p99 is {:.2} times that of the bare timers; the bot used {:.1} % of a core

",
        length.as_secs(),
        late.len(),
        begun.values().map(|(_, times)| times.len()).sum::<usize>() - records.taken.get(),
        row(&late),
        row(&bare),
        percentile(&late, 0.99) / percentile(&bare, 0.99),
        share * 100.0,
    ))
}

/// How late, in ms, something at `at` is that was due at `first` and then every interval. A tick that comes a whole
/// interval late, or not at all, is not seen here: it is one of those that were skipped.
fn late(at: Duration, first: Duration) -> (Duration, f64) {
    let since = at.saturating_sub(first).as_secs_f64();
    let interval = INTERVAL.as_secs_f64();
    (at, (since % interval) * 1e3)
}

fn row(late: &[f64]) -> String {
    let [half, most, last] = [0.5, 0.99, 1.0].map(|share| percentile(late, share));
    format!("{half:7.2} ms {most:7.2} ms {last:7.2} ms")
}

/// As many timers, in a thread of their own.
fn bare(timers: u32, length: Duration) -> Receiver<Vec<f64>> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let late =
            runtime.map(|runtime| LocalSet::new().block_on(&runtime, timing(timers, length)));
        tell.send(late.unwrap_or_default()).ok();
    });
    told
}

async fn timing(timers: u32, length: Duration) -> Vec<f64> {
    let clock = Clock::system();
    let all: Vec<_> = (0..timers)
        .map(|number| {
            let mut due = WARM_UP + INTERVAL.mul_f64(f64::from(number) / f64::from(timers));
            spawn_local(async move {
                let mut late = Vec::new();
                while due < WARM_UP + length {
                    tokio::time::sleep(clock.until(due)).await;
                    late.push(clock.now().mono.saturating_sub(due).as_secs_f64() * 1e3);
                    due += INTERVAL;
                }
                late
            })
        })
        .collect();
    let mut late = Vec::with_capacity(all.len());
    for timer in all {
        late.extend(timer.await.unwrap_or_default());
    }
    late
}
