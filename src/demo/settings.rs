//! The configuration that the demo runs with: what a user would write, for two processes. `web` is scaled by the policy that
//! is shown; beside it stands the same application, with exactly one process or scaled by another policy.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};

use super::scaler::{Policy, Rival, probed};
use super::{meter, server};
use crate::backend::Registry;
use crate::model::Count;
use crate::settings::{Settings, Source, load};

/// The autoscaled application's name.
pub const WEB: &str = "web";

/// The most processes of the autoscaled application.
pub const MOST: Count = 4;

/// Below this an answer waited for at most one other.
pub const LOW_MS: u32 = 100;

/// Above this an answer is slow: five others came before it. One process that can keep up is hardly ever so far behind.
pub const HIGH_MS: u32 = 250;

/// So many slow answers in a row, and there is one process more.
pub const FAILS: u32 = 2;

/// So many quick answers in a row, and there is one less.
pub const PASSES: u32 = 5;

/// An answer that takes longer than this is not waited for: it counts as too high.
pub const TIMEOUT: Duration = Duration::from_secs(2);

/// How often both are measured: about eighty times in all, so that a person can follow, but at least often enough to see
/// a short wave.
pub fn interval(length: Duration) -> Duration {
    (length / 80).clamp(Duration::from_millis(500), Duration::from_secs(5))
}

/// The checked settings.
pub fn settings(
    registry: &Registry,
    program: &Path,
    cast: Cast,
    ports: Ports,
    length: Duration,
) -> Result<Settings> {
    let program = program.to_str().context(
        "the path of this program is not UTF-8, so that it cannot be written in a configuration",
    )?;
    let text = text(program, cast, ports, interval(length));
    load(&Source::new("demo", text), registry, &|_| None)
        .map_err(|problems| anyhow!("the demo's own configuration was refused:\n{problems}"))
}

/// Who plays.
#[derive(Debug, Clone, Copy)]
pub struct Cast {
    /// How `web` is scaled.
    pub policy: Policy,
    /// How the application beside it is.
    pub rival: Rival,
}

/// Where the two applications listen, and the meter.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The application that is shown.
    pub web: u16,
    /// The one beside it.
    pub rival: u16,
    /// Where it is told how both fared.
    pub meter: u16,
}

fn text(program: &str, cast: Cast, ports: Ports, interval: Duration) -> String {
    let (program, server) = (quoted(program), server::ARGUMENT);
    let (interval, timeout) = (interval.as_secs_f64(), TIMEOUT.as_secs_f64());
    // The wave rises fast: only the measurement that was under way at a scale is left out.
    let wait = interval / 2.0;
    let process = |name: &str, port: u16, policy: Option<Policy>| {
        let meter = meter::url(ports.meter, name);
        let tables = match policy {
            Some(policy) => policy.tables(name, port, &meter, MOST, wait),
            None => probed(name, port, 1, wait),
        };
        format!("{tables}[processes.{name}.scaling]\nport = {port}\n")
    };
    let web = process(WEB, ports.web, Some(cast.policy));
    let rival = process(cast.rival.name(), ports.rival, cast.rival.policy());
    format!(
        r#"
[defaults.measurement]
measurement_interval_in_seconds = {interval}
timeout_in_seconds = {timeout}

[defaults.decision]
min_processes = 1

[defaults.scaling]
backend = "local"
command = [{program}, "{server}"]
stop_grace_in_seconds = 5

[[defaults.notification]]
backend = "test"
notify_on = []
{web}{rival}"#
    )
}

/// A TOML string. JSON's escapes are all TOML's too, which also wants DEL escaped; `${` would be taken for a variable.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text.replace("${", "$${")).to_string();
    json.replace('\u{7f}', "\\u007F")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_configuration_is_found_good_wherever_the_program_lies() {
        let ports = Ports {
            web: 8001,
            rival: 8002,
            meter: 8003,
        };
        for (program, policy, rival) in [
            (
                "/usr/bin/autoscalebot",
                Policy::ConsecutiveThreshold,
                Rival::Fixed,
            ),
            (
                "/opt/a \"b\"\\c/${HOME}/\u{7f}é",
                Policy::Adaptive,
                Rival::ConsecutiveThreshold,
            ),
            ("/usr/bin/autoscalebot", Policy::Adaptive, Rival::Adaptive),
        ] {
            let settings = settings(
                &Registry::built_in(),
                Path::new(program),
                Cast { policy, rival },
                ports,
                Duration::from_secs(20),
            )
            .unwrap();
            let commands = settings
                .processes
                .iter()
                .map(|process| process.scaling.section.get("command"));
            for command in commands {
                assert_eq!(command, Some(&json!([program, server::ARGUMENT])));
            }
        }
    }

    #[test]
    fn it_is_measured_as_often_as_a_person_can_follow() {
        let every = |seconds| interval(Duration::from_secs(seconds)).as_secs_f64();
        for (seconds, expected) in [(15, 0.5), (20, 0.5), (30, 0.5), (60, 0.75), (3600, 5.0)] {
            assert!((every(seconds) - expected).abs() < 1e-9, "{seconds} s");
        }
    }
}
