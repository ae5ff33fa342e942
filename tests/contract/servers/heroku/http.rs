//! As much of HTTP/1.1 as the stand-in needs: one request and one answer a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use autoscalebot::clock::Clock;
use serde_json::Value;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// The path with its query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// When it had arrived, on the boot clock, which all programs of the machine share.
    pub(crate) at: Duration,
}

impl Seen {
    /// A header's value, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        let same = |(key, _): &&(String, String)| key == name;
        self.headers
            .iter()
            .find(same)
            .map_or("", |(_, value)| value.as_str())
    }

    /// The body as JSON, or null.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Reply {
    /// Sets a header, instead of one of that name.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Sends it and closes the connection.
    pub(super) fn send(&self, connection: &mut TcpStream) {
        self.send_part(connection, self.body.len(), "close");
    }

    /// Sends half of its body and closes the connection.
    pub(super) fn send_half(&self, connection: &mut TcpStream) {
        self.send_part(connection, self.body.len() / 2, "close");
    }

    /// Sends it as if the connection would be kept, and closes that at the next request.
    pub(super) fn send_and_keep(&self, connection: &mut TcpStream) {
        self.send_part(connection, self.body.len(), "keep-alive");
        read(connection);
    }

    fn send_part(&self, connection: &mut TcpStream, part: usize, then: &str) {
        let headers: String = self
            .headers
            .iter()
            .flat_map(|(name, value)| [name, ": ", value, "\r\n"])
            .collect();
        let text = format!(
            "HTTP/1.1 {} Scripted\r\n{headers}Content-Length: {}\r\nConnection: {then}\r\n\r\n{}",
            self.status,
            self.body.len(),
            &self.body[..part]
        );
        // The client may be gone: that is its right.
        connection.write_all(text.as_bytes()).ok();
    }
}

/// Reads one request; nothing when there is none.
pub(super) fn read(connection: &mut TcpStream) -> Option<Seen> {
    connection
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut seen = Seen {
        method,
        path,
        headers,
        body: String::new(),
        at: Duration::ZERO,
    };
    let length = seen.header("content-length").parse().unwrap_or(0);
    reader.take(length).read_to_string(&mut seen.body).ok()?;
    seen.at = Clock::system().boot();
    Some(seen)
}
