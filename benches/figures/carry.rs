//! How many processes one core carries, each measured in memory once a second, and how much memory each takes.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, anyhow};
use autoscalebot::clock::Clock;
use autoscalebot::messages::GetStatus;
use autoscalebot::run::Bot;
use autoscalebot::settings::{Settings, Source, load};
use autoscalebot::supervisor::works::Works;

use crate::rows::{Records, registry};
use crate::usage::{count, memory, process_cpu};

/// How long a history takes to fill: 10 results, one a second.
const WARM_UP: Duration = Duration::from_secs(12);

pub(crate) fn figure(processes: u32, length: Duration) -> Result<String> {
    actix_rt::System::new().block_on(carry(processes, length))
}

async fn carry(processes: u32, length: Duration) -> Result<String> {
    let works = Works::new(registry(), Clock::system(), PathBuf::new());
    let (clock, records) = (works.clock, works.shared.get::<Records>());
    let before = memory("self")?;
    let settings = settings(&works, processes, "in_memory", "")?;
    let (read, bot) = (memory("self")?, Bot::start(works, settings)?);
    tokio::time::sleep(WARM_UP).await;

    let (cpu, taken, began) = (process_cpu(), records.taken.get(), clock.now().mono);
    tokio::time::sleep(length).await;
    let cpu = process_cpu().saturating_sub(cpu).as_secs_f64();
    let took = clock.now().mono.saturating_sub(began).as_secs_f64();
    let taken = count(records.taken.get() - taken);
    let after = memory("self")?;

    let all = bot.supervisor().send(GetStatus).await?;
    let skipped: u64 = all.iter().map(|status| status.skipped).sum();
    bot.stop().await;
    let many = f64::from(processes);
    let share = cpu / took;
    Ok(format!(
        "carry: {processes} processes, measured in memory once a second, for {took:.0} s
  CPU                        {:.1} % of a core ({:.2} us a cycle)
    of a whole core          {:.0} processes, extrapolated from that share, not tried
  resident                   {:.1} MB, {:.1} MB at most; {:.1} kB a process
    of which settings        {:.1} kB a process
    aim: 10000 in 100 MB     {:.2} of it
  measurements               {:.4} of those due; {skipped} ticks skipped since the start

",
        share * 100.0,
        cpu / taken * 1e6,
        many / share,
        after.resident,
        after.peak,
        (after.resident - before.resident) / many * 1e3,
        (read.resident - before.resident) / many * 1e3,
        after.resident / (many / 1e4 * 100.0),
        taken / (many * took),
    ))
}

/// So many processes, measured once a second by this backend and counted in memory.
pub(crate) fn settings(
    works: &Works,
    processes: u32,
    measurement: &str,
    more: &str,
) -> Result<Settings> {
    let mut text = format!(
        r#"
[defaults]
measurement = {{ backend = "{measurement}", measurement_interval_in_seconds = 1 }}
scaling = {{ backend = "in_memory" }}
"#
    );
    for number in 0..processes {
        writeln!(text, "[processes.process-{number}]\n{more}")?;
    }
    load(&Source::new("bench", text), &works.registry, &|_| None)
        .map_err(|problems| anyhow!("the bench's configuration was refused:\n{problems}"))
}
