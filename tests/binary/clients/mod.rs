//! The clients that applications have already, as they are published, pointed at the bot: in applications of the tests'
//! own (`tests/client_apps`), which the bot itself starts as copies. What they say is so in its standard error.

mod express;
mod flask;
mod hirefire;
mod jobs;
mod load;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use crate::bot::Home;
use crate::server::{SHOP, TOKEN, get};
use crate::servers::celery::venv;
use crate::servers::tls::Tls;

/// How far off the bot's figure of the requests may be, as a part of it.
const OFF: f64 = 0.05;

/// Where the applications are.
fn applications() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/client_apps")
}

/// The tables of a server with one source, which may feed these processes; `more` are further lines of `[server]`.
fn served(port: u16, feeds: &str, more: &str) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\ntoken = \"{TOKEN}\"\n{more}\n\
         [[server.source]]\nname = \"shop\"\ntoken = \"{SHOP}\"\nfeeds = {feeds}\n"
    )
}

/// Where a Judoscale adapter reports, and what it says beside: not the address, in which there is a token.
fn judoscale(port: u16) -> String {
    format!(
        "JUDOSCALE_URL = \"http://127.0.0.1:{port}/api/{SHOP}\", JUDOSCALE_LOG_LEVEL = \"INFO\""
    )
}

/// A scaling table: copies of this command, in the applications' folder, with these variables.
fn copies(process: &str, command: &[&str], variables: &str) -> String {
    format!(
        "[processes.{process}.scaling]\nbackend = \"local\"\ncommand = {command:?}\nworking_directory = \"{}\"\n\
         environment = {{ PYTHONDONTWRITEBYTECODE = \"1\", {variables} }}\nstop_grace_in_seconds = 10\n\
         [[processes.{process}.notification]]\nbackend = \"console\"\nnotify_on_every_scale = true\n",
        applications().display()
    )
}

/// A scaling table: copies of a Flask application, which share a port, under a real server.
fn flask_copies(app: &str, port: u16, variables: &str) -> String {
    let gunicorn = venv("gunicorn").display().to_string();
    let bind = format!("127.0.0.1:{port}");
    let serve = ["--worker-class", "gthread", "--threads", "8"];
    let share = ["--reuse-port", "--bind", &bind];
    // One of HireFire's threads never ends by itself.
    let end = ["--no-control-socket", "--graceful-timeout", "1"];
    let command = [&[gunicorn.as_str()], &serve[..], &share, &end, &[app]].concat();
    copies("web", &command, variables)
}

/// The bot's API, over TLS where there is an authority.
struct Api<'a> {
    home: &'a Home,
    port: u16,
    tls: Option<&'a Tls>,
}

impl<'a> Api<'a> {
    fn new(home: &'a Home, port: u16) -> Self {
        Self {
            home,
            port,
            tls: None,
        }
    }

    fn get(&self, path: &str) -> Value {
        let body = match self.tls {
            None => get(self.port, path).body,
            Some(tls) => self.get_by_tls(path, tls),
        };
        serde_json::from_str(&body).unwrap_or_else(|_| panic!("{path}: {body}\n{}", self.said()))
    }

    fn get_by_tls(&self, path: &str, tls: &Tls) -> String {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(tls.ca_file()).unwrap();
        roots.add(authority).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots);
        let config = Arc::new(config.with_no_client_auth());
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(config, name).unwrap();
        let socket = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut stream = StreamOwned::new(connection, socket);
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        // It may hang up without a word.
        stream.read_to_string(&mut answer).ok();
        let (_head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        body.to_owned()
    }

    /// The source as the page shows it.
    fn source(&self) -> Value {
        self.get("/api/v1/sources")["sources"][0].clone()
    }

    /// What the source told last under this name: the value, and of how many it is.
    fn told(&self, name: &str) -> Option<(f64, u64)> {
        let source = self.source();
        let series = source["series"].as_array().unwrap().iter();
        let mut series = series.filter(|series| series["name"] == name);
        let one = series.next()?;
        Some((one["value"].as_f64()?, one["of"].as_u64().unwrap_or(1)))
    }

    /// What was measured last of a process.
    fn measured(&self, process: &str) -> Value {
        let view = self.get(&format!("/api/v1/processes/{process}"));
        let mut measured = view["measurements"][0].clone();
        // What else was answered is shown as text.
        let data = measured["data"].as_str().map(serde_json::from_str);
        if let Some(data) = data {
            measured["data"] = data.unwrap_or_else(|_| panic!("{measured}\n{}", self.said()));
        }
        measured
    }

    /// Waits until this is so of what was measured of a process.
    #[track_caller]
    fn wait_measured(&self, process: &str, what: &str, so: impl Fn(f64, &Value) -> bool) -> Value {
        let mut last = Value::Null;
        let so = || {
            last = self.measured(process);
            last["value"]
                .as_f64()
                .is_some_and(|value| so(value, &last["data"]))
        };
        let came = crate::bot::comes_true(crate::bot::LONG, so);
        assert!(
            came,
            "waited in vain for: {what}; the last was {last}\n{}",
            self.said()
        );
        last
    }

    /// Waits until all these requests were told of.
    #[track_caller]
    fn wait_told(&self, requests: usize) -> f64 {
        let requests = u64::try_from(requests).unwrap();
        let mut last = None;
        let came = crate::bot::comes_true(crate::bot::LONG, || {
            last = self.told("request_queue_time");
            last.is_some_and(|(_, of)| of >= requests)
        });
        assert!(
            came,
            "{requests} requests, and told was {last:?}\n{}",
            self.said()
        );
        let (p95, of) = last.unwrap();
        assert_eq!(of, requests, "some counted twice\n{}", self.said());
        p95
    }

    /// What all sides say: the sources as the bot has them, its log, and what the applications print into it.
    fn said(&self) -> String {
        let asked = std::panic::catch_unwind(|| match self.tls {
            None => get(self.port, "/api/v1/sources").body,
            Some(tls) => self.get_by_tls("/api/v1/sources", tls),
        });
        let asked = asked.unwrap_or_else(|_| "no answer".to_owned());
        format!("--- its sources\n{asked}\n{}", self.home.what_was_said())
    }
}

/// What requests waited, as the application itself wrote it down.
fn waits(file: &Path) -> Vec<f64> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let mut waits: Vec<f64> = text.lines().map(|line| line.parse().unwrap()).collect();
    waits.sort_by(f64::total_cmp);
    waits
}

/// 95 of 100 of these sorted times are not above it.
fn p95(sorted: &[f64]) -> f64 {
    assert!(!sorted.is_empty(), "no request came to the application");
    sorted[(sorted.len() - 1) * 95 / 100]
}

/// Prints both, and holds them together.
#[track_caller]
#[expect(clippy::print_stdout, reason = "the figures are what it is read for")]
fn assert_near(what: &str, is: f64, should: f64) {
    let off = (is - should).abs() / should;
    println!(
        "{what}: {is:.1} ms; of the requests {should:.1} ms: {:.2} % off",
        off * 100.0
    );
    assert!(off <= OFF, "{what}: {is}, and of the requests {should}");
}
