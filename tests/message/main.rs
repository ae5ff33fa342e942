//! Do the actors keep their promises? Real actors, scripted backends, a paused clock, no sockets.

#[cfg(test)]
mod adaptive;
#[cfg(test)]
mod backends;
#[cfg(test)]
mod challenger;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod deadlines;
#[cfg(test)]
mod drain;
#[cfg(test)]
mod envelope;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod holds;
#[cfg(test)]
mod journal;
#[cfg(test)]
#[path = "../contract/log_capture.rs"]
mod log_capture;
#[cfg(test)]
mod manual;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod missing;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod notifiers;
#[cfg(test)]
mod path;
#[cfg(test)]
mod presets;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod remembering;
#[cfg(test)]
mod replayed;
#[cfg(test)]
mod scheduled;
#[cfg(test)]
mod settling;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod supervision;
#[cfg(test)]
mod trial;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod week;
#[cfg(test)]
mod why;

use std::time::Duration;

use autoscalebot::harness::Script;
use autoscalebot::scaling::fleet::{Fleet, Member, Phase};

/// A process with four scripted backends and these lines more in its decision table.
pub(crate) fn process(name: &str, decision: &str) -> String {
    format!(
        r#"
[processes.{name}]
measurement = {{ backend = "scripted", measurement_interval_in_seconds = 10, timeout_in_seconds = 8 }}
scaling = {{ backend = "scripted", timeout_in_seconds = 4 }}
[[processes.{name}.notification]]
backend = "scripted"
notify_on = ["scale", "above_max", "below_min", "scale_failed", "too_rapid", "restarted", "degraded", "switched_off", "measurement_failed"]
[processes.{name}.decision]
min_measurement_value = 400
max_measurement_value = 1200
{decision}
"#
    )
}

/// So many seconds.
pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// So many of `web` are up, starting and crashed, all of one release.
pub(crate) fn are(web: &Script, up: usize, starting: usize, crashed: usize) {
    let alike = |phase, many| std::iter::repeat_n(phase, many);
    let phases = alike(Phase::Up, up)
        .chain(alike(Phase::Starting, starting))
        .chain(alike(Phase::Crashed, crashed));
    let members = phases.enumerate().map(|(number, phase)| Member {
        id: number.to_string(),
        name: format!("web.{}", number + 1),
        phase,
        release: Some(1),
        since: None,
    });
    web.set_fleet(Fleet::new(members.collect()));
}
