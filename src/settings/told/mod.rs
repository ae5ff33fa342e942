//! The settings told back to people: the reference, one backend's page, the list of backends, and what a file would
//! run. All of it is written from the rooms' rows, so none of it can be stale.

mod backends;
mod foresight;
mod past;
mod reference;
mod served;
mod summary;
mod toml_text;
mod values;

use std::fmt;

use chrono::{DateTime, Utc};

use super::rooms::Rooms;
use super::{Settings, top};
use crate::backend::Registry;

/// The full configuration reference, as a TOML file that loads.
pub fn reference(registry: &Registry) -> String {
    reference::reference(&Rooms::new(registry))
}

/// What a backend is and which settings it has; `None` for a name that no step has. A name that several steps have
/// gives a page for each.
pub fn describe(registry: &Registry, name: &str) -> Option<String> {
    backends::describe(&Rooms::new(registry), name)
}

/// The backend that a wrong name was meant to be, if one is near enough.
pub fn nearest_backend(registry: &Registry, wrong: &str) -> Option<&'static str> {
    backends::nearest_backend(&Rooms::new(registry), wrong)
}

/// Every backend with its one-line summary, by step.
pub fn list(registry: &Registry) -> String {
    backends::list(&Rooms::new(registry))
}

/// What a file would run, for `autoscalebot check`: no secret is in it.
pub fn summary(settings: &Settings, registry: &Registry) -> String {
    summary::summary(settings, &Rooms::new(registry))
}

/// The settings in force, table by table, as JSON: no secret is in it.
pub fn in_force(settings: &Settings, registry: &Registry) -> serde_json::Value {
    values::values(settings, &Rooms::new(registry))
}

/// What can be proven about a file before it runs, and its author would want to know: one sentence each.
pub fn foreseen(settings: &Settings, now: DateTime<Utc>) -> Vec<String> {
    foresight::foreseen(settings, now)
}

/// What a file has that is over by now, one sentence each: no mistake, but worth knowing.
pub fn past_dates(settings: &Settings, registry: &Registry, now: DateTime<Utc>) -> Vec<String> {
    past::past_dates(settings, &Rooms::new(registry), now)
}

/// Adds to a text.
fn put(text: &mut String, more: fmt::Arguments<'_>) {
    text.push_str(&more.to_string());
}

/// Breaks a text into lines of at most `width` characters, but for longer words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests;
