//! The program's log, on standard error: text for people, or one JSON object a line for machines.

use std::io::Write;

use clap::ValueEnum;
use env_logger::fmt::Formatter;
use log::kv::{self, Key, Value, VisitSource};
use log::{Level, LevelFilter, Record};
use serde_json::{Map, Value as Json};

use crate::clock::Clock;
use crate::one_line::one_line;

/// A line of the log is as long as what it says.
const WHOLE: usize = usize::MAX;

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The HTTP, TLS, Redis and mail libraries (`hyper` is `hyper_util` too). Whatever `RUST_LOG` says, they are heard from
/// `warn` on: what they say in detail may hold what was sent, passwords included.
const CHATTY: [&str; 5] = ["rustls", "lettre", "hyper", "reqwest", "redis"];

/// Starts logging. `RUST_LOG` picks what is logged; without it, what this program has to say from `info` on.
pub fn start(format: LogFormat, clock: Clock) {
    let mut builder = env_logger::Builder::new();
    if std::env::var_os(env_logger::DEFAULT_FILTER_ENV).is_some_and(|filter| !filter.is_empty()) {
        builder.parse_default_env();
    } else {
        builder
            .filter_level(LevelFilter::Warn)
            .filter_module("autoscalebot", LevelFilter::Info);
    }
    for chatty in CHATTY {
        builder.filter_module(chatty, LevelFilter::Warn);
    }
    builder.format(move |out, record| {
        // A filter for a part of a library (`hyper_util::client=trace`) wins over the one above.
        if is_detail(record) {
            return Ok(());
        }
        match format {
            LogFormat::Text => text(out, record, clock),
            LogFormat::Json => json(out, record, clock),
        }
    });
    // A second start (tests) keeps the first.
    builder.try_init().unwrap_or_default();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        log::error!(place; "a panic: {}", payload(panic.payload()));
    }));
}

fn is_detail(record: &Record<'_>) -> bool {
    let mut chatty = CHATTY.into_iter();
    record.level() > Level::Warn && chatty.any(|library| record.target().starts_with(library))
}

fn payload(payload: &dyn std::any::Any) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text")
}

fn text(out: &mut Formatter, record: &Record<'_>, clock: Clock) -> std::io::Result<()> {
    let at = clock.now().wall.format("%Y-%m-%dT%H:%M:%S%.3fZ");
    // What an application or a platform says may have line breaks.
    let message = one_line(&record.args().to_string(), WHOLE);
    write!(out, "{at} {:<5} {message}", record.level())?;
    let mut fields = Fields::default();
    record.key_values().visit(&mut fields).unwrap_or_default();
    for (key, value) in fields.0 {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        write!(out, " {key}={}", one_line(&value, WHOLE))?;
    }
    writeln!(out)
}

fn json(out: &mut Formatter, record: &Record<'_>, clock: Clock) -> std::io::Result<()> {
    let mut fields = Fields::default();
    record.key_values().visit(&mut fields).unwrap_or_default();
    let mut line = Map::new();
    line.insert(
        "at".to_owned(),
        clock
            .now()
            .wall
            .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
            .into(),
    );
    line.insert(
        "level".to_owned(),
        record.level().as_str().to_lowercase().into(),
    );
    line.insert("target".to_owned(), record.target().into());
    line.insert("message".to_owned(), record.args().to_string().into());
    line.extend(
        fields
            .0
            .into_iter()
            .filter(|(key, _)| !["at", "level", "target", "message"].contains(&key.as_str())),
    );
    writeln!(out, "{}", Json::Object(line))
}

/// A record's key-value fields as JSON.
#[derive(Default)]
struct Fields(Map<String, Json>);

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let value = serde_json::to_value(&value).unwrap_or_else(|_| value.to_string().into());
        self.0.insert(key.as_str().to_owned(), value);
        Ok(())
    }
}
