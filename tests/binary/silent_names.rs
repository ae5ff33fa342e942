//! A name that cannot be looked up, because the answer never comes, holds up no end of the program.
//!
//! The silent name server is a named pipe: the C library looks for aliases in the file that `HOSTALIASES` names before it
//! asks any server, and waits at a pipe to which nobody writes. Where it does not (another C library, another order in
//! `nsswitch.conf`), nothing can be tried here, and the tests say so.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::Command;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::process::Signal;

use crate::bot::{Home, LONG, comes_true};

const PIPE: &str = "aliases";

/// Measures at a name that is never found, for longer than any test waits.
fn home(timeout: &str, script: &str) -> Home {
    let home = Home::with(&format!(
        r#"
        [processes.web.measurement]
        backend = "app_decision"
        measurement_url = "http://nobody/"
        measurement_interval_in_seconds = 0.5
        timeout_in_seconds = {timeout}
        [processes.web.scaling]
        backend = "local"
        command = ["/bin/sh", "-c", '{script}']
        stop_grace_in_seconds = 600
        [supervision]
        shutdown_grace_in_seconds = 600
        "#
    ));
    let made = Command::new("mkfifo").arg(home.file(PIPE)).status();
    assert!(made.is_ok_and(|status| status.success()), "a named pipe");
    home
}

fn command(home: &Home, arguments: &[&str]) -> Command {
    let mut command = home.command(arguments);
    command.env("HOSTALIASES", home.file(PIPE));
    command
}

/// Waits until a name is being looked up. As long as what is returned lives, that goes on. `None`: it never was.
#[expect(
    clippy::print_stderr,
    reason = "a test that could not be made must be seen"
)]
fn looked_up(home: &Home) -> Option<File> {
    let mut pipe = None;
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    // There is an end to write to only while somebody waits at the other one.
    comes_true(Duration::from_secs(20), || {
        let mut options = OpenOptions::new();
        let end = options.write(true).custom_flags(flags);
        pipe = end.open(home.file(PIPE)).ok();
        pipe.is_some()
    });
    if pipe.is_none() {
        eprintln!("NOT TESTED: this machine looks names up without $HOSTALIASES");
    }
    pipe
}

#[test]
fn one_signal_ends_it_in_its_grace() {
    let home = home("600", "exec sleep 1000");
    let mut bot = home.start(command(&home, &["run"]));
    let Some(_silent) = looked_up(&home) else {
        return;
    };
    bot.signal(Signal::TERM);
    assert_eq!(bot.exit_code(), Some(0), "{}", home.what_was_said());
    home.assert_empty(LONG);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    // Without a measurement there is still a copy, for the bounds hold; it hears no signal that asks.
    let home = home(
        "0.5",
        r#"trap "echo deaf" TERM; echo ready; while :; do sleep 0.1; done"#,
    );
    let mut bot = home.start(command(&home, &["run"]));
    let Some(_silent) = looked_up(&home) else {
        return;
    };
    home.wait_out("ready");
    bot.signal(Signal::TERM);
    home.wait_out("deaf");
    bot.signal(Signal::TERM);
    assert_eq!(bot.exit_code(), Some(1), "{}", home.what_was_said());
    home.assert_empty(LONG);
}

#[test]
fn a_trial_ends_when_it_has_been_told() {
    for arguments in [&["once"][..], &["check", "--live"]] {
        let home = home("1", "exec sleep 1000");
        let mut trial = home.start(command(&home, arguments));
        let Some(_silent) = looked_up(&home) else {
            return;
        };
        let code = trial.exit_code();
        assert_eq!(code, Some(1), "{arguments:?}: {}", home.what_was_said());
        home.wait_out("FAILED");
        home.assert_empty(LONG);
    }
}
