//! One process's tables: the four steps, each with its defaults.

use serde_json::Value;
use toml::de::DeValue;

use super::across;
use super::defaults::Defaults;
use super::drained;
use super::preset::{self, Layers};
use super::rooms::Step;
use super::sent;
use super::similar::{listed, nearest};
use super::table::{Entry, Place, Table, Walk, WrittenTable};
use super::value::named;
use super::{Metric, ProcessSettings, Step as SettingsStep};
use crate::model::ProcessName;

/// A process's tables; `None` where the backend could not be told.
pub(super) struct ProcessTables {
    /// Its measurements, the first that is no ceiling before the others.
    pub(super) metrics: Vec<MetricTables>,
    /// What holds for all of them together.
    pub(super) decision: Option<Table>,
    pub(super) scaling: Option<Table>,
    pub(super) notification: Vec<Table>,
}

/// One measurement's tables.
pub(super) struct MetricTables {
    pub(super) measurement: Option<Table>,
    pub(super) decision: Option<Table>,
    /// How the challenger decides on it.
    pub(super) challenger: Option<Table>,
}

impl MetricTables {
    /// Whether it only limits.
    pub(super) fn is_ceiling(&self) -> bool {
        let entry = self
            .measurement
            .as_ref()
            .and_then(|table| table.good("ceiling"));
        entry.is_some_and(|entry| entry.value == true)
    }
}

/// The table beside the steps for a decision that is only tried.
pub(super) const CHALLENGER: &str = "challenger";

