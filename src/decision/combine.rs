//! What several measurements of a process come to. Pure.
//!
//! ```text
//!              up                        down                               not known
//!   max        one wishes for more:      all wish for fewer:                nothing goes down; up on what there is
//!              the highest wish          the highest wish
//!   min        all wish for more:        one wishes for fewer:              nothing goes down; up on what there is
//!              the lowest wish           the lowest wish
//!   ceiling    while it wishes for more  has no say                         holds what goes up: what is too full to
//!              itself, or its last                                          answer is full
//!              result is above its
//!              maximum: nothing goes up
//! ```

use std::fmt;

use serde::Deserialize;

use super::Wish;
use crate::messages::Silence;
use crate::model::Count;
use crate::supervisor::metric::Metric;

/// Whose wish counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// The highest.
    #[default]
    Max,
    /// The lowest.
    Min,
}

impl fmt::Display for Combine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Max => "max",
            Self::Min => "min",
        })
    }
}

/// One measurement's say.
#[derive(Clone, Copy, Debug)]
pub struct Say<'a> {
    /// What the measurement is called.
    pub name: &'a str,
    /// Whether it only limits.
    pub is_ceiling: bool,
    /// What it alone would lead to.
    pub wish: &'a Result<Wish, Silence>,
    /// Where it only limits: the last result and the maximum that it is above, if it is.
    pub over: Option<(f64, f64)>,
}

impl<'a> Say<'a> {
    /// That of a measurement which wishes so; `value` is its last result, and `max` the maximum of its decision, if it has one.
    pub(crate) fn new(
        metric: &'a Metric,
        wish: &'a Result<Wish, Silence>,
        value: Option<f64>,
        max: Option<f64>,
    ) -> Self {
        let known = value.zip(max).filter(|_| metric.is_ceiling);
        Self {
            name: &metric.name,
            is_ceiling: metric.is_ceiling,
            wish,
            over: known.filter(|(value, max)| value > max),
        }
    }
}

