//! A process's chart on the page: above what was measured against its thresholds, below how many were asked for and up, and
//! between them each scale; all over the same time. A pure function from values to SVG, which the server sends.
//!
//! Colours are classes: the page gives them its own, and a picture shown alone has its style within, light or dark. What
//! knows no style sees the light colours, which are attributes. Everything that is shown is escaped.
//!
//! | what | file |
//! | --- | --- |
//! | where values lie, and the edges | `scales.rs` |
//! | the two panels | `panels.rs` |
//! | the figures in words, for those who do not see it | `words.rs` |

mod panels;
mod scales;
mod words;

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use self::scales::{HEIGHT, Scales};
use crate::drawing::{DELAY, DOWN, LATE, ORDERED, READY, UP, escaped};
use crate::server::board::history::{Point, ScaleMark};

/// The widths that are drawn, in pixels: what is narrower or wider is drawn as these.
pub const WIDTHS: std::ops::RangeInclusive<u32> = 280..=2000;

/// What a chart shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartData {
    /// The process.
    pub process: String,
    /// What is measured, as its name says.
    pub measurement: String,
    /// Its unit, where it has one.
    pub unit: Option<String>,
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
    /// By which clock times are written.
    pub zone: Tz,
    /// Below this there are too many processes.
    pub low: Option<f64>,
    /// Above this there are too few.
    pub high: Option<f64>,
    /// What was, in pieces of time, oldest first.
    pub points: Vec<Point>,
    /// Each scale, oldest first.
    pub scales: Vec<ScaleMark>,
}

/// The colours of a picture that is shown alone; the page has its own for the same classes.
const STYLE: &str = "\
svg{--text:#3e4c59;--faint:#7b8794;--grid:#e4e7eb;--ground:#ffffff;--value:#6b4fa0;--limit:#d64545;--ready:#3b82c4;\
--count:#1b4f8a;--up:#2f9e5b;--down:#d98b1f}\
@media(prefers-color-scheme:dark){svg{--text:#c5cdd8;--faint:#8b95a3;--grid:#2b323c;--ground:#161a20;--value:#b39ddb;\
--limit:#ef7d7d;--ready:#5b9bd8;--count:#8fc1f0;--up:#57c785;--down:#e8ab4f}}\
.c-ground{fill:var(--ground)}.c-text{fill:var(--text)}.c-faint{fill:var(--faint)}.c-grid{stroke:var(--grid)}\
.c-value{stroke:var(--value)}.c-spread,.c-valuefill{fill:var(--value)}.c-limit{stroke:var(--limit)}\
.c-limittext{fill:var(--limit)}.c-ready{fill:var(--ready)}.c-count{stroke:var(--count)}.c-up{fill:var(--up)}\
.c-down{fill:var(--down)}.c-upline{stroke:var(--up)}.c-downline{stroke:var(--down)}";

/// The picture, as wide as that.
pub fn svg(data: &ChartData, width: u32) -> String {
    let width = f64::from(width.clamp(*WIDTHS.start(), *WIDTHS.end()));
    let scales = Scales::of(data, width);
    let (title, said) = (escaped(&words::title(data)), escaped(&words::said(data)));
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" height=\"{HEIGHT}\" \
         role=\"img\" font-family=\"system-ui, Helvetica, Arial, sans-serif\" font-size=\"11\" fill=\"#3e4c59\">\n\
         <title>{title}</title>\n<desc>{said}</desc>\n<style>{STYLE}</style>\n\
         <rect class=\"c-ground\" width=\"{width}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
    );
    legend(&mut text, data, width);
    panels::edges(&mut text, data, &scales);
    panels::measurement(&mut text, data, &scales);
    panels::capacity(&mut text, data, &scales);
    panels::scaled(&mut text, data, &scales);
    text.push_str("</svg>\n");
    text
}

/// What the colours mean: one line, or two where it is narrow.
fn legend(text: &mut String, data: &ChartData, width: f64) {
    let named = match &data.unit {
        Some(unit) => format!("{}, {unit}", data.measurement),
        None => data.measurement.clone(),
    };
    let (mut x, mut y) = (2.0, 10.0);
    for (name, mark) in [
        (
            named.as_str(),
            format!("class=\"c-valuefill\" fill=\"{DELAY}\""),
        ),
        (
            "threshold",
            format!("class=\"c-limittext\" fill=\"{LATE}\""),
        ),
        (
            "up",
            format!("class=\"c-ready\" fill=\"{READY}\" fill-opacity=\"0.45\""),
        ),
        (
            "asked for",
            format!("class=\"c-count\" fill=\"none\" stroke-width=\"2\" stroke=\"{ORDERED}\""),
        ),
        ("scale up", format!("class=\"c-up\" fill=\"{UP}\"")),
        ("scale down", format!("class=\"c-down\" fill=\"{DOWN}\"")),
    ] {
        let shown: String = name.chars().take(40).collect();
        let taken = 26.0 + 6.9 * crate::simulation::number::length(shown.chars().count());
        if x + taken > width && x > 2.0 {
            (x, y) = (2.0, y + 16.0);
        }
        let (middle, top) = (x + 5.0, y - 5.0);
        let shape = match name {
            "scale up" => format!("<path {mark} d=\"M{middle:.1} {top}l5 9h-10z\"/>"),
            "scale down" => format!("<path {mark} d=\"M{middle:.1} {}l5-9h-10z\"/>", y + 4.0),
            "asked for" => format!("<path {mark} d=\"M{x:.1} {y}h10\"/>"),
            "threshold" => format!(
                "<path {mark} d=\"M{x:.1} {y}h3v1h-3zM{} {y}h3v1h-3z\"/>",
                x + 6.0
            ),
            _ => format!("<rect {mark} x=\"{x:.1}\" y=\"{top}\" width=\"10\" height=\"9\"/>"),
        };
        let _ = writeln!(
            text,
            "{shape}<text class=\"c-text\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + 15.0,
            y + 4.0,
            escaped(&shown)
        );
        x += taken;
    }
}

#[cfg(test)]
mod tests;
