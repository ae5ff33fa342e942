//! One value: from what stands in the file to what its setting's [`Kind`] wants, environment filled in; or what is
//! wrong with it, where, and what would be right. No sentence here holds a value that came from the environment or
//! belongs to a secret.

mod scalar;
mod table;
mod text;
mod wanted;

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::DeValue;

use super::environment::Environment;
use super::schema::{Default, Kind, Setting};

pub(super) use wanted::wanted;

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadValue {
    /// Where, in bytes.
    pub(super) span: Range<usize>,
    /// What is wrong.
    pub(super) wrong: String,
    /// What would be right.
    pub(super) right: String,
    /// Whether a missing environment variable is all that is wrong.
    pub(super) only_missing: bool,
}

impl BadValue {
    fn at(span: Range<usize>, wrong: impl Into<String>, right: impl Into<String>) -> Self {
        Self {
            span,
            wrong: wrong.into(),
            right: right.into(),
            only_missing: false,
        }
    }
}

/// A value as written, beside the setting that it is for.
#[derive(Clone, Copy)]
struct Written<'a> {
    setting: &'a Setting,
    value: &'a Spanned<DeValue<'a>>,
    environment: Environment<'a>,
}

/// Reads one setting's value.
pub(super) fn read(
    setting: &Setting,
    value: &Spanned<DeValue<'_>>,
    environment: Environment<'_>,
) -> Result<Value, Vec<BadValue>> {
    let written = Written {
        setting,
        value,
        environment,
    };
    match setting.kind {
        Kind::Text => written.text().map(Value::from).map_err(one),
        Kind::OneOf(names) => written.one_of(names).map_err(one),
        Kind::Boolean => written.boolean().map_err(one),
        Kind::Whole(least, most) => written.whole(least, most).map_err(one),
        Kind::Number(least, most) => written.number(least, most).map_err(one),
        Kind::Seconds => written.seconds().map_err(one),
        Kind::Texts => written.each(|one| one.text().map(Value::from)),
        Kind::Wholes(least, most) => written.each(|one| one.whole(least, most)),
        Kind::Periods => written.each(Written::period),
        Kind::Words => written.words(),
        Kind::TextTable => written.text_table(),
        Kind::Schedule(least, most) => written.schedule(least, most),
        Kind::Url(schemes) => written.url(schemes).map_err(one),
        Kind::UrlOrPath => written.url_or_path().map_err(one),
        Kind::Pointer => written.pointer().map_err(one),
        Kind::Step => written.step().map_err(one),
        Kind::Steps => written.steps(),
    }
}

/// The words that stand for a value in a sentence when it may not be told.
pub(super) fn veil(setting: &Setting, value: &DeValue<'_>) -> Option<&'static str> {
    if holds_variable(value) {
        return Some("the environment's value");
    }
    let is_secret = setting.secret || setting.kind == Kind::TextTable;
    is_secret.then_some("the value")
}

/// Whether any of it came, or may have come, from the environment.
fn holds_variable(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::String(text) => text.contains("${"),
        DeValue::Array(list) => list.iter().any(|one| holds_variable(one.get_ref())),
        DeValue::Table(table) => table.values().any(|one| holds_variable(one.get_ref())),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            false
        }
    }
}

/// What a setting holds when it is left out; `None` when that is nothing.
pub(super) fn default(setting: &Setting) -> Option<Value> {
    let value = match setting.default {
        Default::Required | Default::Absent | Default::Derived(_) => return None,
        Default::Text(text) => Value::from(text),
        Default::Texts(texts) => Value::from(texts.to_vec()),
        Default::Number(number) => Value::from(number),
        Default::Whole(whole) => match (setting.kind, i32::try_from(whole)) {
            // What arrives as a number when it is written does so when it is not.
            (Kind::Number(..) | Kind::Seconds, Ok(whole)) => Value::from(f64::from(whole)),
            _ => Value::from(whole),
        },
        Default::Boolean(truth) => Value::from(truth),
    };
    // What one value may stand for a list of, is a list.
    Some(match (setting.kind, value) {
        (Kind::Words, Value::String(words)) => {
            Value::from(shell_words::split(&words).unwrap_or_default())
        }
        (
            Kind::Texts | Kind::Wholes(..) | Kind::Periods,
            value @ (Value::String(_) | Value::Number(_)),
        ) => Value::from(vec![value]),
        (_, value) => value,
    })
}

fn one(bad: BadValue) -> Vec<BadValue> {
    vec![bad]
}

impl<'a> Written<'a> {
    /// The same setting's part of this value.
    fn part(self, value: &'a Spanned<DeValue<'a>>) -> Self {
        Self { value, ..self }
    }

    fn bad(self, wrong: impl Into<String>, right: impl Into<String>) -> BadValue {
        BadValue::at(self.value.span(), wrong, right)
    }

    /// Another type than the one that belongs here.
    fn wrong_type(self) -> BadValue {
        let mut right = wanted(self.setting.kind);
        let bare = matches!(
            self.setting.kind,
            Kind::Boolean | Kind::Whole(..) | Kind::Number(..) | Kind::Seconds | Kind::Schedule(..)
        );
        if bare && self.value.get_ref().as_str().is_some_and(looks_like_bare) {
            right.push_str(", without quotes");
        }
        self.bad(
            format!("{} does not belong here", named(self.value.get_ref())),
            right,
        )
    }

    /// A list's elements, each read by `read`; one value alone is a list of one.
    fn each(self, read: impl Fn(Self) -> Result<Value, BadValue>) -> Result<Value, Vec<BadValue>> {
        let Some(list) = self.value.get_ref().as_array() else {
            return read(self)
                .map(|value| Value::from(vec![value]))
                .map_err(one);
        };
        let mut values = Vec::new();
        let mut faults = Vec::new();
        for element in list {
            match read(self.part(element)) {
                Ok(value) => values.push(value),
                Err(bad) => faults.push(bad),
            }
        }
        if values.is_empty() && faults.is_empty() && self.setting.default == Default::Required {
            faults.push(self.bad("the list is empty", wanted(self.setting.kind)));
        }
        if faults.is_empty() {
            Ok(Value::from(values))
        } else {
            Err(faults)
        }
    }
}

/// Whether a quoted text would be a number or a boolean without its quotes.
fn looks_like_bare(text: &str) -> bool {
    text.parse::<f64>().is_ok() || text == "true" || text == "false"
}

/// What something is, for people.
pub(super) fn named(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time without quotes",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests;
