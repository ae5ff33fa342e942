//! How an application of the demo is scaled: which decision, on what is measured how.

use clap::ValueEnum;

use super::settings::{FAILS, HIGH_MS, LOW_MS, PASSES};
use crate::model::Count;

/// How an application is scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Policy {
    /// By how long single answers take: up after some slow ones, down after some quick ones.
    ConsecutiveThreshold,
    /// By how many requests come and how long they take: as many processes as will answer in time.
    Adaptive,
}

/// How the application beside it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Rival {
    /// It has one process, always.
    Fixed,
    /// As [`Policy::ConsecutiveThreshold`].
    ConsecutiveThreshold,
    /// As [`Policy::Adaptive`].
    Adaptive,
}

impl Rival {
    /// How it is scaled; `None`: not at all.
    pub fn policy(self) -> Option<Policy> {
        match self {
            Self::Fixed => None,
            Self::ConsecutiveThreshold => Some(Policy::ConsecutiveThreshold),
            Self::Adaptive => Some(Policy::Adaptive),
        }
    }

    /// What its application is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::ConsecutiveThreshold | Self::Adaptive => "rival",
        }
    }
}

impl Policy {
    /// The policy as a configuration names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ConsecutiveThreshold => "consecutive_threshold",
            Self::Adaptive => "adaptive",
        }
    }

    /// What it does with an application of this name, for people.
    pub(super) fn told(self, name: &str, interval: f64) -> String {
        match self {
            Self::ConsecutiveThreshold => format!(
                "{name}: every {interval} s it is measured how long one answer takes; up after {FAILS} over {HIGH_MS} ms,\n  \
                 down after {PASSES} under {LOW_MS} ms."
            ),
            Self::Adaptive => format!(
                "{name}: every {interval} s it is told how many requests came and how long they took on average; as\n  many \
                 processes as will answer within {HIGH_MS} ms."
            ),
        }
    }

    /// How a process on this port is measured and decided; `meter`: where it is told how it fared.
    pub(super) fn tables(
        self,
        name: &str,
        port: u16,
        meter: &str,
        most: Count,
        wait: f64,
    ) -> String {
        match self {
            Self::ConsecutiveThreshold => probed(name, port, most, wait),
            Self::Adaptive => format!(
                r#"
[processes.{name}.measurement]
backend = "app_decision"
measurement_url = "{meter}"
[processes.{name}.decision]
backend = "adaptive"
target_response_time_ms = {HIGH_MS}
max_processes = {most}
post_scale_wait_time_seconds = 0
"#
            ),
        }
    }
}

/// How a process on this port is measured by requests of the bot's own, and decided.
pub(super) fn probed(name: &str, port: u16, most: Count, wait: f64) -> String {
    format!(
        r#"
[processes.{name}.measurement]
backend = "response_time"
measurement_url = "http://127.0.0.1:{port}/"
fresh_connection = true
min_time_ms = {LOW_MS}
max_time_ms = {HIGH_MS}
[processes.{name}.decision]
backend = "consecutive_threshold"
number_of_fails_to_scale_up_after = {FAILS}
number_of_passes_to_scale_down_after = {PASSES}
max_processes = {most}
post_scale_wait_time_seconds = {wait}
"#
    )
}
