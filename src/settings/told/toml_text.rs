//! Values as TOML text, for the reference.

use std::collections::BTreeMap;
use std::iter;

use serde_json::Value;
use toml::de::DeTable;

use super::put;
use crate::decision::schedule::Start;
use crate::settings::rooms::{Rooms, Row};
use crate::settings::schema::{Default, Kind, Setting};
use crate::settings::value::default;

/// A value as it would be written.
pub(super) fn written(value: &Value) -> String {
    match value {
        Value::Null => "\"\"".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => {
            let text = number.to_string();
            text.strip_suffix(".0").unwrap_or(&text).to_owned()
        }
        Value::String(text) => quoted(text),
        Value::Array(list) => {
            let elements: Vec<String> = list.iter().map(written).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Object(table) => {
            let mut pairs: Vec<_> = table.iter().collect();
            // A schedule's entries stand in the order of time, the special ones last; steps in that of their numbers; other
            // keys in that of the alphabet.
            pairs.sort_by_key(|(key, _)| key.parse::<Start>().ok());
            let number = |key: &str| key.parse().unwrap_or(f64::NEG_INFINITY);
            pairs.sort_by(|(one, _), (other, _)| number(one).total_cmp(&number(other)));
            let pairs = pairs
                .into_iter()
                .map(|(key, value)| format!("{} = {}", quoted(key), written(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A basic string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            other if other.is_control() => {
                put(&mut quoted, format_args!("\\u{:04X}", u32::from(other)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A backend's example without its header, as it is written in its row or without.
pub(super) fn example_body(row: Row) -> String {
    let lines = row.example.lines().map(str::trim_end);
    let body: Vec<&str> = lines.filter(|line| !line.starts_with('[')).collect();
    body.join("\n").trim().to_owned()
}

/// The values in a backend's example, as they are written there.
pub(super) fn example_values(row: Row) -> BTreeMap<String, String> {
    let body = example_body(row);
    let (table, _) = DeTable::parse_recoverable(&body);
    let pairs = table.get_ref().iter().filter_map(|(key, value)| {
        let text = body.get(value.span())?;
        Some((key.get_ref().to_string(), text.to_owned()))
    });
    pairs.collect()
}

/// A value for a setting that has no default, to show its form: that of the backend's example, or of any example that
/// has a setting of this name, or the default of one, or one that was made up.
pub(super) fn sample(rooms: &Rooms, row: Row, setting: &Setting) -> String {
    let rows = rooms.all().iter().flat_map(|room| &room.rows);
    let mut examples = iter::once(&row)
        .chain(rows.clone())
        .map(|row| example_values(*row));
    if let Some(example) = examples.find_map(|mut values| values.remove(setting.name)) {
        return example;
    }
    let mut namesakes = rows
        .flat_map(|row| row.settings)
        .filter(|other| other.name == setting.name);
    let default = namesakes.find_map(default);
    default.map_or_else(|| made_up(setting), |value| written(&value))
}

fn made_up(setting: &Setting) -> String {
    let text = match setting.kind {
        Kind::Text | Kind::Pointer => "\"\"".to_owned(),
        Kind::OneOf(names) => names
            .first()
            .map_or_else(|| "\"\"".to_owned(), |name| format!("{name:?}")),
        Kind::Boolean => "false".to_owned(),
        Kind::Whole(least, _) => least.to_string(),
        Kind::Number(least, _) => written(&Value::from(least)),
        Kind::Step | Kind::Seconds => "1".to_owned(),
        Kind::Texts => "[\"\"]".to_owned(),
        Kind::Words => "[\"program\", \"argument\"]".to_owned(),
        Kind::TextTable => "{ NAME = \"value\" }".to_owned(),
        Kind::Wholes(least, _) => format!("[{least}]"),
        Kind::Schedule(least, most) => {
            format!(
                "{{ \"0:00\" = {least}, \"8:00\" = {} }}",
                (least + 1).min(most)
            )
        }
        Kind::Steps => "{ \"100\" = 1, \"500\" = \"50%\" }".to_owned(),
        Kind::Periods => "[\"22:00-7:00\", \"sat-sun\"]".to_owned(),
        Kind::Url(schemes) => {
            let scheme = if schemes.contains(&"https") {
                "https"
            } else {
                schemes.first().unwrap_or(&"https")
            };
            format!("\"{scheme}://example.com\"")
        }
        Kind::UrlOrPath => "\"https://example.com/\"".to_owned(),
    };
    match setting.name {
        "tls_ca_file" => "\"/etc/ssl/certs/our-own-ca.pem\"".to_owned(),
        "from" => "\"autoscalebot@example.com\"".to_owned(),
        "working_directory" => "\"/srv/app\"".to_owned(),
        "notify_on" => "[\"scale\", \"above_max\"]".to_owned(),
        _ => text,
    }
}

/// What holds when a setting is left out, in words.
pub(super) fn default_in_words(setting: &Setting) -> String {
    match setting.default {
        Default::Required => "It must be written.".to_owned(),
        Default::Absent => "Default: none.".to_owned(),
        Default::Derived(words) => format!("Default: {words}."),
        Default::Text(_)
        | Default::Texts(_)
        | Default::Number(_)
        | Default::Whole(_)
        | Default::Boolean(_) => {
            let value = default(setting).unwrap_or_default();
            format!("Default: {}.", written(&value))
        }
    }
}
