//! The picture of a search: process-hours a day to the right, what is late upwards by factors; everything that was tried, the
//! frontier through it, and where the present settings and the proposed ones lie.

use std::fmt::Write as _;

use super::report::Report;
use super::search::Trial;
use crate::drawing::axis::ticks;
use crate::drawing::escaped;
use crate::offline::simulate::report::Row;
use crate::simulation::number::{place, whole};

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 560.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 870.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = 500.0;

const LINE: &str = "#1b4f8a";
const NOW: &str = "#d64545";
const PROPOSAL: &str = "#2f9e5b";

/// The most late that is drawn, in a hundred.
const MOST: f64 = 100.0;

/// The least, as a part of the budget: what is less lies on the edge.
const LEAST: f64 = 0.01;

/// How far beyond the frontier's end hours are drawn.
const BEYOND: f64 = 1.1;

/// The edges of the chart.
struct Scales {
    hours: (f64, f64),
    late: f64,
}

impl Scales {
    fn of(report: &Report, trials: &[Trial]) -> Self {
        let ends = report.frontier.iter().map(|tried| tried.row.hours_a_day);
        let most = ends.fold(report.present.hours_a_day, f64::max) * BEYOND;
        let hours = || {
            trials
                .iter()
                .map(Trial::hours)
                .filter(|hours| *hours <= most)
        };
        let (low, high) = (
            hours().fold(f64::INFINITY, f64::min),
            hours().fold(0.0, f64::max),
        );
        let margin = 0.05 * (high - low).max(1.0);
        let late = trials.iter().map(Trial::late).filter(|late| *late > 0.0);
        let late = late
            .fold(report.budget, f64::min)
            .max(LEAST * report.budget);
        Self {
            hours: ((low - margin).max(0.0), high + margin),
            late: 10.0_f64.powf(late.log10().floor()),
        }
    }

    fn x(&self, hours: f64) -> f64 {
        let (low, high) = self.hours;
        LEFT + (RIGHT - LEFT) * (hours - low) / (high - low)
    }

    fn y(&self, late: f64) -> f64 {
        let part = (late.clamp(self.late, MOST) / self.late).log10() / (MOST / self.late).log10();
        BOTTOM - (BOTTOM - TOP) * part
    }

    fn place(&self, row: &Row) -> (f64, f64) {
        (self.x(row.hours_a_day), self.y(row.figures.late))
    }
}

/// The picture.
pub fn svg(report: &Report, trials: &[Trial]) -> String {
    let scales = Scales::of(report, trials);
    let subject = &report.subject;
    let title = escaped(&format!(
        "{} on {}: what is late against what it costs",
        subject.process, subject.load
    ));
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#3e4c59\">\n<title>{title}</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"28\" font-size=\"18\" font-weight=\"bold\" fill=\"#1f2933\">{title}</text>\n\
         <text x=\"{LEFT}\" y=\"48\">{}: {} settings tried (dots); the line is those that none beats</text>\n",
        escaped(&report.present.policy),
        report.tried
    );
    grid(&mut text, &scales, report.budget);
    dots(&mut text, &scales, trials);
    line(&mut text, &scales, report);
    let below = report.proposal.row.figures.late <= report.present.figures.late;
    mark(&mut text, &scales, &report.present, ("now", NOW), below);
    if report.better {
        let row = &report.proposal.row;
        mark(&mut text, &scales, row, ("proposal", PROPOSAL), !below);
    }
    text.push_str("</svg>\n");
    text
}

fn grid(text: &mut String, scales: &Scales, budget: f64) {
    let (low, high) = scales.hours;
    let mut lines = String::new();
    // Round numbers from 0 on, about eight of them between the edges.
    for tick in ticks(high, 8.0 * high / (high - low)) {
        if (low..=high).contains(&tick) {
            let x = scales.x(tick);
            let _ = write!(lines, "M{x:.1} {TOP}V{BOTTOM}");
            let _ = writeln!(
                text,
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{tick}</text>",
                BOTTOM + 18.0
            );
        }
    }
    let mut late = scales.late;
    while late <= MOST * 1.01 {
        let y = scales.y(late);
        let _ = write!(lines, "M{LEFT} {y:.1}H{RIGHT}");
        let decimals = place(whole((-late.log10()).round()));
        let edge = if late > scales.late { "" } else { "&#8804; " };
        let _ = writeln!(
            text,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{edge}{late:.decimals$} %</text>",
            LEFT - 8.0,
            y + 4.0
        );
        late *= 10.0;
    }
    let y = scales.y(budget);
    let _ = writeln!(
        text,
        "<path d=\"{lines}\" stroke=\"#e4e7eb\" fill=\"none\"/>\n\
         <path d=\"M{LEFT} {y:.1}H{RIGHT}\" stroke=\"{NOW}\" stroke-dasharray=\"5 3\"/>\n\
         <text x=\"{RIGHT}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{NOW}\">budget {budget} %</text>\n\
         <text x=\"{RIGHT}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#7b8794\">process-hours a day</text>\n\
         <text x=\"{LEFT}\" y=\"{:.1}\" fill=\"#7b8794\">late</text>",
        y - 5.0,
        BOTTOM + 38.0,
        TOP - 8.0
    );
}

fn dots(text: &mut String, scales: &Scales, trials: &[Trial]) {
    let inside = |trial: &&Trial| trial.hours() <= scales.hours.1;
    for trial in trials.iter().filter(inside) {
        let (x, y) = scales.place(&trial.row);
        let _ = writeln!(
            text,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\" fill=\"{LINE}\" fill-opacity=\"0.25\"/>"
        );
    }
}

fn line(text: &mut String, scales: &Scales, report: &Report) {
    let mut points = String::new();
    let mut circles = String::new();
    for tried in &report.frontier {
        let (x, y) = scales.place(&tried.row);
        let _ = write!(points, "{x:.1},{y:.1} ");
        let _ = writeln!(
            circles,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{LINE}\"/>"
        );
    }
    let _ = writeln!(
        text,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{LINE}\" stroke-width=\"1.5\"/>\n{}",
        points.trim_end(),
        circles.trim_end()
    );
}

/// A ring and what it is; the words above it, or below.
fn mark(
    text: &mut String,
    scales: &Scales,
    row: &Row,
    (name, colour): (&str, &str),
    is_above: bool,
) {
    let (x, y) = scales.place(row);
    let is_right = x > f64::midpoint(LEFT, RIGHT);
    let (anchor, side) = if is_right {
        ("end", -9.0)
    } else {
        ("start", 9.0)
    };
    let _ = writeln!(
        text,
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"6\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.5\"/>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" font-weight=\"bold\" fill=\"{colour}\" \
         stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\">{name}: {:.2} % late, {:.0} hours a day</text>",
        x + side,
        if is_above { y - 9.0 } else { y + 19.0 },
        row.figures.late,
        row.hours_a_day
    );
}
