//! Strings: plain ones, choices, URLs, pointers, periods of the day and words.

use reqwest::Url;
use serde_json::Value;

use super::wanted::wanted;
use super::{BadValue, Written, holds_variable, one};
use crate::decision::schedule::Period;
use crate::settings::environment::{Expanded, Unfilled, expand};
use crate::settings::mask::veiled;
use crate::settings::schema::Default;
use crate::settings::similar::nearest;

impl Written<'_> {
    /// The string with its variables filled in.
    pub(super) fn expanded(self) -> Result<Expanded, BadValue> {
        let Some(written) = self.value.get_ref().as_str() else {
            return Err(self.wrong_type());
        };
        expand(written, self.environment).map_err(|unfilled| {
            let only_missing = matches!(unfilled, Unfilled::Missing(_));
            let (wrong, right) = unfilled.sentences();
            BadValue {
                only_missing,
                ..self.bad(wrong, right)
            }
        })
    }

    /// A string; one that must be written must also say something.
    pub(super) fn text(self) -> Result<String, BadValue> {
        let expanded = self.expanded()?;
        if self.setting.default == Default::Required && expanded.text.trim().is_empty() {
            let wrong = match &expanded.alone {
                Some(name) => format!("the environment variable `{name}` is empty"),
                None => "it is empty".to_owned(),
            };
            return Err(self.bad(wrong, wanted(self.setting.kind)));
        }
        Ok(expanded.text)
    }

    pub(super) fn one_of(self, names: &[&str]) -> Result<Value, BadValue> {
        let expanded = self.expanded()?;
        if names.contains(&expanded.text.as_str()) {
            return Ok(Value::from(expanded.text));
        }
        let mut right = wanted(self.setting.kind);
        if !expanded.filled
            && let Some(meant) = nearest(&expanded.text, names.iter().copied())
        {
            right = format!("did you mean \"{meant}\"? It is {right}");
        }
        Err(self.bad(format!("{} is none of its values", self.quoted()), right))
    }

    pub(super) fn url(self, schemes: &[&str]) -> Result<Value, BadValue> {
        let text = self.expanded()?.text;
        let right = || wanted(self.setting.kind);
        if schemes.contains(&"file") && text.starts_with("file:") {
            // A path is taken as it stands: a relative one is no URL.
            return Ok(Value::from(text));
        }
        let url = match Url::parse(&text) {
            Ok(url) => url,
            // The parser's own words, which name no part of the URL.
            Err(error) => return Err(self.bad(format!("it is not a URL: {error}"), right())),
        };
        if !schemes.contains(&url.scheme()) {
            return Err(self.bad(
                "its scheme (what stands before `://`) is not known here",
                right(),
            ));
        }
        if !url.has_host() || url.host_str().is_none_or(str::is_empty) {
            return Err(self.bad("it names no host", right()));
        }
        Ok(Value::from(text))
    }

    pub(super) fn url_or_path(self) -> Result<Value, BadValue> {
        let text = self.expanded()?.text;
        if text.starts_with('/') && !text.starts_with("//") {
            return Ok(Value::from(text));
        }
        if text.contains("://") {
            return self.url(&["http", "https"]);
        }
        Err(self.bad(
            "it is neither a full URL nor a path",
            wanted(self.setting.kind),
        ))
    }

    pub(super) fn pointer(self) -> Result<Value, BadValue> {
        let text = self.expanded()?.text;
        if text.is_empty() || text.starts_with('/') {
            return Ok(Value::from(text));
        }
        Err(self.bad(
            format!("{} is not a JSON pointer", self.quoted()),
            wanted(self.setting.kind),
        ))
    }

    pub(super) fn period(self) -> Result<Value, BadValue> {
        let text = self.expanded()?.text;
        match text.parse::<Period>() {
            Ok(_) => Ok(Value::from(text)),
            Err(error) if self.may_be_quoted() => {
                Err(self.bad(veiled(&error.wrong), veiled(&error.right)))
            }
            Err(_) => Err(self.bad(
                "the value is not a period of the day",
                wanted(self.setting.kind),
            )),
        }
    }

    /// A list of words, or one string that is split as a shell would.
    pub(super) fn words(self) -> Result<Value, Vec<BadValue>> {
        let words = if self.value.get_ref().as_array().is_some() {
            self.each(|word| word.expanded().map(|word| Value::from(word.text)))?
        } else {
            let text = self.expanded().map_err(one)?.text;
            let split = shell_words::split(&text).or(Err(()));
            let unclosed = |()| {
                one(self.bad(
                    "a quotation mark in it is not closed",
                    wanted(self.setting.kind),
                ))
            };
            Value::from(split.map_err(unclosed)?)
        };
        let first = words.get(0).and_then(Value::as_str);
        if first.is_none_or(str::is_empty) {
            return Err(one(
                self.bad("it names no program to run", wanted(self.setting.kind))
            ));
        }
        Ok(words)
    }

    /// Whether a message may show this value: as it was written, and no secret.
    pub(super) fn may_be_quoted(self) -> bool {
        !self.setting.secret && !holds_variable(self.value.get_ref())
    }

    /// The value for a message, or words in its place when it may not be shown.
    pub(super) fn quoted(self) -> String {
        match self.value.get_ref().as_str() {
            Some(text) if self.may_be_quoted() => format!("{:?}", veiled(text)),
            _ => "the value".to_owned(),
        }
    }
}
