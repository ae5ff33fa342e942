//! What can be proven about a configuration before it runs, with the numbers: thresholds between which a scale down would
//! at once be taken back, a wait after a scale up that is shorter than a boot, and more calls than the platform allows.
//! Warnings: it works, but not as its author thinks.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::model::{Count, Direction};
use crate::settings::{MetricSteps, ProcessSettings, Settings, Step};
use crate::supervisor::plan::Plan;

/// Calls that a look at an app takes: its formation and its dynos.
const CALLS_A_LOOK: f64 = 2.0;

/// Calls that Heroku allows an account in an hour.
const HEROKU_CALLS_AN_HOUR: f64 = 4500.0;

/// One sentence for each thing that is proven.
pub(super) fn foreseen(settings: &Settings, now: DateTime<Utc>) -> Vec<String> {
    let plan = |process| Plan::new(settings, process).ok();
    let planned = || {
        let processes = settings.processes.iter();
        processes.filter_map(|process| Some((process, plan(process)?)))
    };
    let flaps = planned().flat_map(|(process, plan)| {
        let metrics = process.metrics().zip(&plan.metrics);
        let deciding = metrics.filter(|(_, metric)| !metric.is_ceiling);
        let told = deciding.filter_map(|(steps, metric)| {
            let of = if plan.metrics.len() > 1 {
                format!(", {}", metric.name)
            } else {
                String::new()
            };
            flaps(
                &format!("`processes.{}.decision`{of}", process.name),
                steps.decision,
                &plan,
                now,
            )
        });
        told.collect::<Vec<_>>()
    });
    let boots = planned().filter_map(|(process, plan)| too_soon(process, &plan));
    let intervals = planned().filter(|(process, _)| process.scaling.backend == "heroku");
    let intervals = intervals.map(|(process, plan)| {
        let app = process.scaling.section.text("app_name").unwrap_or_default();
        (app.to_owned(), plan.interval)
    });
    let misread = settings.processes.iter().flat_map(|process| {
        let name = &process.name;
        process.metrics().filter_map(move |metric| {
            let wrong = misread(&metric)?;
            Some(format!("`processes.{name}.decision`: {wrong}"))
        })
    });
    let all = flaps.chain(boots).chain(misread);
    all.chain(calls(intervals)).collect()
}

/// A decision that takes what is measured for something else.
fn misread(metric: &MetricSteps<'_>) -> Option<String> {
    let (measured, decision) = (&metric.measurement.backend, metric.decision);
    let (backend, section) = (decision.backend.as_str(), &decision.section);
    let is_total = section.text("metric_type") == Some("total");
    let wants_total = matches!(backend, "queue_ratio" | "queue_latency" | "knative") || is_total;
    match measured.as_str() {
        "response_time" | "heroku_service_time" | "request_queue_time" if wants_total => Some(format!(
            "`{backend}` shares out a total, such as a queue's length, among the processes, and `{measured}` measures the \
             milliseconds of one answer"
        )),
        "celery_redis_queue_size" | "job_queue_depth" if backend == "target_tracking" && !is_total => Some(
            "a queue's length is that of all processes together, and metric_type says that it is each one's: \
             metric_type = \"total\""
                .to_owned(),
        ),
        _ => None,
    }
}

