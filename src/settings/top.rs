//! The settings outside the processes: the time zone, `[supervision]`, `[limits]`, `[state]`, `[cluster]` and `[server]`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::schema::{Default, Kind, Section, Setting};
use super::similar::{listed, nearest};
use super::table::{Place, Table, Walk, WrittenTable};
use super::{Supervision, value};
use crate::backend::no_check;
use crate::cluster::settings::{self as cluster, CLUSTER, ClusterSettings};
use crate::decision::MOST_PROCESSES;
use crate::heartbeat;
use crate::model::Count;
use crate::server::settings::{SERVER, SOURCE};
use crate::state::settings::{self as state, STATE, StateSettings};

/// The top-level setting.
pub(super) static TIME_ZONE: &[Setting] = &[Setting::new(
    "time_zone",
    Kind::Text,
    Default::Text("UTC"),
    "The zone of every local time of day in this file: an IANA name.",
)];

/// The settings of `[supervision]`.
pub(super) static SUPERVISION: &[Setting] = &[
    Setting::new(
        "max_restarts",
        Kind::Whole(0, 1_000_000),
        Default::Whole(5),
        "How many restarts of a process's four actors, together, are normal within the window. With more, its group is \
         rebuilt once; with more again, it is degraded: not scaled for now, and the admins are told.",
    ),
    Setting::new(
        "restart_window_in_seconds",
        Kind::Seconds,
        Default::Number(60.0),
        "The window in which restarts are counted.",
    ),
    Setting::new(
        "degraded_retry_in_seconds",
        Kind::Seconds,
        Default::Number(300.0),
        "How long a degraded process rests before it is tried again.",
    ),
    Setting::new(
        "shutdown_grace_in_seconds",
        Kind::Seconds,
        Default::Number(25.0),
        "How long a stop may take: a scale in flight is finished or given up within it. Heroku kills after 30.",
    ),
    heartbeat::URL,
    heartbeat::TIMEOUT,
];

/// Every setting outside the processes.
pub(super) fn every_setting() -> impl Iterator<Item = &'static Setting> {
    TIME_ZONE
        .iter()
        .chain(SUPERVISION)
        .chain(LIMITS)
        .chain(STATE)
        .chain(CLUSTER)
        .chain(SERVER)
        .chain(SOURCE)
        .chain(super::preset::PROCESS)
}

/// The settings of `[limits]`.
pub(super) static LIMITS: &[Setting] = &[Setting::new(
    "max_total_processes",
    Kind::Whole(1, MOST_PROCESSES),
    Default::Absent,
    "How many processes all process types of this file may have together. What would be more is not added; nothing is taken \
     away for it. Who comes first says `priority` in the decision table.",
)];

/// What holds without a `[supervision]` table.
pub(super) fn usual_supervision() -> Supervision {
    let default = |row: &Setting| Some((row.name.to_owned(), value::default(row)?));
    let values = SUPERVISION.iter().filter_map(default).collect();
    supervision(&Section::new(values, Vec::new()))
}

/// The checked `[supervision]` table, as values. Every row has a default, so that only a table that is refused lacks one.
pub(super) fn supervision(section: &Section) -> Supervision {
    let seconds = |name: &str| {
        let number = section.number(name).unwrap_or_default();
        Duration::try_from_secs_f64(number).unwrap_or_default()
    };
    let restarts = section
        .get("max_restarts")
        .and_then(serde_json::Value::as_u64);
    Supervision {
        max_restarts: restarts
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or_default(),
        restart_window: seconds("restart_window_in_seconds"),
        degraded_retry: seconds("degraded_retry_in_seconds"),
        shutdown_grace: seconds("shutdown_grace_in_seconds"),
    }
}

/// The checked `[limits]` table.
pub(super) fn max_total(limits: &Section) -> Option<Count> {
    let written = limits.get("max_total_processes")?.as_u64()?;
    Count::try_from(written).ok()
}

impl Walk<'_> {
    /// Reads and checks `[cluster]`, if there is one; `Err` when it is not good.
    pub(super) fn cluster(
        &mut self,
        root: &WrittenTable<'_>,
    ) -> Result<Option<ClusterSettings>, ()> {
        self.clustered = root.find("cluster").is_some();
        if !self.clustered {
            return Ok(None);
        }
        let written = self.table_at(root, "cluster").ok_or(())?;
        let mut table = self.plain("[cluster]", CLUSTER, Some(&written), &[]);
        table.checks = [cluster::check, no_check];
        super::across::backend(self, &table);
        if !table.spoilt.is_empty() {
            return Err(());
        }
        Ok(Some(cluster::read(&table.section())))
    }

    /// Reads and checks `[state]`, if there is one; `Err` when it is not good.
    pub(super) fn state(&mut self, root: &WrittenTable<'_>) -> Result<Option<StateSettings>, ()> {
        if root.find("state").is_none() {
            return Ok(None);
        }
        let written = self.table_at(root, "state").ok_or(())?;
        let mut table = self.plain("[state]", STATE, Some(&written), &[]);
        table.checks = [state::check, no_check];
        super::across::backend(self, &table);
        if !table.spoilt.is_empty() {
            return Err(());
        }
        state::read(&table.section()).map(Some).map_err(drop)
    }

    /// Reads a table of plain settings; `keys` are names that are read elsewhere.
    pub(super) fn plain_table(
        &mut self,
        settings: &'static [Setting],
        written: Option<&WrittenTable<'_>>,
        keys: &[&str],
    ) -> Section {
        self.plain("", settings, written, keys).section()
    }

    pub(super) fn plain(
        &mut self,
        name: &'static str,
        settings: &'static [Setting],
        written: Option<&WrittenTable<'_>>,
        keys: &[&str],
    ) -> Table {
        let place = written.map(|table| table.place.clone());
        let mut table = Table {
            backend: name,
            checks: [no_check; 2],
            place: place.unwrap_or(Place {
                span: 0..0,
                path: String::new(),
            }),
            preset: None,
            entries: BTreeMap::new(),
            spoilt: BTreeSet::new(),
        };
        if let Some(written) = written {
            for (key, value) in written.table {
                let name = key.get_ref().as_ref();
                let place = written.place.under(name, key.span());
                let known = || settings.iter().map(|setting| setting.name);
                match settings.iter().find(|setting| setting.name == name) {
                    Some(setting) => self.entry(&mut table, setting, value, &place, true),
                    None if keys.contains(&name) => {}
                    None => {
                        let names = known().chain(keys.iter().copied());
                        let right = match nearest(name, names.clone()) {
                            Some(meant) => format!("did you mean `{meant}`?"),
                            None => format!("one of {}", listed(names)),
                        };
                        self.find(&place, "unknown setting", right);
                    }
                }
            }
        }
        self.fill_in(&mut table, settings.iter());
        table
    }
}
