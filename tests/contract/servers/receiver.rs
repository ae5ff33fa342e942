//! A receiver of webhooks (in Python), which verifies what it gets with the libraries that a user's receiver would use.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::tls::Tls;

/// The receiver; it ends when this is dropped.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Receiver {
    /// A receiver without TLS, who has this secret.
    pub(crate) fn plain(secret: &str) -> Self {
        Self::start(json!({"secret": secret}))
    }

    /// The same over HTTPS.
    pub(crate) fn tls(secret: &str, tls: &Tls) -> Self {
        Self::start(json!({
            "secret": secret,
            "certificate": tls.certificate_file(),
            "key": tls.key_file(),
        }))
    }

    /// The next request: `path`, `headers`, and `payload` or `refused`. Waits for it.
    pub(crate) fn received(&mut self) -> Value {
        let line = line(&mut self.output);
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }

    fn start(wanted: Value) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/venv/bin/python");
        assert!(
            python.exists(),
            "this test needs standardwebhooks and slack_sdk in target/venv: run `tests/run`, which puts them there"
        );
        let mut child = Command::new(python)
            .arg(root.join("tests/contract/servers/receiver.py"))
            .arg(wanted.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python");
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let port = line(&mut output).trim().parse().expect("a port");
        Self {
            port,
            child,
            output,
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn line(output: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    line
}
