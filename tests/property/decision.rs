//! The decision backends against the sentences of the specification, over histories that nobody thought of. They are
//! built from their rows, as the program builds them.

use std::rc::Rc;
use std::sync::Arc;

use autoscalebot::backend::{Shared, Site};
use autoscalebot::clock::Clock;
use autoscalebot::decision::{
    BACKENDS, DecideError, DecisionBackend, Level, Reading, Situation, Wish,
};
use autoscalebot::http::Http;
use autoscalebot::model::{Bounds, ProcessName};
use autoscalebot::settings::schema::Section;
use futures_util::FutureExt as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::runner::holds;

fn build(name: &str, settings: Value) -> Rc<dyn DecisionBackend> {
    let Value::Object(settings) = settings else {
        panic!("settings are an object");
    };
    let site = Site {
        process: ProcessName::new("web").unwrap(),
        clock: Clock::system(),
        http: Http::default(),
        program: "autoscalebot".into(),
        shared: Shared::default(),
    };
    let row = BACKENDS.iter().find(|row| row.name == name).unwrap();
    (row.build)(&Section::new(settings, vec![]), &site).unwrap()
}

fn situation(levels: &[Level]) -> Situation {
    let reading = |level: &Level| Reading {
        at: chrono::DateTime::UNIX_EPOCH,
        level: *level,
        data: Arc::new(Value::Null),
        busy: None,
    };
    Situation {
        at: chrono::DateTime::UNIX_EPOCH,
        history: levels.iter().map(reading).collect(),
        count: 4,
        ready: Some(4),
        bounds: Bounds::new(1, 9).unwrap(),
        increment: 2,
        up_step: 2,
        down_step: 2,
    }
}

/// They wait for nothing.
fn decide(backend: &Rc<dyn DecisionBackend>, situation: &Situation) -> Result<Wish, DecideError> {
    backend.decide(situation).now_or_never().unwrap()
}

/// The steps of one increment that are wished for.
fn steps(wish: &Wish) -> i64 {
    assert!(
        !wish.reason.is_empty() && !wish.reason.contains('\n'),
        "{wish:?}"
    );
    assert_eq!(wish.desired % 2, 0, "whole steps: {wish:?}");
    (wish.desired - 4) / 2
}

/// Whole numbers around the thresholds, so that equal ones are met often; failures among them.
fn levels(most: usize) -> impl Strategy<Value = Vec<Level>> {
    let level = prop_oneof![
        12 => (-2..14_i32).prop_map(|number| Level::Number(number.into())),
        1 => Just(Level::TooHigh),
        1 => any::<f64>().prop_map(Level::Number),
    ];
    prop::collection::vec(level, 1..most)
}

/// A minimum and a maximum above it or equal to it.
fn thresholds() -> impl Strategy<Value = (i32, i32)> {
    (0..6_i32, 0..6_i32).prop_map(|(min, more)| (min, min + more))
}

#[test]
fn consecutive_threshold_goes_by_the_last_few_alone() {
    let inputs = (levels(12), thresholds(), 1..6_usize, 1..6_usize);
    holds(inputs, |(levels, (min, max), up_after, down_after)| {
        let backend = build(
            "consecutive_threshold",
            json!({
                "min_measurement_value": min, "max_measurement_value": max,
                "number_of_fails_to_scale_up_after": up_after, "number_of_passes_to_scale_down_after": down_after,
            }),
        );
        let all = |many: usize, test: &dyn Fn(&Level) -> bool| {
            levels.len() >= many && levels[levels.len() - many..].iter().all(test)
        };
        let up = all(up_after, &|level| match level {
            Level::Number(number) => *number > max.into(),
            Level::TooHigh => true,
            Level::None => false,
        });
        let down = all(
            down_after,
            &|level| matches!(level, Level::Number(number) if *number < min.into()),
        );
        let wish = decide(&backend, &situation(&levels)).unwrap();
        prop_assert_eq!(
            steps(&wish),
            i64::from(up) - i64::from(down),
            "{}",
            wish.reason
        );
        Ok(())
    });
}

#[test]
fn average_threshold_goes_by_the_mean_of_the_latest() {
    let inputs = (
        prop::collection::vec(prop::option::weighted(0.9, 0..14_i64), 1..9),
        thresholds(),
        1..5_usize,
    );
    holds(inputs, |(numbers, (min, max), window)| {
        let backend = build(
            "average_threshold",
            json!({
                "number_of_measurements_to_average": window,
                "min_measurement_value": min, "max_measurement_value": max,
            }),
        );
        let level = |number: &Option<i64>| match number {
            Some(number) => Level::Number(i32::try_from(*number).unwrap().into()),
            None => Level::TooHigh,
        };
        let levels: Vec<Level> = numbers.iter().map(level).collect();
        let wish = decide(&backend, &situation(&levels)).unwrap();
        // In whole numbers, so with the sum and not the mean. A maximum of 0 has no double above it; any other has.
        let (min, max) = (i64::from(min), i64::from(max));
        let failed = if max == 0 { 1 } else { 2 * max };
        let many = i64::try_from(window).unwrap();
        let sum: i64 = numbers
            .iter()
            .rev()
            .take(window)
            .map(|number| number.unwrap_or(failed))
            .sum();
        let wanted = if numbers.len() < window {
            0
        } else if sum > max * many {
            1
        } else if sum <= min * many {
            -1
        } else {
            0
        };
        prop_assert_eq!(steps(&wish), wanted, "{}", wish.reason);
        Ok(())
    });
}

