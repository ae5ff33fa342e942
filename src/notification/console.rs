//! Tells standard output: one line a notice.
//!
//! A terminal whose reader pressed Ctrl-S, or a pipe that nobody reads, blocks whoever writes to it. That must never be
//! the thread on which everything is measured and scaled, so one thread of its own does the writing, and what it
//! cannot get rid of is bounded.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Write};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use async_trait::async_trait;
use tokio::sync::oneshot;

use super::{Notice, NotificationBackend, NotifyError};
use crate::backend::{Backend, no_check};

/// The row in the room's table.
pub static BACKEND: Backend<dyn NotificationBackend> = Backend {
    name: "console",
    summary: "standard output, one line a notice",
    settings: &[],
    example: "backend = \"console\"\nnotify_on_every_scale = true",
    check: no_check,
    build: |_, site| Ok(Rc::new(Console(site.shared.get::<Writer>()))),
};

/// How many lines may wait for a reader.
const MOST_WAITING: usize = 100;

struct Console(Rc<Writer>);

#[async_trait(?Send)]
impl NotificationBackend for Console {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let (done, outcome) = oneshot::channel();
        let text = notice.text();
        self.0.hand_over(Line { text, done })?;
        match outcome.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(NotifyError(format!(
                "standard output cannot be written: {error}"
            ))),
            Err(_) => Err(NotifyError(ENDED.to_owned())),
        }
    }
}

/// One line on its way to the writing thread, and where to say how it went.
struct Line {
    text: String,
    done: oneshot::Sender<io::Result<()>>,
}

/// The program's one writing thread, started at the first notice. It is not tokio's pool that writes: a pool waits at
/// the end of the program for a thread that is stuck, whereas this one simply ends with the program.
#[derive(Default)]
struct Writer(RefCell<Option<SyncSender<Line>>>);

impl Writer {
    fn hand_over(&self, line: Line) -> Result<(), NotifyError> {
        let mut sender = self.0.borrow_mut();
        let there = match sender.take() {
            Some(there) => there,
            None => start()?,
        };
        match there.try_send(line) {
            Ok(()) => {
                *sender = Some(there);
                Ok(())
            }
            Err(TrySendError::Full(_)) => {
                *sender = Some(there);
                Err(NotifyError(format!(
                    "standard output is not being read: {MOST_WAITING} lines wait, and this notice is dropped"
                )))
            }
            // The next notice starts another writer.
            Err(TrySendError::Disconnected(_)) => Err(NotifyError(ENDED.to_owned())),
        }
    }
}

const ENDED: &str = "the writer of standard output ended";

fn start() -> Result<SyncSender<Line>, NotifyError> {
    let (sender, lines) = sync_channel(MOST_WAITING);
    thread::Builder::new()
        .name("console".to_owned())
        .spawn(move || write_all(lines, write))
        .map_err(|error| {
            NotifyError(format!(
                "the writer of standard output cannot start: {error}"
            ))
        })?;
    Ok(sender)
}

fn write_all(lines: Receiver<Line>, write: impl Fn(&str) -> io::Result<()>) {
    for line in lines {
        // Who waited has given up: the notice counts as not delivered, and what it says is told again while it holds.
        if line.done.is_closed() {
            continue;
        }
        // Should that happen during the writing, nobody wants to know how it went.
        let _gone = line.done.send(write(&line.text));
    }
}

/// A reader that went away (`autoscalebot run | head`) is no error.
fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_line_that_nobody_waits_for_any_more_is_not_written() {
        let (sender, lines) = sync_channel(MOST_WAITING);
        let mut outcomes = Vec::new();
        for number in 1..=4 {
            let (done, outcome) = oneshot::channel();
            let text = number.to_string();
            assert!(sender.try_send(Line { text, done }).is_ok());
            // Two are given up, as those are that wait for a terminal that was stopped.
            if number == 2 || number == 3 {
                drop(outcome);
            } else {
                outcomes.push(outcome);
            }
        }
        drop(sender);
        let written = RefCell::new(Vec::new());
        write_all(lines, |text| {
            written.borrow_mut().push(text.to_owned());
            Ok(())
        });
        assert_eq!(written.into_inner(), ["1", "4"]);
        for mut outcome in outcomes {
            assert!(outcome.try_recv().is_ok_and(|written| written.is_ok()));
        }
    }
}
