//! A real mail server (aiosmtpd, in Python), on a free port.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::tls::Tls;

/// The longest wait for its port and for a mail; a bound, not an expectation.
const LONG: Duration = Duration::from_secs(60);

/// The server; it ends when this is dropped.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    child: Child,
    lines: Receiver<String>,
}

/// A mail that it took.
#[derive(Debug, Deserialize)]
pub(crate) struct Mail {
    pub(crate) sender: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) content: String,
    pub(crate) tls: bool,
    pub(crate) login: Option<String>,
}

impl Mail {
    /// The value of a header that stands on one line.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (headers, _) = self.content.split_once("\r\n\r\n")?;
        let prefix = format!("{name}: ");
        headers
            .split("\r\n")
            .find_map(|line| line.strip_prefix(&prefix))
    }
}

impl MailServer {
    /// A server without TLS and log-in.
    pub(crate) fn plain(more: Value) -> Self {
        start(json!({"security": "none"}), more)
    }

    /// A server that wants STARTTLS.
    pub(crate) fn starttls(tls: &Tls, more: Value) -> Self {
        start(with_tls("starttls", tls), more)
    }

    /// A server that speaks TLS from the start.
    pub(crate) fn implicit(tls: &Tls, more: Value) -> Self {
        start(with_tls("implicit", tls), more)
    }

    /// The next mail that it took; waits for it.
    #[track_caller]
    pub(crate) fn mail(&self) -> Mail {
        let line = self.lines.recv_timeout(LONG).expect("a mail");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn with_tls(security: &str, tls: &Tls) -> Value {
    json!({"security": security, "certificate": tls.certificate_file(), "key": tls.key_file()})
}

fn start(mut wanted: Value, more: Value) -> MailServer {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/venv/bin/python");
    assert!(
        python.exists(),
        "this test needs aiosmtpd in target/venv: run `tests/run`, which puts it there"
    );
    let all = wanted.as_object_mut().expect("an object");
    all.extend(more.as_object().cloned().expect("an object"));
    let mut child = Command::new(python)
        .arg(root.join("tests/contract/servers/smtp_server.py"))
        .arg(wanted.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let (tell, lines) = channel();
    // It ends with the server's output, or when nobody listens any more.
    std::thread::spawn(move || {
        let mut whole = output.lines().map_while(Result::ok);
        whole.all(|line| tell.send(line).is_ok());
    });
    let mut server = MailServer {
        port: 0,
        child,
        lines,
    };
    let port = server.lines.recv_timeout(LONG).expect("a mail server");
    server.port = port.trim().parse().expect("a port");
    server
}
