//! What is wished for in a cycle without a result: a failed measurement that counts as `hold` or `ignore`, or an answer
//! without the number that the decision needs. What counts as `too_high` is a result, and a stale value is a value.
//!
//! ```text
//!                    hold (default)     last_known                         floor
//!   on_missing_up    nothing            the last result taken again,       at once: at least missing_floor
//!                                       while it is young enough
//!   on_missing_down  nothing            the same; it may go down           once nothing was known for longer than the
//!                                                                          window: down to missing_floor
//! ```
//!
//! Up is looked at first. A result that is taken again enters the history as if it had just been measured; a scale forgets
//! it, for it says nothing about another count.

use std::time::Duration;

use super::{Level, Reading, Wish};
use crate::envelope::doubt::Known;
use crate::measurement::OnFailure;
use crate::measurement::missing::Missing;
use crate::messages::Taken;
use crate::model::Count;
use crate::supervisor::views::View;

/// What there is to go by.
#[derive(Debug)]
pub struct Unknown<'a> {
    /// The count on the platform.
    pub count: Count,
    /// What the decision backend wishes, with the last known result taken again.
    pub again: Option<Wish>,
    /// For how long nothing has been known.
    pub since: Duration,
    /// How old results may be for a scale down.
    pub window: Duration,
    /// Why nothing is known.
    pub why: &'a str,
}

/// A wish without a result.
#[derive(Debug, PartialEq, Eq)]
pub struct Blind {
    /// The wish.
    pub wish: Wish,
    /// Whether it rests on nothing that was measured, because the user said so.
    pub is_floor: bool,
}

/// What is wished for; `None`: nothing.
pub fn wish(rules: Missing, unknown: Unknown<'_>) -> Option<Blind> {
    let (count, why) = (unknown.count, unknown.why);
    let floor = |floor: Count| Blind {
        wish: Wish {
            desired: floor.into(),
            reason: format!("nothing is known ({why}), and missing_floor is {floor}"),
        },
        is_floor: true,
    };
    let again = unknown.again.map(|wish| Blind {
        wish: Wish {
            reason: format!(
                "{} (the last known result, taken again: {why})",
                wish.reason
            ),
            ..wish
        },
        is_floor: false,
    });
    let is_up = |blind: &Blind| blind.wish.desired > i64::from(count);
    if let Some(up) = rules.floor_up().filter(|up| *up > count) {
        return Some(floor(up));
    }
    let down = rules
        .floor_down()
        .filter(|down| *down < count && unknown.since > unknown.window);
    match (again, down) {
        (Some(again), Some(_)) if is_up(&again) => Some(again),
        (_, Some(down)) => Some(floor(down)),
        (again, None) => again,
    }
}

/// The result that is to be taken again in place of this measurement, if there is one.
pub(super) fn again(
    view: &View,
    level: Result<Level, OnFailure>,
    rules: Missing,
    now: Duration,
) -> Option<&Known> {
    match level {
        Err(OnFailure::Hold | OnFailure::Ignore) => {
            let within = rules.last_known_for()?;
            view.evidence.last_known(now, within)
        }
        Ok(_) | Err(OnFailure::TooHigh) => None,
    }
}

/// A result in the place of a measurement that failed.
pub(super) fn repeated(known: &Known, taken: &Taken) -> Reading {
    Reading {
        at: taken.measurement.at,
        ..known.reading.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value};

    /// Rules in words: `up=floor down=floor floor=3 known=60`.
    fn rules(words: &str) -> Missing {
        let mut values = Map::new();
        for name in ["on_missing_up", "on_missing_down"] {
            values.insert(name.to_owned(), "hold".into());
        }
        for word in words.split_whitespace() {
            let (name, value) = word.split_once('=').unwrap();
            let name = match name {
                "up" => "on_missing_up",
                "down" => "on_missing_down",
                "floor" => "missing_floor",
                _ => "last_known_for_seconds",
            };
            let value = value
                .parse::<u32>()
                .map_or_else(|_| value.into(), Value::from);
            values.insert(name.to_owned(), value);
        }
        serde_json::from_value(values.into()).unwrap()
    }

    /// Rules; what the backend wishes with the last known result (`-`: there is none); for how many seconds nothing has been
    /// known; the wish, a floor's with a `!`; why. The count is 5, the window 100 s.
    const TABLE: &str = "
                                        | - | 9999 | -  | the default holds, for ever
        up=floor floor=8                | - | 0    | 8! | up to the floor at once
        up=floor floor=5                | - | 9999 | -  | there already
        up=floor floor=3                | - | 9999 | -  | above it: never down by the rule for up
        down=floor floor=3              | - | 100  | -  | down: not before the window has passed
        down=floor floor=3              | - | 101  | 3! | then down to the floor
        down=floor floor=8              | - | 9999 | -  | below it: never up by the rule for down
        up=floor down=floor floor=8     | - | 0    | 8! | both, from below
        up=floor down=floor floor=3     | - | 101  | 3! | both, from above
        up=last_known known=60          | 6 | 0    | 6  | the last result says more
        up=last_known known=60          | 5 | 0    | 5  | it says stay
        up=last_known known=60          | 4 | 0    | 4  | it says less: wished, and held for want of trust
        up=last_known known=60          | - | 0    | -  | it has become too old
        up=last_known down=last_known known=60     | 4 | 0   | 4  | it says less, and that is good enough
        up=last_known down=floor known=60 floor=3  | 6 | 101 | 6  | up is looked at first
        up=last_known down=floor known=60 floor=3  | 4 | 101 | 3! | else the floor
        up=last_known down=floor known=60 floor=3  | 4 | 99  | 4  | which has its time
        up=last_known down=floor known=60 floor=3  | - | 101 | 3! | and outlasts what is known
    ";

    #[test]
    fn what_is_wished_for_while_nothing_is_known() {
        for row in TABLE.lines().filter(|row| !row.trim().is_empty()) {
            let columns: Vec<&str> = row.split('|').map(str::trim).collect();
            let [words, again, since, wanted, because] = columns[..] else {
                panic!("five columns, please: {row}");
            };
            let unknown = Unknown {
                count: 5,
                again: again.parse().ok().map(|desired| Wish {
                    desired,
                    reason: "3 results".to_owned(),
                }),
                since: Duration::from_secs(since.parse().unwrap()),
                window: Duration::from_secs(100),
                why: "refused",
            };
            let found = wish(rules(words), unknown);
            let shown = found.map_or_else(
                || "-".to_owned(),
                |blind| {
                    let mark = if blind.is_floor { "!" } else { "" };
                    let reason = &blind.wish.reason;
                    assert!(reason.contains("refused"), "{reason}");
                    format!("{}{mark}", blind.wish.desired)
                },
            );
            assert_eq!(shown, wanted, "{because}: {row}");
        }
    }
}
