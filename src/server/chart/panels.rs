//! The two panels of a chart, and the scales between them.

use std::fmt::Write as _;

use chrono::TimeDelta;

use super::scales::{COUNTS, MARKS, Scales, VALUES, short};
use super::words::one_scale;
use super::{ChartData, Point};
use crate::drawing::axis::ticks_of_time;
use crate::drawing::shapes::{stairs, strokes, through};
use crate::drawing::{DELAY, DOWN, LATE, ORDERED, READY, UP, escaped};
use crate::model::Count;

/// So many scales have a line through both panels; more would hide what they explain.
const LINES: usize = 40;

/// The grid, and what is written along the edges.
pub(super) fn edges(text: &mut String, data: &ChartData, scales: &Scales) {
    let (left, right) = (scales.frame.left, scales.frame.right);
    let mut grid = String::new();
    let values = scales.values().into_iter();
    let values = values.map(|tick| (scales.value(tick), short(tick)));
    let counts = scales.counts().into_iter();
    let counts = counts.map(|tick| (scales.count(tick), short(tick)));
    for (y, label) in values.chain(counts) {
        let _ = write!(grid, "M{left} {y:.1}H{right}");
        write_at(text, (left - 6.0, y + 4.0), "end", &label);
    }
    let start = data.from.with_timezone(&data.zone);
    for (second, label) in ticks_of_time(start, scales.seconds, scales.times) {
        let x = scales.frame.x_of(second, scales.seconds);
        for (high, low) in [VALUES, COUNTS] {
            let _ = write!(grid, "M{x:.1} {high:.1}V{low:.1}");
        }
        let anchor = match x {
            x if x > right - 24.0 => "end",
            x if x < left + 12.0 => "start",
            _ => "middle",
        };
        write_at(text, (x, COUNTS.1 + 18.0), anchor, &label);
    }
    let _ = writeln!(
        text,
        "<path class=\"c-grid\" d=\"{grid}\" stroke=\"#e4e7eb\" fill=\"none\"/>"
    );
}

fn write_at(text: &mut String, (x, y): (f64, f64), anchor: &str, label: &str) {
    let _ = writeln!(
        text,
        "<text class=\"c-faint\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#7b8794\">{}</text>",
        escaped(label)
    );
}

/// What was measured: its mean as a line, all of it as a band, and its thresholds. Where nothing was measured, there is a gap.
pub(super) fn measurement(text: &mut String, data: &ChartData, scales: &Scales) {
    for run in measured(&data.points) {
        let spread = |point: &&Point| {
            let value = point.value.unwrap_or_default();
            let finite = |edge: Option<f64>| edge.filter(|edge| edge.is_finite()).unwrap_or(value);
            let (low, high) = (finite(point.low), finite(point.high));
            (scales.x(point.at), scales.value(low), scales.value(high))
        };
        let upper = run.iter().map(spread).map(|(x, _, high)| (x, high, high));
        let lower = run.iter().rev().map(spread);
        let lower = lower.map(|(x, low, _)| (x, low, low));
        let _ = writeln!(
            text,
            "<polygon class=\"c-spread\" points=\"{}\" fill=\"{DELAY}\" fill-opacity=\"0.18\"/>",
            through(upper.chain(lower))
        );
        let mean = run.iter().map(|point| {
            let y = scales.value(point.value.unwrap_or_default());
            (scales.x(point.at), y, y)
        });
        let _ = writeln!(
            text,
            "<polyline class=\"c-value\" points=\"{}\" fill=\"none\" stroke=\"{DELAY}\" stroke-width=\"1.5\" \
             stroke-linejoin=\"round\" stroke-linecap=\"round\"/>",
            through(mean)
        );
    }
    let limits = [data.low, data.high].into_iter().flatten();
    for limit in limits.filter(|limit| limit.is_finite()) {
        let y = scales.value(limit);
        // Above all that is drawn it would lie on the edge, where it is not.
        if y > VALUES.0 + 0.5 {
            let (left, right) = (scales.frame.left, scales.frame.right);
            let _ = writeln!(
                text,
                "<path class=\"c-limit\" d=\"M{left} {y:.1}H{right}\" stroke=\"{LATE}\" stroke-dasharray=\"5 3\" fill=\"none\"/>\
                 <text class=\"c-limittext\" x=\"{:.1}\" y=\"{:.1}\" fill=\"{LATE}\">{}</text>",
                left + 4.0,
                // Below the line where there is no room above it.
                if y > VALUES.0 + 14.0 {
                    y - 4.0
                } else {
                    y + 12.0
                },
                short(limit)
            );
        }
    }
    if measured(&data.points).is_empty() {
        let middle = f64::midpoint(scales.frame.left, scales.frame.right);
        let label = "nothing was measured in this time";
        write_at(
            text,
            (middle, f64::midpoint(VALUES.0, VALUES.1)),
            "middle",
            label,
        );
    }
}

