//! What is remembered of each of a process's measurements: the readings since the last scale, and whether a scale down may
//! rest on them.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use crate::decision::Reading;
use crate::envelope::doubt::Evidence;
use crate::measurement::OnFailure;
use crate::supervisor::metric::Metric;

/// What is remembered of one measurement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// The readings since the last scale, oldest first.
    pub history: VecDeque<Reading>,
    /// Whether a scale down may rest on what was measured.
    pub evidence: Evidence,
    /// What the decision backend has learned, if it learns.
    pub learned: Option<Arc<Value>>,
}

impl View {
    /// Takes a reading into the history, which keeps the newest `length`.
    pub fn remember(&mut self, reading: Reading, length: usize) {
        self.history.push_back(reading);
        while self.history.len() > length {
            self.history.pop_front();
        }
    }

    /// What a failed measurement does to the history.
    pub fn fail_measurement(&mut self, counts_as: OnFailure, reading: Reading, length: usize) {
        match counts_as {
            OnFailure::TooHigh => self.remember(reading, length),
            OnFailure::Ignore => {}
            OnFailure::Hold => self.history.clear(),
        }
    }

    /// The count was changed: what was measured before says nothing about it. That a source is away, and what was learned, is
    /// remembered all the same.
    pub fn forget(&mut self) {
        self.history.clear();
        self.evidence.clear();
    }
}

/// Those of all measurements of a process, in the order of its settings. There is one for each that was ever looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Views(Vec<View>);

impl Views {
    /// That of one measurement, as it is; `None`: nothing is known of it yet.
    pub fn get(&self, metric: usize) -> Option<&View> {
        self.0.get(metric)
    }

    /// That of one measurement.
    #[expect(clippy::indexing_slicing, reason = "it was made long enough")]
    pub fn of(&mut self, metric: usize) -> &mut View {
        if self.0.len() <= metric {
            self.0.resize_with(metric + 1, View::default);
        }
        &mut self.0[metric]
    }

    /// All.
    pub fn iter(&self) -> impl Iterator<Item = &View> {
        self.0.iter()
    }

    /// Puts these in the place of all.
    pub fn set(&mut self, views: impl IntoIterator<Item = View>) {
        self.0 = views.into_iter().collect();
    }

    /// The measurements are others now: each keeps what is remembered of the one of its name.
    pub fn sort(&mut self, old: &[Metric], new: &[Metric]) {
        let place = |metric: &Metric| old.iter().position(|other| other.name == metric.name);
        let of = |metric| place(metric).and_then(|place| self.get(place).cloned());
        let sorted: Vec<View> = new.iter().map(|one| of(one).unwrap_or_default()).collect();
        self.set(sorted);
    }

    /// The count was changed.
    pub fn forget(&mut self) {
        self.0.iter_mut().for_each(View::forget);
    }

    /// The readings that are kept of all of them, oldest first of each.
    pub fn readings(&self) -> usize {
        self.0.iter().map(|view| view.history.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::backend::Registry;
    use crate::envelope::doubt::Trust;
    use crate::settings::load_text;
    use crate::supervisor::plan::Plan;

    fn metrics(names: &[&str]) -> Vec<Metric> {
        let one = |name: &&str| {
            format!(
                "[[processes.web.measurement]]\nname = \"{name}\"\nbackend = \"command\"\ncommand = \"x\"\n"
            )
        };
        let text: String = names.iter().map(one).collect();
        let text = text + "[processes.web.scaling]\nbackend = \"command\"\ncommand = \"x\"\n";
        let settings = load_text("x", &text, &Registry::built_in()).unwrap();
        Plan::new(&settings, &settings.processes[0])
            .unwrap()
            .metrics
    }

    #[test]
    fn each_keeps_what_is_its_own() {
        let second = Duration::from_secs(1);
        let mut views = Views::default();
        views.of(0);
        let away = &mut views.of(1).evidence;
        away.enter(second, Trust::SourceDown, false, second * 60, 5);
        let away = views.get(1).cloned().unwrap();
        views.sort(&metrics(&["a", "b"]), &metrics(&["b", "c"]));
        assert_eq!(views.get(0), Some(&away), "b's outage is b's");
        assert_eq!(
            views.get(1),
            Some(&View::default()),
            "of c nothing is known"
        );
        assert_eq!(views.iter().count(), 2);
    }
}
