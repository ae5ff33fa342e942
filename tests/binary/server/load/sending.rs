//! A source under load: reports of adapters and batches of a log drain over one connection that is kept.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use autoscalebot::clock::Clock;

use super::{LINES, PROCESSES_OF_ONE, SAMPLES, token};
use crate::servers::pause;

/// How often a source sends what has come together.
const EVERY: Duration = Duration::from_millis(200);

/// What one source sends each time.
#[derive(Clone, Copy)]
pub(super) struct Share {
    pub(super) reports: u64,
    pub(super) batches: u64,
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) reports: u64,
    pub(super) lines: u64,
    /// What was answered with anything else than success.
    pub(super) refused: Vec<String>,
}

impl Sent {
    /// How many measured things that was.
    pub(super) fn things(&self) -> u64 {
        self.reports * SAMPLES + self.lines
    }
}

/// Sends for so long, never more than its share.
pub(super) fn send(port: u16, source: u64, share: Share, length: Duration) -> Sent {
    let clock = Clock::system();
    let mut door = Door::open(port);
    let mut sent = Sent::default();
    let begin = clock.now().mono;
    let mut due = begin;
    loop {
        let now = clock.now();
        if now.mono.saturating_sub(begin) >= length {
            return sent;
        }
        for _ in 0..share.reports {
            let body = report(source, sent.reports, now.wall.timestamp());
            let path = format!("/api/{}/v3/reports", token(source));
            sent.refused
                .extend(door.post(&path, "Content-Type: application/json\r\n", &body));
            sent.reports += 1;
        }
        for _ in 0..share.batches {
            let head = format!(
                "Content-Type: application/logplex-1\r\nLogplex-Msg-Count: {LINES}\r\nLogplex-Frame-Id: {source}-{}\r\n",
                sent.lines
            );
            let path = format!("/logs/{}", token(source));
            sent.refused
                .extend(door.post(&path, &head, &batch(source, sent.lines)));
            sent.lines += LINES;
        }
        // Who is late does not make up for it.
        due = (due + EVERY).max(clock.now().mono.saturating_sub(EVERY));
        pause(due.saturating_sub(clock.now().mono));
    }
}

/// A connection that is kept.
struct Door {
    reader: BufReader<TcpStream>,
}

impl Door {
    fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        Self {
            reader: BufReader::new(stream),
        }
    }

    /// The answer's first line, if it is not success.
    fn post(&mut self, path: &str, headers: &str, body: &str) -> Option<String> {
        let text = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.reader.get_mut().write_all(text.as_bytes()).unwrap();
        let mut status = String::new();
        self.reader.read_line(&mut status).unwrap();
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).unwrap();
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut answer = vec![0; length];
        self.reader.read_exact(&mut answer).unwrap();
        let success = status.contains(" 200 ") || status.contains(" 204 ");
        (!success).then(|| status.trim_end().to_owned())
    }
}

/// The process type that the next of a source is of, and which of its containers.
fn container(source: u64, number: u64) -> String {
    let process = source * PROCESSES_OF_ONE + number % PROCESSES_OF_ONE;
    format!("p{process}.{}", number / PROCESSES_OF_ONE % 5 + 1)
}

/// A report with queue times only.
fn report(source: u64, number: u64, now: i64) -> String {
    let metric = |index: u64| format!("[{now},{},\"qt\",null]", (number + index) * 37 % 900);
    let metrics: Vec<String> = (0..SAMPLES).map(metric).collect();
    format!(
        "{{\"container\":\"{}\",\"pid\":{number},\"config\":{{\"log_level\":null}},\"adapters\":{{\"judoscale-ruby\":\
         {{\"adapter_version\":\"1.13.3\"}}}},\"metrics\":[{}],\"metadata\":{{}}}}",
        container(source, number),
        metrics.join(",")
    )
}

/// A batch of the router's lines.
fn batch(source: u64, first: u64) -> String {
    let line = |number: u64| {
        let line = format!(
            "<158>1 2026-01-01T00:00:00.000000+00:00 host heroku router - at=info method=GET path=\"/orders/{number}\" \
             host=www.example.com request_id=407b828f-ec16-bfef-cff3-25e749e57945 fwd=\"203.0.113.7\" dyno={} connect=1ms \
             service={}ms status=200 bytes=15225 protocol=http1.1 tls=true tls_version=tls1.3\n",
            container(source, number),
            number * 37 % 900
        );
        format!("{} {line}", line.len())
    };
    (first..first + LINES).map(line).collect()
}
