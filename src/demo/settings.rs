//! The configuration that the demo runs with: what a user would write, for two processes. `web` is scaled by its response
//! time; `fixed` is the same application, measured the same way, with exactly one process.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};

use super::server;
use crate::backend::Registry;
use crate::model::Count;
use crate::settings::{Settings, Source, load};

/// The autoscaled application's name.
pub const WEB: &str = "web";

/// The name of the application with one process.
pub const FIXED: &str = "fixed";

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
    ports: Ports,
    length: Duration,
) -> Result<Settings> {
    let program = program.to_str().context(
        "the path of this program is not UTF-8, so that it cannot be written in a configuration",
    )?;
    let text = text(program, ports, interval(length));
    load(&Source::new("demo", text), registry, &|_| None)
        .map_err(|problems| anyhow!("the demo's own configuration was refused:\n{problems}"))
}

/// Where the two applications listen.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The autoscaled one.
    pub web: u16,
    /// The one with one process.
    pub fixed: u16,
}

fn text(program: &str, ports: Ports, interval: Duration) -> String {
    let (program, server) = (quoted(program), server::ARGUMENT);
    let (interval, timeout) = (interval.as_secs_f64(), TIMEOUT.as_secs_f64());
    // The wave rises fast: only the measurement that was under way at a scale is left out.
    let wait = interval / 2.0;
    let process = |name: &str, port: u16, most: Count| {
        format!(
            r#"
[processes.{name}]
measurement = {{ measurement_url = "http://127.0.0.1:{port}/" }}
decision = {{ max_processes = {most} }}
scaling = {{ port = {port} }}
"#
        )
    };
    format!(
        r#"
[defaults.measurement]
backend = "response_time"
fresh_connection = true
measurement_interval_in_seconds = {interval}
timeout_in_seconds = {timeout}
min_time_ms = {LOW_MS}
max_time_ms = {HIGH_MS}

[defaults.decision]
backend = "consecutive_threshold"
number_of_fails_to_scale_up_after = {FAILS}
number_of_passes_to_scale_down_after = {PASSES}
min_processes = 1
post_scale_wait_time_seconds = {wait}

[defaults.scaling]
backend = "local"
command = [{program}, "{server}"]
stop_grace_in_seconds = 5

[[defaults.notification]]
backend = "test"
notify_on = []
{web}{fixed}"#,
        web = process(WEB, ports.web, MOST),
        fixed = process(FIXED, ports.fixed, 1),
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
            fixed: 8002,
        };
        for program in ["/usr/bin/autoscalebot", "/opt/a \"b\"\\c/${HOME}/\u{7f}é"] {
            let settings = settings(
                &Registry::built_in(),
                Path::new(program),
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
