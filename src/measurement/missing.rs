//! What is done while nothing is known: the settings `on_missing_up` and `on_missing_down`, and how they contradict
//! themselves. What follows from them in a cycle is [`decision::missing`](crate::decision::missing)'s.

use std::time::Duration;

use serde::Deserialize;

use crate::model::Count;
use crate::settings::problem::Fault;
use crate::settings::schema::Section;

/// What is done in one direction while nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMissing {
    /// Nothing.
    #[default]
    Hold,
    /// The last known result is taken again, for a while.
    LastKnown,
    /// A count that the user named.
    Floor,
}

/// What is done while nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub struct Missing {
    /// Upwards.
    #[serde(rename = "on_missing_up")]
    pub up: OnMissing,
    /// Downwards.
    #[serde(rename = "on_missing_down")]
    pub down: OnMissing,
    last_known_for_seconds: Option<f64>,
    #[serde(rename = "missing_floor")]
    floor: Option<Count>,
}

impl Missing {
    /// How old a result may be to be taken again, if that is asked for. It is for both directions, or for up alone.
    pub fn last_known_for(self) -> Option<Duration> {
        let seconds = self.last_known_for_seconds?;
        (self.up == OnMissing::LastKnown)
            .then(|| Duration::try_from_secs_f64(seconds).unwrap_or_default())
    }

    /// The count that is reached upwards.
    pub fn floor_up(self) -> Option<Count> {
        self.floor.filter(|_| self.up == OnMissing::Floor)
    }

    /// The count that is reached downwards.
    pub fn floor_down(self) -> Option<Count> {
        self.floor.filter(|_| self.down == OnMissing::Floor)
    }
}

const UP: &str = "on_missing_up";
const DOWN: &str = "on_missing_down";

/// The numbers that a choice needs.
const NUMBERS: [(&str, &str); 2] = [
    ("last_known", "last_known_for_seconds"),
    ("floor", "missing_floor"),
];

/// What contradicts itself.
pub fn check(section: &Section) -> Vec<Fault> {
    let is = |name: &str, choice: &str| section.text(name) == Some(choice);
    let mut faults = Vec::new();
    for (choice, number) in NUMBERS {
        let chosen = [UP, DOWN].into_iter().find(|name| is(name, choice));
        let written = section.is_written(number);
        match chosen {
            Some(name) if section.get(number).is_none() => {
                let fault = Fault::at(
                    name,
                    format!("`{choice}` needs {number}, which is missing"),
                    format!("write {number} beside it"),
                );
                faults.push(fault.for_want_of(number));
            }
            // Who overrides a choice of the defaults has said what is wanted.
            None if written && !section.is_written(UP) && !section.is_written(DOWN) => {
                faults.push(Fault::at(
                    number,
                    format!("it is for `{choice}`, but neither {UP} nor {DOWN} is written"),
                    format!("write {UP} = \"{choice}\" too, or leave it out"),
                ));
            }
            Some(_) | None => {}
        }
    }
    if is(DOWN, "last_known") && !is(UP, "last_known") {
        faults.push(Fault::at(
            DOWN,
            format!(
                "it is `last_known`, but {UP} is `{}`: what is not good enough to go up on is not good enough to go down on",
                section.text(UP).unwrap_or("hold")
            ),
            format!("{UP} = \"last_known\" too"),
        ));
    }
    if is("on_failure", "too_high")
        && let Some(name) = [UP, DOWN].into_iter().find(|name| !is(name, "hold"))
    {
        faults.push(Fault::at(
            name,
            "on_failure is `too_high`: every failure is then a result, and nothing is ever missing",
            "`hold` (or leave it out), or another on_failure",
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value};

    /// `name=value` in words, all written; the faults as `setting: wrong`.
    fn faults(words: &str) -> Vec<String> {
        let mut values = Map::new();
        for name in [UP, DOWN] {
            values.insert(name.to_owned(), "hold".into());
        }
        let mut written = Vec::new();
        for word in words.split_whitespace() {
            let (name, value) = word.split_once('=').unwrap();
            let value = value
                .parse::<f64>()
                .map_or_else(|_| value.into(), Value::from);
            values.insert(name.to_owned(), value);
            written.push(name.to_owned());
        }
        let found = check(&Section::new(values, written));
        found
            .into_iter()
            .map(|fault| format!("{}: {}", fault.setting, fault.wrong))
            .collect()
    }

    #[test]
    fn contradictions() {
        for (words, wanted) in [
            ("", ""),
            ("on_missing_up=last_known last_known_for_seconds=60", ""),
            ("on_missing_down=floor missing_floor=2", ""),
            (
                "on_missing_up=last_known on_missing_down=floor last_known_for_seconds=60 missing_floor=2",
                "",
            ),
            (
                "on_missing_up=last_known on_missing_down=last_known last_known_for_seconds=60",
                "",
            ),
            ("on_missing_up=hold last_known_for_seconds=60", ""),
            (
                "on_missing_up=last_known",
                "on_missing_up: `last_known` needs last_known_for_seconds",
            ),
            (
                "on_missing_down=floor",
                "on_missing_down: `floor` needs missing_floor",
            ),
            (
                "missing_floor=2",
                "missing_floor: it is for `floor`, but neither",
            ),
            (
                "last_known_for_seconds=9",
                "last_known_for_seconds: it is for `last_known`, but neither",
            ),
            (
                "on_missing_down=last_known last_known_for_seconds=9",
                "on_missing_down: it is `last_known`, but on_missing_up is `hold`",
            ),
            (
                "on_missing_up=floor on_missing_down=last_known last_known_for_seconds=9 missing_floor=2",
                "on_missing_down: it is `last_known`, but on_missing_up is `floor`",
            ),
            ("on_failure=too_high", ""),
            (
                "on_failure=too_high on_missing_down=floor missing_floor=2",
                "on_missing_down: on_failure is `too_high`",
            ),
            ("on_failure=ignore on_missing_up=floor missing_floor=2", ""),
        ] {
            let found = faults(words);
            let fits = match wanted {
                "" => found.is_empty(),
                start => found.len() == 1 && found[0].starts_with(start),
            };
            assert!(fits, "{words}: {found:?}");
        }
    }
}
