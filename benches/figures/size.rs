//! How large the program's file is, and how much memory it takes with two processes after a while.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::server;
use crate::usage::{Memory, memory};

/// Where `cargo build --release` puts the program. The benches' own, with the `harness`, is there until then.
const RELEASE: &str = env!("CARGO_BIN_EXE_autoscalebot");

/// Builds the program as people have it, without what the benches and tests add to it.
fn build() -> Result<&'static Path> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .args(["build", "--release", "--bin", "autoscalebot"])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    if !build.status()?.success() {
        bail!("cargo build --release failed");
    }
    Ok(Path::new(RELEASE))
}

pub(crate) fn figure(given: Option<&Path>, length: Duration) -> Result<String> {
    let (binary, how) = match given {
        Some(binary) => (binary, "as given"),
        None => (build()?, "built for release, without `harness`"),
    };
    let bytes = std::fs::metadata(binary).with_context(|| binary.display().to_string())?;
    let megabytes = f64::from(u32::try_from(bytes.len())?) / 1e6;
    let memory = actix_rt::System::new().block_on(resident(binary, length))?;
    Ok(format!(
        "size: {} ({how}), with two processes measured each second for {} s
  file                       {megabytes:.2} MB; aim: at most 8, {:.2} of it
  resident                   {:.2} MB, {:.2} MB at most; aim: at most 10, {:.2} of it
    of which its own         {:.2} MB, the rest are pages of its file and of libraries

",
        binary.display(),
        length.as_secs(),
        megabytes / 8.0,
        memory.resident,
        memory.peak,
        memory.resident / 10.0,
        memory.own,
    ))
}

async fn resident(binary: &Path, length: Duration) -> Result<Memory> {
    let server = server::start()?;
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("autoscalebot.toml");
    std::fs::write(
        &config,
        format!(
            r#"
[defaults]
measurement = {{ measurement_url = "http://{server}/", measurement_interval_in_seconds = 1 }}
scaling = {{ backend = "local", command = ["sleep", "600"] }}
[processes.web]
[processes.worker]
"#
        ),
    )?;
    let mut run = Command::new(binary);
    run.args(["run", "--config"]).arg(&config);
    let mut child = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    tokio::time::sleep(length).await;
    let result = memory(&child.id().to_string());
    stop(&mut child).await?;
    result
}

/// Stops the program as a dyno manager does, and waits until its copies are stopped too.
async fn stop(child: &mut Child) -> Result<()> {
    if let Some(status) = child.try_wait()? {
        bail!("the program ended before it was asked to, with {status}");
    }
    kill_process(Pid::from_child(child), Signal::TERM)?;
    for _ in 0..300 {
        if child.try_wait()?.is_some() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    child.kill()?;
    bail!("the program did not stop within 30 s")
}
