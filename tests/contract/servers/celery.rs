//! A Celery worker of the application in `tests/celery_app`, started by a test itself.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A Celery worker with two pool processes. Dropped, it is killed with all of them.
pub(crate) struct Worker(Child);

impl Worker {
    /// Starts one under a node name, for the queue `celery` of a broker.
    pub(crate) fn start(name: &str, broker_url: &str) -> Self {
        Self::start_with(name, "celery", &[("BROKER_URL", broker_url.to_owned())])
    }

    /// Starts one for these queues, with these variables.
    pub(crate) fn start_with(name: &str, queues: &str, variables: &[(&str, String)]) -> Self {
        let mut command = Command::new(venv("celery"));
        command
            .args([
                "-A",
                "app",
                "worker",
                "--concurrency=2",
                "--prefetch-multiplier=1",
            ])
            .args(["-n", name, "-Q", queues])
            .current_dir(application())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        Self(command.spawn().expect("a worker"))
    }

    /// A signal to its first process alone.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).expect("a living worker");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        kill_process_group(Pid::from_child(&self.0), Signal::KILL).ok();
        self.0.wait().ok();
    }
}

/// Where the tests' application is.
pub(crate) fn application() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/celery_app")
}

/// A program of the tests' Python.
pub(crate) fn venv(program: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin");
    let file = file.join(program);
    assert!(
        file.exists(),
        "{} is missing: run tests/run, which makes it",
        file.display()
    );
    file
}
