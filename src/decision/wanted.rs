//! How many processes a measurement comes to: what the backends share that wish for a count rather than for a step.

use num_traits::ToPrimitive as _;

use super::threshold::{exact, shortened, unusable};
use super::{DecideError, Level, Situation, Wish};

/// The newest result, as a number.
pub(super) enum Newest {
    Number(f64),
    /// It failed, and counts as too high.
    TooHigh,
}

impl Newest {
    pub(super) fn of(situation: &Situation) -> Result<Self, DecideError> {
        match situation.history.last().map(|newest| newest.level) {
            Some(Level::Number(number)) if number.is_nan() => Err(unusable(
                "the measurement is no number that a count could be computed from",
            )),
            Some(Level::Number(number)) => Ok(Self::Number(number)),
            Some(Level::TooHigh) => Ok(Self::TooHigh),
            Some(Level::None) => Err(unusable(
                "the measurement has no number that a count could be computed from",
            )),
            None => Err(unusable("there is no result to decide on")),
        }
    }

    /// The number, for what would have led elsewhere.
    pub(super) fn number(situation: &Situation) -> Option<f64> {
        match Self::of(situation) {
            Ok(Self::Number(number)) => Some(number),
            Ok(Self::TooHigh) | Err(_) => None,
        }
    }
}

/// The wish after a failed measurement that counts as too high: nothing says by how much, so one step.
pub(super) fn failed(situation: &Situation) -> Wish {
    situation.up("the last measurement failed, which counts as too high")
}

/// How many are needed for so much: rounded up, but not for what is over by the arithmetic's dust alone; at least none.
pub(super) fn needed(much: f64) -> i64 {
    let whole = (much - 1e-9).ceil().max(0.0);
    whole.to_i64().unwrap_or(i64::MAX)
}

/// A count as a real number.
pub(super) fn real(count: i64) -> f64 {
    count.to_f64().unwrap_or(f64::MAX)
}

/// A number for people, beside one that it must not read the same as.
pub(super) fn beside(number: f64, other: f64) -> String {
    let short = shortened(number);
    if short == exact(other) && number.total_cmp(&other).is_ne() {
        exact(number)
    } else {
        short
    }
}

/// A computed limit for people: without the arithmetic's dust.
pub(super) fn limit(number: f64) -> String {
    let rounded = format!("{number:.5e}").parse();
    exact(rounded.unwrap_or(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_comes_to_a_count() {
        for (much, count) in [
            (0.0, 0),
            (0.1, 1),
            (10.0, 10),
            (77.0 / 0.7 / 10.0, 11),
            (10.01, 11),
            (-5.0, 0),
            (f64::MIN, 0),
            (f64::MAX, i64::MAX),
            (f64::INFINITY, i64::MAX),
            (f64::NAN, 0),
        ] {
            assert_eq!(needed(much), count, "{much}");
        }
        assert_eq!(
            (limit(770.000_000_000_1), limit(1400.0 / 3.0)),
            ("770".into(), "466.667".into())
        );
        assert!(real(i64::MAX) > 9e18);
        assert_eq!(
            (beside(7.0001, 7.0), beside(7.5, 7.0)),
            ("7.0001".into(), "7.5".into())
        );
    }
}
