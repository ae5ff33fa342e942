//! The secrets of a whole configuration. A backend that runs something with this program's environment (a command)
//! must not repeat any of them: the variables that fill one process's key are seen by another process's command.

use std::collections::BTreeSet;
use std::fmt;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::mask;
use super::schema::{Kind, Setting};
use super::secret::Secret;

/// The texts that are secret anywhere in a configuration.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(BTreeSet<Secret>);

impl Secrets {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter()
    }

    /// Takes in what is secret of one setting's value, of which `filled` came from the environment. Settings that may
    /// be shown have no secrets, wherever their values came from: a count that a command tells may happen to be the
    /// port that a variable holds.
    pub(super) fn gather(&mut self, setting: &Setting, value: &Value, filled: Vec<String>) {
        let list = value.as_array().map_or(&[][..], Vec::as_slice);
        let texts = || {
            value
                .as_str()
                .into_iter()
                .chain(list.iter().filter_map(Value::as_str))
        };
        match setting.kind {
            _ if setting.secret => self.hide_all(texts()),
            Kind::Words | Kind::TextTable => self.hide_all(filled.iter().map(String::as_str)),
            // A whole URL from the environment may be shown but for its secrets.
            Kind::Url(_) | Kind::UrlOrPath => {
                let filled = filled.iter().map(String::as_str);
                self.hide_all(filled.filter(|text| !text.contains("://")));
            }
            Kind::Text
            | Kind::OneOf(_)
            | Kind::Boolean
            | Kind::Whole(..)
            | Kind::Number(..)
            | Kind::Seconds
            | Kind::Texts
            | Kind::Wholes(..)
            | Kind::Schedule(..)
            | Kind::Periods
            | Kind::Step
            | Kind::Steps
            | Kind::Pointer => {}
        }
        for text in texts() {
            self.hide_parts_of_url(text);
        }
        for text in &filled {
            self.hide_parts_of_url(text);
        }
    }

    fn hide_all<'a>(&mut self, texts: impl Iterator<Item = &'a str>) {
        for text in texts {
            self.hide(text);
        }
    }

    fn hide(&mut self, text: &str) {
        self.0.insert(Secret::new(text));
    }

    /// What stands before the `@` of a URL, its password alone, and the values of its query; each also decoded.
    fn hide_parts_of_url(&mut self, text: &str) {
        if !text.contains("://") {
            return;
        }
        for range in mask::url(text).unwrap_or_default() {
            let secret = text.get(range).unwrap_or_default();
            let password = secret.split_once(':').map(|(_, password)| password);
            let query = secret.split('&').filter_map(|pair| pair.split_once('='));
            let parts = [secret].into_iter().chain(password);
            for part in parts.chain(query.map(|(_, value)| value)) {
                self.hide(part);
                self.hide(&percent_decode_str(part).decode_utf8_lossy());
            }
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}
