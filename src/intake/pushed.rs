//! A number that anything with curl pushes: the number alone, or an object with it as `value`, whose other fields are kept as
//! data.

use serde_json::Value;

use super::delivery::Malformed;
use crate::model::ProcessName;

/// The largest object that is kept.
const MOST_BYTES: usize = 16 * 1024;

/// One push.
#[derive(Clone, Debug, PartialEq)]
pub struct Pushed {
    /// The process that it is of.
    pub process: ProcessName,
    /// The number.
    pub value: f64,
    /// What was pushed.
    pub data: Value,
}

/// Reads a push.
pub fn parse(process: &ProcessName, body: &[u8]) -> Result<Pushed, Malformed> {
    if body.len() > MOST_BYTES {
        let words =
            format!("at most {MOST_BYTES} bytes, please: a number, or an object with a `value`");
        return Err(Malformed::new(words));
    }
    let data: Value = serde_json::from_slice(body).map_err(|error| Malformed::json(&error))?;
    let value = match data.as_object() {
        Some(fields) => fields.get("value"),
        None => Some(&data),
    };
    let Some(value) = value.and_then(Value::as_f64) else {
        return Err(Malformed::new(
            "a number is wanted, as in `7.5`, or an object with a number `value`, as in `{\"value\": 7.5}`",
        ));
    };
    Ok(Pushed {
        process: process.clone(),
        value,
        data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_or_an_object_with_a_value() {
        let web = ProcessName::new("web").unwrap();
        for (body, expected) in [
            ("7.5", Some(json!(7.5))),
            ("-3", Some(json!(-3))),
            (
                r#"{"value": 7, "busy": 2}"#,
                Some(json!({"value": 7, "busy": 2})),
            ),
            ("", None),
            ("null", None),
            ("[7]", None),
            ("\"7\"", None),
            ("{}", None),
            (r#"{"value": "7"}"#, None),
            (r#"{"value": null}"#, None),
            ("1e999", None),
        ] {
            let pushed = parse(&web, body.as_bytes());
            assert_eq!(pushed.ok().map(|pushed| pushed.data), expected, "{body}");
        }
        let large = format!(r#"{{"value": 7, "x": "{}"}}"#, "x".repeat(MOST_BYTES));
        assert!(parse(&web, large.as_bytes()).is_err());
    }
}
