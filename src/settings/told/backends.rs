//! `autoscalebot backends`, and `autoscalebot backends NAME`.

use super::toml_text::{default_in_words, example_body};
use super::{put, wrapped};
use crate::settings::rooms::{Room, Rooms, Row, Step, meant_backend};
use crate::settings::schema::Setting;
use crate::settings::similar::nearest;
use crate::settings::value::wanted;

/// How wide the text is.
const WIDTH: usize = 100;

/// Every backend with its summary, by step.
pub(super) fn list(rooms: &Rooms) -> String {
    let rows = rooms.all().iter().flat_map(|room| &room.rows);
    let width = rows.map(|row| row.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for room in rooms.all() {
        put(&mut text, format_args!("{}\n", room.step));
        for row in &room.rows {
            let note = if row.name == room.step.default_backend() {
                " (the default)"
            } else {
                ""
            };
            put(
                &mut text,
                format_args!("  {:width$}  {}{note}\n", row.name, row.summary),
            );
        }
        text.push('\n');
    }
    text.push_str("`autoscalebot backends NAME` shows the settings of one.\n");
    text
}

/// The pages of the backends with a name, in the original's form or in ours.
pub(super) fn describe(rooms: &Rooms, name: &str) -> Option<String> {
    let name = meant_backend(name);
    let rooms = rooms.all().iter();
    let pages: Vec<String> = rooms
        .filter_map(|room| Some(page(room, room.row(&name)?)))
        .collect();
    (!pages.is_empty()).then(|| pages.join("\n\n"))
}

/// The backend whose name is nearest to a wrong one.
pub(super) fn nearest_backend(rooms: &Rooms, wrong: &str) -> Option<&'static str> {
    let rows = rooms.all().iter().flat_map(|room| &room.rows);
    nearest(&meant_backend(wrong), rows.map(|row| row.name))
}

/// How a backend's table begins.
pub(super) fn header(step: Step) -> String {
    match step {
        Step::Notification => format!("[[processes.web.{step}]]"),
        Step::Measurement | Step::Decision | Step::Scaling => format!("[processes.web.{step}]"),
    }
}

fn page(room: &Room, row: Row) -> String {
    let mut text = format!("{} ({}): {}\n", row.name, room.step, row.summary);
    let own: Vec<&Setting> = row.settings.iter().collect();
    if own.is_empty() {
        text.push_str("\nIt has no settings of its own.\n");
    } else {
        text.push_str("\nIts settings:\n");
        text.push_str(&described(&own));
    }
    let shared = room
        .settings(row)
        .filter(|setting| own.iter().all(|one| one.name != setting.name));
    put(
        &mut text,
        format_args!("\nSettings that every {} backend has:\n", room.step),
    );
    text.push_str(&described(&shared.collect::<Vec<_>>()));
    put(
        &mut text,
        format_args!("\nExample:\n  {}\n", header(room.step)),
    );
    for line in example_body(row).lines() {
        put(&mut text, format_args!("  {line}\n"));
    }
    text
}

fn described(settings: &[&Setting]) -> String {
    let mut text = String::new();
    for setting in settings {
        let form = wanted(setting.kind);
        let secret = if setting.secret {
            " It is never printed."
        } else {
            ""
        };
        put(&mut text, format_args!("  {}\n", setting.name));
        let words = format!(
            "{} {}.{secret} {}",
            setting.meaning,
            capital(&form),
            default_in_words(setting)
        );
        for line in wrapped(&words, WIDTH - 6) {
            put(&mut text, format_args!("      {line}\n"));
        }
    }
    text
}

/// A text with a capital at its beginning.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
