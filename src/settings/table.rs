//! One step's table: what a process wrote, what the defaults add, and what the backend's rows make of both.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::DeValue;

use super::environment::Environment;
use super::known_secrets::Secrets;
use super::problem::{Fault, Finding};
use super::rooms::{Room, Rooms, Row};
use super::schema::{self, Section, Setting};
use super::value;
pub(super) use super::written::{Place, WrittenTable};

/// What walking the file gathers, and what it needs for that.
pub(super) struct Walk<'a> {
    pub(super) rooms: &'a Rooms,
    pub(super) environment: Environment<'a>,
    /// Whether there is a `[cluster]`.
    pub(super) clustered: bool,
    /// Which processes sources feed.
    pub(super) fed: super::sent::Fed,
    pub(super) findings: Vec<Finding>,
    pub(super) secrets: Secrets,
}

/// One setting's value and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) value: Value,
    /// Where it is written; `None` for a built-in default.
    pub(super) place: Option<Place>,
    /// Whether the process's own table has it, rather than the defaults'.
    pub(super) own: bool,
    /// Whether it is a preset's.
    pub(super) of_preset: bool,
    /// The words that stand for it in a sentence, when it may not be told.
    pub(super) veil: Option<&'static str>,
}

/// One backend's checked table.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) backend: &'static str,
    /// The room's check, and the backend's own.
    pub(super) checks: [fn(&Section) -> Vec<Fault>; 2],
    pub(super) place: Place,
    /// The preset behind it.
    pub(super) preset: Option<&'static str>,
    pub(super) entries: BTreeMap<String, Entry>,
    /// What was written, but cannot be used: told already, so nothing else is said of it.
    pub(super) spoilt: BTreeSet<String>,
}

impl Table {
    /// A setting that is good; `None` also for one that is not there.
    pub(super) fn good(&self, name: &str) -> Option<&Entry> {
        if self.spoilt.contains(name) {
            return None;
        }
        self.entries.get(name)
    }

    /// A setting that is good and written.
    pub(super) fn written(&self, name: &str) -> Option<(&Entry, &Place)> {
        let entry = self.good(name)?;
        Some((entry, entry.place.as_ref()?))
    }

    /// The place to show for a setting: its own, or the table's.
    pub(super) fn place_of(&self, name: &str) -> Place {
        let written = self.entries.get(name).and_then(|entry| entry.place.clone());
        written.unwrap_or_else(|| self.place.under(name, self.place.span.clone()))
    }

    /// The section that backends are built from, and checked by: what is spoilt is not in it.
    pub(super) fn section(&self) -> Section {
        let mut values = Map::new();
        let mut written = Vec::new();
        let mut veiled = BTreeMap::new();
        let mut of_preset = BTreeSet::new();
        let is_good = |(name, _): &(&String, _)| !self.spoilt.contains(*name);
        for (name, entry) in self.entries.iter().filter(is_good) {
            values.insert(name.clone(), entry.value.clone());
            if entry.place.is_some() {
                written.push(name.clone());
            }
            veiled.extend(entry.veil.map(|words| (name.clone(), words)));
            of_preset.extend(entry.of_preset.then(|| name.clone()));
        }
        Section::new(values, written)
            .veiling(veiled)
            .preset(of_preset)
    }
}