/// Counts from which a scale down just below the lower threshold would be measured above the upper one.
fn flaps(of: &str, decision: &Step, plan: &Plan, now: DateTime<Utc>) -> Option<String> {
    let section = &decision.section;
    let min = section.number("min_measurement_value")?;
    let max = section.number("max_measurement_value")?;
    let bounds = plan.bounds(now, None);
    // The load on one of n that becomes the load on one of fewer grows the more, the fewer there are.
    let after = |from: Count| from.saturating_sub(plan.steps(from).1).max(bounds.min());
    let flaps = |from: &Count| {
        let to = after(*from);
        to > 0 && to < *from && min * f64::from(*from) / f64::from(to) > max
    };
    let first = (bounds.min()..=bounds.max()).find(flaps)?;
    let last = (first..=bounds.max())
        .take_while(|from| flaps(from))
        .last()?;
    let to = after(first);
    let low = section.shown("min_measurement_value", &min.to_string());
    let high = section.shown("max_measurement_value", &max.to_string());
    let grown = min * f64::from(first) / f64::from(to);
    let enough = max * f64::from(to) / f64::from(first);
    let counts = if first == last {
        format!("{first}")
    } else {
        format!("{first} to {last}")
    };
    Some(if plan.envelope.flap_projection {
        format!(
            "{of}: with {counts} processes, a scale down waits for less than min_measurement_value, \
             {low}: just below it, {first} processes would be measured as about {grown:.0} over {to}, above \
             max_measurement_value, {high}, and be wanted back. From {first} it needs {enough:.0} or less"
        )
    } else {
        format!(
            "{of}: it must flap with {counts} processes: a scale down just below \
             min_measurement_value, {low}, leads to about {grown:.0} over {to}, above max_measurement_value, {high}. \
             A min_measurement_value of at most {enough:.0}, or flap_projection = true"
        )
    })
}

/// A next scale up before the boot of what the last one added is over, by what is written: what was learned of boots is in
/// the store of a running bot, which a file alone does not lead to.
///
/// ```text
///   scale ├─ post_scale_wait_time ─┤     the results that count, one each interval
///         ├────────┼────────┼──────┼─■────────■────────■ earliest: the last of those it takes
///         ├───────── boot ──────────────────┤
/// ```
fn too_soon(process: &ProcessSettings, plan: &Plan) -> Option<String> {
    let boot = plan.boot_time?.as_secs_f64();
    let (decision, interval) = (&process.decision.section, plan.interval.as_secs_f64());
    let results = [
        "number_of_fails_to_scale_up_after",
        "number_of_measurements_to_average",
    ];
    let results = results
        .iter()
        .find_map(|name| decision.number(name))
        .unwrap_or(1.0);
    let (wait, direction) = (plan.wait, plan.envelope.wait(Direction::Up));
    let first_after = |wait: Duration| (wait.as_secs_f64() / interval).ceil().max(1.0) * interval;
    let by_results = first_after(wait) + (results - 1.0) * interval;
    let by_direction = first_after(direction);
    let earliest = by_results.max(by_direction);
    if earliest >= boot {
        return None;
    }
    let shown = |name: &str, wait: Duration| {
        let seconds = decision.shown(name, &wait.as_secs_f64().to_string());
        format!("{name} is {seconds}")
    };
    let held = if by_direction > by_results {
        shown("scale_up_cooldown_seconds", direction)
    } else {
        let many = if results > 1.0 { "results" } else { "result" };
        let wait = shown("post_scale_wait_time_seconds", wait);
        format!("{wait}, and {results} {many} after it, {interval} s apart, are enough")
    };
    let takes = process
        .scaling
        .section
        .shown("boot_time_in_seconds", &boot.to_string());
    let name = &process.name;
    Some(format!(
        "`processes.{name}`: the next scale up may come {earliest} s after the last ({held}), while a boot takes \
         {takes} s (boot_time_in_seconds). As long as the platform tells that what was added is starting, no result \
         counts before it is up; when it does not tell, or one has crashed, more would be added for a load that those \
         could carry. A post_scale_wait_time_seconds of {takes} waits for them in any case"
    ))
}

