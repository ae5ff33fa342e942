//! What one table cannot say alone: settings that one step takes from another, and those that contradict each other.

use serde::Deserialize;

use super::metrics;
use super::process::{MetricTables, ProcessTables};
use super::table::{Entry, Table, Walk};
use crate::decision::schedule::{Schedule, When, first_where};
use crate::model::Count;

/// The thresholds' two names.
const THRESHOLDS: [(&str, &str); 2] = [
    ("min_time_ms", "min_measurement_value"),
    ("max_time_ms", "max_measurement_value"),
];

/// What `heroku_service_time` takes from the scaling table.
const TAKEN: [&str; 4] = ["app_name", "api_key", "tls_ca_file", "api_url"];

/// Scales what only this machine has.
const ON_ONE_MACHINE: &str = "local";

/// Measures nothing while nothing runs.
const BLIND_AT_ZERO: [&str; 2] = ["response_time", "heroku_service_time"];

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
        {
            for name in TAKEN {
                take(walk, measurement, scaling.as_ref(), name);
            }
        }
    }
    metrics::one_interval(walk, &mut tables.metrics);
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
    if let Some(decision) = &tables.decision {
        bounds(walk, decision);
        zero(walk, &tables.metrics, decision);
        let metrics = tables.metrics.iter();
        for measurement in metrics.filter_map(|metric| metric.measurement.as_ref()) {
            floor(walk, measurement, decision);
        }
    }
    if let Some(challenger) = tables
        .metrics
        .first()
        .and_then(|first| first.challenger.as_ref())
    {
        bounds(walk, challenger);
        zero(walk, &tables.metrics, challenger);
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

/// The minimum is at no minute of any day above the maximum.
fn bounds(walk: &mut Walk<'_>, decision: &Table) {
    let (Some(min), Some(max)) = (
        schedule(decision, "min_processes"),
        schedule(decision, "max_processes"),
    ) else {
        return;
    };
    let Some(crossed) = first_where(&min, &max, |min, max| min > max) else {
        return;
    };
    let shown = |name, count: Count| {
        let veil = decision.good(name).and_then(|entry| entry.veil);
        veil.map_or_else(|| count.to_string(), str::to_owned)
    };
    let least = shown("min_processes", crossed.one);
    let most = shown("max_processes", crossed.other);
    let written = |name| decision.written(name).is_some();
    let when = then(crossed.when);
    if written("min_processes") {
        let note = if written("max_processes") {
            ""
        } else {
            ", its default"
        };
        walk.find(
            &decision.place_of("min_processes"),
            format!("it is {least}{when}, above max_processes, which is {most}{note}"),
            format!("at most {most}{when}, or a max_processes of at least {least}"),
        );
    } else {
        walk.find(
            &decision.place_of("max_processes"),
            format!("it is {most}{when}, below min_processes, which is {least}, its default"),
            format!("at least {least}{when}, or a min_processes of at most {most}"),
        );
    }
}

/// A minimum of 0 needs a measurement that sees something while nothing runs.
fn zero(walk: &mut Walk<'_>, metrics: &[MetricTables], decision: &Table) {
    let deciding = metrics.iter().filter(|metric| !metric.is_ceiling());
    let deciding: Vec<_> = deciding
        .filter_map(|metric| metric.measurement.as_ref())
        .collect();
    let is_blind = |table: &&Table| BLIND_AT_ZERO.contains(&table.backend);
    let Some(blind) = deciding.first().filter(|_| deciding.iter().all(is_blind)) else {
        return;
    };
    let Some(min) = schedule(decision, "min_processes") else {
        return;
    };
    let Some(zero) = first_where(&min, &min, |min, _| min == 0) else {
        return;
    };
    let when = then(zero.when);
    let wrong = format!(
        "it is 0{when}, but `{}` measures nothing while nothing runs: it would never scale up again",
        blind.backend
    );
    walk.find(&decision.place_of("min_processes"), wrong, "at least 1");
}

/// What there is to be while nothing is known is possible at some time.
fn floor(walk: &mut Walk<'_>, measurement: &Table, decision: &Table) {
    let (Some((floor, place)), Some(max)) = (
        measurement.written("missing_floor"),
        schedule(decision, "max_processes"),
    ) else {
        return;
    };
    let most = max.most();
    let above = floor.value.as_u64().filter(|floor| *floor > most.into());
    let Some(above) = above.filter(|_| decision.written("max_processes").is_some()) else {
        return;
    };
    let shown = |veil: Option<&'static str>, count: String| veil.map_or(count, str::to_owned);
    let above = shown(floor.veil, above.to_string());
    let most = shown(
        decision.good("max_processes").and_then(|entry| entry.veil),
        most.to_string(),
    );
    walk.find(
        place,
        format!("it is {above}, above max_processes, which is never more than {most}"),
        format!("at most {most}, or a larger max_processes"),
    );
}

/// When, for a sentence that goes without where it does not matter.
fn then(when: When) -> String {
    match when {
        When::Always => String::new(),
        When::Daily(_) | When::Weekly(..) | When::On(..) => format!(" {when}"),
    }
}

/// A schedule that is good.
fn schedule(table: &Table, name: &str) -> Option<Schedule> {
    Schedule::deserialize(&table.good(name)?.value).ok()
}
