//! A run as it is drawn: cut into pieces of time, each with the least and the greatest of it, so that no peak is lost.

use crate::offline::simulate::stage::Scene;
use crate::simulation::figures::Moment;

/// The most pieces that all panels of a picture have together, and that one has.
const PIECES: u32 = 3600;
const MOST: u32 = 900;

/// The least and the greatest of a piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The least.
    pub low: f64,
    /// The greatest.
    pub high: f64,
}

impl Range {
    fn of(value: f64) -> Self {
        let (low, high) = (value, value);
        Self { low, high }
    }

    fn add(&mut self, value: f64) {
        self.low = self.low.min(value);
        self.high = self.high.max(value);
    }
}

/// A piece of a run.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    /// The second at which it begins.
    pub at: u32,
    /// The demand.
    pub demand: Range,
    /// Those that serve.
    pub ready: Range,
    /// Those that were ordered.
    pub target: Range,
    /// The response time or wait.
    pub delay: Range,
    /// Whether there were scales up, and down.
    pub scales: (bool, bool),
    /// How many came, and how many of them late.
    pub arrivals: f64,
    /// The late ones.
    pub late: f64,
}

impl Piece {
    /// The late part of what came, from 0 to 1.
    pub fn late_part(&self) -> f64 {
        self.late / self.arrivals.max(1.0)
    }
}

/// A run, for a panel.
#[derive(Debug, Clone)]
pub struct Series {
    /// How long a piece is, in seconds.
    pub step: u32,
    /// How long all of it is.
    pub seconds: u32,
    /// What takes longer is late.
    pub slo: f64,
    /// The pieces.
    pub pieces: Vec<Piece>,
    target: Option<u32>,
}

impl Series {
    /// Of a run on this scene, one of so many panels.
    pub fn new(scene: &Scene, panels: usize) -> Self {
        let panels = u32::try_from(panels).unwrap_or(u32::MAX).max(1);
        let pieces = (PIECES / panels).clamp(50, MOST);
        let seconds = scene.scenario.seconds();
        Self {
            step: seconds.div_ceil(pieces).max(1),
            seconds,
            slo: scene.scenario.plant.slo,
            pieces: Vec::new(),
            target: None,
        }
    }

    /// One second more.
    pub fn add(&mut self, moment: &Moment) {
        let [demand, ready, target] = [moment.demand, moment.ready, moment.target].map(f64::from);
        if moment.now.is_multiple_of(self.step) {
            self.pieces.push(Piece {
                at: moment.now,
                demand: Range::of(demand),
                ready: Range::of(ready),
                target: Range::of(target),
                delay: Range::of(moment.delay),
                scales: (false, false),
                arrivals: 0.0,
                late: 0.0,
            });
        }
        let before = self.target.replace(moment.target).unwrap_or(moment.target);
        let Some(piece) = self.pieces.last_mut() else {
            return;
        };
        piece.demand.add(demand);
        piece.ready.add(ready);
        piece.target.add(target);
        piece.delay.add(moment.delay);
        piece.scales.0 |= moment.target > before;
        piece.scales.1 |= moment.target < before;
        piece.arrivals += moment.arrivals;
        if moment.delay > self.slo {
            piece.late += moment.arrivals;
        }
    }
}
