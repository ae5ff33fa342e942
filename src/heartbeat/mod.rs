//! A dead man's switch: an address that is called after each complete round, and only then, so that who watches it
//! (healthchecks.io, or anything of its convention) raises the alarm when the calls stop, whatever the reason.
//!
//! A round ([`rounds`]) is complete when every process type has ended a cycle with a measurement that succeeded since the
//! last call; it is told at most once an interval, the longest of them. When none is complete within three of those, or a
//! process is degraded, `/fail` is called, once, with the reason in a few words: the names of processes and nothing that
//! somebody else has said, for it goes to a stranger.
//!
//! Of several replicas only the one that leads calls: a standby's rounds say nothing of what is scaled. The next leader
//! goes on within its first round. At a stop nothing is told: a restart is short, and an end should be noticed. Nor does
//! `check --live` call: that would be the beat of a bot that does not run.

pub mod actor;
pub mod rounds;

use std::time::Duration;

use crate::settings::schema::{Default, Kind, Section, Setting};
use crate::settings::secret::Secret;

/// Where to call. The path of such an address is what lets somebody call it.
pub const URL: Setting = Setting::secret(
    "heartbeat_url",
    Kind::Url(&["http", "https"]),
    Default::Absent,
    "An address that is called (GET) after each round in which every process was measured, and only then: whoever watches it \
     (healthchecks.io, or another of its convention) raises an alarm when the calls stop. When no round is complete within \
     three intervals, or a process is degraded, `/fail` below it is called (POST) with the reason.",
);

/// How long a call may take.
pub const TIMEOUT: Setting = Setting::new(
    "heartbeat_timeout_in_seconds",
    Kind::Seconds,
    Default::Number(10.0),
    "How long such a call may take. Nothing waits for it.",
);

/// Whom to call.
#[derive(Debug, Clone, PartialEq)]
pub struct HeartbeatSettings {
    /// The address.
    pub url: Secret,
    /// How long a call may take.
    pub timeout: Duration,
}

/// The checked `[supervision]` table's part.
pub fn read(supervision: &Section) -> Option<HeartbeatSettings> {
    let seconds = supervision.number(TIMEOUT.name).unwrap_or_default();
    Some(HeartbeatSettings {
        url: Secret::new(supervision.text(URL.name)?),
        timeout: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
    })
}
