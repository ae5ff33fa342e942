//! The bounds against each other, and against what is measured.

use serde::Deserialize;

use super::process::MetricTables;
use super::table::{Table, Walk};
use crate::decision::schedule::{Schedule, When, first_where};
use crate::decision::schedule_only;
use crate::model::Count;

/// Measures nothing while nothing runs.
const BLIND_AT_ZERO: [&str; 4] = [
    "response_time",
    "heroku_service_time",
    "request_queue_time",
    "utilisation",
];

/// Where the minimum is the count, the maximum need not be written.
pub(super) fn scheduled(decision: &mut Table) {
    let is_free =
        decision.written("max_processes").is_none() && !decision.spoilt.contains("max_processes");
    if decision.backend == schedule_only::NAME
        && is_free
        && let Some(min) = decision.good("min_processes").cloned()
    {
        decision.entries.insert("max_processes".to_owned(), min);
    }
}

/// The minimum is at no minute of any day above the maximum.
pub(super) fn crossed(walk: &mut Walk<'_>, decision: &Table) {
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
pub(super) fn zero(walk: &mut Walk<'_>, metrics: &[MetricTables], decision: &Table) {
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
    let min = decision.good("min_processes");
    let whose = match decision
        .preset
        .filter(|_| min.is_some_and(|entry| entry.of_preset))
    {
        Some(preset) => format!(" by the preset `{preset}`"),
        None => String::new(),
    };
    let wrong = format!(
        "it is 0{when}{whose}, but `{}` measures nothing while nothing runs: it would never scale up again",
        blind.backend
    );
    walk.find(&decision.place_of("min_processes"), wrong, "at least 1");
}

/// What there is to be while nothing is known is possible at some time.
pub(super) fn floor(walk: &mut Walk<'_>, measurement: &Table, decision: &Table) {
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
