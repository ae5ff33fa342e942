//! Lets the application decide: the measurement's data names the count that it wants. The thresholds of the other
//! backends and the increment play no part; bounds and cooldown hold as for everyone.

use std::rc::Rc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Number, Value};

use super::{DecideError, DecisionBackend, Level, Situation, Wish, threshold};
use crate::backend::{Backend, no_check};
use crate::settings::schema::{Default, Kind, Setting};

/// The row in the room's table.
pub(super) static BACKEND: Backend<dyn DecisionBackend> = Backend {
    name: "app_decision",
    summary: "the application itself says how many processes it wants",
    settings: &[Setting::new(
        "desired_processes_key",
        Kind::Pointer,
        Default::Text("/processes"),
        "Where in the measurement's data the wanted number of processes stands: a JSON pointer. The empty one is the \
         whole answer.",
    )],
    example: "[processes.web.decision]\n\
              backend = \"app_decision\"\n\
              desired_processes_key = \"/processes\"\n\
              max_processes = 10\n",
    check: no_check,
    build: |section, _| Ok(Rc::new(section.read::<Rule>()?)),
};

/// The settings of this backend.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Rule {
    #[serde(rename = "desired_processes_key")]
    pointer: String,
}

#[async_trait(?Send)]
impl DecisionBackend for Rule {
    async fn decide(&self, situation: &Situation) -> Result<Wish, DecideError> {
        self.wish(situation)
    }

    fn needs_number(&self) -> bool {
        false
    }

    fn is_zero(&self, _number: Option<f64>, data: &Value) -> bool {
        self.desired(data) == Ok(0)
    }

    fn otherwise(&self, _: &Situation) -> Vec<String> {
        vec![format!(
            "another count, if the application had asked for it{}",
            self.place()
        )]
    }
}

impl Rule {
    fn wish(&self, situation: &Situation) -> Result<Wish, DecideError> {
        let Some(newest) = situation.history.last() else {
            return Err(DecideError::Unusable(
                "there is no answer to decide on".to_owned(),
            ));
        };
        // Whoever set `on_failure = "too_high"` asked for this.
        if newest.level == Level::TooHigh {
            return Ok(situation.up("the last measurement failed, which counts as too high"));
        }
        let desired = self.desired(&newest.data).map_err(DecideError::Unusable)?;
        let place = self.place();
        Ok(Wish {
            desired,
            reason: format!("the application asks for {desired}{place}"),
        })
    }

    /// The wanted count, or what is wrong with it and what would be right.
    fn desired(&self, data: &Value) -> Result<i64, String> {
        let found = data.pointer(&self.pointer);
        let wrong = match found {
            Some(Value::Number(number)) => match whole(number) {
                Some(desired) if desired >= 0 => return Ok(desired),
                _ => format!("is {}", in_full(number)),
            },
            Some(Value::Null) => "is null".to_owned(),
            Some(Value::Bool(_)) => "is a truth value".to_owned(),
            Some(Value::String(_)) => "is a text".to_owned(),
            Some(Value::Array(_)) => "is a list".to_owned(),
            Some(Value::Object(_)) => "is an object".to_owned(),
            None => "has no number of processes".to_owned(),
        };
        let place = self.place();
        Err(format!(
            "the application's answer {wrong}{place}, where a whole number of 0 or more is needed"
        ))
    }

    fn place(&self) -> String {
        if self.pointer.is_empty() {
            String::new()
        } else {
            format!(" at {}", self.pointer)
        }
    }
}

/// The number, if it is whole; one too great to be a count stays great.
fn whole(number: &Number) -> Option<i64> {
    if let Some(whole) = number.as_i64() {
        return Some(whole);
    }
    if number.is_u64() {
        return Some(i64::MAX);
    }
    let float = number.as_f64()?;
    if !float.is_finite() || float.fract() != 0.0 {
        return None;
    }
    // A whole float written without decimals is a whole number, unless it is too long.
    let greatest = if float < 0.0 { i64::MIN } else { i64::MAX };
    Some(format!("{float:.0}").parse().unwrap_or(greatest))
}

