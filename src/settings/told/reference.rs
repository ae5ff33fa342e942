//! `autoscalebot reference`: every key, its meaning and default, as a TOML file that loads.
//!
//! A table holds one backend at a time, so each step has one table in force, that of its default backend, and the
//! others stand after it as comments: a line that begins with `# ` is words, one that begins with `#` alone is a
//! setting that takes effect without the `#`.

use super::backends::{capital, header};
use super::toml_text::{default_in_words, example_values, sample, written};
use super::{put, top, wrapped};
use crate::settings::rooms::{Room, Rooms, Row, Step};
use crate::settings::schema::{Default, Kind, Setting};
use crate::settings::value::{self, wanted};

/// How wide the words are.
const WIDTH: usize = 116;

const HEAD: &str = "\
# The full configuration reference of autoscalebot: every key, its meaning and its default.
#
# Nearly everything here may be left out; `config/autoscalebot.toml` is the smallest file that works, and
# `config/examples/` has whole files for real situations. A line that begins with `# ` is words; one that begins with
# `#` and a key takes effect when its `#` is taken away.
#
# `${NAME}` in a string is the environment variable NAME, and a missing one is an error; `${NAME:-fallback}` has a fallback,
# also for an empty variable; `$${` is a literal `${`. A string that is one `${…}` alone may stand for a number or a boolean.
#
# Written by `autoscalebot reference`. After a change: `cargo run -- reference > config/reference.toml`.
";

const DEFAULTS: &str = "\
# What every process shares may stand once, in `[defaults.measurement]`, `[defaults.decision]`, `[defaults.scaling]` and
# `[[defaults.notification]]`. A process's own setting wins, and its own list of notifications replaces the defaults' whole.
#[defaults.measurement]
#measurement_interval_in_seconds = 30
";

const PROCESSES: &str = "\
# One table for each managed process type (`web` here) and step. A left-out table means that step's default backend.
# A backend's name may also be written as the original wrote it (`ResponseTimeBackend`).
";

/// The whole file.
pub(super) fn reference(rooms: &Rooms) -> String {
    let mut text = HEAD.to_owned();
    for setting in top::TIME_ZONE {
        text.push('\n');
        text.push_str(&line(setting, &value_of(setting), false));
    }
    text.push_str(&rule("supervision: how failures are met"));
    text.push_str("[supervision]\n");
    for setting in top::SUPERVISION {
        text.push_str(&line(setting, &value_of(setting), false));
    }
    text.push_str(&rule("defaults: what every process shares"));
    text.push_str(DEFAULTS);
    text.push_str(&rule("processes"));
    text.push_str(PROCESSES);
    for room in rooms.all() {
        text.push_str(&rule(&format!("processes.web.{}", room.step)));
        let default = room.row(room.step.default_backend());
        if let Some(row) = default {
            text.push_str(&in_force(room, row));
        }
        for row in room
            .rows
            .iter()
            .filter(|row| row.name != room.step.default_backend())
        {
            text.push_str(&alternative(room, *row));
        }
    }
    text
}

/// The table of a step's default backend, and the settings that all backends of the step share.
fn in_force(room: &Room, row: Row) -> String {
    let mut text = title(row);
    put(
        &mut text,
        format_args!("{}\nbackend = \"{}\"\n", header(room.step), row.name),
    );
    let examples = example_values(row);
    for setting in row.settings {
        let example = examples.get(setting.name).map(String::as_str);
        // A path alone would need a base_url, so the example's full URL stands there.
        let shown = match (setting.default, setting.kind) {
            (Default::Required, _) | (_, Kind::UrlOrPath) => {
                (with_fallback(example.unwrap_or(&sample(setting))), false)
            }
            (Default::Absent | Default::Derived(_), _) => {
                (example.map_or_else(|| sample(setting), str::to_owned), true)
            }
            _other => (value_of(setting), false),
        };
        text.push_str(&line(setting, &shown.0, shown.1));
    }
    put(
        &mut text,
        format_args!("\n# Settings that every {} backend has:\n", room.step),
    );
    let own = |shared: &&Setting| {
        row.settings
            .iter()
            .all(|setting| setting.name != shared.name)
    };
    for setting in room.shared.iter().filter(own) {
        let commented = matches!(setting.default, Default::Absent | Default::Derived(_));
        let example = examples.get(setting.name).filter(|_| commented);
        let shown = example.cloned().unwrap_or_else(|| value_of(setting));
        text.push_str(&line(setting, &shown, commented));
    }
    text
}

/// Another backend's table, as comments.
fn alternative(room: &Room, row: Row) -> String {
    let mut text = format!("\n{}", title(row));
    let instead = match room.step {
        Step::Notification => "Beside the tables above, or instead of them:",
        Step::Measurement | Step::Decision | Step::Scaling => {
            "Instead of the table above, with the settings that all share:"
        }
    };
    put(
        &mut text,
        format_args!(
            "# {instead}\n#{}\n#backend = \"{}\"\n",
            header(room.step),
            row.name
        ),
    );
    let examples = example_values(row);
    for setting in row.settings {
        let example = examples.get(setting.name).cloned();
        let shown = match setting.default {
            Default::Required | Default::Absent | Default::Derived(_) => {
                example.unwrap_or_else(|| sample(setting))
            }
            Default::Text(_)
            | Default::Texts(_)
            | Default::Number(_)
            | Default::Whole(_)
            | Default::Boolean(_) => value_of(setting),
        };
        text.push_str(&line(setting, &shown, true));
    }
    text
}

fn title(row: Row) -> String {
    let words = format!("{}: {}.", row.name, row.summary);
    comment(&words)
}

fn rule(words: &str) -> String {
    format!("\n\n# {:-<WIDTH$}\n# {words}\n\n", "")
}

/// A setting with what is to be known of it.
fn line(setting: &Setting, value: &str, commented: bool) -> String {
    let secret = if setting.secret {
        " It is never printed."
    } else {
        ""
    };
    // What the value itself shows need not be said.
    let form = match setting.kind {
        Kind::Text | Kind::Boolean => String::new(),
        kind => format!(" {}.", capital(&wanted(kind))),
    };
    let words = format!(
        "{}{form}{secret} {}",
        setting.meaning,
        default_in_words(setting)
    );
    let mark = if commented { "#" } else { "" };
    format!("\n{}{mark}{} = {value}\n", comment(&words), setting.name)
}

fn comment(words: &str) -> String {
    let mut text = String::new();
    for line in wrapped(words, WIDTH - 2) {
        put(&mut text, format_args!("# {line}\n"));
    }
    text
}

/// The default, or something in its form.
fn value_of(setting: &Setting) -> String {
    match value::default(setting) {
        Some(value) => written(&value),
        None => sample(setting),
    }
}

/// A variable with a fallback, so that the file loads anywhere.
fn with_fallback(value: &str) -> String {
    if value.starts_with("\"${") && !value.contains(":-") {
        value.replace('}', ":-none}")
    } else {
        value.to_owned()
    }
}
