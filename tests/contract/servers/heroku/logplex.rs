//! Logplex and the router of the stand-in: log sessions that are followed, and an application whose requests are told
//! in the log.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use super::Inner;
use super::http::{Reply, Seen};

/// How a log session is written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Format {
    /// One line a message.
    #[default]
    Plain,
    /// Server-sent events.
    Events,
    /// As plain text, but even the answer's head comes with the first line only.
    Quiet,
}

/// What the router and the application behind it do with a request.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) status: u16,
    pub(crate) service_ms: u32,
    /// An error's code and name, as the router tells it.
    pub(crate) error: Option<(&'static str, &'static str)>,
    /// Whether the request is told in the log.
    pub(crate) told: bool,
    /// What the log gets instead of the router's line about it; `ID` is the request's id.
    pub(crate) line: Option<String>,
    /// How long after the answer it is.
    pub(crate) told_after: Duration,
    /// Whether the log sessions end after the answer and before it is told.
    pub(crate) sessions_end_before: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            status: 200,
            service_ms: 42,
            error: None,
            told: true,
            line: None,
            told_after: Duration::ZERO,
            sessions_end_before: false,
        }
    }
}

#[derive(Default)]
pub(super) struct Logplex {
    pub(super) format: Format,
    pub(super) plan: Plan,
    /// How many old lines each session wants.
    pub(super) sessions: BTreeMap<String, u64>,
    /// Sessions that are followed end when it changes.
    pub(super) era: u32,
    pub(super) followers: usize,
    /// How many sessions were followed so far, and how many of them, the oldest, say nothing any more.
    pub(super) opened: usize,
    pub(super) silent: usize,
    lines: Vec<String>,
}

impl Logplex {
    pub(super) fn write(&mut self, line: String) {
        self.lines.push(line);
    }
}

impl Inner {
    /// The application's answer, and the router's line about it.
    pub(super) fn route(&self, seen: &Seen, connection: &mut TcpStream) {
        let plan = self.world().logplex.plan.clone();
        let reply = Reply {
            status: plan.status,
            headers: Vec::new(),
            body: "measured\n".to_owned(),
        };
        reply.send(connection);
        if plan.sessions_end_before {
            self.world().logplex.era += 1;
            self.changed.notify_all();
        }
        self.pause(plan.told_after);
        if plan.told {
            let at = plan.error.map_or_else(
                || "at=info".to_owned(),
                |(code, desc)| format!("at=error code={code} desc=\"{desc}\""),
            );
            let id = seen.header("x-request-id");
            let as_it_is = format!(
                "2026-01-01T00:00:00.000000+00:00 heroku[router]: {at} method={} path=\"{}\" host=www.example.com \
                 request_id={id} fwd=\"203.0.113.7\" dyno=web.1 connect=1ms service={}ms status={} bytes=9 \
                 protocol=http1.1 tls=true tls_version=tls1.3",
                seen.method, seen.path, plan.service_ms, plan.status
            );
            let line = plan.line.map_or(as_it_is, |line| line.replace("ID", id));
            self.world().logplex.write(line);
            self.changed.notify_all();
        }
    }

    /// Follows the log on a connection, until the session ends or the client goes.
    pub(super) fn stream(&self, seen: &Seen, mut connection: TcpStream) {
        let name = seen.path.trim_start_matches("/sessions/");
        let name = name.split('?').next().unwrap_or(name);
        let (format, era, number, mut next) = {
            let mut world = self.world();
            let logplex = &mut world.logplex;
            // A session is good for one connection, and only for a while.
            let Some(history) = logplex.sessions.remove(name) else {
                let gone = world.reply(404, &serde_json::Value::Null);
                drop(world);
                return gone.send(&mut connection);
            };
            logplex.followers += 1;
            logplex.opened += 1;
            let history = usize::try_from(history).expect("a number of lines");
            let start = logplex.lines.len().saturating_sub(history);
            (logplex.format, logplex.era, logplex.opened, start)
        };
        let head = head(format);
        let mut unsent = Some(head);
        if !matches!(format, Format::Quiet)
            && let Some(head) = unsent.take()
        {
            connection.write_all(head.as_bytes()).ok();
        }
        loop {
            let new = {
                let wait = self.changed.wait_timeout_while(
                    self.world(),
                    Duration::from_millis(50),
                    |world| {
                        !world.stopped
                            && world.logplex.era == era
                            && world.logplex.lines.len() == next
                    },
                );
                let (world, _) = wait.unwrap_or_else(std::sync::PoisonError::into_inner);
                if world.stopped || world.logplex.era != era {
                    break;
                }
                if number <= world.logplex.silent {
                    next = world.logplex.lines.len();
                }
                world.logplex.lines[next..].to_vec()
            };
            for line in new {
                next += 1;
                let head = unsent.take().unwrap_or_default();
                let chunk = format!("{head}{}", chunk(format, next, &line));
                if connection.write_all(chunk.as_bytes()).is_err() {
                    break;
                }
            }
            if is_gone(&connection) {
                break;
            }
        }
        connection.write_all(b"0\r\n\r\n").ok();
        self.world().logplex.followers -= 1;
    }
}

fn head(format: Format) -> String {
    let kind = match format {
        Format::Plain | Format::Quiet => "text/plain",
        Format::Events => "text/event-stream",
    };
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
}

fn chunk(format: Format, number: usize, line: &str) -> String {
    let text = match format {
        Format::Plain | Format::Quiet => format!("{line}\n"),
        Format::Events => format!("id: {number}\ndata: {line}\n\n"),
    };
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// Whether the client has closed the connection: it never sends more on it.
fn is_gone(connection: &TcpStream) -> bool {
    connection.set_nonblocking(true).ok();
    let gone = matches!(connection.peek(&mut [0]), Ok(0));
    connection.set_nonblocking(false).ok();
    gone
}
