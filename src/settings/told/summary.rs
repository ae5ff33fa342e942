//! What a file would run, on a page: for `autoscalebot check`.

use serde_json::Value;

use super::put;
use super::toml_text::written;
use crate::settings::mask::{veiled as veiled_text, without_secrets};
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
    for process in &settings.processes {
        put(&mut text, format_args!("\n{}\n", process.name));
        text.push_str(&steps(process, rooms));
    }
    text
}

fn steps(process: &ProcessSettings, rooms: &Rooms) -> String {
    let single = [
        (Step::Measurement, &process.measurement),
        (Step::Decision, &process.decision),
        (Step::Scaling, &process.scaling),
    ];
    let notification = process
        .notification
        .iter()
        .map(|step| (Step::Notification, step));
    let mut text = String::new();
    for (step, chosen) in single.into_iter().chain(notification) {
        put(
            &mut text,
            format_args!("  {:13} {}\n", step.name(), chosen.backend),
        );
        for shown in shown(rooms.of(step), chosen) {
            put(&mut text, format_args!("  {:15} {shown}\n", ""));
        }
    }
    if process.notification.is_empty() {
        put(
            &mut text,
            format_args!("  {:13} nobody is told\n", Step::Notification.name()),
        );
    }
    text
}

/// The settings that were written, and the bounds in any case.
fn shown(room: &Room, chosen: &Chosen) -> Vec<String> {
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
        chosen.section.is_written(setting.name) || always.contains(&setting.name)
    };
    let lines = room.settings(row).filter(told).filter_map(|setting| {
        let value = chosen.section.get(setting.name)?;
        Some(format!("{} = {}", setting.name, veiled(setting, value)))
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
fn unsecret(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(veiled_text(text)),
        Value::Array(list) => list.iter().map(unsecret).collect(),
        Value::Object(_) | Value::Number(_) | Value::Bool(_) | Value::Null => value.clone(),
    }
}
