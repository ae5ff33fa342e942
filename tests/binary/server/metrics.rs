//! `/metrics` before those whom it is for: promtool reads it, and a real Prometheus scrapes it in both formats.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{TOKEN, ask, get, home, serve};
use crate::bot::{Home, LONG};
use crate::servers::free_port;
use crate::servers::http::{HttpServer, send};

/// The families that a bot with two processes of the tests has, whatever it does.
const ALWAYS: [&str; 8] = [
    "autoscalebot_build_info{version=",
    "process_start_time_seconds ",
    "autoscalebot_leader 1",
    "autoscalebot_processes_wanted{process=\"web\"} 1",
    "autoscalebot_processes_max{process=\"celery\"} 3",
    "autoscalebot_decisions_total{process=\"web\",outcome=\"scaled\",cause=\"bounds\",challenger=\"false\"} 1",
    "autoscalebot_scales_total{process=\"web\",direction=\"up\"} 1",
    "autoscalebot_cycle_duration_seconds_bucket{process=\"web\",le=\"+Inf\"} ",
];

/// Waits until each process was scaled to its minimum, and the count was read again.
fn wait_scaled(home: &Home, port: u16) {
    home.wait("both processes run, by the metrics", || {
        let text = get(port, "/metrics").body;
        ALWAYS.iter().all(|line| text.contains(line))
    });
}

#[test]
fn promtool_has_nothing_to_say_of_the_text() {
    let (home, port) = home();
    let serving = serve(&home, port);
    wait_scaled(&home, port);
    let answer = get(port, "/metrics");
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool, of Debian's package prometheus");
    let mut input = promtool.stdin.take().unwrap();
    input.write_all(answer.body.as_bytes()).unwrap();
    drop(input);
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{said}\n{}", answer.body);
    assert_eq!(said, "", "{}", answer.body);
    let open = ask(
        port,
        "GET",
        "/metrics",
        &[
            ("Authorization", &format!("Bearer {TOKEN}")),
            ("Accept", "application/openmetrics-text;version=1.0.0"),
        ],
        "",
    );
    let kind = open.header("content-type").unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    assert!(open.body.ends_with("# EOF\n"), "{}", open.body);
    serving.bot.stop();
}

/// A Prometheus of a test's own.
struct Prometheus {
    child: Child,
    port: u16,
}

impl Prometheus {
    /// Scrapes the bot each second, and a relay of it that answers in text.
    fn start(home: &Home, bot: u16, relay: u16) -> Self {
        let port = free_port();
        let configuration = format!(
            "global: {{ scrape_interval: 1s }}\nscrape_configs:\n- job_name: autoscalebot\n  authorization: {{ credentials: {TOKEN} }}\n  \
             static_configs: [{{ targets: ['127.0.0.1:{bot}'] }}]\n- job_name: text\n  \
             static_configs: [{{ targets: ['127.0.0.1:{relay}'] }}]\n"
        );
        std::fs::write(home.file("prometheus.yml"), configuration).unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb"])
            .current_dir(home.file("."))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus, of Debian's package");
        Self { child, port }
    }

    /// The value of the first series that answers to a query.
    fn value(&self, query: &str) -> Option<String> {
        // Before it listens there is nothing to ask.
        std::net::TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let path = format!("/api/v1/query?query={query}");
        let answer: Value =
            serde_json::from_str(&ask(self.port, "GET", &path, &[], "").body).ok()?;
        let first = answer.pointer("/data/result/0/value/1")?;
        Some(first.as_str()?.to_owned())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Debian's Prometheus asks for OpenMetrics first, and no setting changes that: the older format it has by a relay, which
/// asks for nothing.
#[test]
fn a_prometheus_scrapes_it() {
    let (home, port) = home();
    let serving = serve(&home, port);
    wait_scaled(&home, port);
    let relay = HttpServer::start(move |_| {
        let answer = get(port, "/metrics");
        let (kind, body) = (answer.header("content-type").unwrap(), &answer.body);
        assert!(kind.starts_with("text/plain"), "{kind}");
        let length = body.len();
        vec![send(&format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        ))]
    });
    let prometheus = Prometheus::start(&home, port, relay.port());
    for (query, wanted) in [
        ("up%7Bjob=%22autoscalebot%22%7D", "1"),
        ("up%7Bjob=%22text%22%7D", "1"),
        (
            "autoscalebot_processes_wanted%7Bjob=%22text%22,process=%22celery%22%7D",
            "1",
        ),
        (
            "autoscalebot_processes_wanted%7Bjob=%22autoscalebot%22,process=%22web%22%7D",
            "1",
        ),
        ("autoscalebot_leader", "1"),
        (
            "autoscalebot_scales_total%7Bprocess=%22web%22,direction=%22up%22%7D",
            "1",
        ),
        ("count(autoscalebot_build_info)", "2"),
    ] {
        let mut last = None;
        home.wait_within(LONG, query, || {
            last = prometheus.value(query);
            last.as_deref() == Some(wanted)
        });
    }
    let p99 = "histogram_quantile(0.99,autoscalebot_cycle_duration_seconds_bucket%7Bprocess=%22web%22%7D)";
    let p99: f64 = prometheus.value(p99).unwrap().parse().unwrap();
    assert!(p99 > 0.0 && p99 < 30.0, "{p99}");
    drop(prometheus);
    serving.bot.stop();
}
