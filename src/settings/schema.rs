//! What may be written in a table: one [`Setting`] a key, beside the backend that it tunes; and the [`Section`] that
//! a table has become once it is checked. Each backend file has its own list; the walker, the reference, the help and
//! the secrets' mask all read the same rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::mask;

/// One key that a table may have.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The key.
    pub name: &'static str,
    /// What its value must look like.
    pub kind: Kind,
    /// What holds when it is left out.
    pub default: Default,
    /// What it means, in one or two sentences for the reference.
    pub meaning: &'static str,
    /// Whether its value may never be printed. A `url`'s password is hidden in any case.
    pub secret: bool,
}

/// The fewest seconds that a setting may ask for.
pub const LEAST_SECONDS: f64 = 0.1;

/// The most seconds that a setting may ask for: a year.
pub const MOST_SECONDS: f64 = 31_536_000.0;

/// What a value must look like. All numbers are finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Any string.
    Text,
    /// A string out of these.
    OneOf(&'static [&'static str]),
    /// `true` or `false`.
    Boolean,
    /// A whole number in this range, both ends included.
    Whole(i64, i64),
    /// A number in this range, both ends included.
    Number(f64, f64),
    /// Seconds, a fraction allowed, from [`LEAST_SECONDS`] to [`MOST_SECONDS`]; arrives as a number.
    Seconds,
    /// A list of strings, or one string, which is then a list of one.
    Texts,
    /// A list of words, or one string that is split as a shell would; arrives as a list of at least one word.
    Words,
    /// A table of strings (`headers`, `environment`). The values are secrets, always.
    TextTable,
    /// A list of whole numbers in this range, or one number, which is then a list of one.
    Wholes(i64, i64),
    /// A whole number in this range, or a table of local times and such numbers (see `decision::schedule`);
    /// arrives as written.
    Schedule(i64, i64),
    /// How many at a time: a whole number of at least 1, or a percentage, `"50%"` (see `envelope::Step`); arrives as written.
    Step,
    /// A table of numbers in quotes and how many at a time, `{ "100" = 1, "500" = "50%" }`; arrives as written.
    Steps,
    /// A list of local periods, `["22:00-7:00", "sat-sun"]`; arrives as written.
    Periods,
    /// A full URL with one of these schemes.
    Url(&'static [&'static str]),
    /// A full `http`/`https` URL, or a path that starts with `/`.
    UrlOrPath,
    /// A JSON pointer: empty, or starting with `/`.
    Pointer,
}

/// What holds when a setting is left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Default {
    /// It must be written.
    Required,
    /// Nothing: the backend does without.
    Absent,
    /// Nothing in the table, but the meaning of that is a value, which the reference shows (`the table's name`).
    Derived(&'static str),
    /// This text.
    Text(&'static str),
    /// This list of texts.
    Texts(&'static [&'static str]),
    /// This number.
    Number(f64),
    /// This whole number.
    Whole(i64),
    /// This truth.
    Boolean(bool),
}

impl Setting {
    /// A setting, not secret.
    pub const fn new(
        name: &'static str,
        kind: Kind,
        default: Default,
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            default,
            meaning,
            secret: false,
        }
    }

    /// A setting whose value is never printed.
    pub const fn secret(
        name: &'static str,
        kind: Kind,
        default: Default,
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            default,
            meaning,
            secret: true,
        }
    }
}

/// A table that was found good: every written setting in its kind's form, environment filled in, defaults added. It
/// holds secrets, so it has no `Debug` that shows values and cannot be serialised. Clones share what is in it.
#[derive(Clone)]
pub struct Section(Arc<Content>);

#[derive(Clone, PartialEq)]
struct Content {
    values: Map<String, Value>,
    written: Vec<String>,
    /// The settings whose values are not told, each with the words that stand in a value's place.
    veiled: BTreeMap<String, &'static str>,
    /// The settings that are a preset's.
    of_preset: BTreeSet<String>,
}

