//! Where the values of a chart lie.

use chrono::{DateTime, Utc};
use num_traits::ToPrimitive as _;

use super::ChartData;
use crate::drawing::Frame;
use crate::drawing::axis::ticks;

/// The height of all of it, and of its parts from the top on.
pub(super) const HEIGHT: f64 = 262.0;
pub(super) const VALUES: (f64, f64) = (36.0, 130.0);
pub(super) const MARKS: f64 = 144.0;
pub(super) const COUNTS: (f64, f64) = (156.0, 236.0);

/// Left of the charts, and right.
const LEFT: f64 = 46.0;
const RIGHT: f64 = 10.0;

/// The room that a time takes along the lower edge.
const TIME: f64 = 64.0;

/// The scales.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scales {
    pub(super) frame: Frame,
    /// All of the time, in seconds.
    pub(super) seconds: u32,
    /// How many times are written at most.
    pub(super) times: u32,
    from: DateTime<Utc>,
    value: f64,
    count: f64,
}

impl Scales {
    pub(super) fn of(data: &ChartData, width: f64) -> Self {
        let frame = Frame {
            left: LEFT,
            right: width - RIGHT,
        };
        let values = data.points.iter();
        let values = values.flat_map(|point| [point.value, point.high]);
        let most = values.flatten().filter(|value| value.is_finite());
        let most = most.fold(0.0, f64::max);
        // A threshold far above all that was measured would press it flat.
        let limits = [data.low, data.high].into_iter().flatten();
        let limits = limits.filter(|limit| limit.is_finite());
        let limits = limits.filter(|limit| most <= 0.0 || *limit < 4.0 * most);
        let value = limits.fold(most, f64::max);
        let counts = data.points.iter();
        let counts = counts
            .flat_map(|point| [point.count, point.ready])
            .flatten();
        let counts = counts.chain(data.scales.iter().map(|scale| scale.to));
        let count = counts.map(f64::from).fold(1.0, f64::max);
        let seconds = (data.to - data.from).num_seconds();
        Self {
            frame,
            seconds: u32::try_from(seconds).unwrap_or_default().max(1),
            times: ((frame.right - frame.left) / TIME)
                .to_u32()
                .unwrap_or(1)
                .clamp(1, 12),
            from: data.from,
            value: if value > 0.0 { 1.08 * value } else { 1.0 },
            count: 1.15 * count,
        }
    }

    /// Where a moment lies; what is outside lies on the edge.
    pub(super) fn x(&self, at: DateTime<Utc>) -> f64 {
        let second = u32::try_from((at - self.from).num_seconds()).unwrap_or_default();
        self.frame.x_of(second.min(self.seconds), self.seconds)
    }

    pub(super) fn value(&self, value: f64) -> f64 {
        place(VALUES, value / self.value)
    }

    pub(super) fn count(&self, count: f64) -> f64 {
        place(COUNTS, count / self.count)
    }

    /// The numbers beside what was measured.
    pub(super) fn values(&self) -> Vec<f64> {
        within(ticks(self.value, 3.0), self.value)
    }

    /// The numbers beside the counts: whole ones.
    pub(super) fn counts(&self) -> Vec<f64> {
        let whole = ticks(self.count, 3.0).into_iter();
        within(
            whole.filter(|tick| tick.fract() == 0.0).collect(),
            self.count,
        )
    }
}

fn place((high, low): (f64, f64), part: f64) -> f64 {
    low - (low - high) * part.clamp(0.0, 1.0)
}

fn within(ticks: Vec<f64>, most: f64) -> Vec<f64> {
    ticks.into_iter().filter(|tick| *tick <= most).collect()
}

/// A number as short as it can be read.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    if size >= 1e12 {
        return format!("{value:.0e}");
    }
    let (value, unit) = match size {
        size if size >= 1e9 => (value / 1e9, "G"),
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let text = match value.abs() {
        size if size >= 100.0 || size == 0.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    };
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}{unit}")
}