/// What is wished for by all together, and whose wish that is; that of one alone is its own.
pub fn combine(how: Combine, count: Count, all: &[Say<'_>]) -> (Result<Wish, Silence>, usize) {
    if let [alone] = all {
        return (alone.wish.clone(), 0);
    }
    let (spoken, silent): (Vec<_>, Vec<_>) = all
        .iter()
        .enumerate()
        .filter(|(_, say)| !say.is_ceiling)
        .partition(|(_, say)| say.wish.is_ok());
    let wishes = spoken
        .iter()
        .filter_map(|(number, say)| Some((*number, say, say.wish.as_ref().ok()?)));
    // Of equal wishes, that of the first.
    let chosen = match how {
        Combine::Max => wishes.rev().max_by_key(|(_, _, wish)| wish.desired),
        Combine::Min => wishes.min_by_key(|(_, _, wish)| wish.desired),
    };
    let Some((number, say, wish)) = chosen else {
        return (
            Err(nobody(&silent)),
            silent.first().map_or(0, |(number, _)| *number),
        );
    };
    let mut wish = Wish {
        desired: wish.desired,
        reason: format!("{}: {}", say.name, wish.reason),
    };
    let now = i64::from(count);
    if wish.desired < now && !silent.is_empty() {
        wish = Wish {
            desired: now,
            reason: format!("{}; not down while {}", wish.reason, unknown(&silent)),
        };
    }
    if wish.desired > now
        && let Some(why) = all.iter().find_map(|say| limit(say, count))
    {
        wish = Wish {
            desired: now,
            reason: format!("{}; not up: {why}", wish.reason),
        };
    }
    (Ok(wish), number)
}

/// Why a ceiling lets nothing go up, if it does not.
fn limit(say: &Say<'_>, count: Count) -> Option<String> {
    if !say.is_ceiling {
        return None;
    }
    match say.wish {
        Ok(wish) if wish.desired > i64::from(count) => Some(format!(
            "the ceiling {} is reached, {}",
            say.name, wish.reason
        )),
        // However long its window is, which begins anew with each scale.
        Ok(_) => say.over.map(|(value, max)| {
            format!(
                "the ceiling {} is reached, the last result, {value}, is above {max}",
                say.name
            )
        }),
        Err(silence) => {
            let (name, silence) = (say.name, brief(silence));
            Some(format!("the ceiling {name} is not known, {silence}"))
        }
    }
}

/// Why nothing is wished for. What holds for all is said once.
fn nobody(silent: &[(usize, &Say<'_>)]) -> Silence {
    let why = |(_, say): &(usize, &Say<'_>)| say.wish.as_ref().err().cloned();
    let mut reasons = silent.iter().filter_map(why);
    let Some(first) = reasons.next() else {
        return Silence::Undecided("every measurement is a ceiling".to_owned());
    };
    if reasons.all(|other| other == first) {
        return first;
    }
    Silence::Unmeasured(unknown(silent))
}

/// A silence among several. Why a measurement failed is told as such.
fn brief(silence: &Silence) -> String {
    match silence {
        Silence::Unmeasured(_) => "not measured".to_owned(),
        Silence::Cooling(_) | Silence::Settling(_) | Silence::Uncounted | Silence::Undecided(_) => {
            silence.to_string()
        }
    }
}

fn unknown(silent: &[(usize, &Say<'_>)]) -> String {
    let told = silent.iter().filter_map(|(_, say)| {
        let silence = say.wish.as_ref().err()?;
        Some(format!("{} is {}", say.name, brief(silence)))
    });
    told.collect::<Vec<_>>().join(", and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wishes in words, at a count of 4: `5`, `-` for nothing, `^` before a ceiling's.
    fn wishes(words: &str) -> Vec<(bool, Result<Wish, Silence>)> {
        let wish = |word: &str| {
            let desired = word.trim_start_matches('^').parse();
            let reason = "R".to_owned();
            let wish = desired.map(|desired| Wish { desired, reason });
            (
                word.starts_with('^'),
                wish.map_err(|_no_number| Silence::Unmeasured("gone".to_owned())),
            )
        };
        words.split_whitespace().map(wish).collect()
    }

    fn said(how: Combine, words: &str) -> (Result<Wish, Silence>, usize) {
        let wishes = wishes(words);
        let names = ["a", "b", "c"];
        let says: Vec<Say<'_>> = names
            .iter()
            .zip(&wishes)
            .map(|(name, (is_ceiling, wish))| Say {
                name,
                is_ceiling: *is_ceiling,
                wish,
                over: None,
            })
            .collect();
        combine(how, 4, &says)
    }

    #[test]
    fn what_all_come_to() {
        use Combine::{Max, Min};
        for (how, words, desired, whose, reason) in [
            (Max, "5", 5, 0, "R"),
            (Max, "3", 3, 0, "R"),
            (Max, "3 6 5", 6, 1, "b: R"),
            (Max, "2 3 1", 3, 1, "b: R"),
            (Max, "3 3 4", 4, 2, "c: R"),
            (Max, "3 - 3", 4, 0, "a: R; not down while b is not measured"),
            (Max, "- 6 -", 6, 1, "b: R"),
            (Max, "6 6 ^4", 6, 0, "a: R"),
            (
                Max,
                "6 6 ^5",
                4,
                0,
                "a: R; not up: the ceiling c is reached, R",
            ),
            (
                Max,
                "6 6 ^-",
                4,
                0,
                "a: R; not up: the ceiling c is not known, not measured",
            ),
            (Max, "2 2 ^5", 2, 0, "a: R"),
            (Max, "2 ^- ^9", 2, 0, "a: R"),
            (Min, "3 6 5", 3, 0, "a: R"),
            (Min, "7 6 5", 5, 2, "c: R"),
            (Min, "3 - 5", 4, 0, "a: R; not down while b is not measured"),
            (Min, "7 - 5", 5, 2, "c: R"),
            (
                Min,
                "7 5 ^5",
                4,
                1,
                "b: R; not up: the ceiling c is reached, R",
            ),
        ] {
            let (wish, chosen) = said(how, words);
            let wish = wish.unwrap();
            assert_eq!((wish.desired, chosen), (desired, whose), "{how} {words}");
            assert_eq!(wish.reason, reason, "{how} {words}");
        }
    }

    #[test]
    fn why_nothing_is_wished_for() {
        let gone = Silence::Unmeasured("gone".to_owned());
        assert_eq!(
            said(Combine::Max, "- - ^5").0,
            Err(gone),
            "the same of all is said once"
        );
        let cooling: Result<Wish, _> = Err(Silence::Cooling(std::time::Duration::from_secs(3)));
        let refused = Err(Silence::Undecided("no".to_owned()));
        let say = |name, wish| Say {
            name,
            is_ceiling: false,
            wish,
            over: None,
        };
        let says = [say("a", &cooling), say("b", &refused)];
        let (silence, _) = combine(Combine::Max, 4, &says);
        assert_eq!(
            silence.unwrap_err().to_string(),
            "not measured: a is cooling down for another 3.0 s, and b is not decided: no"
        );
    }
}
