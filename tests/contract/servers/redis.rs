//! A real redis-server, on a free port and in a directory of its own.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use redis::{Client, Connection};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::tls::Tls;
use super::{free_port, pause};

/// How often is looked whether it is up, and how many times: 20 seconds.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: usize = 400;

/// How many ports are tried for a server's first start.
const PORTS: u32 = 5;

/// The server, running or stopped.
pub(crate) struct RedisServer {
    port: u16,
    tls_port: Option<u16>,
    arguments: Vec<String>,
    dir: TempDir,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts a server without a password.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with more arguments, such as `["--requirepass", "secret"]`.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let mut server = Self {
            port: 0,
            tls_port: None,
            arguments: arguments.iter().map(ToString::to_string).collect(),
            dir: TempDir::new().expect("a directory"),
            child: None,
        };
        for _ in 0..PORTS {
            server.port = free_port();
            if server.try_start().is_ok() {
                return server;
            }
        }
        panic!(
            "redis-server ends at once, on {PORTS} ports; the last was {}",
            server.port
        );
    }

    /// Starts a server that speaks TLS on a port beside.
    pub(crate) fn start_tls(tls: &Tls) -> Self {
        let port = free_port();
        let file = |path: &Path| path.display().to_string();
        let mut server = Self::start_with(&[
            "--tls-port",
            &port.to_string(),
            "--tls-auth-clients",
            "no",
            "--tls-cert-file",
            &file(&tls.certificate_file()),
            "--tls-key-file",
            &file(&tls.key_file()),
            "--tls-ca-cert-file",
            &file(&tls.ca_file()),
        ]);
        server.tls_port = Some(port);
        server
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// `redis://127.0.0.1:PORT`, or `redis://:PASSWORD@127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        let mut words = self.arguments.iter();
        let login = words
            .find(|word| *word == "--requirepass")
            .and_then(|_| words.next())
            .map(|password| format!(":{}@", utf8_percent_encode(password, NON_ALPHANUMERIC)));
        let login = login.unwrap_or_default();
        format!("redis://{login}127.0.0.1:{}", self.port)
    }

    /// `rediss://localhost:PORT`.
    pub(crate) fn tls_url(&self) -> String {
        let port = self.tls_port.expect("a server with TLS");
        format!("rediss://localhost:{port}")
    }

    /// A connection of the test's own to a database.
    pub(crate) fn client(&self, database: u32) -> Connection {
        let client = Client::open(format!("{}/{database}", self.url())).expect("a client");
        client.get_connection().expect("a connection")
    }

    /// Kills it, as a crash does.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a redis-server to kill");
            child.wait().expect("its end");
        }
    }

    /// Starts it again, empty, on the same port.
    pub(crate) fn start_again(&mut self) {
        if let Err(status) = self.try_start() {
            panic!(
                "redis-server ended at once ({status}) on port {}",
                self.port
            );
        }
    }

    /// Starts it; an error when it ends at once, as it does when somebody else has its port.
    fn try_start(&mut self) -> Result<(), ExitStatus> {
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--port", &self.port.to_string()])
            .arg("--dir")
            .arg(self.dir.path())
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server is missing: run tests/run, which installs it");
        self.child = Some(child);
        self.wait_until_up()
    }

    /// Lets it hang: its connections stay open, and nothing is answered.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("a running redis-server");
        kill_process(Pid::from_child(child), signal).expect("a signal sent");
    }

    fn wait_until_up(&mut self) -> Result<(), ExitStatus> {
        let client = Client::open(self.url()).expect("a client");
        for _ in 0..LOOKS {
            let mut answers = client.get_connection_with_timeout(Duration::from_secs(1));
            let child = self.child.as_mut().expect("a child");
            // Another server may have had the port already.
            let itself = format!("process_id:{}\r\n", child.id());
            let up = answers.as_mut().is_ok_and(|connection| {
                let info = redis::cmd("INFO").query::<String>(connection);
                info.is_ok_and(|info| info.contains(&itself))
            });
            if let Some(status) = child.try_wait().expect("its state") {
                self.child = None;
                return Err(status);
            }
            if up {
                return Ok(());
            }
            pause(LOOK);
        }
        panic!("redis-server does not answer on port {}", self.port);
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}
