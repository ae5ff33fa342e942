//! The program's log, on standard error: text for people, or one JSON object a line for machines.

use std::io::Write;

use clap::ValueEnum;
use env_logger::Builder;
use env_logger::fmt::Formatter;
use log::kv::{self, Key, Value, VisitSource};
use log::{LevelFilter, Record};
use serde_json::{Map, Value as Json};

use crate::clock::Clock;

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging. `RUST_LOG` picks what is logged; without it, what this program has to say from `info` on.
pub fn start(format: LogFormat, clock: Clock) {
    let mut builder = picking(std::env::var("RUST_LOG").ok().as_deref());
    match format {
        LogFormat::Text => builder.format(move |out, record| text(out, record, clock)),
        LogFormat::Json => builder.format(move |out, record| json(out, record, clock)),
    };
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

/// A logger of what `wanted` picks, or of this program's own from `info` on.
fn picking(wanted: Option<&str>) -> Builder {
    let mut builder = Builder::new();
    match wanted.filter(|wanted| !wanted.trim().is_empty()) {
        Some(wanted) => builder.parse_filters(wanted),
        None => builder
            .filter_level(LevelFilter::Warn)
            .filter_module("autoscalebot", LevelFilter::Info),
    };
    // What the TLS and mail libraries say in detail may hold what was sent, passwords included.
    for chatty in [
        "rustls",
        "lettre",
        "hyper",
        "hyper_util",
        "reqwest",
        "redis",
    ] {
        builder.filter_module(chatty, LevelFilter::Warn);
    }
    builder
}

fn payload(payload: &dyn std::any::Any) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text")
}

fn text(out: &mut Formatter, record: &Record<'_>, clock: Clock) -> std::io::Result<()> {
    let at = clock.now().wall.format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let message = one_line(&record.args().to_string());
    write!(out, "{at} {:<5} {message}", record.level())?;
    let mut fields = Fields::default();
    record.key_values().visit(&mut fields).unwrap_or_default();
    for (key, value) in fields.0 {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        write!(out, " {key}={}", one_line(&value))?;
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

/// A message on one line: what an application or a platform says may have line breaks.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
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

#[cfg(test)]
mod tests {
    use log::{Level, Log as _, Metadata};

    use super::*;

    #[test]
    fn rust_log_picks_and_libraries_never_say_details() {
        let own = "autoscalebot::supervisor::group";
        for (wanted, target, level, is_logged) in [
            (None, own, Level::Info, true),
            (None, own, Level::Debug, false),
            (None, "actix", Level::Info, false),
            (Some(""), own, Level::Info, true),
            (Some("debug"), own, Level::Debug, true),
            (Some("warn"), own, Level::Info, false),
            (Some("autoscalebot=trace"), own, Level::Trace, true),
            (Some("debug"), "actix", Level::Debug, true),
            (Some("trace"), "lettre::transport", Level::Debug, false),
            (Some("trace"), "rustls", Level::Warn, true),
        ] {
            let metadata = Metadata::builder().target(target).level(level).build();
            let enabled = picking(wanted).build().enabled(&metadata);
            assert_eq!(enabled, is_logged, "{wanted:?} {target} {level}");
        }
    }
}
