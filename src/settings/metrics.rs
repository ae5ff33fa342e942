//! A process's measurements, one or several, each with the decision that is made on it.

use super::preset::Layers;
use super::process::{CHALLENGER, MetricTables};
use super::rooms::Step;
use super::table::{Place, Table, Walk, WrittenTable};
use super::value::named;
use crate::decision::schedule_only;

/// What all measurements of a process have in common.
const INTERVAL: &str = "measurement_interval_in_seconds";

/// Where the decisions of one process are written, beside those of a measurement alone.
struct Decisions<'w> {
    /// The process's own table.
    own: Option<&'w WrittenTable<'w>>,
    /// What the process and the defaults say for all measurements.
    behind: Vec<&'w WrittenTable<'w>>,
    challenger: Option<&'w WrittenTable<'w>>,
}

impl Walk<'_> {
    /// Reads a process's measurements, and the decision that holds for all of them together.
    pub(super) fn metrics(
        &mut self,
        written: &WrittenTable<'_>,
        layers: &Layers<'_>,
    ) -> (Vec<MetricTables>, Option<Table>) {
        let process = self.step_table(Step::Decision, written);
        let challenger = self.table_at(written, CHALLENGER);
        let shared = layers.of(Step::Decision);
        let decisions = Decisions {
            own: process.as_ref(),
            behind: process.iter().chain(&shared).collect(),
            challenger: challenger.as_ref(),
        };
        let here = |step: Step| written.place.under(step.name(), written.place.span.clone());
        let place = decisions.own.map(|own| own.place.clone());
        let behind: Vec<_> = shared.iter().collect();
        let together = self.layered(
            Step::Decision,
            &place.unwrap_or_else(|| here(Step::Decision)),
            decisions.own,
            &behind,
        );
        let own = self.tables_of(Step::Measurement, written);
        let own = own.map_or_else(|| vec![None], |list| list.into_iter().map(Some).collect());
        if own.is_empty()
            && let Some((place, _)) = written.find(Step::Measurement.name())
        {
            self.find(&place, "the list is empty", "at least one measurement");
        }
        let scheduled = together
            .as_ref()
            .is_some_and(|table| table.backend == schedule_only::NAME);
        let mut metrics = Vec::new();
        for own in &own {
            let place = own.as_ref().map(|own| own.place.clone());
            let place = place.unwrap_or_else(|| here(Step::Measurement));
            let behind = if scheduled && self.measures_nothing(own.as_ref()) {
                layers.of_no_measurement()
            } else {
                layers.of(Step::Measurement)
            };
            let behind: Vec<_> = behind.iter().collect();
            let measurement = self.layered(Step::Measurement, &place, own.as_ref(), &behind);
            let (decision, challenger) =
                self.decisions(own.as_ref(), &decisions, together.as_ref());
            metrics.push(MetricTables {
                measurement,
                decision,
                challenger,
            });
        }
        // The first that decides is the one that stands for the process where there is room for one.
        metrics.sort_by_key(MetricTables::is_ceiling);
        (metrics, together)
    }

    /// Whether a table of a measurement says nothing of what is to be measured.
    fn measures_nothing(&self, written: Option<&WrittenTable<'_>>) -> bool {
        let shared = self.rooms.of(Step::Measurement).shared;
        let mut keys = written.into_iter().flat_map(|written| written.table.keys());
        keys.all(|key| shared.iter().any(|setting| setting.name == key.get_ref()))
    }

    /// How a measurement is decided on: by its own decision, or by the process's; and how by the challenger, if there is one.
    fn decisions(
        &mut self,
        measurement: Option<&WrittenTable<'_>>,
        decisions: &Decisions<'_>,
        together: Option<&Table>,
    ) -> (Option<Table>, Option<Table>) {
        let nested = measurement.and_then(|table| self.table_at(table, Step::Decision.name()));
        let decision = match &nested {
            Some(nested) => {
                self.only_its_own(nested);
                self.layered(
                    Step::Decision,
                    &nested.place,
                    Some(nested),
                    &decisions.behind,
                )
            }
            None => together.cloned(),
        };
        let challenger = decisions.challenger.and_then(|challenger| {
            self.acts_never(challenger);
            let Some(nested) = &nested else {
                let place = &challenger.place;
                return self.layered(Step::Decision, place, Some(challenger), &decisions.behind);
            };
            // What is tried is the process's decision; that of a measurement alone stays.
            let behind = std::iter::once(challenger).chain(decisions.behind.iter().copied());
            let behind: Vec<_> = behind.collect();
            self.layered(Step::Decision, &nested.place, Some(nested), &behind)
        });
        (decision, challenger)
    }

    /// Tells settings in the decision of one measurement that hold for the whole process.
    fn only_its_own(&mut self, nested: &WrittenTable<'_>) {
        let shared = self.rooms.of(Step::Decision).shared;
        for (key, _) in nested.table {
            let name = key.get_ref().as_ref();
            if shared.iter().any(|setting| setting.name == name) {
                let place = nested.place.under(name, key.span());
                let wrong = "it holds for all measurements of the process together";
                self.find(
                    &place,
                    wrong,
                    "it belongs in the process's own `decision` table",
                );
            }
        }
    }

    /// Tells what makes no sense for one that never acts.
    fn acts_never(&mut self, challenger: &WrittenTable<'_>) {
        if let Some((place, value)) = challenger.find("mode") {
            let place = Place {
                span: value.span(),
                ..place
            };
            let wrong = format!("{} does not belong here", named(value.get_ref()));
            self.find(&place, wrong, "no `mode`: a challenger never acts");
        }
    }
}

/// Makes the interval that one measurement has that of all.
pub(super) fn one_interval(walk: &mut Walk<'_>, metrics: &mut [MetricTables]) {
    let tables = || {
        metrics
            .iter()
            .filter_map(|metric| metric.measurement.as_ref())
    };
    let written: Vec<_> = tables()
        .filter_map(|table| table.written(INTERVAL))
        .collect();
    let Some((first, _)) = written.first() else {
        return;
    };
    let other = written.iter().find(|(entry, _)| entry.value != first.value);
    if let Some((_, place)) = other {
        let (place, wrong) = (
            (*place).clone(),
            "another measurement of the process has another one",
        );
        let right = "the same in all, or in one of them alone: they are taken together";
        walk.find(&place, wrong, right);
    }
    let first = (*first).clone();
    for table in metrics
        .iter_mut()
        .filter_map(|metric| metric.measurement.as_mut())
    {
        if table.written(INTERVAL).is_none() {
            table.entries.insert(INTERVAL.to_owned(), first.clone());
        }
    }
}

/// Several measurements are told apart, and one at least decides.
pub(super) fn several(walk: &mut Walk<'_>, metrics: &[MetricTables]) {
    let mut names: Vec<&str> = Vec::new();
    for table in metrics
        .iter()
        .filter_map(|metric| metric.measurement.as_ref())
    {
        let written = table.good("name").and_then(|entry| entry.value.as_str());
        let name = written.unwrap_or(table.backend);
        if names.contains(&name) {
            let wrong = "another measurement of the process is called the same";
            let place = table.place_of("name");
            walk.find(&place, wrong, "a `name` for each, as in name = \"orders\"");
        }
        names.push(name);
    }
    if metrics.iter().all(MetricTables::is_ceiling)
        && let Some(table) = metrics.first().and_then(|first| first.measurement.as_ref())
    {
        let wrong = "a ceiling only limits, and there is no measurement that it could limit";
        let place = table.place_of("ceiling");
        walk.find(
            &place,
            wrong,
            "at least one measurement without `ceiling = true`",
        );
    }
}
