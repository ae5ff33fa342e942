//! One day of a schedule: which number is in force from when on.

use std::collections::BTreeMap;

use super::TimeOfDay;
use crate::model::Count;

/// One day, of which nothing is left open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Day {
    /// The number at midnight.
    midnight: Count,
    /// The numbers after it, in the order of the day, each from its time on.
    later: Vec<(TimeOfDay, Count)>,
}

impl Day {
    pub(super) fn constant(count: Count) -> Self {
        Self {
            midnight: count,
            later: Vec::new(),
        }
    }

    /// This day, with other entries from the first of them on.
    pub(super) fn overlaid(&self, entries: &BTreeMap<TimeOfDay, Count>) -> Self {
        let Some((&first, _)) = entries.first_key_value() else {
            return self.clone();
        };
        let before = self.later.iter().take_while(|(time, _)| *time < first);
        let from_midnight = entries.get(&TimeOfDay::MIDNIGHT).copied();
        let after = entries
            .iter()
            .map(|(time, count)| (*time, *count))
            .filter(|(time, _)| *time != TimeOfDay::MIDNIGHT);
        Self {
            midnight: from_midnight.unwrap_or(self.midnight),
            later: before.copied().chain(after).collect(),
        }
    }

    /// The number in force at a time.
    pub(super) fn at(&self, time: TimeOfDay) -> Count {
        let begun = self.later.partition_point(|(from, _)| *from <= time);
        let latest = begun.checked_sub(1).and_then(|last| self.later.get(last));
        latest.map_or(self.midnight, |(_, count)| *count)
    }

    /// The number with which it ends.
    pub(super) fn end(&self) -> Count {
        self.later.last().map_or(self.midnight, |(_, count)| *count)
    }

    /// The times from which on something else may be in force; midnight is the first.
    pub(super) fn changes(&self) -> impl Iterator<Item = TimeOfDay> {
        let later = self.later.iter().map(|(time, _)| *time);
        std::iter::once(TimeOfDay::MIDNIGHT).chain(later)
    }

    /// Every number that is in force at some time.
    pub(super) fn counts(&self) -> impl Iterator<Item = Count> {
        let later = self.later.iter().map(|(_, count)| *count);
        std::iter::once(self.midnight).chain(later)
    }
}
