//! A table of values and steps: `{ "1000" = 1, "3000" = 3, "10000" = "100%" }`.

use std::collections::BTreeMap;
use std::num::ParseFloatError;

use serde::{Deserialize, Deserializer, de};

use crate::envelope::Step;

/// Values and steps, the lowest value first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Steps(Vec<(f64, Step)>);

impl Steps {
    /// The lowest value.
    pub(super) fn lowest(&self) -> f64 {
        self.0.first().map_or(f64::INFINITY, |(value, _)| *value)
    }

    /// The highest value.
    pub(super) fn highest(&self) -> f64 {
        self.0.last().map_or(f64::NEG_INFINITY, |(value, _)| *value)
    }

    /// How many of the values a number is above.
    pub(super) fn exceeded(&self, number: f64) -> usize {
        self.0.iter().filter(|(value, _)| number > *value).count()
    }

    /// How many of the values a number is below.
    pub(super) fn undercut(&self, number: f64) -> usize {
        self.0.iter().filter(|(value, _)| number < *value).count()
    }

    /// The last of so many values, counted from the lowest.
    pub(super) fn above_lowest(&self, many: usize) -> Option<(f64, Step)> {
        self.0.get(many.checked_sub(1)?).copied()
    }

    /// The last of so many values, counted from the highest.
    pub(super) fn below_highest(&self, many: usize) -> Option<(f64, Step)> {
        let place = self.0.len().checked_sub(many)?;
        self.0.get(place).copied()
    }
}

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let table = BTreeMap::<String, Step>::deserialize(from)?;
        let number = |(value, step): (String, Step)| Ok((value.trim().parse::<f64>()?, step));
        let steps: Result<Vec<_>, ParseFloatError> = table.into_iter().map(number).collect();
        let mut steps = steps.map_err(de::Error::custom)?;
        steps.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        Ok(Self(steps))
    }
}
