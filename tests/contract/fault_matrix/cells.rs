//! The cells of the matrix: what goes wrong, with which backend, and the source that does it; or why it cannot.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::servers::gate::{Gate, Ill, Switch, Well};
use crate::servers::heroku::{APP, Heroku, KEY, Plan};
use crate::servers::redis::RedisServer;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Control,
    Gone,
    Hangs,
    Resets,
    Garbage,
    Nan,
    Empty,
    Error,
    Truncated,
    Aged,
    OldLine,
    Suspended,
    ZeroAfterOutage,
    ZeroWhileBusy,
}

impl Row {
    pub(super) const ALL: [(Self, &'static str); 14] = [
        (Self::Control, "(nothing: the control)"),
        (Self::Gone, "source gone"),
        (Self::Hangs, "hangs"),
        (Self::Resets, "resets"),
        (Self::Garbage, "answers garbage"),
        (Self::Nan, "NaN"),
        (Self::Empty, "an empty body"),
        (Self::Error, "500"),
        (Self::Truncated, "a truncated reply"),
        (Self::Aged, "stale: an Age of a day"),
        (Self::OldLine, "stale: an old router line"),
        (Self::Suspended, "stale: a suspended window"),
        (Self::ZeroAfterOutage, "a zero after an outage"),
        (Self::ZeroWhileBusy, "a zero with busy workers"),
    ];
}

/// What measures, and what decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    ResponseTime,
    ServiceTime,
    Queue,
    App,
    Command,
    AppByApp,
    CommandByApp,
}

impl Column {
    pub(super) const ALL: [(Self, &'static str); 7] = [
        (Self::ResponseTime, "response_time"),
        (Self::ServiceTime, "heroku_service_time"),
        (Self::Queue, "celery_redis_queue_size"),
        (Self::App, "app_decision"),
        (Self::Command, "command"),
        (Self::AppByApp, "app_decision, by app_decision"),
        (Self::CommandByApp, "command, by app_decision"),
    ];

    /// Whether the application's own number of processes is the decision.
    pub(super) fn is_by_app(self) -> bool {
        matches!(self, Self::AppByApp | Self::CommandByApp)
    }
}

/// A source that is well or ill.
#[derive(Default)]
pub(super) struct Source {
    switch: Switch,
    /// What is measured, and through what; kept as long as the source.
    gates: Vec<Gate>,
    /// A Heroku, what it does while all is well, and while it is ill.
    heroku: Option<(Heroku, Plan, Plan)>,
    /// Where a command looks.
    file: Option<PathBuf>,
}

impl Source {
    /// Makes it ill, or well.
    pub(super) fn set(&self, is_ill: bool) {
        self.switch.store(is_ill, Ordering::SeqCst);
        if let Some((heroku, well, ill)) = &self.heroku {
            heroku.plan(if is_ill { ill } else { well }.clone());
        }
        if let Some(file) = &self.file {
            fs::write(file, if is_ill { "1" } else { "0" }).expect("a switch written");
        }
    }

    fn gate(&mut self, well: Well, ill: Ill) -> String {
        let gate = Gate::start(well, ill, &self.switch);
        let url = gate.url();
        self.gates.push(gate);
        url
    }
}

/// How late an answer is that leaves a gap in the window; the window's own time is half of that.
pub(super) const GAP: Duration = Duration::from_millis(1600);

/// What cells share.
pub(super) struct Shared<'a> {
    pub(super) redis: &'a RedisServer,
    pub(super) folder: &'a Path,
}

/// A source and its measurement table's own lines; or why there is no such fault.
pub(super) type Made = Result<(Source, String), &'static str>;

/// Makes the source of a cell, well at first.
pub(super) fn source(row: Row, column: Column, name: &str, shared: &Shared<'_>) -> Made {
    if row == Row::OldLine && column != Column::ServiceTime {
        return Err("there is no router's line");
    }
    if row == Row::Suspended && column.is_by_app() {
        return Err("one answer is the whole window: there is nothing old in it");
    }
    let (source, table) = match column {
        Column::ResponseTime => response_time(row),
        Column::ServiceTime => service_time(row),
        Column::Queue => queue(row, name, shared.redis),
        Column::App | Column::AppByApp => app(row, column.is_by_app()),
        Column::Command | Column::CommandByApp => {
            Ok(command(row, column.is_by_app(), name, shared.folder))
        }
    }?;
    source.set(false);
    Ok((source, table))
}

fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\n");
    format!("{head}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

/// What is wrong with the network or the protocol, whatever is asked for.
fn transport(row: Row) -> Option<Ill> {
    Some(match row {
        Row::Gone | Row::ZeroAfterOutage => Ill::Gone,
        Row::Hangs => Ill::Hangs,
        Row::Resets => Ill::Resets,
        Row::Suspended => Ill::Late(GAP),
        _ => return None,
    })
}

fn response_time(row: Row) -> Made {
    let ill = match row {
        Row::Control => Ill::Gone,
        Row::Garbage => Ill::Says(b"\xff\x00 garbage\r\n\r\n".to_vec()),
        Row::Error => Ill::Says(http("500 Internal Server Error", "", "oops")),
        Row::Truncated => Ill::Says(b"HTTP/1.1 200 O".to_vec()),
        Row::Aged => Ill::Says(http("200 OK", "Age: 86400\r\n", "x")),
        Row::Nan => return Err("the number is our own clock's; what the answer says is not read"),
        Row::Empty => {
            return Err("an answer without a body is a good one: the time ends with its headers");
        }
        Row::ZeroAfterOutage | Row::ZeroWhileBusy => return Err("no answer takes no time at all"),
        _ => transport(row).expect("a fault of the network"),
    };
    let mut source = Source::default();
    let url = source.gate(Well::Says(http("200 OK", "", "x")), ill);
    Ok((source, format!("measurement_url = \"{url}/\"")))
}

fn app(row: Row, is_by_app: bool) -> Made {
    let (high, low, zero) = if is_by_app {
        (
            r#"{"processes": 5}"#,
            r#"{"processes": 1}"#,
            r#"{"processes": 0}"#,
        )
    } else {
        ("1", "1", "0")
    };
    let says = |bytes| Ill::Says(bytes);
    let ill = match row {
        Row::Control => Ill::Gone,
        Row::Garbage => says(http("200 OK", "", "<html>busy</html>")),
        Row::Nan => says(http("200 OK", "", &low.replace('1', "NaN"))),
        Row::Empty => says(http("200 OK", "", "")),
        Row::Error => says(http("500 Internal Server Error", "", low)),
        Row::Truncated => {
            let mut cut = http("200 OK", "", &format!("{low}      "));
            cut.truncate(cut.len() - 3);
            says(cut)
        }
        Row::Aged => says(http("200 OK", "Age: 86400\r\n", low)),
        Row::ZeroWhileBusy => return Err("an application's answer has no place for busy workers"),
        _ => transport(row).expect("a fault of the network"),
    };
    let well = match row {
        Row::Control => low,
        Row::ZeroAfterOutage => zero,
        _ => high,
    };
    let mut source = Source::default();
    let url = source.gate(Well::Says(http("200 OK", "", well)), ill);
    Ok((source, format!("measurement_url = \"{url}/\"")))
}

fn service_time(row: Row) -> Made {
    let head = "2026-01-01T00:00:00.000000+00:00 heroku[router]: at=info method=GET path=\"/m/\"";
    let well = Plan {
        service_ms: u32::from(row != Row::ZeroAfterOutage),
        ..Plan::default()
    };
    let writes = |line: String| Plan {
        line: Some(line),
        ..well.clone()
    };
    let ill = match row {
        Row::Garbage => writes("\u{1}\u{fffd} garbage request_id=ID service=".to_owned()),
        Row::Nan => writes(format!("{head} request_id=ID service=NaNms status=200")),
        Row::Empty => writes(String::new()),
        Row::Truncated => writes(format!("{head} request_id=ID dyno=web.1 serv")),
        Row::OldLine => writes(format!(
            "{} request_id=11111111-2222-3333-4444-555555555555 service=1ms status=200",
            head.replace("2026", "2020")
        )),
        Row::Error => Plan {
            status: 500,
            ..well.clone()
        },
        Row::Aged => return Err("the router's line is written anew for each request"),
        Row::ZeroWhileBusy => return Err("the router knows of no workers"),
        _ => well.clone(),
    };
    let heroku = Heroku::start();
    let port = heroku
        .url()
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok());
    let mut source = Source::default();
    // What is wrong is either the way there or what is written at its end.
    let wrong = transport(row).unwrap_or(Ill::Late(Duration::ZERO));
    let url = source.gate(Well::Passes(port.expect("a port")), wrong);
    let table = format!(
        "measurement_url = \"{url}/m/\"\napi_url = \"{}\"\napp_name = \"{APP}\"\napi_key = \"{KEY}\"",
        heroku.url()
    );
    source.heroku = Some((heroku, well, ill));
    Ok((source, table))
}

