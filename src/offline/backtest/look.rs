//! What one record says of the load. Pure.

use crate::simulation::number::{length, place, whole};

/// One look at the process, in the order of time. Times in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Look {
    /// When, since the first.
    pub at: f64,
    /// How many processes were asked for; `None`: not known.
    pub count: Option<f64>,
    /// How many of them were up.
    pub ready: f64,
    /// How long a request took.
    pub response: Option<f64>,
    /// How many single requests `response` is the mean of; `None`: of all.
    pub probes: Option<f64>,
    /// How many came since the look before.
    pub arrivals: Option<f64>,
    /// How many jobs waited.
    pub queue: Option<f64>,
    /// How many slots were busy.
    pub busy: Option<f64>,
    /// The busy part of the slots, from 0 to 1.
    pub utilisation: Option<f64>,
}

/// So many single requests are averaged: one takes any time from none to many times the mean.
const PROBES: f64 = 20.0;

/// A counter that was not read for longer is taken to have counted since one usual interval.
const COUNTED: f64 = 300.0;

/// A mean response of few requests becomes that of the looks around it.
pub(super) fn smooth(looks: &[Look]) -> Vec<Look> {
    let reach = |look: &Look| match look.probes {
        Some(probes) if probes < PROBES => whole(PROBES / (2.0 * probes.max(1.0))),
        Some(_) | None => 0,
    };
    let smoothed = looks.iter().enumerate().map(|(at, look)| {
        let reach = place(reach(look));
        if reach == 0 || look.response.is_none() {
            return *look;
        }
        let around = looks
            .get(at.saturating_sub(reach)..(at + reach + 1).min(looks.len()))
            .unwrap_or_default();
        let known: Vec<(f64, f64)> = around
            .iter()
            .filter_map(|look| Some((look.response?, look.ready)))
            .collect();
        let mean = |of: fn(&(f64, f64)) -> f64| {
            known.iter().map(of).sum::<f64>() / length(known.len().max(1))
        };
        Look {
            response: Some(mean(|(response, _)| *response)),
            ready: mean(|(_, ready)| *ready),
            ..*look
        }
    });
    smoothed.collect()
}

/// How many were up between two looks. Who is stopped at a look is gone at once; who is new came at some time.
pub(super) fn between(before: &Look, look: &Look) -> f64 {
    look.ready.min(f64::midpoint(before.ready, look.ready))
}

/// Over how many seconds something was counted.
pub(super) fn elapsed(before: Option<&Look>, look: &Look, interval: f64) -> f64 {
    let seconds = before.map_or(interval, |before| look.at - before.at);
    if seconds > 0.0 && seconds <= COUNTED.max(interval) {
        seconds
    } else {
        interval
    }
}