impl Walk<'_> {
    /// Notes a problem.
    pub(super) fn find(
        &mut self,
        place: &Place,
        wrong: impl Into<String>,
        right: impl Into<String>,
    ) {
        self.findings.push(Finding {
            span: place.span.clone(),
            setting: place.path.clone(),
            wrong: wrong.into(),
            right: right.into(),
        });
    }

    /// Reads one step's table for each of `rows` (more than one only where a table names several backends).
    pub(super) fn step_tables(
        &mut self,
        room: &Room,
        rows: &[Row],
        place: &Place,
        own: Option<&WrittenTable<'_>>,
        behind: &[&WrittenTable<'_>],
    ) -> Vec<Table> {
        rows.iter()
            .map(|row| {
                let mut table = Table {
                    backend: row.name,
                    checks: [room.check, row.check],
                    place: place.clone(),
                    preset: behind.iter().find_map(|table| table.preset),
                    entries: BTreeMap::new(),
                    spoilt: BTreeSet::new(),
                };
                if let Some(written) = own {
                    self.written_settings(&mut table, room, rows, *row, written, true);
                }
                for written in behind {
                    self.written_settings(&mut table, room, rows, *row, written, false);
                }
                self.fill_in(&mut table, room.settings(*row));
                table
            })
            .collect()
    }

    fn written_settings(
        &mut self,
        table: &mut Table,
        room: &Room,
        rows: &[Row],
        row: Row,
        written: &WrittenTable<'_>,
        own: bool,
    ) {
        for (key, value) in written.table {
            let name = key.get_ref().as_ref();
            let place = written.place.under(name, key.span());
            let meant = room.meant_setting(name);
            if meant == "backend" || room.is_table(meant) {
                continue;
            }
            if self.doubled(room, written, name, &place) {
                continue;
            }
            let of_another = rows.iter().any(|row| room.setting(*row, meant).is_some());
            let of_any = room.every_setting().any(|setting| setting.name == meant);
            match room.setting(row, meant) {
                Some(setting) => {
                    let is_new = !table.entries.contains_key(setting.name);
                    self.entry(table, setting, value, &place, own);
                    let entry = table.entries.get_mut(setting.name).filter(|_| is_new);
                    if let Some(entry) = entry.filter(|_| written.preset.is_some()) {
                        (entry.place, entry.of_preset) = (None, true);
                    }
                }
                None if of_another || (!own && of_any) => {}
                None => {
                    if let Some(near) = self.unknown_setting(room, rows, name, &place) {
                        table.spoilt.insert(near.to_owned());
                    }
                }
            }
        }
    }

    /// Whether a name of the original stands beside the one that it means, which is told.
    pub(super) fn doubled(
        &mut self,
        room: &Room,
        written: &WrittenTable<'_>,
        name: &str,
        place: &Place,
    ) -> bool {
        let meant = room.meant_setting(name);
        let is_doubled = meant != name && written.find(meant).is_some();
        if is_doubled {
            let right = format!("`{meant}` alone: `{name}` is its name in the original");
            self.find(place, format!("`{meant}` is written too"), right);
        }
        is_doubled
    }

    /// Reads one value into the table, unless it is there already (the process's own before the defaults').
    pub(super) fn entry(
        &mut self,
        table: &mut Table,
        setting: &Setting,
        value: &Spanned<DeValue<'_>>,
        place: &Place,
        own: bool,
    ) {
        if table.entries.contains_key(setting.name) || (!own && table.spoilt.contains(setting.name))
        {
            return;
        }
        let at = Place {
            span: value.span(),
            path: place.path.clone(),
        };
        let filled = RefCell::new(Vec::new());
        let noting = |name: &str| {
            let text = (self.environment)(name);
            filled.borrow_mut().extend(text.clone());
            text
        };
        match value::read(setting, value, &noting) {
            Ok(good) => {
                self.secrets.gather(setting, &good, filled.into_inner());
                let entry = Entry {
                    value: good,
                    place: Some(at),
                    own,
                    of_preset: false,
                    veil: value::veil(setting, value.get_ref()),
                };
                table.entries.insert(setting.name.to_owned(), entry);
            }
            Err(faults) => {
                table.spoilt.insert(setting.name.to_owned());
                for bad in faults {
                    let at = Place {
                        span: bad.span,
                        ..at.clone()
                    };
                    self.find(&at, bad.wrong, bad.right);
                }
            }
        }
    }

    /// Adds the built-in defaults, and tells what is missing.
    pub(super) fn fill_in(
        &mut self,
        table: &mut Table,
        settings: impl Iterator<Item = &'static Setting>,
    ) {
        for setting in settings {
            if table.entries.contains_key(setting.name) || table.spoilt.contains(setting.name) {
                continue;
            }
            if setting.default == schema::Default::Required {
                let place = table.place.under(setting.name, table.place.span.clone());
                let who = match table.preset {
                    Some(preset) => format!("`{}` (of the preset `{preset}`)", table.backend),
                    None => format!("`{}`", table.backend),
                };
                let wrong = format!("it is missing, and {who} needs it");
                let right = format!("{}: {}", value::wanted(setting.kind), setting.meaning);
                self.find(&place, wrong, right);
                table.spoilt.insert(setting.name.to_owned());
            } else if let Some(value) = value::default(setting) {
                let entry = Entry {
                    value,
                    place: None,
                    own: false,
                    of_preset: false,
                    veil: None,
                };
                table.entries.insert(setting.name.to_owned(), entry);
            }
        }
    }
}
