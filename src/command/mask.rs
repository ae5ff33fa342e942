//! What a command says, without the secrets that it was given: a traceback or a debug print may hold them.

use crate::one_line::one_line;
use crate::settings::secret::Secret;

/// The shortest value that is masked. To mask each `1` or `on` would hide the text and no secret.
const SHORTEST: usize = 4;

/// The values of a command's `environment`.
pub(super) struct Mask {
    /// The longest first, so that none is left over in part by a shorter one inside it.
    hidden: Vec<Secret>,
}

impl Mask {
    pub(super) fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hidden = Vec::new();
        for value in values {
            // A value of several lines is printed over several lines; in JSON it is printed escaped.
            for part in std::iter::once(value).chain(value.lines()).map(str::trim) {
                hidden.push(part.to_owned());
                hidden.push(escaped(part));
            }
        }
        hidden.retain(|part| part.len() >= SHORTEST);
        hidden.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        hidden.dedup();
        Self {
            hidden: hidden.into_iter().map(Secret::new).collect(),
        }
    }

    /// `text` on one line of at most `most` characters, without the secrets. Masked before it is cut, so that no part
    /// of a secret is left at the cut.
    pub(super) fn line(&self, text: &str, most: usize) -> String {
        let mut masked = text.to_owned();
        for secret in &self.hidden {
            masked = masked.replace(secret.expose(), "***");
        }
        one_line(&masked, most)
    }

    /// The same for bytes that may be no text at all.
    pub(super) fn quote(&self, bytes: &[u8], most: usize) -> String {
        self.line(&String::from_utf8_lossy(bytes), most)
    }
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
            assert_eq!(Mask::new(values).line(text, 13), expected, "{because}");
        }
    }
}