/// A shorter value than this is no secret, and would be found in any sentence.
const SHORTEST_VEILED: usize = 4;

impl Section {
    /// A section of `values`, of which `written` stood in the file (the others are defaults).
    pub fn new(values: Map<String, Value>, written: Vec<String>) -> Self {
        Self(Arc::new(Content {
            values,
            written,
            veiled: BTreeMap::new(),
            of_preset: BTreeSet::new(),
        }))
    }

    /// The same, with what may not be told of it.
    pub(super) fn veiling(mut self, veiled: BTreeMap<String, &'static str>) -> Self {
        Arc::make_mut(&mut self.0).veiled = veiled;
        self
    }

    /// The same, with what of it is a preset's.
    pub(super) fn preset(mut self, of_preset: BTreeSet<String>) -> Self {
        Arc::make_mut(&mut self.0).of_preset = of_preset;
        self
    }

    /// All settings, typed. `S` names those that it wants and ignores the others (the shared ones, say).
    ///
    /// ```ignore
    /// #[derive(serde::Deserialize)]
    /// struct Wanted { queue_name: Vec<String>, port: u16 }
    /// let wanted: Wanted = section.read()?;
    /// ```
    pub fn read<S: DeserializeOwned>(&self) -> Result<S, serde_json::Error> {
        S::deserialize(&self.0.values)
    }

    /// One value, if there is one.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.values.get(name)
    }

    /// One text, if there is one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// One number, if there is one.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name).and_then(Value::as_f64)
    }

    /// Whether the setting stood in the file (its own table, or the defaults), rather than being our default.
    pub fn is_written(&self, name: &str) -> bool {
        self.0.written.iter().any(|written| written == name)
    }

    /// Whether it is neither written nor our default, but a preset's.
    pub fn is_of_preset(&self, name: &str) -> bool {
        self.0.of_preset.contains(name)
    }

    /// Shares the content of `other`, if it says the same, and from the same source: the processes of an application
    /// differ in little.
    pub(super) fn share(&mut self, other: &Self) {
        if self.0 == other.0 {
            self.0 = Arc::clone(&other.0);
        }
    }

    /// Whether all settings but these have the same values in both.
    pub fn is_equal_but_for(&self, other: &Self, these: &[Setting]) -> bool {
        let matters = |name: &str| !these.iter().any(|setting| setting.name == name);
        let names = self.0.values.keys().chain(other.0.values.keys());
        names
            .filter(|name| matters(name))
            .all(|name| self.get(name) == other.get(name))
    }

    /// Whether no sentence may hold the setting's value: it is a secret, or came from the environment.
    pub fn is_veiled(&self, name: &str) -> bool {
        self.0.veiled.contains_key(name)
    }

    /// What `quoted` quotes of a setting's value, as a sentence may hold it: without the secrets of a URL; and other
    /// words in the place of a value that may not be told.
    pub fn shown(&self, name: &str, quoted: &str) -> String {
        match self.0.veiled.get(name) {
            Some(words) => (*words).to_owned(),
            None => mask::veiled(quoted),
        }
    }

    /// A sentence of a backend, which may have quoted values as they are: what may not be told is hidden.
    pub fn veil(&self, sentence: &str) -> String {
        let mut sentence = sentence.to_owned();
        for (name, value) in &self.0.values {
            for text in texts(value) {
                if !self.is_veiled(name) {
                    sentence = sentence.replace(text, &mask::veiled(text));
                } else if text.len() >= SHORTEST_VEILED {
                    sentence = sentence.replace(text, mask::HIDDEN);
                }
            }
        }
        sentence
    }
}

/// The strings in a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Object(table) => table.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// Where a value comes from makes no difference.
impl PartialEq for Section {
    fn eq(&self, other: &Self) -> bool {
        (&self.0.values, &self.0.written) == (&other.0.values, &other.0.written)
    }
}

impl std::fmt::Debug for Section {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.values.keys()).finish()
    }
}
