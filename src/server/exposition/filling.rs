//! A snapshot as families of samples. Pure.

use super::Snapshot;
use super::encode::{Labels, Sheet, Value, float};
use super::families as f;
use crate::model::ProcessName;
use crate::server::board::tally::Tally;
use crate::server::views::{HealthView, MeasurementView, OutcomeView, ProcessView};

/// All families that have something to tell.
pub fn filled(snapshot: &Snapshot) -> Sheet {
    let mut sheet = Sheet::default();
    itself(&mut sheet, snapshot);
    counts(&mut sheet, &snapshot.overview.processes);
    measurements(&mut sheet, &snapshot.overview.processes);
    decisions(&mut sheet, &snapshot.tallies);
    cycles(&mut sheet, snapshot);
    if let Some((calls, left)) = snapshot.heroku {
        sheet.add(&f::HEROKU_CALLS, [(Vec::new(), whole(calls))]);
        let left = left.map(|left| (Vec::new(), whole(left)));
        sheet.add(&f::HEROKU_CALLS_LEFT, left);
    }
    sheet
}

fn itself(sheet: &mut Sheet, snapshot: &Snapshot) {
    let version = ("version", snapshot.overview.version.clone());
    sheet.add(&f::BUILD_INFO, [(vec![version], Value::Number(1.0))]);
    let millis = u64::try_from(snapshot.started.timestamp_millis()).unwrap_or_default();
    let started = Value::Number(float(millis) / 1000.0);
    sheet.add(&f::PROCESS_START_TIME, [(Vec::new(), started)]);
    sheet.add(&f::LEADER, [(Vec::new(), truth(snapshot.overview.leads))]);
}

fn counts(sheet: &mut Sheet, processes: &[ProcessView]) {
    let each = |value: fn(&ProcessView) -> Option<Value>| {
        let samples = processes
            .iter()
            .filter_map(move |process| Some((of(&process.name), value(process)?)));
        samples.collect::<Vec<_>>()
    };
    let count = |count: u32| whole(count.into());
    sheet.add(
        &f::PROCESSES_WANTED,
        each(|one| one.count.map(|count| whole(count.into()))),
    );
    sheet.add(
        &f::PROCESSES_UP,
        each(|one| one.ready.map(|count| whole(count.into()))),
    );
    let bound = |value: fn(&ProcessView) -> u32| {
        let samples = processes
            .iter()
            .map(move |process| (of(&process.name), count(value(process))));
        samples.collect::<Vec<_>>()
    };
    sheet.add(&f::PROCESSES_MIN, bound(|one| one.min));
    sheet.add(&f::PROCESSES_MAX, bound(|one| one.max));
    sheet.add(
        &f::DEGRADED,
        each(|one| Some(truth(one.health == HealthView::Degraded))),
    );
    sheet.add(
        &f::ORDERS_IN_FORCE,
        each(|one| Some(whole(u64::try_from(one.orders.len()).unwrap_or(u64::MAX)))),
    );
}

fn measurements(sheet: &mut Sheet, processes: &[ProcessView]) {
    let each = |value: fn(&MeasurementView) -> Option<f64>| {
        let mut samples = Vec::new();
        for process in processes {
            for one in &process.measurements {
                let mut labels = of(&process.name);
                labels.push(("name", one.name.clone()));
                samples.extend(value(one).map(|number| (labels, Value::Number(number))));
            }
        }
        samples
    };
    sheet.add(&f::MEASUREMENT_VALUE, each(|one| one.value));
    let succeeded = |one: &MeasurementView| {
        let taken = one.at?;
        Some(f64::from(u8::from(
            one.error.is_none() && taken.timestamp() > 0,
        )))
    };
    sheet.add(&f::MEASUREMENT_SUCCESS, each(succeeded));
    sheet.add(&f::MEASUREMENT_AGE, each(|one| one.age_seconds));
    sheet.add(&f::THRESHOLD_LOW, each(|one| one.low));
    sheet.add(&f::THRESHOLD_HIGH, each(|one| one.high));
}

fn decisions(sheet: &mut Sheet, tallies: &[(ProcessName, Tally)]) {
    let mut decided = Vec::new();
    for (name, tally) in tallies {
        let challenged = name.of_challenger();
        let process = challenged.as_ref().unwrap_or(name);
        for ((outcome, cause), times) in &tally.decisions {
            let mut labels = of(process.as_str());
            labels.push(("outcome", outcome_name(*outcome).to_owned()));
            labels.push(("cause", (*cause).to_owned()));
            labels.push(("challenger", challenged.is_some().to_string()));
            decided.push((labels, whole(*times)));
        }
    }
    sheet.add(&f::DECISIONS, decided);
    let (mut clamps, mut scales) = (Vec::new(), Vec::new());
    for (name, tally) in own(tallies) {
        for (rule, times) in &tally.clamps {
            let mut labels = of(name);
            labels.push(("rule", rule.name().to_owned()));
            clamps.push((labels, whole(*times)));
        }
        for (direction, times) in [("up", tally.scaled_up), ("down", tally.scaled_down)] {
            let mut labels = of(name);
            labels.push(("direction", direction.to_owned()));
            scales.push((labels, whole(times)));
        }
    }
    sheet.add(&f::CLAMPS, clamps);
    sheet.add(&f::SCALES, scales);
}

fn cycles(sheet: &mut Sheet, snapshot: &Snapshot) {
    let each = |value: fn(&Tally) -> Value| {
        let samples = own(&snapshot.tallies).map(move |(name, tally)| (of(name), value(tally)));
        samples.collect::<Vec<_>>()
    };
    sheet.add(
        &f::MEASUREMENTS,
        each(|tally| whole(tally.measured + tally.unmeasured)),
    );
    sheet.add(
        &f::MEASUREMENT_FAILURES,
        each(|tally| whole(tally.unmeasured)),
    );
    let counted = |value: fn(&ProcessView) -> u64| {
        let processes = snapshot.overview.processes.iter();
        let samples = processes.map(move |process| (of(&process.name), whole(value(process))));
        samples.collect::<Vec<_>>()
    };
    sheet.add(&f::RESTARTS, counted(|one| one.restarts));
    sheet.add(&f::TICKS_SKIPPED, counted(|one| one.skipped));
    sheet.add(
        &f::CYCLE_LATENESS,
        each(|tally| Value::Histogram(tally.late)),
    );
    sheet.add(
        &f::CYCLE_DURATION,
        each(|tally| Value::Histogram(tally.took)),
    );
}

/// Those of the processes themselves, without their challengers'.
fn own(tallies: &[(ProcessName, Tally)]) -> impl Iterator<Item = (&str, &Tally)> {
    let own = tallies
        .iter()
        .filter(|(name, _)| name.of_challenger().is_none());
    own.map(|(name, tally)| (name.as_str(), tally))
}

fn of(process: &str) -> Labels {
    vec![("process", process.to_owned())]
}

fn whole(number: u64) -> Value {
    Value::Number(float(number))
}

fn truth(is: bool) -> Value {
    whole(u64::from(is))
}

fn outcome_name(outcome: OutcomeView) -> &'static str {
    match outcome {
        OutcomeView::Held => "held",
        OutcomeView::Ordered => "ordered",
        OutcomeView::Scaled => "scaled",
        OutcomeView::Draining => "draining",
        OutcomeView::Would => "would",
        OutcomeView::Failed => "failed",
        OutcomeView::Uncounted => "uncounted",
        OutcomeView::Lost => "lost",
    }
}