fn in_full(number: &Number) -> String {
    number
        .as_f64()
        .map_or_else(|| number.to_string(), threshold::exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::testing::situation;
    use serde_json::json;

    #[track_caller]
    fn check(pointer: &str, data: Value, wanted: Result<(i64, &str), &str>, because: &str) {
        let rule = Rule {
            pointer: pointer.to_owned(),
        };
        let mut situation = situation(&[Level::None]);
        situation.history[0].data = std::sync::Arc::new(data);
        let wish = rule.wish(&situation);
        let wanted = match wanted {
            Ok((desired, reason)) => Ok(Wish {
                desired,
                reason: reason.to_owned(),
            }),
            Err(text) => Err(DecideError::Unusable(text.to_owned())),
        };
        assert_eq!(wish, wanted, "{because}");
    }

    /// Each row: the pointer, the answer, the sentence (after `the application`) or the error (after its answer), why.
    #[track_caller]
    fn check_all(table: &str, check_row: impl Fn(&str, Value, &str, &str)) {
        for row in table.lines().filter(|row| !row.trim().is_empty()) {
            let [pointer, data, wanted, because] = row.split(" | ").collect::<Vec<_>>()[..] else {
                panic!("four columns, please: {row}");
            };
            let data = serde_json::from_str(data).unwrap();
            check_row(pointer.trim(), data, wanted.trim(), because);
        }
    }

    #[test]
    fn wanted_counts() {
        let table = r#"
            /processes | {"processes": 7}    | 7 at /processes | plain
            /processes | {"processes": 0}    | 0 at /processes | 0 is a wish like any other
            /processes | {"processes": 4.0}  | 4 at /processes | a whole float
            /processes | {"processes": -0.0} | 0 at /processes | minus nothing is nothing
            /processes | {"processes": 3e2}  | 300 at /processes | a whole float, written short
            /a/1/b     | {"a": [0, {"b": 3}]} | 3 at /a/1/b | deep inside
            /a~1b      | {"a/b": 2}          | 2 at /a~1b | a key with a slash
             | 5                             | 5 | the whole answer
             | 1e300                         | 9223372036854775807 | absurd, and the bounds' to cut
             | 18446744073709551615          | 9223372036854775807 | absurd, and the bounds' to cut
        "#;
        check_all(table, |pointer, data, wanted, because| {
            let desired = wanted.split(' ').next().unwrap().parse().unwrap();
            let reason = format!("the application asks for {wanted}");
            check(pointer, data, Ok((desired, &reason)), because);
        });
    }

    #[test]
    fn unusable_answers() {
        let table = r#"
            /processes | {"processes": -1}     | is -1 at /processes | negative
            /processes | {"processes": -1e300} | is -1e300 at /processes | very negative
            /processes | {"processes": 2.5}    | is 2.5 at /processes | half a process
            /processes | {"processes": "7"}    | is a text at /processes | not shown: it could be anything
            /processes | {"processes": null}   | is null at /processes | null
            /processes | {"processes": true}   | is a truth value at /processes | true is not 1
            /processes | {"processes": [7]}    | is a list at /processes | a list
            /processes | {"processes": {"web": 7}} | is an object at /processes | one level too high
            /processes | {"process": 7}        | has no number of processes at /processes | misspelt
            /processes | 7                     | has no number of processes at /processes | not an object
             | "7"                             | is a text | no pointer, no place
        "#;
        check_all(table, |pointer, data, wrong, because| {
            let text = format!(
                "the application's answer {wrong}, where a whole number of 0 or more is needed"
            );
            check(pointer, data, Err(&text), because);
        });
    }

    #[test]
    fn only_the_newest_answer_counts() {
        let rule = Rule {
            pointer: String::new(),
        };
        let mut situation = situation(&[Level::None, Level::Number(9.0)]);
        situation.history[0].data = std::sync::Arc::new(json!(1));
        situation.history[1].data = std::sync::Arc::new(json!(9));
        assert_eq!(rule.wish(&situation).unwrap().desired, 9);
        situation.history[1].level = Level::TooHigh;
        let wish = rule.wish(&situation).unwrap();
        assert_eq!(
            wish,
            situation.up("the last measurement failed, which counts as too high")
        );
        situation.history.clear();
        assert!(
            rule.wish(&situation).is_err(),
            "an empty history is the caller's mistake, and no panic"
        );
        assert!(!rule.needs_number(), "it reads the data itself");
    }
}
