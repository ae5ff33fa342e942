//! What the application itself answers: a figure that only it knows, or how many processes it wants.

use std::rc::Rc;

use async_trait::async_trait;
use serde_json::Value;

use super::probe::{self, BASE_URL, HEADERS, MEASUREMENT_URL, Probe, TLS_CA_FILE};
use super::{MeasureError, MeasurementBackend, Sample};
use crate::backend::{Backend, BuildError, Site};
use crate::settings::schema::{Default, Kind, Section, Setting};

/// The row in the room's table.
pub static BACKEND: Backend<dyn MeasurementBackend> = Backend {
    name: "app_decision",
    summary: "whatever JSON the application answers at a URL",
    settings: &[
        MEASUREMENT_URL,
        BASE_URL,
        Setting::new(
            "value_key",
            Kind::Pointer,
            Default::Derived("the whole document, when it is a number"),
            "Where in the answer the number is that the thresholds compare: a JSON pointer, such as `/queue/length`; \
             `\"\"` is the whole document. The app_decision decision backend needs none: it reads the document itself.",
        ),
        HEADERS,
        TLS_CA_FILE,
    ],
    example: r#"backend = "app_decision"
measurement_url = "https://dancing-forest-1234.example.com/my-custom-measurement/"
value_key = "/queue/length"
"#,
    check: probe::check,
    build,
};

struct AppDecision {
    probe: Probe,
    value_key: Option<String>,
}

fn build(section: &Section, site: &Site) -> Result<Rc<dyn MeasurementBackend>, BuildError> {
    Ok(Rc::new(AppDecision {
        probe: Probe::build(section, site, false)?,
        value_key: section.text("value_key").map(ToOwned::to_owned),
    }))
}

#[async_trait(?Send)]
impl MeasurementBackend for AppDecision {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        let answer = self.probe.get().await?;
        let (status, age) = (answer.status(), answer.age());
        if !status.is_success() {
            return Err(self.probe.refused(status));
        }
        let body = answer.body().await?;
        let sample = sample(&body, self.value_key.as_deref())
            .map_err(|why| MeasureError::Unusable(format!("GET {}: {why}", self.probe.shown())))?;
        Ok(Sample { age, ..sample })
    }
}

/// A sample out of an answer's body. The body is nowhere repeated: it is the application's, and may be anything.
pub fn sample(body: &[u8], value_key: Option<&str>) -> Result<Sample, String> {
    if body.is_empty() {
        return Err("it answered without a body, and JSON is wanted".to_owned());
    }
    let data: Value = serde_json::from_slice(body)
        .map_err(|error| format!("it answered, but not with JSON: {error}"))?;
    let number = match value_key {
        None => data.as_f64(),
        Some(key) => Some(number_at(&data, key)?),
    };
    Ok(Sample::new(data, number))
}

fn number_at(data: &Value, key: &str) -> Result<f64, String> {
    let place = if key.is_empty() {
        "the answer".to_owned()
    } else {
        format!("value_key `{key}`")
    };
    let Some(value) = data.pointer(key) else {
        return Err(format!("{place} is not in the answer"));
    };
    value
        .as_f64()
        .ok_or_else(|| format!("{place} is {}, and a number is wanted", kind(value)))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_number_is_where_the_key_points() {
        let cases = [
            (
                "7",
                None,
                Some(7.0),
                "a document that is a number is the number",
            ),
            (
                "7.5",
                Some(""),
                Some(7.5),
                "the empty pointer is the whole document",
            ),
            (
                r#"{"a": {"b": -3}}"#,
                Some("/a/b"),
                Some(-3.0),
                "an inner value",
            ),
            (
                r#"{"a": [1, 2]}"#,
                Some("/a/1"),
                Some(2.0),
                "an item of a list",
            ),
            (
                r#"{"a~/b": 1}"#,
                Some("/a~0~1b"),
                Some(1.0),
                "escaped as RFC 6901 says",
            ),
            (
                r#"{"processes": 3}"#,
                None,
                None,
                "no key: the decision reads the document",
            ),
            (r#""7""#, None, None, "text is not a number"),
        ];
        for (body, key, number, because) in cases {
            let sample = sample(body.as_bytes(), key).unwrap();
            assert_eq!(sample.number, number, "{because}");
            assert_eq!(*sample.data, serde_json::from_str::<Value>(body).unwrap());
        }
    }

    #[test]
    fn an_answer_without_the_number_is_told() {
        let cases = [
            (r#"{"a": 1}"#, "/b", "value_key `/b` is not in the answer"),
            (
                r#"{"a": "1"}"#,
                "/a",
                "value_key `/a` is a string, and a number is wanted",
            ),
            (
                r#"{"a": 1}"#,
                "",
                "the answer is an object, and a number is wanted",
            ),
        ];
        for (body, key, text) in cases {
            let error = sample(body.as_bytes(), Some(key)).unwrap_err();
            assert_eq!(error, text);
        }
    }

    #[test]
    fn what_is_not_json_is_told_without_repeating_it() {
        let empty = sample(b"", None).unwrap_err();
        assert_eq!(empty, "it answered without a body, and JSON is wanted");
        for body in ["<html>hunter2", "NaN", "1e999", "{\"hunter2\": 1", "7 8"] {
            let error = sample(body.as_bytes(), None).unwrap_err();
            assert!(
                error.starts_with("it answered, but not with JSON: "),
                "{error}"
            );
            assert!(!error.contains("hunter2"), "{error}");
        }
        let deep = "[".repeat(100_000);
        assert!(sample(deep.as_bytes(), None).is_err(), "{:?}", json!([]));
    }
}