/// Runs of points with a value, none far from the next.
fn measured(points: &[Point]) -> Vec<Vec<&Point>> {
    let steps = points.windows(2).filter_map(|pair| match pair {
        [first, second] => Some(second.at - first.at),
        _ => None,
    });
    let mut steps: Vec<TimeDelta> = steps.collect();
    steps.sort_unstable();
    let step = steps.get(steps.len() / 2).copied();
    let most = step.unwrap_or(TimeDelta::MAX / 8) * 4;
    let mut runs: Vec<Vec<&Point>> = Vec::new();
    let mut last = None;
    for point in points {
        if !point.value.is_some_and(f64::is_finite) {
            last = None;
            continue;
        }
        let near = last.is_some_and(|last| point.at - last <= most);
        last = Some(point.at);
        match runs.last_mut().filter(|_| near) {
            Some(run) => run.push(point),
            None => runs.push(vec![point]),
        }
    }
    runs
}

/// How many were up, and asked for.
pub(super) fn capacity(text: &mut String, data: &ChartData, scales: &Scales) {
    let places = |of: fn(&Point) -> Option<Count>| -> Vec<(f64, f64)> {
        let points = data.points.iter();
        points
            .filter_map(|point| Some((scales.x(point.at), scales.count(f64::from(of(point)?)))))
            .collect()
    };
    let end = scales.frame.right;
    let ready = places(|point| point.ready);
    if let Some((first, _)) = ready.first() {
        let _ = writeln!(
            text,
            "<path class=\"c-ready\" d=\"{}V{floor:.1}H{first:.1}Z\" fill=\"{READY}\" fill-opacity=\"0.35\"/>",
            stairs(&ready, end),
            floor = scales.count(0.0),
        );
    }
    let count = stairs(&places(|point| point.count), end);
    if !count.is_empty() {
        let _ = writeln!(
            text,
            "<path class=\"c-count\" d=\"{count}\" fill=\"none\" stroke=\"{ORDERED}\" stroke-width=\"1.5\"/>"
        );
    }
}

/// Each scale: a triangle upwards or downwards that says what it was, and a line through both panels.
pub(super) fn scaled(text: &mut String, data: &ChartData, scales: &Scales) {
    for (down, class, colour) in [(false, "c-upline", UP), (true, "c-downline", DOWN)] {
        let places = data.scales.iter().filter(|scale| scale.is_down() == down);
        let places = places.map(|scale| scales.x(scale.at));
        let lines = strokes(places, VALUES.0, COUNTS.1 - VALUES.0);
        if !lines.is_empty() && data.scales.len() <= LINES {
            let _ = writeln!(
                text,
                "<path class=\"{class}\" d=\"{lines}\" stroke=\"{colour}\" stroke-opacity=\"0.35\"/>"
            );
        }
    }
    for scale in &data.scales {
        let x = scales.x(scale.at);
        let (class, colour, shape) = if scale.is_down() {
            ("c-down", DOWN, format!("M{x:.1} {MARKS}m0 5l5-9h-10z"))
        } else {
            ("c-up", UP, format!("M{x:.1} {MARKS}m0-5l5 9h-10z"))
        };
        let _ = writeln!(
            text,
            "<path class=\"{class}\" d=\"{shape}\" fill=\"{colour}\"><title>{}</title></path>",
            escaped(&one_scale(scale, data.zone))
        );
    }
}
