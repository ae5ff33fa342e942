//! What a file would run, on a page: for `autoscalebot check`.

use serde_json::Value;

use super::put;
use super::toml_text::written;
use crate::settings::mask::{veiled as veiled_text, without_secrets};
use crate::settings::presets::PRESETS;
use crate::settings::rooms::{Room, Rooms, Step};
use crate::settings::schema::{Kind, Setting};
use crate::settings::{ProcessSettings, Settings, Step as Chosen};

/// The page.
pub(super) fn summary(settings: &Settings, rooms: &Rooms) -> String {
    let many = match settings.processes.len() {
        1 => "1 process".to_owned(),
        many => format!("{many} processes"),
    };
    let mut text = format!("{many}, times of day in {}\n", settings.time_zone.name());
    if let Some(state) = &settings.state {
        put(
            &mut text,
            format_args!("state is kept in {}\n", state.place),
        );
    }
    if let Some(cluster) = &settings.cluster {
        let (name, url) = (&cluster.name, without_secrets(cluster.url.expose()));
        let seconds = cluster.lease.as_secs_f64();
        put(
            &mut text,
            format_args!(
                "one of the replicas of {name}: the leader has a lease of {seconds} s in {url}\n"
            ),
        );
    }
    if let Some(server) = &settings.server {
        let scheme = if server.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let sources = match server.sources.len() {
            0 => String::new(),
            1 => ", with 1 source".to_owned(),
            many => format!(", with {many} sources"),
        };
        put(
            &mut text,
            format_args!(
                "the page is served at {scheme}://{}{sources}\n",
                server.listen
            ),
        );
    }
    for process in &settings.processes {
        put(&mut text, format_args!("\n{}\n", process.name));
        text.push_str(&steps(process, rooms));
    }
    text
}

fn steps(process: &ProcessSettings, rooms: &Rooms) -> String {
    let preset = PRESETS
        .iter()
        .find(|preset| process.preset == Some(preset.name));
    let mut text = preset.map_or_else(String::new, |preset| {
        entry("preset", preset.name, vec![preset.summary.to_owned()])
    });
    text += &decided(process, rooms);
    let scaling = [(Step::Scaling, &process.scaling)];
    let notification = process.notification.iter();
    let notification = notification.map(|step| (Step::Notification, step));
    for (step, chosen) in scaling.into_iter().chain(notification) {
        text += &entry(
            step.name(),
            &chosen.backend,
            shown(rooms.of(step), chosen, Part::All),
        );
    }
    if process.notification.is_empty() {
        text += &entry(Step::Notification.name(), "nobody is told", Vec::new());
    }
    text
}

/// How a process is measured and decided on.
fn decided(process: &ProcessSettings, rooms: &Rooms) -> String {
    let (measuring, deciding) = (rooms.of(Step::Measurement), rooms.of(Step::Decision));
    let several = !process.more.is_empty();
    let mut text = String::new();
    for metric in process.metrics() {
        let (measurement, decision) = (metric.measurement, metric.decision);
        let settings = shown(measuring, measurement, Part::All);
        text += &entry("measurement", &measurement.backend, settings);
        if several {
            let settings = shown(deciding, decision, Part::Own);
            text += &entry("- decision", &decision.backend, settings);
        }
    }
    let decision = &process.decision;
    text += &if several {
        let how = decision.section.text("combine").unwrap_or_default();
        let all = shown(deciding, decision, Part::Shared);
        entry(
            "together",
            &format!("the {how} of {}", process.metrics().count()),
            all,
        )
    } else {
        entry(
            "decision",
            &decision.backend,
            shown(deciding, decision, Part::All),
        )
    };
    if let Some(challenger) = process.challenger.first() {
        let settings = shown(deciding, challenger, Part::All);
        text += &entry("challenger", &challenger.backend, settings);
    }
    text
}

fn entry(label: &str, backend: &str, settings: Vec<String>) -> String {
    let mut text = format!("  {label:13} {backend}\n");
    for setting in settings {
        put(&mut text, format_args!("  {:15} {setting}\n", ""));
    }
    text
}

/// Which settings of a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    /// Those of the backend alone.
    Own,
    /// Those that all backends of the step have.
    Shared,
}

/// The settings that were written, those of a preset, and the bounds in any case.
fn shown(room: &Room, chosen: &Chosen, part: Part) -> Vec<String> {
    let Some(row) = room.row(&chosen.backend) else {
        return Vec::new();
    };
    let always = [
        "min_processes",
        "max_processes",
        "process_type",
        "measurement_interval_in_seconds",
    ];
    let told = |setting: &&Setting| {
        let section = &chosen.section;
        let is_set = section.is_written(setting.name) || section.is_of_preset(setting.name);
        is_set || always.contains(&setting.name)
    };
    let belongs = |setting: &&Setting| {
        let is_own = row.settings.iter().any(|own| own.name == setting.name);
        part == Part::All || is_own == (part == Part::Own)
    };
    let settings = room.settings(row).filter(belongs).filter(told);
    let lines = settings.filter_map(|setting| {
        let value = chosen.section.get(setting.name)?;
        let note = if chosen.section.is_of_preset(setting.name) {
            " (the preset's)"
        } else {
            ""
        };
        Some(format!(
            "{} = {}{note}",
            setting.name,
            veiled(setting, value)
        ))
    });
    lines.collect()
}

/// A value as it may be shown.
fn veiled(setting: &Setting, value: &Value) -> String {
    if setting.secret {
        return "***".to_owned();
    }
    match (setting.kind, value) {
        (Kind::TextTable, Value::Object(table)) => {
            let names: Vec<String> = table.keys().map(|name| format!("{name} = ***")).collect();
            format!("{{ {} }}", names.join(", "))
        }
        // What follows the program's name may hold a token.
        (Kind::Words, Value::Array(words)) => {
            let program = words.first().map(|word| written(&unsecret(word)));
            let program = program.unwrap_or_default();
            let rest = if words.len() > 1 { ", …" } else { "" };
            format!("[{program}{rest}]")
        }
        (Kind::Url(_) | Kind::UrlOrPath, Value::String(url)) => {
            written(&Value::from(without_secrets(url)))
        }
        _ => written(&unsecret(value)),
    }
}

/// A value whose URLs, wherever they stand in it, are without their secrets.
pub(super) fn unsecret(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(veiled_text(text)),
        Value::Array(list) => list.iter().map(unsecret).collect(),
        Value::Object(_) | Value::Number(_) | Value::Bool(_) | Value::Null => value.clone(),
    }
}
