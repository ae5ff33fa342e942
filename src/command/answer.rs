//! What a line from a command means for the request that is waited for. Pure.

use serde_json::{Map, Value};

/// What was heard.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    /// The answer to the request, without its id.
    Answer(Map<String, Value>),
    /// The request was refused, in these words.
    Error(String),
    /// An answer to an earlier request, whose caller has given up.
    Late,
    /// Nothing that this program understands, and why not.
    Rubbish(&'static str),
}

/// Reads one line, while the answer to `id` is waited for.
pub(super) fn hear(line: &[u8], id: u64) -> Heard {
    let Ok(Value::Object(mut answer)) = serde_json::from_slice(line) else {
        return Heard::Rubbish("is no JSON object");
    };
    match answer.remove("id").as_ref().and_then(Value::as_u64) {
        None => return Heard::Rubbish("has no `id`"),
        Some(theirs) if theirs < id => return Heard::Late,
        Some(theirs) if theirs > id => return Heard::Rubbish("has the `id` of no request"),
        Some(_) => {}
    }
    match answer.remove("error") {
        None | Some(Value::Null) => Heard::Answer(answer),
        Some(Value::String(words)) => Heard::Error(words),
        Some(other) => Heard::Error(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_the_request_counts() {
        let answer = |key: &str| Heard::Answer(Map::from_iter([(key.to_owned(), 1.into())]));
        for (line, expected, because) in [
            (r#"{"id":7,"a":1}"#, answer("a"), "the answer"),
            (
                r#"{"id":7}"#,
                Heard::Answer(Map::new()),
                "an answer without anything",
            ),
            (r#"{"id":7,"error":null,"a":1}"#, answer("a"), "no error"),
            (
                r#"{"id":7,"error":"no"}"#,
                Heard::Error("no".to_owned()),
                "a refusal",
            ),
            (
                r#"{"id":7,"error":404}"#,
                Heard::Error("404".to_owned()),
                "a refusal in a number",
            ),
            (
                r#"{"id":6,"a":1}"#,
                Heard::Late,
                "nobody waits for it any more",
            ),
            (
                r#"{"id":8}"#,
                Heard::Rubbish("has the `id` of no request"),
                "from the future",
            ),
            (
                r#"{"id":"7"}"#,
                Heard::Rubbish("has no `id`"),
                "the id is a number",
            ),
            (r#"{"a":1}"#, Heard::Rubbish("has no `id`"), "no id"),
            (
                "[7]",
                Heard::Rubbish("is no JSON object"),
                "JSON, but no object",
            ),
            (
                "hello",
                Heard::Rubbish("is no JSON object"),
                "a stray print",
            ),
            ("", Heard::Rubbish("is no JSON object"), "an empty line"),
        ] {
            assert_eq!(hear(line.as_bytes(), 7), expected, "{because}");
        }
    }
}
