//! What a command says, without the secrets that it was given: a traceback or a debug print may hold them. It has those
//! of its own table's `environment`, and sees those that this program's environment holds for the whole configuration.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;

use crate::one_line::one_line;
use crate::settings::secret::Secret;

/// The shortest value that is masked. To mask each `1` or `on` would hide the text and no secret.
const SHORTEST: usize = 4;

/// The secrets of all configurations that were in force so far, for all commands of the program: what one has once
/// seen, it may still tell.
#[derive(Default)]
pub struct Known(RefCell<BTreeSet<Secret>>);

impl Known {
    /// Takes in more.
    pub fn add<'a>(&self, secrets: impl IntoIterator<Item = &'a Secret>) {
        let texts = secrets.into_iter().map(Secret::expose);
        self.0.borrow_mut().extend(hidden(texts));
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Known({})", self.0.borrow().len())
    }
}

/// What is masked in one command's words.
pub(super) struct Mask {
    own: Vec<Secret>,
    known: Rc<Known>,
}

impl Mask {
    /// Masks these values, and whatever is known at the time.
    pub(super) fn new<'a>(values: impl IntoIterator<Item = &'a str>, known: Rc<Known>) -> Self {
        Self {
            own: hidden(values).collect(),
            known,
        }
    }

    /// `text` on one line of at most `most` characters, without the secrets. Masked before it is cut, so that no part
    /// of a secret is left at the cut.
    pub(super) fn line(&self, text: &str, most: usize) -> String {
        let known = self.known.0.borrow();
        let mut found: Vec<&str> = known
            .iter()
            .chain(&self.own)
            .map(Secret::expose)
            .filter(|secret| text.contains(secret))
            .collect();
        // The longest first, so that none is left over in part by a shorter one inside it.
        found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let mut masked = text.to_owned();
        for secret in found {
            masked = masked.replace(secret, "***");
        }
        one_line(&masked, most)
    }

    /// The same for bytes that may be no text at all.
    pub(super) fn quote(&self, bytes: &[u8], most: usize) -> String {
        self.line(&String::from_utf8_lossy(bytes), most)
    }
}

/// The forms in which these values may appear.
fn hidden<'a>(values: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = Secret> {
    let forms = values.into_iter().flat_map(|value| {
        // A value of several lines is printed over several lines; in JSON it is printed escaped.
        let parts = std::iter::once(value).chain(value.lines()).map(str::trim);
        parts.flat_map(|part| [part.to_owned(), escaped(part)])
    });
    forms.filter(|form| form.len() >= SHORTEST).map(Secret::new)
}

fn escaped(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_left() {
        for (values, text, expected, because) in [
            (vec!["hunter22"], "key hunter22!", "key ***!", "as it is"),
            (vec!["1", "on"], "1 is on", "1 is on", "too short to be one"),
            (
                vec!["abcd", "abcdef"],
                "abcdef abcd",
                "*** ***",
                "one inside the other",
            ),
            (
                vec!["line one\nline two"],
                "saw line two",
                "saw ***",
                "a part of several lines",
            ),
            (
                vec!["quo\"ted"],
                r#"{"a":"quo\"ted"}"#,
                r#"{"a":"***"}"#,
                "escaped in JSON",
            ),
            (
                vec!["hunter22"],
                "01234567890hunter22",
                "01234567890*…",
                "cut after masking",
            ),
            (vec![""], "nothing", "nothing", "an empty value"),
        ] {
            let mask = Mask::new(values, Rc::default());
            assert_eq!(mask.line(text, 13), expected, "{because}");
        }
    }

    #[test]
    fn what_becomes_known_later_is_masked_as_well() {
        let known = Rc::new(Known::default());
        let mask = Mask::new(["hunter22"], Rc::clone(&known));
        let said = |text| mask.line(text, 99);
        assert_eq!(said("hunter22-long s3cret"), "***-long s3cret");
        known.add(&[Secret::new("s3cret"), Secret::new("hunter22-long")]);
        assert_eq!(said("hunter22-long s3cret"), "*** ***");
        assert!(!format!("{known:?}").contains("s3cret"));
    }
}
