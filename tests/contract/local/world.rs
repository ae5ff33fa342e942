//! A temporary directory, a pool in an actix system, and what can be seen of processes from outside.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use autoscalebot::backend::{Shared, Site};
use autoscalebot::clock::Clock;
use autoscalebot::http::Http;
use autoscalebot::model::ProcessName;
use autoscalebot::scaling::ScalingBackend;
use autoscalebot::scaling::local::BACKEND;
use autoscalebot::scaling::local::pool::Pools;
use autoscalebot::settings::schema::Section;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The longest that any test waits for anything; a bound, not an expectation.
pub(super) const LONG: Duration = Duration::from_secs(20);

pub(super) struct World {
    pub(super) folder: TempDir,
    pub(super) shared: Shared,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            shared: Shared::default(),
        }
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A backend for `web` with a shell script as its command, and other settings.
    pub(super) fn backend(&self, script: &str, settings: Value) -> Rc<dyn ScalingBackend> {
        let mut table = json!({
            "command": ["/bin/sh", "-c", script],
            "working_directory": self.folder.path(),
            "process_type": "web",
            "stop_signal": "SIGTERM",
            "stop_grace_in_seconds": 10.0,
        });
        let given = settings.as_object().unwrap().clone();
        table.as_object_mut().unwrap().extend(given);
        self.built(table)
    }

    pub(super) fn built(&self, table: Value) -> Rc<dyn ScalingBackend> {
        let Value::Object(values) = table else {
            panic!("a table")
        };
        let written = values.keys().cloned().collect();
        let section = Section::new(values, written);
        assert_eq!((BACKEND.check)(&section), [], "the settings are good");
        let site = self.site();
        (BACKEND.build)(&section, &site).unwrap()
    }

    fn site(&self) -> Site {
        Site {
            process: ProcessName::new("web").unwrap(),
            clock: Clock::system(),
            http: Http::default(),
            program: env!("CARGO_BIN_EXE_autoscalebot").into(),
            shared: self.shared.clone(),
        }
    }

    /// How many copies there are, those that are stopping included.
    pub(super) fn held(&self) -> usize {
        self.shared.get::<Pools>().pool(&self.site()).copies().len()
    }

    pub(super) async fn end(&self) {
        let pools = self.shared.get::<Pools>();
        let pool = pools.pool(&self.site());
        pool.teardown(pools.ticket(), Duration::from_millis(500))
            .await;
    }

    pub(super) fn keeper(&self) -> Option<i32> {
        self.shared.get::<Pools>().keeper()
    }

    /// The lines of a file that copies write, in the order of writing.
    pub(super) fn lines(&self, name: &str) -> Vec<String> {
        lines(&self.file(name))
    }

    /// Waits until the file has this many lines, and yields them.
    pub(super) async fn wait_lines(&self, name: &str, many: usize) -> Vec<String> {
        wait(&format!("{many} lines in {name}"), || {
            self.lines(name).len() >= many
        })
        .await;
        self.lines(name)
    }

    /// Waits until the lines of the file, sorted, are these.
    pub(super) async fn wait_sorted(&self, name: &str, expected: &[&str]) {
        let sorted = || {
            let mut lines = self.lines(name);
            lines.sort();
            lines
        };
        wait(
            &format!("{expected:?} in {name}, which has {:?}", sorted()),
            || sorted() == expected,
        )
        .await;
    }
}

pub(super) fn lines(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file)
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
}

/// Runs a story in an actix system of its own, under a bound.
pub(super) fn story(tell: impl AsyncFnOnce(&World)) {
    actix_rt::System::new().block_on(async {
        let world = World::new();
        let told = tokio::time::timeout(Duration::from_secs(60), tell(&world)).await;
        world.end().await;
        told.expect("the story ends in time");
    });
}

pub(super) async fn wait(what: &str, until: impl FnMut() -> bool) {
    assert!(comes_true(LONG, until).await, "waited in vain for: {what}");
}

pub(super) async fn comes_true(within: Duration, mut until: impl FnMut() -> bool) -> bool {
    let looking = async {
        while !until() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(within, looking).await.is_ok()
}

/// Sends a signal to a process that lives.
pub(super) fn signal(process: &str, signal: Signal) {
    let pid = process.parse().ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a process id"), signal).expect("a signal to a living process");
}

/// Whether a process lives; one that only waits to be reaped does not.
pub(super) fn lives(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.chars().next());
    state.is_some_and(|state| state != 'Z' && state != 'X')
}

/// The copies that are up, by the backend's own account.
pub(super) async fn ready(backend: &Rc<dyn ScalingBackend>, many: u32) {
    let looking = async {
        while backend.count().await.unwrap().ready != Some(many) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let seen = tokio::time::timeout(LONG, looking).await;
    assert!(seen.is_ok(), "waited in vain for {many} copies to be ready");
}

/// A future's outcome, or a failure of the test when it takes too long.
pub(super) async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, work)
        .await
        .expect("it ends in time")
}
