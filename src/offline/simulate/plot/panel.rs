//! One run: above the demand and the processes, below the response time or wait.

use std::fmt::Write as _;

use super::series::{Piece, Range, Series};
use super::{FRAME, LEFT, RIGHT, TIMES};
use crate::drawing::axis::{ticks, ticks_of_time};
use crate::drawing::shapes::{bands, strokes, through};
use crate::drawing::{DELAY, DEMAND, DOWN, LATE, ORDERED, READY, UP, escaped};
use crate::offline::simulate::report::{Row, span};
use crate::offline::simulate::stage::Stage;

/// How high a panel is, and its parts from its top on.
pub(super) const HEIGHT: f64 = 330.0;
const COUNTS: (f64, f64) = (34.0, 194.0);
const MARKS: f64 = 208.0;
const DELAYS: (f64, f64) = (220.0, 310.0);

/// The scales that all panels share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scales {
    counts: f64,
    /// The least and the greatest delay that are drawn; by logarithms where the least is above 0.
    delay: (f64, f64),
}

impl Scales {
    pub(super) fn of(drawn: &[Series], queue: bool) -> Self {
        let pieces = || drawn.iter().flat_map(|series| &series.pieces);
        let counts = pieces().map(|piece| piece.demand.high.max(piece.target.high));
        let most = pieces().map(|piece| piece.delay.high).fold(0.0, f64::max);
        let least = pieces()
            .map(|piece| piece.delay.low)
            .fold(f64::INFINITY, f64::min);
        let slo = drawn.first().map_or(1.0, |series| series.slo);
        // What is far above the target would flatten all the rest.
        let delay = if most > 4.0 * slo {
            let least = if queue {
                slo / 100.0
            } else {
                least.max(slo / 100.0)
            };
            (
                10_f64.powf(least.log10().floor()),
                10_f64.powf(most.min(1e6 * slo).log10().ceil()),
            )
        } else {
            (0.0, most.max(1.25 * slo))
        };
        Self {
            counts: 1.05 * counts.fold(1.0, f64::max),
            delay,
        }
    }

    fn count(&self, top: f64, value: f64) -> f64 {
        let (high, low) = COUNTS;
        top + low - (low - high) * (value / self.counts).min(1.0)
    }

    fn delay(&self, top: f64, value: f64) -> f64 {
        let (high, low) = DELAYS;
        let (least, most) = self.delay;
        let part = if least > 0.0 {
            (value.max(least) / least).log10() / (most / least).log10()
        } else {
            value / most
        };
        top + low - (low - high) * part.clamp(0.0, 1.0)
    }

    /// The numbers beside the delays.
    fn delay_ticks(&self) -> Vec<f64> {
        let (least, most) = self.delay;
        if least <= 0.0 {
            return ticks(most, 3.0)
                .into_iter()
                .filter(|tick| *tick <= most)
                .collect();
        }
        let first = least.log10().round();
        let decades = (most.log10().round() - first).max(1.0);
        let step = (decades / 4.0).ceil();
        let mut ticks = Vec::new();
        let mut power = first;
        while power <= first + decades {
            ticks.push(10_f64.powf(power));
            power += step;
        }
        ticks
    }
}

/// Draws a panel whose top is there.
pub(super) fn draw(
    text: &mut String,
    top: f64,
    row: &Row,
    series: &Series,
    scales: &Scales,
    stage: &Stage,
) {
    let cost = row
        .cost_a_day
        .map(|cost| format!(", {cost:.2} a day"))
        .unwrap_or_default();
    let figures = format!(
        "{:.2} % late, {:.0} process-hours a day{cost}, {:.2} x demand, {:.0} scales a day, p99 {}",
        row.figures.late,
        row.hours_a_day,
        row.hours_to_demand,
        row.figures.actions,
        span(row.figures.p99)
    );
    let _ = writeln!(
        text,
        "<text x=\"{LEFT}\" y=\"{:.1}\"><tspan font-size=\"14\" font-weight=\"bold\" fill=\"#1f2933\">{}</tspan>\
         <tspan dx=\"12\">{figures}</tspan></text>",
        top + 22.0,
        escaped(&row.policy)
    );
    grid(text, top, series, scales, stage);
    late(text, top, series);
    let x = |piece: &Piece| FRAME.x_of(piece.at + series.step / 2, series.seconds);
    let line = |of: fn(&Piece) -> Range, y: &dyn Fn(f64) -> f64| {
        let pieces = series.pieces.iter().map(|piece| (x(piece), of(piece)));
        through(pieces.map(|(x, range)| (x, y(range.low), y(range.high))))
    };
    let count = |value: f64| scales.count(top, value);
    let delay = |value: f64| scales.delay(top, value);
    let ready = line(|piece| piece.ready, &count);
    let floor = count(0.0);
    let _ = writeln!(
        text,
        "<path d=\"M{LEFT} {floor:.1}L{ready} {RIGHT} {floor:.1}Z\" fill=\"{READY}\" fill-opacity=\"0.3\"/>"
    );
    for (points, colour, width) in [
        (line(|piece| piece.target, &count), ORDERED, 1.0),
        (line(|piece| piece.demand, &count), DEMAND, 1.2),
        (line(|piece| piece.delay, &delay), DELAY, 1.0),
    ] {
        let _ = writeln!(
            text,
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"/>"
        );
    }
    let target = delay(series.slo);
    let _ = writeln!(
        text,
        "<path d=\"M{LEFT} {target:.1}H{RIGHT}\" stroke=\"{LATE}\" stroke-dasharray=\"5 3\"/>"
    );
    marks(text, top, series, x);
}

