//! Heroku's published schema, where it is at hand: what the stand-in answers, and what it is sent, is held against it.

use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

/// A part of the schema.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Dyno,
    Formation,
    FormationUpdate,
    LogSession,
    LogSessionCreate,
}

/// Holds `value` against the schema and adds what is wrong to `complaints`.
pub(super) fn hold(complaints: &mut Vec<String>, part: Part, value: &Value) {
    let Some(schema) = schema() else {
        return;
    };
    let errors = schema.part(part).iter_errors(value);
    complaints.extend(errors.map(|error| format!("{part:?}: {error} in {value}")));
}

struct Schema {
    dyno: Validator,
    formation: Validator,
    formation_update: Validator,
    log_session: Validator,
    log_session_create: Validator,
}

impl Schema {
    fn part(&self, part: Part) -> &Validator {
        match part {
            Part::Dyno => &self.dyno,
            Part::Formation => &self.formation,
            Part::FormationUpdate => &self.formation_update,
            Part::LogSession => &self.log_session,
            Part::LogSessionCreate => &self.log_session_create,
        }
    }
}

fn schema() -> Option<&'static Schema> {
    static SCHEMA: OnceLock<Option<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(load).as_ref()
}

fn load() -> Option<Schema> {
    let shared = std::env::var_os("AUTOSCALEBOT_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let file = shared.join("external/heroku-schema-subset.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        writeln!(
            std::io::stderr(),
            "note: the stand-in for Heroku is NOT held against Heroku's published schema: there is no {}",
            file.display()
        )
        .ok();
        return None;
    };
    let mut all: Value = serde_json::from_str(&text).expect("the schema is JSON");
    for name in ["dyno", "formation", "log-session"] {
        close(&mut all["definitions"][name]);
    }
    let definitions = &all["definitions"];
    let validator = |what: Value| {
        let whole = json!({"definitions": definitions, "allOf": [what]});
        jsonschema::options()
            .with_draft(Draft::Draft4)
            .build(&whole)
            .expect("a schema")
    };
    let asked = |name: &str, title: &str| {
        let links = definitions[name]["links"].as_array().expect("links");
        let link = links.iter().find(|link| link["title"] == title);
        link.expect("a link")["schema"].clone()
    };
    Some(Schema {
        dyno: validator(json!({"$ref": "#/definitions/dyno"})),
        formation: validator(json!({"$ref": "#/definitions/formation"})),
        formation_update: validator(asked("formation", "Update")),
        log_session: validator(json!({"$ref": "#/definitions/log-session"})),
        log_session_create: validator(asked("log-session", "Create")),
    })
}

/// Heroku's `strictProperties`, which plain validators do not know: every property is there, and no other.
fn close(schema: &mut Value) {
    // The dialect's address cannot be looked up here; it is a superset of the one that is named to the validator.
    schema.as_object_mut().expect("an object").remove("$schema");
    let names: Vec<Value> = schema["properties"]
        .as_object()
        .expect("properties")
        .keys()
        .map(|name| Value::from(name.as_str()))
        .collect();
    schema["required"] = Value::Array(names);
    schema["additionalProperties"] = Value::Bool(false);
}
