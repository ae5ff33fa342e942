//! What a chart says, in words.

use std::fmt::Write as _;

use chrono_tz::Tz;

use super::scales::short;
use super::{ChartData, ScaleMark};
use crate::model::Count;

/// The most scales that are told one by one.
const TOLD: usize = 12;

/// Its title.
pub(super) fn title(data: &ChartData) -> String {
    let (from, to) = (local(data.from, data.zone), local(data.to, data.zone));
    format!("{} from {from} to {to}", data.process)
}

/// The figures.
pub(super) fn said(data: &ChartData) -> String {
    let mut said = vec![measured(data)];
    let counts: Vec<Count> = data.points.iter().filter_map(|point| point.count).collect();
    if let (Some(least), Some(most)) = (counts.iter().min(), counts.iter().max()) {
        said.push(if least == most {
            format!("{least} asked for.")
        } else {
            format!("{least} to {most} asked for.")
        });
    }
    let down = data.scales.iter().filter(|scale| scale.is_down()).count();
    said.push(match data.scales.len() {
        0 => "No scale.".to_owned(),
        1 => "1 scale.".to_owned(),
        all => format!("{all} scales: {} up, {down} down.", all - down),
    });
    let skipped = data.scales.len().saturating_sub(TOLD);
    if skipped > 0 {
        said.push(format!("The last {TOLD}:"));
    }
    let latest = data.scales.iter().skip(skipped);
    said.extend(latest.map(|scale| format!("{}.", one_scale(scale, data.zone))));
    said.join(" ")
}

fn measured(data: &ChartData) -> String {
    let name = &data.measurement;
    let unit = data.unit.as_deref().map(|unit| format!(" {unit}"));
    let unit = unit.unwrap_or_default();
    let values = || data.points.iter().filter_map(|point| point.value);
    let Some(newest) = values().next_back() else {
        return format!("{name}: nothing was measured.");
    };
    let lows = data.points.iter().filter_map(|point| point.low);
    let highs = data.points.iter().filter_map(|point| point.high);
    let least = values().chain(lows).fold(f64::INFINITY, f64::min);
    let most = values().chain(highs).fold(f64::NEG_INFINITY, f64::max);
    let mut said = format!(
        "{name}: {} to {}{unit}, last {}{unit}",
        short(least),
        short(most),
        short(newest)
    );
    for (limit, means) in [(data.low, "too many below"), (data.high, "too few above")] {
        if let Some(limit) = limit {
            let _ = write!(said, "; {means} {}{unit}", short(limit));
        }
    }
    said.push('.');
    said
}

/// One scale as a sentence.
pub(super) fn one_scale(scale: &ScaleMark, zone: Tz) -> String {
    let from = scale.from.map(|from| format!("{from} "));
    format!(
        "{}: {}to {}: {}",
        local(scale.at, zone),
        from.unwrap_or_default(),
        scale.to,
        scale.reason
    )
}

fn local(at: chrono::DateTime<chrono::Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%a %d %b %H:%M").to_string()
}
