//! One running command: its three pipes and its process group. Everything here survives that the future which drives
//! it is dropped half-way: what is half written or half read stays here and is gone on with by the next.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::process::{ExitStatus, Stdio};
use std::task::{Context, Poll};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use crate::lines::{Found, Lines};

/// The longest line from a command.
pub(super) const MOST_BYTES: usize = 1024 * 1024;

/// The longest request. A history of large answers makes large ones, and a command that reads takes them at once.
const MOST_REQUEST: usize = 16 * MOST_BYTES;

/// The most that may wait to be read by it when there is another request.
const MOST_WAITING: usize = MOST_BYTES;

/// How much of a line on standard error is kept.
const MOST_REMARK: usize = 8 * 1024;

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// A command that was started. Its whole process group is killed when this is dropped.
pub(super) struct Running {
    child: Child,
    group: Option<Pid>,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    unwritten: VecDeque<u8>,
    said: Lines,
    remarked: Lines,
    exit: Option<ExitStatus>,
    /// Whether it has answered `setup`.
    pub(super) is_set_up: bool,
    /// How many lines of standard error the call in hand may still log, and how many it dropped.
    pub(super) remarks: Remarks,
}

/// How many lines of standard error go to the log in one call.
pub(super) const MOST_REMARKS: u32 = 50;

/// The bound on what a command's standard error puts into the log.
pub(super) struct Remarks {
    pub(super) left: u32,
    pub(super) dropped: u64,
    /// The latest, which explains a death best.
    pub(super) last: String,
}

/// What happened next.
pub(super) enum Step {
    /// A line on standard output.
    Said(Vec<u8>),
    /// The beginning of one that is too long.
    TooLong(Vec<u8>),
    /// A line on standard error, cut at some length.
    Remarked(Vec<u8>),
    /// It exited or closed its output; more may still be in the pipes.
    Leaving,
    /// There is nothing more to come.
    Gone,
}

impl Running {
    pub(super) fn start(mut command: Command) -> std::io::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: a Ctrl-C meant for this program does not reach it, and all of it can be killed.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Ok(Self {
            group: id.and_then(Pid::from_raw),
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            child,
            unwritten: VecDeque::new(),
            said: Lines::new(MOST_BYTES),
            remarked: Lines::new(MOST_REMARK),
            exit: None,
            is_set_up: false,
            remarks: Remarks {
                left: MOST_REMARKS,
                dropped: 0,
                last: String::new(),
            },
        })
    }

    /// Puts a line up to be written as the pipe takes it; or says why not.
    pub(super) fn say(&mut self, line: &str) -> Result<(), String> {
        if line.len() > MOST_REQUEST {
            return Err(format!(
                "cannot be asked: the request is larger than {} MiB; a shorter history_length, or smaller answers of \
                 what is measured, make it smaller",
                MOST_REQUEST / 1024 / 1024
            ));
        }
        if !self.unwritten.is_empty() && self.unwritten.len() + line.len() > MOST_WAITING {
            return Err("has not read its earlier requests yet".to_owned());
        }
        self.unwritten.extend(line.as_bytes());
        self.unwritten.push_back(b'\n');
        Ok(())
    }

    /// Lets it read to the end of its input.
    pub(super) fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Whether it is on its way out: then its last words come at once or never.
    pub(super) fn is_leaving(&self) -> bool {
        self.exit.is_some() || self.stdout.is_none()
    }

    /// Whether it is over, though others may still hold its pipes.
    pub(super) fn has_exited(&self) -> bool {
        self.exit.is_some()
    }

    /// The same, asked of the system now.
    pub(super) fn has_ended(&mut self) -> bool {
        if let Ok(Some(status)) = self.child.try_wait() {
            self.exit = Some(status);
        }
        self.has_exited()
    }

    /// How it went, as far as that is known.
    pub(super) fn farewell(&self) -> String {
        match self.exit {
            Some(status) => format!("ended ({status})"),
            None => "closed its output".to_owned(),
        }
    }

    /// Writes and reads until there is something to tell. Dropped half-way, nothing is lost.
    pub(super) async fn step(&mut self) -> Step {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        self.write(context);
        loop {
            if let Some(found) = self.said.take() {
                return Poll::Ready(match found {
                    Found::Line(line) => Step::Said(line),
                    Found::TooLong(start) => Step::TooLong(start),
                });
            }
            if let Some(Found::Line(line) | Found::TooLong(line)) = self.remarked.take() {
                return Poll::Ready(Step::Remarked(line));
            }
            let before = (self.exit.is_some(), self.stdout.is_some());
            let more = read(&mut self.stdout, &mut self.said, context)
                | read(&mut self.stderr, &mut self.remarked, context);
            if more {
                continue;
            }
            self.look_for_exit(context);
            if self.exit.is_some() && self.stdout.is_none() && self.stderr.is_none() {
                return Poll::Ready(Step::Gone);
            }
            if before != (self.exit.is_some(), self.stdout.is_some()) {
                return Poll::Ready(Step::Leaving);
            }
            return Poll::Pending;
        }
    }

    fn write(&mut self, context: &mut Context<'_>) {
        while !self.unwritten.is_empty() {
            let Some(stdin) = &mut self.stdin else {
                return self.unwritten.clear();
            };
            let (front, _) = self.unwritten.as_slices();
            match Pin::new(stdin).poll_write(context, front) {
                Poll::Ready(Ok(count)) if count > 0 => drop(self.unwritten.drain(..count)),
                // It reads no more: its exit, or its caller's deadline, will say the rest.
                Poll::Ready(_) => self.stdin = None,
                Poll::Pending => return,
            }
        }
    }

    fn look_for_exit(&mut self, context: &mut Context<'_>) {
        if self.exit.is_none()
            && let Poll::Ready(Ok(status)) = pin!(self.child.wait()).poll(context)
        {
            self.exit = Some(status);
        }
    }
}

impl Drop for Running {
    /// Kills what it started as well. When it has exited itself, its number could by now be another's in theory; the
    /// system hands numbers out in turn, so that this takes tens of thousands of new processes within an instant.
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // An error says that nobody is left.
            kill_process_group(group, Signal::KILL).ok();
        }
    }
}

/// Reads once; says whether there was something. A pipe that is at its end is closed.
fn read<R: AsyncRead + Unpin>(
    pipe: &mut Option<R>,
    lines: &mut Lines,
    context: &mut Context<'_>,
) -> bool {
    let Some(open) = pipe else {
        return false;
    };
    let mut space = [0; CHUNK];
    let mut buffer = ReadBuf::new(&mut space);
    match Pin::new(open).poll_read(context, &mut buffer) {
        Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
            lines.push(buffer.filled());
            true
        }
        Poll::Ready(_) => {
            *pipe = None;
            lines.end()
        }
        Poll::Pending => false,
    }
}
