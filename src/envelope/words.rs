//! Numbers for people: no more digits than they need.

use std::time::Duration;

use crate::orders::lasting;

/// Up to here seconds are told as such.
const SHORT: Duration = Duration::from_secs(120);

/// What is left of a time: `41.0 s`, `59m40s`.
pub(super) fn left(time: Duration) -> String {
    if time < SHORT {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        lasting::shown(time)
    }
}

/// A measurement.
pub(super) fn shown(number: f64) -> String {
    let rounded = (number * 10.0).round() / 10.0;
    format!("{rounded}")
}
