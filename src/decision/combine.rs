//! What several measurements of a process come to. Pure.
//!
//! ```text
//!              up                        down                               not known
//!   max        one wishes for more:      all wish for fewer:                nothing goes down; up on what there is
//!              the highest wish          the highest wish
//!   min        all wish for more:        one wishes for fewer:              nothing goes down; up on what there is
//!              the lowest wish           the lowest wish
//!   ceiling    while it wishes for more  has no say                         holds what goes up: what is too full to
//!              itself, nothing goes up                                      answer is full
//! ```

use std::fmt;

use serde::Deserialize;

use super::Wish;
use crate::messages::Silence;
use crate::model::Count;

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
        Ok(_) => None,
        Err(silence) => Some(format!("the ceiling {} is not known, {silence}", say.name)),
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

fn unknown(silent: &[(usize, &Say<'_>)]) -> String {
    let told = silent.iter().filter_map(|(_, say)| {
        let silence = say.wish.as_ref().err()?;
        Some(format!("{} is {silence}", say.name))
    });
    told.collect::<Vec<_>>().join(", and ")
}
