//! What one table cannot say alone: settings that one step takes from another, and those that contradict each other.

use super::process::{MetricTables, ProcessTables};
use super::table::{Entry, Table, Walk};
use super::{bounds, metrics};
use crate::decision::schedule_only;
use crate::measurement::none;

/// The thresholds' two names.
const THRESHOLDS: [(&str, &str); 2] = [
    ("min_time_ms", "min_measurement_value"),
    ("max_time_ms", "max_measurement_value"),
];

/// What `heroku_service_time` takes from the scaling table.
const TAKEN: [&str; 4] = ["app_name", "api_key", "tls_ca_file", "api_url"];

/// Scales what only this machine has.
const ON_ONE_MACHINE: &str = "local";

/// Carries settings over from the step that they are written in to the step that they are for.
pub(super) fn join(walk: &mut Walk<'_>, tables: &mut ProcessTables) {
    for metric in &mut tables.metrics {
        if let Some(measurement) = &metric.measurement {
            for (here, there) in THRESHOLDS {
                if let Some(decision) = &mut metric.decision {
                    threshold(walk, measurement, decision, here, there);
                }
                if let Some(challenger) = &mut metric.challenger {
                    tried(measurement, challenger, here, there);
                }
            }
        }
        if let (Some(measurement), scaling) = (&mut metric.measurement, &tables.scaling)
            && measurement.backend == "heroku_service_time"
            && measurement
                .good("source")
                .is_none_or(|source| source.value != "drain")
        {
            for name in TAKEN {
                take(walk, measurement, scaling.as_ref(), name);
            }
        }
    }
    metrics::one_interval(walk, &mut tables.metrics);
    let metrics = tables.metrics.iter_mut();
    let deciding = metrics.flat_map(|metric| [&mut metric.decision, &mut metric.challenger]);
    for table in deciding.chain([&mut tables.decision]).flatten() {
        bounds::scheduled(table);
    }
}

/// Makes the measurement's thresholds the challenger's, where that has none of its own.
fn tried(from: &Table, to: &mut Table, here: &str, there: &str) {
    let has_own = to.written(there).is_some_and(|(entry, _)| entry.own);
    if let Some((entry, _)) = from.written(here).filter(|_| !has_own)
        && to.entries.contains_key(there)
    {
        to.entries.insert(there.to_owned(), entry.clone());
    }
}

/// Makes `min_time_ms` the decision's `min_measurement_value`, and the maximum likewise.
fn threshold(walk: &mut Walk<'_>, from: &Table, to: &mut Table, here: &str, there: &str) {
    if from.spoilt.contains(here) {
        to.spoilt.insert(there.to_owned());
        return;
    }
    let Some((entry, place)) = from.written(here) else {
        return;
    };
    if !to.entries.contains_key(there) && !to.spoilt.contains(there) {
        if entry.own {
            let wrong = format!(
                "the decision backend `{}` has no {there}, which it stands for",
                to.backend
            );
            walk.find(
                place,
                wrong,
                "a decision backend with thresholds, or no such line",
            );
        }
        return;
    }
    if let Some((other, elsewhere)) = to.written(there) {
        if other.own == entry.own {
            let wrong = format!("`{}` is written too, and means the same", elsewhere.path);
            walk.find(
                place,
                wrong,
                format!("one of the two: {here} here, or {there} in the decision table"),
            );
        }
        if other.own || !entry.own {
            return;
        }
    }
    to.entries.insert(there.to_owned(), entry.clone());
}

/// Takes a setting of the heroku scaling table over into the measurement's.
fn take(walk: &mut Walk<'_>, to: &mut Table, scaling: Option<&Table>, name: &str) {
    if to.spoilt.contains(name) || to.written(name).is_some() {
        return;
    }
    let heroku = scaling.filter(|scaling| scaling.backend == "heroku");
    if let Some(entry) = heroku.and_then(|heroku| heroku.good(name)) {
        // It keeps no place: a fault in it is told at the scaling table.
        let taken = Entry {
            place: None,
            ..entry.clone()
        };
        to.entries.insert(name.to_owned(), taken);
        return;
    }
    // Missing there too is told there; a scaling table that is not Heroku's cannot have it.
    let needed = name == "app_name" || name == "api_key";
    if needed && heroku.is_none() && scaling.is_some() && !to.entries.contains_key(name) {
        let place = to.place_of(name);
        let wrong =
            "it is missing, and the scaling backend is not `heroku`, from which it would be taken";
        walk.find(&place, wrong, format!("write {name} in this table"));
        to.spoilt.insert(name.to_owned());
    }
}

/// Tells what contradicts itself.
pub(super) fn check(walk: &mut Walk<'_>, tables: &ProcessTables) {
    let metrics = tables.metrics.iter();
    let all =
        metrics.flat_map(|metric| [&metric.measurement, &metric.decision, &metric.challenger]);
    let all = all.chain([&tables.scaling]).flatten();
    for table in all.chain(&tables.notification) {
        backend(walk, table);
    }
    if let Some(scaling) = tables.scaling.as_ref().filter(|_| walk.clustered) {
        one_machine(walk, scaling);
    }
    metrics::several(walk, &tables.metrics);
    unmeasured(walk, &tables.metrics);
    if let Some(decision) = &tables.decision {
        bounds::crossed(walk, decision);
        bounds::zero(walk, &tables.metrics, decision);
        let metrics = tables.metrics.iter();
        for measurement in metrics.filter_map(|metric| metric.measurement.as_ref()) {
            bounds::floor(walk, measurement, decision);
        }
    }
    if let Some(challenger) = tables
        .metrics
        .first()
        .and_then(|first| first.challenger.as_ref())
    {
        bounds::crossed(walk, challenger);
        bounds::zero(walk, &tables.metrics, challenger);
    }
}

/// The backend's own check. What it finds wrong because of an unusable setting is the consequence of what was told.
pub(super) fn backend(walk: &mut Walk<'_>, table: &Table) {
    let section = table.section();
    for fault in table.checks.iter().flat_map(|check| check(&section)) {
        let mut concerned = [Some(&fault.setting), fault.for_want_of.as_ref()]
            .into_iter()
            .flatten();
        if concerned.any(|name| table.spoilt.contains(name)) {
            continue;
        }
        let place = table.place_of(&fault.setting);
        walk.find(
            &place,
            section.veil(&fault.wrong),
            section.veil(&fault.right),
        );
    }
}

/// What several machines have one of each is not one count.
fn one_machine(walk: &mut Walk<'_>, scaling: &Table) {
    if scaling.backend == ON_ONE_MACHINE {
        let wrong = "`local` under [cluster]: each replica would have copies of its own, which are not one count";
        let place = scaling.place.clone();
        walk.find(
            &place,
            wrong,
            "a backend whose count all replicas see, such as `heroku`, or no [cluster]",
        );
    }
}

/// What is decided by a measurement has one.
fn unmeasured(walk: &mut Walk<'_>, metrics: &[MetricTables]) {
    for metric in metrics {
        let (Some(measurement), Some(decision)) = (&metric.measurement, &metric.decision) else {
            continue;
        };
        // A command may look for itself, and what another crate adds is not known.
        let mut rows = crate::decision::BACKENDS.iter();
        let needs_one = rows.any(|row| row.name == decision.backend)
            && ![schedule_only::NAME, "command"].contains(&decision.backend);
        if measurement.backend == none::NAME && needs_one {
            let wrong = format!(
                "it measures nothing, and `{}` decides by what is measured",
                decision.backend
            );
            let right = "a measurement, or the decision `schedule_only`";
            walk.find(&measurement.place_of("backend"), wrong, right);
        }
    }
}
