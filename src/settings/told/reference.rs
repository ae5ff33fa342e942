//! `autoscalebot reference`: every key, its meaning and default, as a TOML file that loads.
//!
//! A table holds one backend at a time, so each step has one table in force, that of its default backend, and the
//! others stand after it as comments: a line that begins with `# ` is words, one that begins with `#` alone is a
//! setting that takes effect without the `#`.

use super::backends::{capital, header};
use super::toml_text::{default_in_words, sample, written};
use super::{put, top, wrapped};
use crate::cluster::settings as cluster;
use crate::settings::preset::PROCESS;
use crate::settings::presets::PRESETS;
use crate::settings::rooms::{Room, Rooms, Row, Step};
use crate::settings::schema::{Default, Kind, Setting};
use crate::settings::value::{self, wanted};
use crate::state::settings as state;

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

const STATE: &str = "\
# Without this table nothing outlives the bot: after a restart it scales nothing down until its windows are full again, and
# there are neither orders (`autoscalebot pause`) nor a ledger.
#[state]
";

const CLUSTER: &str = "\
# Without this table the bot is the only one of its kind. With it, replicas with the same configuration may run beside it: one
# leads, the others stand by, and stand in for it when it dies.
#[cluster]
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

/// What may stand beside the tables of a step.
fn beside(step: Step) -> &'static str {
    match step {
        Step::Measurement => {
            "\
# A process may have several measurements, each with a decision of its own, whose wishes come to one (`combine`, `ceiling`):
#
#     [[processes.web.measurement]]
#     measurement_url = \"https://example.com/health/\"
#     [[processes.web.measurement]]
#     name = \"jobs\"
#     backend = \"celery_redis_queue_size\"
#     decision = { min_measurement_value = 1, max_measurement_value = 100 }

"
        }
        Step::Decision => {
            "\
# Beside it, `[processes.web.challenger]` may hold another decision, with the same settings, that is made on the same
# measurements, recorded, and never carried out (`autoscalebot compare web`). What it leaves out is as in this table.

"
        }
        Step::Scaling | Step::Notification => "",
    }
}

/// How failures are met.
fn supervision() -> String {
    let mut text = "[supervision]\n".to_owned();
    for setting in top::SUPERVISION {
        let (shown, is_off) = match setting.name {
            "heartbeat_url" => ("\"${HEARTBEAT_URL}\"".to_owned(), true),
            _ => (default_of(setting), false),
        };
        text.push_str(&line(setting, &shown, is_off));
    }
    text
}

/// The whole file.
pub(super) fn reference(rooms: &Rooms) -> String {
    let mut text = HEAD.to_owned();
    for setting in top::TIME_ZONE {
        text.push('\n');
        text.push_str(&line(setting, &default_of(setting), false));
    }
    text.push_str(&rule("supervision: how failures are met"));
    text.push_str(&supervision());
    text.push_str(&rule("limits: what all processes may have together"));
    text.push_str("[limits]\n");
    for setting in top::LIMITS {
        text.push_str(&line(setting, "20", true));
    }
    text.push_str(&rule("state: what outlives the bot"));
    text.push_str(STATE);
    for setting in state::STATE {
        let shown = match setting.name {
            "url" => "\"file:autoscalebot.db\"".to_owned(),
            "tls_ca_file" => "\"/etc/ssl/certs/our-own-ca.pem\"".to_owned(),
            "max_megabytes" => "1000".to_owned(),
            _ => default_of(setting),
        };
        text.push_str(&line(setting, &shown, true));
    }
    text.push_str(&rule("cluster: several bots, of which one leads"));
    text.push_str(CLUSTER);
    for setting in cluster::CLUSTER {
        let shown = match setting.name {
            "url" => "\"${REDIS_URL}\"".to_owned(),
            "tls_ca_file" => "\"/etc/ssl/certs/our-own-ca.pem\"".to_owned(),
            "owner" => "\"worker.1\"".to_owned(),
            _ => default_of(setting),
        };
        text.push_str(&line(setting, &shown, true));
    }
    text.push_str(&super::served::served());
    text.push_str(&rule("defaults: what every process shares"));
    text.push_str(DEFAULTS);
    text.push_str(&rule("processes"));
    text.push_str(PROCESSES);
    text.push_str(&presets());
    for room in rooms.all() {
        text.push_str(&rule(&format!("processes.web.{}", room.step)));
        text.push_str(beside(room.step));
        let default = room.row(room.step.default_backend());
        if let Some(row) = default {
            text.push_str(&in_force(rooms, room, row));
        }
        for row in room
            .rows
            .iter()
            .filter(|row| row.name != room.step.default_backend())
        {
            text.push_str(&alternative(rooms, room, *row));
        }
    }
    text
}

/// What a process may be set up by.
fn presets() -> String {
    let mut text = "\n".to_owned();
    for preset in PRESETS {
        text.push_str(&comment(&format!(
            "preset {}: {}.",
            preset.name, preset.summary
        )));
    }
    text.push_str("#[processes.web]\n");
    for setting in PROCESS {
        text.push_str(&line(setting, "\"autoscalebot-2012\"", true));
    }
    text
}

/// The table of a step's default backend, and the settings that all backends of the step share.
fn in_force(rooms: &Rooms, room: &Room, row: Row) -> String {
    let mut text = title(row);
    put(
        &mut text,
        format_args!("{}\nbackend = \"{}\"\n", header(room.step), row.name),
    );
    for setting in row.settings {
        let commented = holds_nothing(setting);
        // A path alone would need a base_url, so the example's full URL stands there.
        let shown = if setting.default == Default::Required || setting.kind == Kind::UrlOrPath {
            with_fallback(&sample(rooms, row, setting))
        } else {
            value_of(rooms, row, setting)
        };
        text.push_str(&line(setting, &shown, commented));
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
        let shown = value_of(rooms, row, setting);
        text.push_str(&line(setting, &shown, holds_nothing(setting)));
    }
    text
}

/// Another backend's table, as comments.
fn alternative(rooms: &Rooms, room: &Room, row: Row) -> String {
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
    for setting in row.settings {
        text.push_str(&line(setting, &value_of(rooms, row, setting), true));
    }
    text
}

fn title(row: Row) -> String {
    let words = format!("{}: {}.", row.name, row.summary);
    comment(&words)
}

pub(super) fn rule(words: &str) -> String {
    format!("\n\n# {:-<WIDTH$}\n# {words}\n\n", "")
}

/// A setting with what is to be known of it.
pub(super) fn line(setting: &Setting, value: &str, commented: bool) -> String {
    let secret = if setting.secret {
        " It is never printed."
    } else {
        ""
    };
    // What the value itself shows need not be said.
    let form = if matches!(setting.kind, Kind::Text | Kind::Boolean) {
        String::new()
    } else {
        format!(" {}.", capital(&wanted(setting.kind)))
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

/// Whether a setting that is left out holds nothing.
fn holds_nothing(setting: &Setting) -> bool {
    matches!(setting.default, Default::Absent | Default::Derived(_))
}

/// The default, or something in its form.
fn value_of(rooms: &Rooms, row: Row, setting: &Setting) -> String {
    match value::default(setting) {
        Some(value) => written(&value),
        None => sample(rooms, row, setting),
    }
}

pub(super) fn default_of(setting: &Setting) -> String {
    written(&value::default(setting).unwrap_or_default())
}

/// A variable with a fallback, so that the file loads anywhere.
fn with_fallback(value: &str) -> String {
    if value.starts_with("\"${") && !value.contains(":-") {
        value.replace('}', ":-none}")
    } else {
        value.to_owned()
    }
}
