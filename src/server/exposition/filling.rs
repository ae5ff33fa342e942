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
        let tried = one.at.is_some();
        tried.then(|| f64::from(u8::from(one.error.is_none())))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::DateTime;

    use super::*;
    use crate::server::exposition::negotiate::Format;
    use crate::server::testing::record;
    use crate::server::views::{CooldownView, Overview};
    use crate::supervisor::cycle::Timing;

    fn measurement(name: &str, value: Option<f64>, tried: bool) -> MeasurementView {
        MeasurementView {
            name: name.to_owned(),
            backend: "response_time".to_owned(),
            value,
            data: None,
            busy: None,
            error: value.is_none().then(|| "a \"secret\" error".to_owned()),
            at: tried.then(|| DateTime::from_timestamp(1000, 0).unwrap()),
            age_seconds: tried.then_some(2.5),
            trust: None,
            doubts: Vec::new(),
            unit: None,
            low: None,
            high: Some(1200.0),
        }
    }

    fn process(name: &str, measurements: Vec<MeasurementView>) -> ProcessView {
        ProcessView {
            name: name.to_owned(),
            health: HealthView::Degraded,
            mode: "live",
            scaled_by: "heroku".to_owned(),
            interval_seconds: 30.0,
            count: Some(3),
            ready: None,
            min: 1,
            max: 5,
            cooldown: CooldownView {
                up_seconds: 0.0,
                down_seconds: 0.0,
            },
            measurements,
            decided: None,
            challenger: None,
            orders: Vec::new(),
            skipped: 7,
            restarts: 2,
        }
    }

    fn text() -> String {
        let taken = [
            measurement("answers", Some(812.5), true),
            measurement("jobs", None, true),
            measurement("new", None, false),
        ];
        let mut tallies = BTreeMap::new();
        for name in ["web", "web.challenger"] {
            let name = ProcessName::kept(name).unwrap();
            let tally: &mut Tally = tallies.entry(name).or_default();
            tally.count(&record("web", 10, Some(1.0), 2), Timing::default());
            tally.count(&record("web", 20, None, 2), Timing::default());
        }
        let snapshot = Snapshot {
            overview: Overview {
                now: DateTime::from_timestamp(2000, 0).unwrap(),
                time_zone: "UTC".to_owned(),
                version: "3.0.0".to_owned(),
                leads: false,
                has_store: false,
                processes: vec![process("web", taken.to_vec())],
            },
            tallies: tallies.into_iter().collect(),
            started: DateTime::from_timestamp_millis(1_500_250).unwrap(),
            heroku: Some((12, Some(4488))),
        };
        filled(&snapshot).text(Format::Text)
    }

    #[test]
    fn each_number_stands_under_its_labels() {
        let text = text();
        for line in [
            "autoscalebot_build_info{version=\"3.0.0\"} 1",
            "process_start_time_seconds 1500.25",
            "autoscalebot_leader 0",
            "autoscalebot_processes_wanted{process=\"web\"} 3",
            "autoscalebot_degraded{process=\"web\"} 1",
            "autoscalebot_measurement_value{process=\"web\",name=\"answers\"} 812.5",
            "autoscalebot_measurement_success{process=\"web\",name=\"answers\"} 1",
            "autoscalebot_measurement_success{process=\"web\",name=\"jobs\"} 0",
            "autoscalebot_measurement_age_seconds{process=\"web\",name=\"jobs\"} 2.5",
            "autoscalebot_measurement_threshold_high{process=\"web\",name=\"new\"} 1200",
            "autoscalebot_decisions_total{process=\"web\",outcome=\"held\",cause=\"load\",challenger=\"false\"} 2",
            "autoscalebot_decisions_total{process=\"web\",outcome=\"held\",cause=\"load\",challenger=\"true\"} 2",
            "autoscalebot_measurements_total{process=\"web\"} 2",
            "autoscalebot_measurement_failures_total{process=\"web\"} 1",
            "autoscalebot_restarts_total{process=\"web\"} 2",
            "autoscalebot_ticks_skipped_total{process=\"web\"} 7",
            "autoscalebot_cycle_lateness_seconds_count{process=\"web\"} 2",
            "autoscalebot_heroku_calls_total 12",
            "autoscalebot_heroku_calls_left 4488",
        ] {
            assert!(text.lines().any(|told| told == line), "{line}\n{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_there() {
        let text = text();
        for part in [
            "processes_up",
            "threshold_low",
            "measurement_value{process=\"web\",name=\"jobs\"}",
            "measurement_success{process=\"web\",name=\"new\"}",
            "web.challenger",
            "secret",
        ] {
            assert!(!text.contains(part), "{part}\n{text}");
        }
    }
}
