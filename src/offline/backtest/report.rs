//! What came of it, for people and for programs.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::course::{HELD, Sums};
use super::load::Basis;
use crate::offline::simulate::report::{aligned, span};
use crate::simulation::plant::Kind;

/// The row of what really was.
pub const REAL: &str = "as it ran";
/// That of the settings as they are.
pub const PRESENT: &str = "present settings, simulated";
/// That of those that are tried.
pub const TRIED: &str = "tried settings, simulated";

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// What.
    pub name: &'static str,
    /// Process-hours.
    pub hours: f64,
    /// Late requests or jobs in a hundred; `None`: the records do not tell.
    pub late: Option<f64>,
    /// How often the count changed.
    pub scales: u32,
    /// What it cost, where a price is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}

impl Row {
    /// Of sums.
    pub fn new(name: &'static str, sums: &Sums, price: Option<f64>) -> Self {
        let hours = sums.seconds / 3600.0;
        Self {
            name,
            hours,
            late: (sums.known > 0.0).then(|| 100.0 * sums.late / sums.known),
            scales: sums.scales,
            cost: price.map(|price| price * hours),
        }
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The process.
    pub process: String,
    /// `web` or `queue`.
    pub kind: &'static str,
    /// When the records begin.
    pub from: DateTime<Utc>,
    /// When they end.
    pub until: DateTime<Utc>,
    /// How many there are.
    pub cycles: usize,
    /// From what the load was inferred.
    pub inferred_from: &'static str,
    /// How long one request or job takes, in seconds.
    pub service_seconds: f64,
    /// How that is known.
    pub service_because: &'static str,
    /// What takes longer is late, in seconds.
    pub late_after_seconds: f64,
    /// The mean load, in processes that are busy all the time.
    pub busy_processes: f64,
    /// The part of the cycles in which nothing could be measured.
    pub unmeasured: f64,
    /// The part in which the queue was empty, so that what came is no more than likely.
    pub likely: f64,
    /// The seconds that are left out: nothing is known of them.
    pub left_out_seconds: f64,
    /// What else is to be known.
    pub remarks: Vec<String>,
    /// What the model is off by: the present settings' hours against those that really were, in a hundred.
    pub model_error: f64,
    /// As it ran; the present settings; the tried ones, where there are any.
    pub rows: Vec<Row>,
    /// The zone of the settings.
    #[serde(skip)]
    pub zone: Tz,
}

/// From what a load was inferred, in words.
pub fn basis(from: Basis) -> &'static str {
    match from {
        Basis::Arrivals => "counted arrivals",
        Basis::Responses => "response times and how many processes were up",
        Basis::Queue => "the queue's length and how many workers were up",
        Basis::Utilisation => "how busy the processes were",
    }
}

/// The name of a kind.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Web => "web",
        Kind::Queue => "queue",
    }
}

impl Report {
    /// A sentence, the table, and how far it can be believed.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n\n{}\n", self.sentence(), self.table());
        let time = |at: DateTime<Utc>| at.with_timezone(&self.zone).format("%Y-%m-%d %H:%M");
        let _ = writeln!(
            text,
            "This is a model. The load was inferred from {} in {} records, {} to {}: {:.1} processes busy on average, {} each \
             ({}).",
            self.inferred_from,
            self.cycles,
            time(self.from),
            time(self.until),
            self.busy_processes,
            span(self.service_seconds),
            self.service_because
        );
        let _ = writeln!(
            text,
            "Under the present settings it has {:+.1} % of the hours that really were: that is its own error, if they were the \
             settings then.",
            self.model_error
        );
        for remark in self.doubts().iter().chain(&self.remarks) {
            let _ = writeln!(text, "{remark}");
        }
        text
    }

    /// What makes it less sure.
    fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if self.unmeasured > 0.0 {
            doubts.push(format!(
                "{:.1} % of the cycles have no measurement: the load is held for {} at the most.",
                100.0 * self.unmeasured,
                span(f64::from(HELD))
            ));
        }
        if self.likely > 0.0 {
            doubts.push(format!(
                "In {:.0} % of the cycles the queue was empty: what came then is only likely (`arrivals` or `busy` would tell).",
                100.0 * self.likely
            ));
        }
        if self.left_out_seconds > 0.0 {
            doubts.push(format!(
                "{:.1} hours are left out everywhere, for nothing is known of them.",
                self.left_out_seconds / 3600.0
            ));
        }
        if self.rows.first().is_some_and(|real| real.late.is_none()) {
            doubts.push("How many were late as it ran, the records do not tell.".to_owned());
        }
        doubts
    }

    fn sentence(&self) -> String {
        let [real, present, tried @ ..] = self.rows.as_slice() else {
            return String::new();
        };
        let shown = tried.first().unwrap_or(present);
        let late = |row: &Row| row.late.map(|late| format!("{late:.1} %"));
        let late = match (late(shown), late(real)) {
            (Some(shown), Some(real)) => format!(", {shown} instead of {real} late"),
            (Some(shown), None) => format!(", {shown} late"),
            (None, _) => String::new(),
        };
        let cost = match (shown.cost, real.cost) {
            (Some(shown), Some(real)) => format!(" (cost: {shown:.2} instead of {real:.2})"),
            _ => String::new(),
        };
        let with = if tried.is_empty() {
            "with the present settings, simulated"
        } else {
            "with these settings"
        };
        format!(
            "{}, {}: {:.0} process-hours as it ran; {:.0} {with}{late}{cost}.",
            self.process,
            lasted(self.until - self.from),
            real.hours,
            shown.hours
        )
    }

    fn table(&self) -> String {
        let priced = self.rows.iter().any(|row| row.cost.is_some());
        let mut head = vec!["", "process-hours", "late %", "scales"];
        if priced {
            head.push("cost");
        }
        let mut lines = vec![head.into_iter().map(str::to_owned).collect::<Vec<_>>()];
        for row in &self.rows {
            let mut cells = vec![
                row.name.to_owned(),
                format!("{:.1}", row.hours),
                row.late
                    .map_or_else(|| "-".to_owned(), |late| format!("{late:.2}")),
                row.scales.to_string(),
            ];
            cells.extend(row.cost.map(|cost| format!("{cost:.2}")));
            lines.push(cells);
        }
        aligned(&lines)
    }
}

/// How long that was.
fn lasted(time: chrono::TimeDelta) -> String {
    let minutes = (time.num_seconds() + 30) / 60;
    let days = (minutes + 720) / 1440;
    let hours = (minutes + 30) / 60;
    // A few minutes less than a day is a day.
    if days > 0 && (minutes - days * 1440).abs() <= 60 {
        let s = if days == 1 { "" } else { "s" };
        return format!("{days} day{s}");
    }
    match hours {
        0 | 1 => format!("{minutes} minutes"),
        2..48 => format!("{hours} hours"),
        _ => format!(
            "{:.1} days",
            crate::simulation::number::real(u64::try_from(minutes).unwrap_or(0)) / 1440.0
        ),
    }
}
