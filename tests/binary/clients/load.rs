//! A load of requests that have waited already, by wrk and `tests/client_apps/waits.lua`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::applications;

/// wrk, running. Dropped, it is killed.
pub(super) struct Load {
    child: Child,
    said: PathBuf,
}

/// What it sent.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) requests: u64,
    pub(super) p95: f64,
    pub(super) answered: u64,
    pub(super) failed: u64,
}

impl Load {
    /// Requests over 16 connections to a port of this machine, for so many seconds. Each has waited `least` ms and,
    /// exponentially distributed, `mean` ms more.
    pub(super) fn start(port: u16, seconds: u32, (least, mean): (u32, u32), said: &Path) -> Self {
        let out = File::create(said).expect("a file for its output");
        let err = out.try_clone().expect("the same file");
        let child = Command::new("wrk")
            .args(["--threads", "1", "--connections", "16"])
            .args(["--duration", &format!("{seconds}s"), "--script"])
            .arg(applications().join("waits.lua"))
            .args([&format!("http://127.0.0.1:{port}/"), "--"])
            .args([least.to_string(), mean.to_string()])
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn();
        Self {
            child: child.expect("wrk is missing: run tests/run, which installs it"),
            said: said.to_owned(),
        }
    }

    /// Whether it still sends.
    pub(super) fn sends(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_none()
    }

    /// What it has printed so far.
    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(&self.said).unwrap_or_default()
    }

    /// Waits for its end.
    #[track_caller]
    pub(super) fn finish(mut self) -> Sent {
        let status = self.child.wait().expect("its end");
        let said = self.said();
        assert!(status.success(), "wrk: {status}: {said}");
        let number = |name: &str| {
            let mut words = said.split_whitespace();
            let word = words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
            let number: Option<u64> = word.and_then(|word| word.parse().ok());
            number.unwrap_or_else(|| panic!("wrk says no `{name}`: {said}"))
        };
        Sent {
            requests: number("sent"),
            p95: std::time::Duration::from_millis(number("p95")).as_secs_f64() * 1000.0,
            answered: number("answered"),
            failed: number("failed"),
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