#[test]
fn no_number_breaks_a_threshold() {
    let level = prop_oneof![
        any::<f64>().prop_map(Level::Number),
        prop::num::f64::ANY.prop_map(Level::Number),
        Just(Level::TooHigh),
        Just(Level::None),
    ];
    let backends = ["consecutive_threshold", "average_threshold"].map(|name| {
        let settings = json!({
            "min_measurement_value": 0, "max_measurement_value": 20, "number_of_measurements_to_average": 3,
            "number_of_fails_to_scale_up_after": 3, "number_of_passes_to_scale_down_after": 5,
        });
        build(name, settings)
    });
    holds(prop::collection::vec(level, 0..9), |levels| {
        let usable = levels.last().is_some_and(|level| *level != Level::None);
        for backend in &backends {
            let wish = decide(backend, &situation(&levels));
            prop_assert_eq!(wish.is_ok(), usable);
            if let Ok(wish) = wish {
                prop_assert!((-1..=1).contains(&steps(&wish)));
                prop_assert!(wish.reason.len() < 200, "for people: {}", wish.reason);
            }
        }
        Ok(())
    });
}

/// The backends that wish for a count, with settings at the edge of what they may be.
fn counting() -> [(&'static str, Value); 6] {
    [
        (
            "target_tracking",
            json!({"target_value": 7, "metric_type": "average", "tolerance": 0.1, "ready_only": true, "activation_value": 0}),
        ),
        (
            "target_tracking",
            json!({"target_value": 1e-6, "metric_type": "total", "tolerance": 0, "ready_only": true, "activation_value": 5}),
        ),
        (
            "step",
            json!({
                "scale_up_steps": {"100": 1, "500": "1000%"}, "scale_down_steps": {"10": 1, "-5": "100% or 4"},
                "number_of_fails_to_scale_up_after": 1, "number_of_passes_to_scale_down_after": 2,
            }),
        ),
        (
            "queue_ratio",
            json!({"jobs_per_process": 0.001, "decrementable": true}),
        ),
        (
            "queue_latency",
            json!({"target_wait_seconds": 60, "job_time_in_seconds": 31_536_000, "jobs_at_a_time": 3}),
        ),
        (
            "knative",
            json!({
                "target_value": 1e-6, "stable_window_in_seconds": 60, "panic_window_in_seconds": 6, "panic_threshold": 2,
                "max_scale_up_rate": 1e6, "max_scale_down_rate": 2,
            }),
        ),
    ]
}

#[test]
fn no_number_breaks_one_that_wishes_for_a_count() {
    let level = prop_oneof![
        any::<f64>().prop_map(Level::Number),
        prop::num::f64::ANY.prop_map(Level::Number),
        (0.0..1000.0).prop_map(Level::Number),
        Just(Level::TooHigh),
        Just(Level::None),
    ];
    let backends = counting().map(|(name, settings)| (name, build(name, settings)));
    let counts = (0..200_000_u32, prop::option::of(0..200_000_u32));
    holds(
        (prop::collection::vec(level, 0..4), counts),
        |(levels, (count, ready))| {
            let situation = Situation {
                count,
                ready,
                ..situation(&levels)
            };
            for (name, backend) in &backends {
                let wish = decide(backend, &situation);
                let usable = match levels.last() {
                    Some(Level::Number(number)) => !number.is_nan() || *name == "step",
                    Some(Level::TooHigh) => true,
                    Some(Level::None) | None => false,
                };
                prop_assert_eq!(wish.is_ok(), usable, "{}", name);
                if let Ok(wish) = wish {
                    prop_assert!(wish.reason.len() < 300, "for people: {}", wish.reason);
                }
                for told in backend.otherwise(&situation) {
                    prop_assert!(told.len() < 300, "for people: {}", told);
                }
            }
            Ok(())
        },
    );
}

#[test]
fn app_decision_wishes_for_what_is_asked_and_refuses_the_rest() {
    let asked = prop_oneof![
        any::<u32>().prop_map(|n| (json!(n), Some(i64::from(n)))),
        any::<u32>().prop_map(|n| (json!(f64::from(n)), Some(i64::from(n)))),
        any::<u32>().prop_map(|n| (json!(f64::from(n) + 0.5), None)),
        (1..i64::MAX).prop_map(|n| (json!(-n), None)),
        ".*".prop_map(|text| (json!(text), None)),
        Just((json!(null), None)),
    ];
    let backend = build("app_decision", json!({ "desired_processes_key": "/now/0" }));
    holds((asked, any::<bool>()), |((asked, wanted), there)| {
        let mut situation = situation(&[Level::None]);
        let data = if there {
            json!({ "now": [asked] })
        } else {
            json!({ "then": [asked] })
        };
        situation.history[0].data = Arc::new(data);
        let wish = decide(&backend, &situation);
        if let Some(wanted) = wanted.filter(|_| there) {
            prop_assert_eq!(wish.unwrap().desired, wanted);
        } else {
            let text = wish.unwrap_err().to_string();
            let says = text.contains("/now/0") && text.contains("whole number");
            prop_assert!(says, "{}", text);
        }
        Ok(())
    });
}
