//! Reads Heroku's answers about an app's formation: which process types there are, and how many of each. Pure, and
//! the target of a fuzzer: any bytes give a formation or an error, never a panic.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::Count;

/// One process type of an app, as far as scaling cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formation {
    /// The process type (`web`).
    pub process_type: String,
    /// How many dynos of it are asked for.
    pub quantity: Count,
    /// The dynos' size in lower case, since Heroku writes it as `Standard-1X` here and `standard-1X` there.
    pub size: Option<String>,
}

/// Why an answer is not a formation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its answer is not a formation: {0}")]
pub struct NotAFormation(String);

/// The process types in an answer to `GET /apps/{app}/formation`. Fields that we do not know are skipped; a type or
/// a quantity that is missing or makes no sense is an error, for it must never pass for a count of zero.
pub fn parse_formation(body: &[u8]) -> Result<Vec<Formation>, NotAFormation> {
    let entries: Vec<Entry> = read(body)?;
    Ok(entries.into_iter().map(Formation::from).collect())
}

/// The one process type in an answer to `PATCH /apps/{app}/formation/{type}`.
pub fn parse_one(body: &[u8]) -> Result<Formation, NotAFormation> {
    let entry: Entry = read(body)?;
    Ok(entry.into())
}

#[derive(Deserialize)]
struct Entry {
    r#type: String,
    quantity: Count,
    // The rest by name. It also keeps an entry from being a list: `["web", 0]` could fill a struct without it.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl From<Entry> for Formation {
    fn from(entry: Entry) -> Self {
        // `size` is deprecated in favour of `dyno_size`; either may be missing.
        // Neither is more than compared, so an odd form of one is no reason to refuse the count beside it.
        let dyno_size = entry
            .rest
            .get("dyno_size")
            .and_then(|size| size.get("name"));
        let size = dyno_size
            .and_then(Value::as_str)
            .or_else(|| entry.rest.get("size").and_then(Value::as_str))
            .map(str::to_lowercase);
        Self {
            process_type: entry.r#type,
            quantity: entry.quantity,
            size,
        }
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, NotAFormation> {
    serde_json::from_slice(body).map_err(|error| {
        // The parser's own sentence may quote the answer; its place says enough for a person.
        let what = match error.classify() {
            serde_json::error::Category::Eof => "it breaks off",
            serde_json::error::Category::Syntax => "it is not JSON",
            serde_json::error::Category::Data => "a `type` or a `quantity` is missing or odd",
            serde_json::error::Category::Io => "it cannot be read",
        };
        NotAFormation(format!(
            "{what} (line {}, column {})",
            error.line(),
            error.column()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(process_type: &str, quantity: Count, size: Option<&str>) -> Formation {
        Formation {
            process_type: process_type.into(),
            quantity,
            size: size.map(Into::into),
        }
    }

    #[test]
    fn answers() {
        let full = r#"[{"app":{"id":"0","name":"example"},"command":"bin/web","created_at":"2012-01-01T12:00:00Z",
            "dyno_size":{"id":"0","name":"Eco"},"id":"0","quantity":1,"size":"standard-1X","type":"web","updated_at":""},
            {"type":"worker","quantity":0,"size":"Standard-1X","new":[1]}]"#;
        let rows = [
            (
                full,
                vec![
                    one("web", 1, Some("eco")),
                    one("worker", 0, Some("standard-1x")),
                ],
                "dyno_size wins over the deprecated size; the unknown is skipped",
            ),
            ("[]", vec![], "an app that was never deployed"),
            (
                r#"[{"type":"web","quantity":2,"size":11,"dyno_size":null}]"#,
                vec![one("web", 2, None)],
                "odd sizes do no harm",
            ),
        ];
        for (body, expected, because) in rows {
            assert_eq!(parse_formation(body.as_bytes()), Ok(expected), "{because}");
        }
    }

    #[test]
    fn refusals() {
        let rows = [
            ("", "breaks off"),
            ("[{\"type\":\"web\",\"quant", "breaks off"),
            ("<html>busy</html>", "not JSON"),
            ("{}", "missing or odd"),
            (r#"[{"type":"web"}]"#, "missing or odd"),
            (r#"[{"type":"web","quantity":null}]"#, "missing or odd"),
            (r#"[{"type":"web","quantity":-1}]"#, "missing or odd"),
            (
                r#"[{"type":"web","quantity":4294967296}]"#,
                "missing or odd",
            ),
            (r#"[{"quantity":1}]"#, "missing or odd"),
            (r#"[["web",0]]"#, "missing or odd"), // found by the fuzzer: it was a count of 0
        ];
        for (body, expected) in rows {
            let text = parse_formation(body.as_bytes()).unwrap_err().to_string();
            assert!(text.contains(expected), "{body:?} gave {text:?}");
        }
    }

    #[test]
    fn the_answer_to_a_change_is_one_object() {
        let body = br#"{"type":"web","quantity":3,"size":"Performance-M"}"#;
        assert_eq!(parse_one(body), Ok(one("web", 3, Some("performance-m"))));
        assert!(parse_one(b"[]").is_err());
    }
}
