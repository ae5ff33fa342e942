//! The picture of runs: for each that was tried the demand and the processes, and below them the response time or wait against
//! its target; all over the same time.
//!
//! | what | file |
//! | --- | --- |
//! | a run cut into pieces | [`series`] |
//! | one run's two charts | [`panel`] |
//! | the file, whole or not at all | `file.rs` |

pub mod file;
pub mod panel;
pub mod series;

use std::fmt::Write as _;

use self::panel::{HEIGHT, draw};
use self::series::Series;
use super::report::{Report, span};
use super::stage::Stage;
use crate::drawing::axis::ticks_of_time;
use crate::drawing::{DELAY, DEMAND, DOWN, Frame, LATE, ORDERED, READY, UP, escaped};
use crate::simulation::number::length;

/// The width of the picture, and where the charts lie in it.
pub(super) const WIDTH: f64 = 1200.0;
pub(super) const LEFT: f64 = 64.0;
pub(super) const RIGHT: f64 = 1180.0;
pub(super) const FRAME: Frame = Frame {
    left: LEFT,
    right: RIGHT,
};

/// The most times along it.
pub(super) const TIMES: u32 = 12;

/// Above the first panel, and below the last.
const HEAD: f64 = 84.0;
const FOOT: f64 = 44.0;

/// The picture.
pub fn svg(report: &Report, stage: &Stage, drawn: &[Series]) -> String {
    let height = HEAD + HEIGHT * length(drawn.len()) + FOOT;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#3e4c59\">\n\
         <title>{}</title>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n",
        escaped(&format!(
            "{} on {}",
            report.subject.process, report.subject.load
        )),
    );
    head(&mut text, report);
    let queue = report.subject.kind == "queue";
    // Equal scales, so that panels can be compared at sight.
    let scales = panel::Scales::of(drawn, queue);
    let mut top = HEAD;
    for (row, series) in report.rows.iter().zip(drawn) {
        draw(&mut text, top, row, series, &scales, stage);
        top += HEIGHT;
    }
    if let Some(series) = drawn.first() {
        for (second, label) in ticks_of_time(
            stage.start.with_timezone(&stage.zone),
            series.seconds,
            TIMES,
        ) {
            let _ = writeln!(
                text,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{}\">{label}</text>",
                FRAME.x_of(second, series.seconds),
                top + 8.0,
                if second == series.seconds {
                    "end"
                } else {
                    "middle"
                }
            );
        }
        let _ = writeln!(
            text,
            "<text x=\"{RIGHT}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#7b8794\">{}</text>",
            top + 28.0,
            stage.zone
        );
    }
    text.push_str("</svg>\n");
    text
}

fn head(text: &mut String, report: &Report) {
    let subject = &report.subject;
    let _ = writeln!(
        text,
        "<text x=\"{LEFT}\" y=\"28\" font-size=\"18\" font-weight=\"bold\" fill=\"#1f2933\">{}</text>\n\
         <text x=\"{LEFT}\" y=\"48\">{} processes, {:.1} busy on average, late after {}{}</text>",
        escaped(&format!("{} under {}", subject.process, subject.load)),
        subject.kind,
        subject.erlang / f64::from(subject.slots),
        span(subject.late_after_seconds),
        if subject.seeds > 1 {
            "; figures: the mean of all seeds, drawn: the first"
        } else {
            ""
        }
    );
    legend(text, subject.kind);
}

fn legend(text: &mut String, kind: &str) {
    let mut x = LEFT;
    let delay = if kind == "queue" {
        "wait"
    } else {
        "response time"
    };
    for (colour, name, shape) in [
        (DEMAND, "demand", "line"),
        (READY, "ready", "area"),
        (ORDERED, "ordered", "line"),
        (UP, "scale up", "up"),
        (DOWN, "scale down", "down"),
        (DELAY, delay, "line"),
        (LATE, "target", "dash"),
        (LATE, "late", "band"),
    ] {
        let mark = match shape {
            "area" => format!(
                "<rect x=\"{x}\" y=\"58\" width=\"18\" height=\"10\" fill=\"{colour}\" fill-opacity=\"0.3\"/>"
            ),
            "band" => format!(
                "<rect x=\"{x}\" y=\"58\" width=\"18\" height=\"10\" fill=\"{colour}\" fill-opacity=\"0.25\"/>"
            ),
            "up" => format!(
                "<path d=\"M{} 68v-9\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                x + 9.0
            ),
            "down" => format!(
                "<path d=\"M{} 59v9\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                x + 9.0
            ),
            other => format!(
                "<path d=\"M{x} 63h18\" stroke=\"{colour}\" stroke-width=\"1.6\"{}/>",
                if other == "dash" {
                    " stroke-dasharray=\"5 3\""
                } else {
                    ""
                }
            ),
        };
        let _ = writeln!(
            text,
            "{mark}<text x=\"{}\" y=\"67\">{name}</text>",
            x + 24.0
        );
        x += 46.0 + 6.6 * length(name.len());
    }
}
