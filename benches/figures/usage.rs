//! What this process has used: CPU time and memory. And what many figures come to: medians and percentiles.

use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::time::{ClockId, clock_gettime};

/// The CPU time of all threads of this process so far.
pub(crate) fn process_cpu() -> Duration {
    cpu(ClockId::ProcessCPUTime)
}

/// The CPU time of this thread so far.
pub(crate) fn thread_cpu() -> Duration {
    cpu(ClockId::ThreadCPUTime)
}

fn cpu(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

/// A process's memory, in MB (a million bytes).
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// All that is resident: its own, and pages of the program's file.
    pub(crate) resident: f64,
    /// Its own alone.
    pub(crate) own: f64,
    /// The most that was resident at any time.
    pub(crate) peak: f64,
}

/// The memory of a process; `self` is this one.
pub(crate) fn memory(process: &str) -> Result<Memory> {
    let file = format!("/proc/{process}/status");
    let text = std::fs::read_to_string(&file).with_context(|| file.clone())?;
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kilobytes
            .map(|number| number * 1024.0 / 1e6)
            .with_context(|| format!("{file} has no {name}"))
    };
    Ok(Memory {
        resident: value("VmRSS:")?,
        own: value("RssAnon:")?,
        peak: value("VmHWM:")?,
    })
}

/// The figure that this share of them does not exceed; `figures` must be sorted.
pub(crate) fn percentile(figures: &[f64], share: f64) -> f64 {
    let least = |rank: usize| {
        let part = count(rank + 1) / count(figures.len().max(1));
        part >= share
    };
    let rank = (0..figures.len()).find(|rank| least(*rank));
    rank.and_then(|rank| figures.get(rank))
        .copied()
        .unwrap_or(f64::NAN)
}

/// The figures in order, smallest first.
pub(crate) fn sorted(mut figures: Vec<f64>) -> Vec<f64> {
    figures.sort_by(f64::total_cmp);
    figures
}

/// A count to reckon with.
pub(crate) fn count(many: usize) -> f64 {
    u32::try_from(many).map_or(f64::INFINITY, f64::from)
}
