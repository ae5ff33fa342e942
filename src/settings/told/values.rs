//! The settings in force as JSON, for the page and the API: each table with all that holds in it, secrets hidden.

use serde_json::{Map, Value, json};

use super::summary::unsecret;
use crate::settings::mask::without_secrets;
use crate::settings::rooms::{Room, Rooms, Step};
use crate::settings::schema::{Kind, Setting};
use crate::settings::{ProcessSettings, Settings, Step as Chosen};

/// What stands in a secret's place.
const HIDDEN: &str = "***";

/// All tables.
pub(super) fn values(settings: &Settings, rooms: &Rooms) -> Value {
    let mut processes = Map::new();
    for process in &settings.processes {
        processes.insert(process.name.to_string(), process_values(process, rooms));
    }
    let supervision = &settings.supervision;
    let mut all = json!({
        "time_zone": settings.time_zone.name(),
        "supervision": {
            "max_restarts": supervision.max_restarts,
            "restart_window_in_seconds": supervision.restart_window.as_secs_f64(),
            "degraded_retry_in_seconds": supervision.degraded_retry.as_secs_f64(),
            "shutdown_grace_in_seconds": supervision.shutdown_grace.as_secs_f64(),
            "heartbeat_url": settings.heartbeat.as_ref().map(|_| HIDDEN),
        },
        "limits": { "max_total_processes": settings.max_total_processes },
        "state": settings.state.as_ref().map(|state| state.place.to_string()),
        "cluster": settings.cluster.as_ref().map(|cluster| cluster.name.clone()),
        "processes": processes,
    });
    if let (Some(server), Some(all)) = (&settings.server, all.as_object_mut()) {
        let sources: Vec<Value> = server
            .sources
            .iter()
            .map(|source| json!({"name": source.name, "token": HIDDEN, "feeds": source.processes, "process": source.process}))
            .collect();
        let token = server.token.as_ref().map(|_| HIDDEN);
        let served = json!({"listen": server.listen, "token": token, "tls": server.tls.is_some(), "source": sources});
        all.insert("server".to_owned(), served);
    }
    all
}

fn process_values(process: &ProcessSettings, rooms: &Rooms) -> Value {
    let list = |step: Step, all: &mut dyn Iterator<Item = &Chosen>| -> Vec<Value> {
        all.map(|chosen| table(rooms.of(step), chosen)).collect()
    };
    let measurements = list(
        Step::Measurement,
        &mut process.metrics().map(|metric| metric.measurement),
    );
    let decisions = list(
        Step::Decision,
        &mut process.metrics().map(|metric| metric.decision),
    );
    json!({
        "preset": process.preset,
        "measurement": measurements,
        "decision": decisions,
        "challenger": list(Step::Decision, &mut process.challenger.iter()),
        "scaling": table(rooms.of(Step::Scaling), &process.scaling),
        "notification": list(Step::Notification, &mut process.notification.iter()),
    })
}

fn table(room: &Room, chosen: &Chosen) -> Value {
    let mut values = Map::new();
    values.insert("backend".to_owned(), chosen.backend.clone().into());
    if let Some(row) = room.row(&chosen.backend) {
        for setting in room.settings(row) {
            if let Some(value) = chosen.section.get(setting.name) {
                values.insert(setting.name.to_owned(), shown(setting, value));
            }
        }
    }
    Value::Object(values)
}

/// A value as it may be shown.
fn shown(setting: &Setting, value: &Value) -> Value {
    if setting.secret {
        return HIDDEN.into();
    }
    match (setting.kind, value) {
        (Kind::TextTable, Value::Object(table)) => table
            .keys()
            .map(|name| (name.clone(), Value::from(HIDDEN)))
            .collect(),
        // What follows the program's name may hold a token.
        (Kind::Words, Value::Array(words)) => {
            let program = words.first().map(unsecret);
            let rest = (words.len() > 1).then(|| Value::from("…"));
            program.into_iter().chain(rest).collect()
        }
        (Kind::Url(_) | Kind::UrlOrPath, Value::String(url)) => without_secrets(url).into(),
        _ => unsecret(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Registry;
    use crate::settings::load_text;

    #[test]
    fn no_secret_is_in_it() {
        let text = r#"
[server]
token = "hunter2hunter2hunter2"
[[server.source]]
name = "shop"
token = "hunter2-of-the-shop"
feeds = ["web"]
[processes.web]
measurement = { measurement_url = "https://user:hunter2@a.test/?key=hunter2", headers = { X = "hunter2" } }
scaling = { app_name = "a", api_key = "hunter2" }
[[processes.web.notification]]
backend = "command"
command = ["tell", "--key", "hunter2"]
"#;
        let settings = load_text("x", text, &Registry::built_in()).unwrap();
        let told = values(&settings, &Rooms::new(&Registry::built_in())).to_string();
        assert!(!told.contains("hunter2"), "{told}");
        for part in [
            "\"api_key\":\"***\"",
            "\"listen\":\"127.0.0.1:8787\"",
            "\"max_processes\":3",
            "a.test",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}