fn queue(row: Row, name: &str, redis: &RedisServer) -> Made {
    let all = |reply: &str| Ill::Says(reply.repeat(12).into_bytes());
    let ill = match row {
        Row::Control | Row::ZeroWhileBusy => Ill::Gone,
        Row::Garbage => all("\u{1} garbage\r\n"),
        Row::Nan => all("$3\r\nNaN\r\n"),
        Row::Empty => all("$-1\r\n"),
        Row::Error => all("-ERR internal error\r\n"),
        Row::Truncated => Ill::Says(b"+OK\r\n:0\r\n:".to_vec()),
        Row::Aged => return Err("Redis is asked itself, and says no age"),
        _ => transport(row).expect("a fault of the network"),
    };
    let task = format!(r#"[{{"headers": {{"eta": null}}}}, "", "{name}"]"#);
    let prepared = match row {
        Row::ZeroAfterOutage => None,
        Row::ZeroWhileBusy => Some(["HSET", "unacked", name, &task].map(str::to_owned).to_vec()),
        _ => Some(["LPUSH", name, "{}"].map(str::to_owned).to_vec()),
    };
    if let Some([command, words @ ..]) = prepared.as_deref() {
        let mut asked = redis::cmd(command);
        asked
            .arg(words)
            .exec(&mut redis.client(0))
            .expect("a queue prepared");
    }
    let mut source = Source::default();
    let url = source.gate(Well::Passes(redis.port()), ill);
    let url = url.replace("http", "redis");
    Ok((
        source,
        format!("redis_url = \"{url}/0\"\nqueue_name = \"{name}\""),
    ))
}

fn command(row: Row, is_by_app: bool, name: &str, folder: &Path) -> (Source, String) {
    let answer = |number: &str, more: &str| {
        if is_by_app {
            format!(r#"{{"data": {{"processes": {number}}}{more}}}"#)
        } else {
            format!(r#"{{"number": {number}{more}}}"#)
        }
    };
    let high = answer(if is_by_app { "5" } else { "1" }, "");
    let well = match row {
        Row::Control => answer("1", ""),
        Row::ZeroAfterOutage => answer("0", ""),
        Row::ZeroWhileBusy => answer("0", r#", "busy": 3"#),
        _ => high,
    };
    let ill = match row {
        Row::Nan => answer("NaN", ""),
        Row::Error => r#"{"error": "internal error"}"#.to_owned(),
        Row::Aged => answer("1", r#", "age_in_seconds": 86400"#),
        Row::Hangs => "hangs".to_owned(),
        Row::Resets => "resets".to_owned(),
        Row::Garbage => "garbage".to_owned(),
        Row::Empty => "empty".to_owned(),
        Row::Truncated => "truncated".to_owned(),
        Row::Suspended => "late".to_owned(),
        _ => "gone".to_owned(),
    };
    let file = folder.join(name);
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/fault_matrix/source.py");
    let table = format!(
        "command = [\"python3\", '{}', '{}', '{well}', '{ill}']",
        script.display(),
        file.display()
    );
    let source = Source {
        file: Some(file),
        ..Source::default()
    };
    (source, table)
}
