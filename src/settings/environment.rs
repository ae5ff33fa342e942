//! Environment variables inside strings: `${NAME}`, `${NAME:-fallback}`, and `$${` for a literal `${`.

/// Where variables come from: a function, so that tests hand in a list.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A string with its variables filled in.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Expanded {
    /// The text.
    pub(super) text: String,
    /// The variable, when the string is one `${…}` and nothing else: it may then stand for a number or a boolean.
    pub(super) alone: Option<String>,
    /// Whether any variable was filled in: then the text is not the file's, and may not be shown.
    pub(super) filled: bool,
}

/// Why a string could not be filled in. Neither sentence holds a variable's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unfilled {
    /// The variable is not set, or is empty while it stands alone.
    Missing(String),
    /// The placeholder itself is wrong: what, and what would be right.
    Malformed(String, String),
}

impl Unfilled {
    /// What is wrong, and what would be right.
    pub(super) fn sentences(self) -> (String, String) {
        match self {
            Self::Missing(name) => (
                format!("the environment variable `{name}` is not set"),
                format!("set `{name}`, or give a fallback: `${{{name}:-fallback}}`"),
            ),
            Self::Malformed(wrong, right) => (wrong, right),
        }
    }
}

/// Fills in the variables of a string.
pub(super) fn expand(written: &str, environment: Environment<'_>) -> Result<Expanded, Unfilled> {
    let mut text = String::new();
    let mut filled = false;
    let mut alone = None;
    let mut rest = written;
    while let Some(at) = rest.find("${") {
        let (before, after) = (
            rest.get(..at).unwrap_or_default(),
            rest.get(at + 2..).unwrap_or_default(),
        );
        if let Some(plain) = before.strip_suffix('$') {
            text.push_str(plain);
            text.push_str("${");
            rest = after;
            continue;
        }
        text.push_str(before);
        let (inside, tail) = after.split_once('}').ok_or_else(unclosed)?;
        let (name, value) = fill(inside, environment)?;
        if at == 0 && tail.is_empty() && !filled && text.is_empty() {
            alone = Some(name);
        }
        text.push_str(&value);
        filled = true;
        rest = tail;
    }
    text.push_str(rest);
    Ok(Expanded {
        text,
        alone,
        filled,
    })
}

/// The name and the value of what stands between `${` and `}`.
fn fill(inside: &str, environment: Environment<'_>) -> Result<(String, String), Unfilled> {
    let (name, fallback) = match inside.split_once(":-") {
        Some((name, fallback)) => (name, Some(fallback)),
        None => (inside, None),
    };
    if !is_name(name) {
        return Err(Unfilled::Malformed(
            "what stands between `${` and `}` is not the name of an environment variable".to_owned(),
            "a name of letters, digits and `_`, as in `${API_KEY}` or `${API_KEY:-fallback}`; a literal `${` is written `$${`"
                .to_owned(),
        ));
    }
    if fallback.is_some_and(|fallback| fallback.contains("${")) {
        return Err(Unfilled::Malformed(
            format!("the fallback of `${{{name}}}` holds another variable"),
            "a fallback of plain text".to_owned(),
        ));
    }
    let value = match (environment(name), fallback) {
        (Some(value), None) => value,
        (Some(value), Some(_)) if !value.is_empty() => value,
        (_, Some(fallback)) => fallback.to_owned(),
        (None, None) => return Err(Unfilled::Missing(name.to_owned())),
    };
    Ok((name.to_owned(), value))
}

fn is_name(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(letter) && text.chars().all(|c| letter(c) || c.is_ascii_digit())
}

fn unclosed() -> Unfilled {
    Unfilled::Malformed(
        "a `${` has no `}`".to_owned(),
        "`${NAME}` or `${NAME:-fallback}`; a literal `${` is written `$${`".to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "A" => Some("one".to_owned()),
            "NESTED" => Some("${A}".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn fills_in() {
        let rows = [
            ("plain", "plain", None, "no variable"),
            ("${A}", "one", Some("A"), "one alone"),
            ("x${A}y${A}", "xoneyone", None, "several"),
            ("${A}${A}", "oneone", None, "two are not alone"),
            ("${A} ", "one ", None, "a blank is more than alone"),
            (
                "$A $ $$ {}",
                "$A $ $$ {}",
                None,
                "any other dollar is itself",
            ),
            ("$${A}", "${A}", None, "escaped"),
            (
                "$$${A}",
                "$${A}",
                None,
                "the escape takes the nearest dollar",
            ),
            ("${B:-two}", "two", Some("B"), "fallback for a missing one"),
            (
                "${EMPTY:-two}",
                "two",
                Some("EMPTY"),
                "and for an empty one",
            ),
            ("${A:-two}", "one", Some("A"), "not for one that is set"),
            ("${B:-}", "", Some("B"), "an empty fallback"),
            ("${EMPTY}", "", Some("EMPTY"), "set, though empty"),
            ("${B:-a:-b}", "a:-b", Some("B"), "the first `:-` counts"),
            (
                "${NESTED}",
                "${A}",
                Some("NESTED"),
                "a value is not filled in again",
            ),
        ];
        for (written, text, alone, because) in rows {
            let Ok(expanded) = expand(written, &environment) else {
                panic!("{because}: {written} is refused");
            };
            assert_eq!(expanded.text, text, "{because}");
            assert_eq!(expanded.alone.as_deref(), alone, "{because}");
        }
    }

    #[test]
    fn refuses() {
        assert_eq!(
            expand("a ${MISSING} b", &environment).err(),
            Some(Unfilled::Missing("MISSING".to_owned()))
        );
        for written in [
            "${",
            "${A",
            "${}",
            "${1A}",
            "${A B}",
            "${A-b}",
            "${B:-${A}}",
        ] {
            let refused = expand(written, &environment).err();
            assert!(
                matches!(refused, Some(Unfilled::Malformed(..))),
                "{written}"
            );
        }
    }
}