impl Walk<'_> {
    /// Reads one process. What comes back is whole only as long as nothing was found.
    pub(super) fn process(
        &mut self,
        name: &ProcessName,
        written: &WrittenTable<'_>,
        defaults: &Defaults<'_>,
    ) -> Option<ProcessSettings> {
        self.known_steps(written, &preset::OF_A_PROCESS);
        let layers = self.layers(written, defaults);
        let (metrics, decision) = self.metrics(written, &layers);
        let mut tables = ProcessTables {
            metrics,
            decision,
            scaling: self.step(Step::Scaling, written, &layers),
            notification: self.notification(written, defaults),
        };
        if let Some(scaling) = &mut tables.scaling {
            let own_name = Entry {
                value: Value::from(name.as_str()),
                place: None,
                own: false,
                of_preset: false,
                veil: None,
            };
            let spoilt = scaling.spoilt.contains("process_type");
            if !spoilt {
                scaling
                    .entries
                    .entry("process_type".to_owned())
                    .or_insert(own_name);
            }
        }
        across::join(self, &mut tables);
        drained::join(&mut tables);
        across::check(self, &tables);
        drained::check(self, &tables);
        sent::check(self, name, &tables);
        let metrics = tables.metrics.iter();
        let mut all = Vec::new();
        let mut challenger = Vec::new();
        for metric in metrics {
            challenger.extend(metric.challenger.as_ref().map(step));
            all.push(Metric {
                measurement: step(metric.measurement.as_ref()?),
                decision: step(metric.decision.as_ref()?),
            });
        }
        let mut all = all.into_iter();
        let first = all.next()?;
        Some(ProcessSettings {
            name: name.clone(),
            preset: layers.preset().map(|preset| preset.name),
            measurement: first.measurement,
            decision: first.decision,
            more: all.collect(),
            challenger,
            scaling: step(&tables.scaling?),
            notification: tables.notification.iter().map(step).collect(),
        })
    }

    /// Tells keys of a process's table (or of `[defaults]`) that are neither a step nor one of `others`.
    pub(super) fn known_steps(&mut self, written: &WrittenTable<'_>, others: &[&str]) {
        for (key, _) in written.table {
            let name = key.get_ref().as_ref();
            if Step::ALL.iter().any(|step| step.name() == name) || others.contains(&name) {
                continue;
            }
            let place = written.place.under(name, key.span());
            let steps = || {
                Step::ALL
                    .iter()
                    .map(|step| step.name())
                    .chain(others.iter().copied())
            };
            let rooms = self.rooms.all();
            let home = rooms
                .iter()
                .find(|room| room.every_setting().any(|setting| setting.name == name));
            let right = match (home, nearest(name, steps())) {
                (Some(room), _) => format!("it belongs in the `{}` table", room.step),
                (None, Some(meant)) => format!("did you mean `{meant}`?"),
                (None, None) => format!("one of {}", listed(steps())),
            };
            self.find(&place, "unknown step", right);
        }
    }

    /// The table of a step as written, in a process or in the defaults.
    pub(super) fn step_table<'t>(
        &mut self,
        step: Step,
        written: &WrittenTable<'t>,
    ) -> Option<WrittenTable<'t>> {
        let (place, value) = written.find(step.name())?;
        let value = value.get_ref();
        // One table in double brackets is meant as one.
        let alone = value.as_array().filter(|list| list.len() == 1);
        let alone = alone.and_then(|list| list.first()?.get_ref().as_table());
        let Some(table) = value.as_table().or(alone) else {
            self.not_a_table(&place, value, step);
            return None;
        };
        Some(WrittenTable::new(place, table))
    }

    /// The tables of a step as written, of which there may be several: a list, or one alone.
    pub(super) fn tables_of<'t>(
        &mut self,
        step: Step,
        written: &WrittenTable<'t>,
    ) -> Option<Vec<WrittenTable<'t>>> {
        let (place, value) = written.find(step.name())?;
        let Some(list) = value.get_ref().as_array() else {
            return self.step_table(step, written).map(|table| vec![table]);
        };
        let mut tables = Vec::new();
        for element in list {
            let place = Place {
                span: element.span(),
                path: place.path.clone(),
            };
            if let Some(table) = element.get_ref().as_table() {
                tables.push(WrittenTable::new(place, table));
            } else {
                self.not_a_table(&place, element.get_ref(), step);
            }
        }
        Some(tables)
    }

    fn not_a_table(&mut self, place: &Place, found: &DeValue<'_>, step: Step) {
        let right = match step {
            Step::Notification => format!("tables that begin with `[[{}]]`", place.path),
            Step::Measurement => {
                format!(
                    "one table that begins with `[{0}]`, or several with `[[{0}]]`",
                    place.path
                )
            }
            Step::Decision | Step::Scaling => {
                format!("one table that begins with `[{}]`", place.path)
            }
        };
        self.find(
            place,
            format!("{} does not belong here", named(found)),
            right,
        );
    }

    fn step(
        &mut self,
        step: Step,
        written: &WrittenTable<'_>,
        layers: &Layers<'_>,
    ) -> Option<Table> {
        let own = self.step_table(step, written);
        let place = match &own {
            Some(own) => own.place.clone(),
            None => written.place.under(step.name(), written.place.span.clone()),
        };
        let behind = layers.of(step);
        let behind: Vec<_> = behind.iter().collect();
        self.layered(step, &place, own.as_ref(), &behind)
    }

    /// A step's table out of its own and those behind it.
    pub(super) fn layered(
        &mut self,
        step: Step,
        place: &Place,
        own: Option<&WrittenTable<'_>>,
        behind: &[&WrittenTable<'_>],
    ) -> Option<Table> {
        let rooms = self.rooms;
        let room = rooms.of(step);
        let Some(rows) = self.choice(room, place, own, behind) else {
            self.untaken(step, own, true);
            return None;
        };
        self.step_tables(room, &rows, place, own, behind).pop()
    }

    fn notification(&mut self, written: &WrittenTable<'_>, defaults: &Defaults<'_>) -> Vec<Table> {
        let rooms = self.rooms;
        let room = rooms.of(Step::Notification);
        let own = self.tables_of(Step::Notification, written);
        let Some(list) = own.as_ref().or(defaults.notification.as_ref()) else {
            let place = written
                .place
                .under(Step::Notification.name(), written.place.span.clone());
            let rows = self.choice(room, &place, None, &[]).unwrap_or_default();
            return self.step_tables(room, &rows, &place, None, &[]);
        };
        let mut tables = Vec::new();
        for table in list {
            match self.choice(room, &table.place, Some(table), &[]) {
                Some(rows) => {
                    tables.extend(self.step_tables(room, &rows, &table.place, Some(table), &[]));
                }
                None => self.untaken(Step::Notification, Some(table), true),
            }
        }
        tables
    }
}

/// A table as the program reads it.
fn step(table: &Table) -> SettingsStep {
    SettingsStep {
        backend: table.backend.to_owned(),
        section: table.section(),
    }
}