/// More calls an hour than an account has.
fn calls(intervals: impl Iterator<Item = (String, Duration)>) -> Option<String> {
    let mut apps: BTreeMap<String, Duration> = BTreeMap::new();
    for (app, interval) in intervals {
        let shortest = apps.entry(app).or_insert(interval);
        *shortest = interval.min(*shortest);
    }
    let an_hour: f64 = apps
        .values()
        .map(|interval| CALLS_A_LOOK * 3600.0 / interval.as_secs_f64())
        .sum();
    (an_hour > HEROKU_CALLS_AN_HOUR).then(|| {
        let many = apps.len();
        let apps = if many == 1 { "1 app" } else { &format!("{many} apps") };
        let enough = f64::from(u32::try_from(many).unwrap_or(u32::MAX)) * CALLS_A_LOOK * 3600.0
            / HEROKU_CALLS_AN_HOUR;
        format!(
            "reading the counts and dynos of {apps} takes {an_hour:.0} calls an hour, and Heroku allows an account \
             {HEROKU_CALLS_AN_HOUR:.0}: a measurement_interval_in_seconds of at least {enough:.1}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Registry;
    use crate::settings::{Source, load};

    fn told(decision: &str, interval: f64) -> Vec<String> {
        told_of("", decision, interval)
    }

    /// The same, with these more in the scaling table.
    fn told_of(scaling: &str, decision: &str, interval: f64) -> Vec<String> {
        let text = format!(
            "[processes.web]\n\
             measurement = {{ measurement_url = \"http://a.test/\", measurement_interval_in_seconds = {interval} }}\n\
             scaling = {{ app_name = \"shop\", api_key = \"k\" {scaling} }}\n\
             [processes.web.decision]\n{decision}\n"
        );
        let settings = load(&Source::new("test", text), &Registry::built_in(), &|_| None).unwrap();
        foreseen(&settings, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_measurement_that_a_decision_takes_for_another_is_told() {
        for (measurement, decision, part) in [
            (
                "response_time",
                "backend = \"queue_ratio\"\njobs_per_process = 5",
                Some("`queue_ratio` shares out a total"),
            ),
            (
                "response_time",
                "backend = \"target_tracking\"\ntarget_value = 5",
                None,
            ),
            (
                "response_time",
                "backend = \"target_tracking\"\ntarget_value = 5\nmetric_type = \"total\"",
                Some("milliseconds of one answer"),
            ),
            (
                "celery_redis_queue_size",
                "backend = \"target_tracking\"\ntarget_value = 5",
                Some("metric_type = \"total\""),
            ),
            (
                "celery_redis_queue_size",
                "backend = \"queue_ratio\"\njobs_per_process = 5",
                None,
            ),
        ] {
            let url = if measurement == "response_time" {
                ", measurement_url = \"http://a.test/\""
            } else {
                ""
            };
            let text = format!(
                "[processes.web]\nmeasurement = {{ backend = \"{measurement}\"{url} }}\n\
                 scaling = {{ app_name = \"shop\", api_key = \"k\" }}\n[processes.web.decision]\n{decision}\n"
            );
            let settings =
                load(&Source::new("test", text), &Registry::built_in(), &|_| None).unwrap();
            let told = foreseen(&settings, DateTime::UNIX_EPOCH);
            match part {
                Some(part) => assert!(
                    told.len() == 1 && told[0].contains(part),
                    "{decision}: {told:?}"
                ),
                None => assert!(told.is_empty(), "{decision}: {told:?}"),
            }
        }
    }

    #[test]
    fn thresholds_too_close_for_some_count_are_told_with_the_numbers() {
        assert!(told("", 30.0).is_empty(), "the defaults are far apart");
        let close = "min_measurement_value = 900\nmax_measurement_value = 1000\nmax_processes = 20";
        assert_eq!(
            told(close, 30.0),
            [
                "`processes.web.decision`: with 2 to 9 processes, a scale down waits for less than \
              min_measurement_value, 900: just below it, 2 processes would be measured as about 1800 over 1, above \
              max_measurement_value, 1000, and be wanted back. From 2 it needs 500 or less"
            ]
        );
        let without = format!("{close}\nflap_projection = false\nmin_processes = 8");
        assert_eq!(
            told(&without, 30.0),
            [
                "`processes.web.decision`: it must flap with 9 processes: a scale down just below \
              min_measurement_value, 900, leads to about 1012 over 8, above max_measurement_value, 1000. \
              A min_measurement_value of at most 889, or flap_projection = true"
            ]
        );
        let steps = "min_measurement_value = 500\nmax_measurement_value = 1000\nmax_processes = 6\nincrement = 3";
        assert_eq!(
            told(steps, 30.0).len(),
            1,
            "4 - 3 = 1: four times as much on each"
        );
    }

    const BOOT: &str = ", boot_time_in_seconds = 45";

    /// The boot; the decision's settings; the interval; the earliest next scale up, if that is too soon; why.
    type Row = (
        &'static str,
        &'static str,
        f64,
        Option<&'static str>,
        &'static str,
    );

    const WAITS: [Row; 11] = [
        ("", "", 5.0, None, "a boot that is not written is not known"),
        (BOOT, "", 5.0, Some("15"), "three results from 5 s on"),
        (BOOT, "", 15.0, None, "three results take as long"),
        (BOOT, "", 14.0, Some("42"), "not quite"),
        (
            BOOT,
            "post_scale_wait_time_seconds = 40",
            5.0,
            None,
            "40, 45 and 50 s",
        ),
        (
            BOOT,
            "post_scale_wait_time_seconds = 31",
            5.0,
            None,
            "35, 40 and 45 s",
        ),
        (
            BOOT,
            "post_scale_wait_time_seconds = 30",
            5.0,
            Some("40"),
            "30, 35 and 40 s",
        ),
        (
            BOOT,
            "scale_up_cooldown_seconds = 45",
            5.0,
            None,
            "it alone is enough",
        ),
        (
            BOOT,
            "scale_up_cooldown_seconds = 20",
            5.0,
            Some("20"),
            "it is what holds it",
        ),
        (
            BOOT,
            "number_of_fails_to_scale_up_after = 1",
            5.0,
            Some("5"),
            "one result",
        ),
        (
            BOOT,
            "backend = \"average_threshold\"\nnumber_of_measurements_to_average = 9",
            5.0,
            None,
            "a mean of nine",
        ),
    ];

    #[test]
    fn a_next_scale_up_before_the_boot_is_over_is_told() {
        for (boot, decision, interval, earliest, because) in WAITS {
            let found = told_of(boot, decision, interval);
            let wanted = earliest.map(|at| format!("may come {at} s after the last"));
            assert_eq!(
                found.len(),
                usize::from(wanted.is_some()),
                "{because}: {found:?}"
            );
            let is_told = |wanted: &String| found.iter().any(|told| told.contains(wanted));
            assert!(wanted.as_ref().is_none_or(is_told), "{because}: {found:?}");
        }
    }

    #[test]
    fn it_is_told_with_the_numbers_and_what_would_be_right() {
        assert_eq!(
            told_of(BOOT, "", 5.0),
            [
                "`processes.web`: the next scale up may come 15 s after the last (post_scale_wait_time_seconds is 5, and 3 \
                 results after it, 5 s apart, are enough), while a boot takes 45 s (boot_time_in_seconds). As long as the \
                 platform tells that what was added is starting, no result counts before it is up; when it does not \
                 tell, or one has crashed, more would be added for a load that those could carry. A \
                 post_scale_wait_time_seconds of 45 waits for them in any case"
            ]
        );
        let up = "scale_up_cooldown_seconds = 20";
        assert!(told_of(BOOT, up, 5.0)[0].contains("(scale_up_cooldown_seconds is 20), while"));
    }

    #[test]
    fn more_calls_than_there_are_is_told() {
        assert!(told("", 1.7).is_empty());
        assert_eq!(
            told("", 1.0),
            [
                "reading the counts and dynos of 1 app takes 7200 calls an hour, and Heroku allows an account 4500: a \
              measurement_interval_in_seconds of at least 1.6"
            ]
        );
    }
}
