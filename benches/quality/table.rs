//! The table: a row for each peer, over all loads and seeds.

use std::fmt::Write as _;
use std::time::Duration;

use autoscalebot::simulation::figures::{Figures, geometric_mean};
use autoscalebot::simulation::number::length;

/// A late part of a hundred up to which a load counts as served.
const SERVED: f64 = 1.0;

/// What a peer did.
pub(crate) struct Row {
    name: &'static str,
    ratios: Vec<f64>,
    figures: Vec<Figures>,
    seconds: f64,
    took: Duration,
}

impl Row {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            ratios: Vec::new(),
            figures: Vec::new(),
            seconds: 0.0,
            took: Duration::ZERO,
        }
    }

    /// One load more.
    pub(crate) fn add(&mut self, figures: &Figures, reference: f64, seconds: u32, took: Duration) {
        self.ratios.push(figures.hours / reference);
        self.figures.push(*figures);
        self.seconds += f64::from(seconds);
        self.took += took;
    }

    fn mean(&self, of: impl Fn(&Figures) -> f64) -> f64 {
        self.figures.iter().map(of).sum::<f64>() / length(self.figures.len())
    }

    fn cells(&self) -> String {
        let worst = self
            .figures
            .iter()
            .map(|figures| figures.late)
            .fold(0.0, f64::max);
        let served = self
            .figures
            .iter()
            .filter(|figures| figures.late <= SERVED)
            .count();
        format!(
            "{:.2} | {:.2} | {worst:.1} | {served}/{} | {:.0} | {:.1} | {:.0} | {:.1} | {:.0} | {:.0} | {:.0} | {:.0}",
            geometric_mean(&self.ratios),
            self.mean(|figures| figures.late),
            self.figures.len(),
            self.mean(|figures| figures.actions),
            self.mean(|figures| figures.theta_under),
            self.mean(|figures| figures.theta_over),
            self.mean(|figures| figures.tau_under),
            self.mean(|figures| figures.tau_over),
            self.mean(|figures| figures.upsilon),
            self.mean(|figures| figures.sigma),
            1e9 * self.took.as_secs_f64() / self.seconds,
        )
    }

    /// Hours and late requests of each load, as means over the seeds.
    fn details(&self, loads: usize) -> String {
        let mut text = String::new();
        for load in 0..loads {
            let own = || self.figures.iter().skip(load).step_by(loads);
            let ratios: Vec<f64> = self
                .ratios
                .iter()
                .skip(load)
                .step_by(loads)
                .copied()
                .collect();
            let late = own().map(|figures| figures.late).sum::<f64>() / length(ratios.len());
            let _ = write!(text, " {:.2}/{late:.2} |", geometric_mean(&ratios));
        }
        text
    }
}

/// The table of a kind of process.
pub(crate) fn render(kind: &str, loads: &[&str], rows: &[Row], details: bool) -> String {
    let mut text = format!(
        "\n## {kind}: {}\n\n| policy | hours / reference | late % mean | worst % | loads <= 1 % | actions/day | thetaU | thetaO \
         | tauU | tauO | ups | sigma5 | ns/s |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
        loads.join(", ")
    );
    let rows: Vec<&Row> = rows.iter().filter(|row| !row.figures.is_empty()).collect();
    for row in &rows {
        let _ = writeln!(text, "| {} | {} |", row.name, row.cells());
    }
    if details {
        let _ = writeln!(
            text,
            "\nhours ratio / late %:\n\n| policy | {} |\n|---|{}",
            loads.join(" | "),
            "---|".repeat(loads.len())
        );
        for row in &rows {
            let _ = writeln!(text, "| {} |{}", row.name, row.details(loads.len()));
        }
    }
    text
}
