//! The watcher ends a program whose one thread hangs, even where it hangs on the log that the watcher itself would use.

use std::io::{Write as _, pipe};
use std::process::Stdio;

use crate::bot::{Home, LONG, comes_true};

#[test]
fn a_log_that_nobody_reads_any_more_ends_the_program() {
    let home = Home::with(
        r#"
        [processes.web.measurement]
        backend = "app_decision"
        measurement_url = "http://127.0.0.1:9/"
        [processes.web.scaling]
        backend = "command"
        command = "true"
        "#,
    );
    let (reader, writer) = pipe().expect("a pipe");
    let mut filler = writer.try_clone().expect("its other hand");
    // Blocks as soon as the pipe is full, and ends when its reader is dropped.
    let full = std::thread::spawn(move || while filler.write_all(&[b'.'; 4096]).is_ok() {});
    let mut command = home.command(&["run", "--config", "autoscalebot.toml"]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(writer)
        .spawn()
        .expect("the built program starts");
    // `command` holds the pipe's writing end too.
    drop(command);
    let mut status = None;
    let ended = comes_true(LONG, || {
        status = child.try_wait().expect("its state");
        status.is_some()
    });
    child.kill().ok();
    child.wait().ok();
    drop(reader);
    full.join().expect("the pipe was filled");
    assert!(ended, "it hangs on its log, and so does its watcher");
    assert_eq!(status.and_then(|status| status.code()), Some(70));
}
