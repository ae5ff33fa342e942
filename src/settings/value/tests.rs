//! Every kind of value: right and wrong.

use std::collections::BTreeMap;

use serde_json::json;
use toml::de::DeTable;

use super::*;

fn environment(name: &str) -> Option<String> {
    let variables = BTreeMap::from([
        ("FIVE", "5"),
        ("HALF", " 0.5 "),
        ("YES", "True"),
        ("WORD", "s3cret"),
        ("EMPTY", ""),
        ("COMMAND", "run --fast 'a b'"),
        ("INFINITE", "inf"),
    ]);
    variables.get(name).map(ToString::to_string)
}

fn setting(kind: Kind) -> Setting {
    Setting::new("x", kind, Default::Absent, "")
}

fn read_text(setting: &Setting, written: &str) -> Result<Value, Vec<BadValue>> {
    let text = format!("x = {written}");
    let table = DeTable::parse(&text).unwrap();
    let (_, value) = table.get_ref().iter().next().unwrap();
    read(setting, value, &environment)
}

/// What is written for a kind, and what arrives, as JSON.
const RIGHT: &[(Kind, &str, &str)] = &[
    (Kind::Text, r#""a""#, r#""a""#),
    (Kind::Text, r#""""#, r#""""#),
    (Kind::Text, r#""a ${FIVE}""#, r#""a 5""#),
    (Kind::OneOf(&["a", "b"]), r#""b""#, r#""b""#),
    (Kind::Boolean, "true", "true"),
    (Kind::Boolean, r#""${YES}""#, "true"),
    (Kind::Boolean, r#""${NO:-false}""#, "false"),
    (Kind::Whole(0, 10), "0", "0"),
    (Kind::Whole(0, 10), "1_0", "10"),
    (Kind::Whole(0, 10), "0x0a", "10"),
    (Kind::Whole(0, 10), "+5", "5"),
    (Kind::Whole(0, 10), r#""${FIVE}""#, "5"),
    (Kind::Whole(0, 10), r#""${EMPTY:-7}""#, "7"),
    (Kind::Number(-1.0, 1e6), "5", "5.0"),
    (Kind::Number(-1.0, 1e6), "1_0.5", "10.5"),
    (Kind::Number(-1.0, 1e6), "0x10", "16.0"),
    (Kind::Seconds, "0.1", "0.1"),
    (Kind::Seconds, r#""${HALF}""#, "0.5"),
    (Kind::Step, "3", "3"),
    (Kind::Step, r#""${FIVE}""#, "5"),
    (Kind::Step, r#"" 50% ""#, r#""50%""#),
    (Kind::Step, r#""100% or 4""#, r#""100% or 4""#),
    (
        Kind::Steps,
        r#"{ "500" = "50%", "-1.5" = "${FIVE}", 100 = 1 }"#,
        r#"{"-1.5": 5, "100": 1, "500": "50%"}"#,
    ),
    (Kind::Texts, r#""a""#, r#"["a"]"#),
    (Kind::Texts, r#"["a", "${FIVE}"]"#, r#"["a", "5"]"#),
    (Kind::Wholes(1, 9), "3", "[3]"),
    (Kind::Wholes(1, 9), r#"[3, "${FIVE}"]"#, "[3, 5]"),
    (Kind::Words, r#""a 'b c' d""#, r#"["a", "b c", "d"]"#),
    (
        Kind::Words,
        r#""${COMMAND}""#,
        r#"["run", "--fast", "a b"]"#,
    ),
    (
        Kind::Words,
        r#"["a", "${COMMAND}"]"#,
        r#"["a", "run --fast 'a b'"]"#,
    ),
    (
        Kind::TextTable,
        r#"{ A = "${FIVE}", B = "" }"#,
        r#"{"A": "5", "B": ""}"#,
    ),
    (Kind::Schedule(0, 9), "3", "3"),
    (Kind::Schedule(0, 9), r#""${FIVE}""#, "5"),
    (
        Kind::Schedule(0, 9),
        r#"{ "0:00" = 1, "8:00" = "${FIVE}" }"#,
        r#"{"0:00": 1, "8:00": 5}"#,
    ),
    (
        Kind::Schedule(0, 9),
        r#"{ "0:00" = 1, "mon - fri 8:00" = 5, "2026-12-24 8:00" = 7 }"#,
        r#"{"0:00": 1, "mon - fri 8:00": 5, "2026-12-24 8:00": 7}"#,
    ),
    (Kind::Periods, r#"["22:00-7:00"]"#, r#"["22:00-7:00"]"#),
    (Kind::Periods, r#"["sat-sun"]"#, r#"["sat-sun"]"#),
    (Kind::Periods, r#""22:00-7:00""#, r#"["22:00-7:00"]"#),
    (
        Kind::Url(&["redis"]),
        r#""redis://:p@h/0""#,
        r#""redis://:p@h/0""#,
    ),
    (Kind::UrlOrPath, r#""/m/?a=b""#, r#""/m/?a=b""#),
    (Kind::UrlOrPath, r#""https://h""#, r#""https://h""#),
    (Kind::Pointer, r#""""#, r#""""#),
    (Kind::Pointer, r#""/a/0""#, r#""/a/0""#),
];

#[test]
fn reads_what_is_right() {
    for (kind, written, expected) in RIGHT {
        let expected: Value = serde_json::from_str(expected).unwrap();
        let read = read_text(&setting(*kind), written);
        assert_eq!(read, Ok(expected), "{kind:?} {written}");
    }
}

/// What is written for a kind, and a part of what is told.
const WRONG: &[(Kind, &str, &str)] = &[
    (Kind::Text, "5", "a whole number does not belong here"),
    (Kind::Text, r#""${MISSING}""#, "`MISSING` is not set"),
    (Kind::Text, r#""${WORD""#, "has no `}`"),
    (
        Kind::OneOf(&["a"]),
        r#""${WORD}""#,
        "the value is none of its values",
    ),
    (Kind::Boolean, r#""true""#, "a string does not belong here"),
    (
        Kind::Boolean,
        r#""${WORD}""#,
        "`WORD` does not hold `true` or `false`",
    ),
    (Kind::Whole(0, 10), "11", "11 is out of range"),
    (Kind::Whole(0, 10), "99999999999999999999", "out of range"),
    (
        Kind::Whole(0, 10),
        "5.0",
        "a number with a fraction does not belong here",
    ),
    (
        Kind::Whole(0, 10),
        r#""5""#,
        "a string does not belong here",
    ),
    (
        Kind::Whole(0, 10),
        r#""${WORD}""#,
        "`WORD` does not hold a whole number from 0 to 10",
    ),
    (Kind::Whole(0, 10), r#""${EMPTY}""#, "`EMPTY` does not hold"),
    (
        Kind::Whole(0, 10),
        r#""${FIVE}0""#,
        "a string does not belong here",
    ),
    (Kind::Number(0.0, 1.0), "inf", "no finite number"),
    (
        Kind::Number(0.0, 1.0),
        r#""${INFINITE}""#,
        "no finite number",
    ),
    (Kind::Seconds, "0", "0 is out of range"),
    (Kind::Seconds, "1e300", "is out of range"),
    (
        Kind::Texts,
        r#"["a", 5]"#,
        "a whole number does not belong here",
    ),
    (Kind::Words, r#""a 'b""#, "quotation mark"),
    (Kind::Words, "[]", "names no program"),
    (Kind::Words, r#""${EMPTY}""#, "names no program"),
    (
        Kind::TextTable,
        "{ A = 5 }",
        "`A`: a whole number does not belong here",
    ),
    (Kind::Schedule(0, 9), "{}", "the table is empty"),
    (
        Kind::Schedule(0, 9),
        r#"{ "24:00" = 1 }"#,
        "is not a time of day",
    ),
    (
        Kind::Schedule(0, 9),
        r#"{ "8:00" = 10 }"#,
        "10 is out of range",
    ),
    (
        Kind::Schedule(0, 9),
        "1979-05-27",
        "a date or time without quotes does not belong here",
    ),
    (
        Kind::Schedule(0, 9),
        r#"{ "mondey 8:00" = 1 }"#,
        "did you mean \"monday\"?",
    ),
    (
        Kind::Schedule(0, 9),
        r#"{ "2026-12-24 8:00" = 1 }"#,
        "every entry has a date",
    ),
    (Kind::Periods, r#"["22:00"]"#, "is not a period of the day"),
    (
        Kind::Periods,
        r#"["sta-sun"]"#,
        "\"sta\" is not a weekday; did you mean \"sat\"?",
    ),
    (
        Kind::Periods,
        r#"["${WORD}"]"#,
        "the value is not a period of the day",
    ),
    (Kind::Url(&["redis"]), r#""http://s3cret@h""#, "its scheme"),
    (Kind::Url(&["redis"]), r#""redis://""#, "names no host"),
    (Kind::Url(&["http"]), r#""http://u:s3cret@""#, "not a URL"),
    (Kind::UrlOrPath, r#""m/""#, "neither a full URL nor a path"),
    (
        Kind::UrlOrPath,
        r#""//s3cret/m""#,
        "neither a full URL nor a path",
    ),
    (Kind::Pointer, r#""a""#, "is not a JSON pointer"),
];

#[test]
fn refuses_what_is_wrong_without_naming_what_it_holds() {
    for (kind, written, expected) in WRONG {
        let read = read_text(&setting(*kind), written);
        let faults = read.expect_err(written);
        let told: Vec<String> = faults
            .iter()
            .map(|bad| format!("{}; {}", bad.wrong, bad.right))
            .collect();
        assert!(
            told.join("\n").contains(expected),
            "{kind:?} {written}: {told:?}"
        );
        assert!(
            !told.join("\n").contains("s3cret"),
            "{kind:?} {written}: {told:?}"
        );
    }
}

#[test]
fn a_secret_is_not_named_even_when_it_is_wrong() {
    let secret = Setting::secret("x", Kind::OneOf(&["a"]), Default::Absent, "");
    let faults = read_text(&secret, r#""hunter2""#).unwrap_err();
    assert!(!format!("{faults:?}").contains("hunter2"));
}

#[test]
fn a_required_text_says_something() {
    let required = Setting::new("x", Kind::Text, Default::Required, "");
    for written in [r#""""#, r#"" ""#, r#""${EMPTY}""#] {
        let faults = read_text(&required, written).unwrap_err();
        assert!(faults[0].wrong.contains("is empty"), "{written}");
    }
    let list = Setting::new("x", Kind::Texts, Default::Required, "");
    assert!(read_text(&list, "[]").is_err());
}

#[test]
fn defaults_have_the_form_of_what_is_written() {
    let rows = [
        (Kind::Texts, Default::Text("a"), Some(json!(["a"]))),
        (
            Kind::Texts,
            Default::Texts(&["a", "b"]),
            Some(json!(["a", "b"])),
        ),
        (Kind::Words, Default::Text("a b"), Some(json!(["a", "b"]))),
        (Kind::Wholes(0, 9), Default::Whole(3), Some(json!([3]))),
        (Kind::Whole(0, 9), Default::Whole(3), Some(json!(3))),
        (Kind::Seconds, Default::Whole(30), Some(json!(30.0))),
        (Kind::Seconds, Default::Number(0.5), Some(json!(0.5))),
        (Kind::Boolean, Default::Boolean(true), Some(json!(true))),
        (Kind::Text, Default::Required, None),
        (Kind::Text, Default::Absent, None),
        (Kind::Text, Default::Derived("the name"), None),
    ];
    for (kind, given, expected) in rows {
        let setting = Setting::new("x", kind, given, "");
        assert_eq!(default(&setting), expected, "{kind:?} {given:?}");
    }
}