fn grid(text: &mut String, top: f64, series: &Series, scales: &Scales, stage: &Stage) {
    let mut lines = String::new();
    for (second, _) in ticks_of_time(
        stage.start.with_timezone(&stage.zone),
        series.seconds,
        TIMES,
    ) {
        let x = FRAME.x_of(second, series.seconds);
        for (high, low) in [COUNTS, DELAYS] {
            let _ = write!(lines, "M{x:.1} {:.1}V{:.1}", top + high, top + low);
        }
    }
    let counts = ticks(scales.counts, 4.0).into_iter();
    let counts = counts.filter(|tick| *tick <= scales.counts);
    let counts = counts.map(|tick| (scales.count(top, tick), format!("{tick:.0}")));
    let delays = scales.delay_ticks().into_iter();
    let delays = delays.map(|tick| (scales.delay(top, tick), span(tick)));
    for (y, label) in counts.chain(delays) {
        let _ = write!(lines, "M{LEFT} {y:.1}H{RIGHT}");
        let _ = writeln!(
            text,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" font-size=\"11\">{label}</text>",
            LEFT - 6.0,
            y + 4.0
        );
    }
    let _ = writeln!(
        text,
        "<path d=\"{lines}\" stroke=\"#e4e7eb\" fill=\"none\"/>"
    );
    for (name, (high, _)) in [("processes", COUNTS), ("delay", DELAYS)] {
        let _ = writeln!(
            text,
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"10\" fill=\"#7b8794\">{name}</text>",
            LEFT + 5.0,
            top + high + 12.0
        );
    }
}

/// The times in which what came was late, through both charts: pale where it was less than a fifth.
fn late(text: &mut String, top: f64, series: &Series) {
    let (high, low) = (top + COUNTS.0, top + DELAYS.1);
    for (least, most, opacity) in [(0.0, 0.2, 0.1), (0.2, f64::INFINITY, 0.28)] {
        let ends = [(series.seconds, 0.0)];
        let pieces = series.pieces.iter();
        let parts = pieces
            .map(|piece| (piece.at, piece.late_part()))
            .chain(ends);
        let inside = parts.map(|(at, part)| {
            let x = FRAME.x_of(at, series.seconds);
            (x, part > least && part <= most)
        });
        let bands = bands(inside, high, low);
        if !bands.is_empty() {
            let _ = writeln!(
                text,
                "<path d=\"{bands}\" fill=\"{LATE}\" fill-opacity=\"{opacity}\"/>"
            );
        }
    }
}

/// A stroke for each piece with a scale: those up above, those down below.
fn marks(text: &mut String, top: f64, series: &Series, x: impl Fn(&Piece) -> f64) {
    let scaled = |wanted: fn(&Piece) -> bool| {
        let pieces = series.pieces.iter().filter(move |piece| wanted(piece));
        pieces.map(&x)
    };
    for (strokes, colour) in [
        (
            strokes(scaled(|piece| piece.scales.0), top + MARKS - 10.0, 5.0),
            UP,
        ),
        (
            strokes(scaled(|piece| piece.scales.1), top + MARKS - 4.0, 5.0),
            DOWN,
        ),
    ] {
        if !strokes.is_empty() {
            let _ = writeln!(
                text,
                "<path d=\"{strokes}\" stroke=\"{colour}\" stroke-width=\"1.2\"/>"
            );
        }
    }
}
