//! What a run is judged by: hours and late requests, always together, for either alone is easily gamed; then how often it
//! scaled, and the elasticity metrics of the literature.
//!
//! With `d` the demand (the smallest count that is in time), `s` the ready processes, `T` the time, all in parts of a
//! hundred:
//!
//! | figure | formula |
//! | --- | --- |
//! | `theta_under`, `theta_over` | mean of max(d - s, 0)/d, and of max(s - d, 0)/d |
//! | `tau_under`, `tau_over` | share of the time in which s < d, and in which s > d |
//! | `upsilon` | share of the minutes in which s and d do not move the same way: mean of min(\|sgn Δs - sgn Δd\|, 1) |
//! | `jitter` | (changes of s - changes of d) / T, an hour, minute by minute |
//! | `sigma` | the fifth root of the sum of the fifth powers of the thetas, the taus and `upsilon` |
//!
//! Theta, tau, instability and jitter are those of the SPEC Research Group (Herbst et al., *Ready for Rain? A View from
//! SPEC Research on the Future of Cloud Metrics*, SPEC-RG-2016-01, arXiv:1604.03470), normalised by the demand as in Bauer
//! et al., *Chameleon*, IEEE TPDS 30(4), 2019, doi 10.1109/TPDS.2018.2870389, which also has sigma, the distance from the
//! ideal. For a queue, in which work may wait, theta and tau only indicate.

use serde::{Deserialize, Serialize};

use super::number::{length, place, real};

/// How often movements are compared, in seconds.
const SAMPLE: u32 = 60;

/// A second of a run.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Which.
    pub now: u32,
    /// What came.
    pub arrivals: f64,
    /// The processes that it takes to be in time.
    pub demand: u32,
    /// Those that serve.
    pub ready: u32,
    /// Those that were ordered.
    pub target: u32,
    /// Those that are paid for.
    pub billed: u32,
    /// The response time or wait of what came, in seconds.
    pub delay: f64,
}

/// The figures of a run. Parts of a hundred, where no unit is said.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// How long it was.
    pub days: f64,
    /// Process-hours paid for, and those that the work left at the end would take.
    pub hours: f64,
    /// Late requests or jobs.
    pub late: f64,
    /// Time in which what came was late.
    pub late_time: f64,
    /// The response time or wait that 99 of 100 stayed within, in seconds.
    pub p99: f64,
    /// Changes of the count, a day.
    pub actions: f64,
    /// Processes started, a day.
    pub starts: f64,
    /// How much too few.
    pub theta_under: f64,
    /// How much too many.
    pub theta_over: f64,
    /// How long too few.
    pub tau_under: f64,
    /// How long too many.
    pub tau_over: f64,
    /// How long not moving with the demand.
    pub upsilon: f64,
    /// Changes more than the demand has, an hour.
    pub jitter: f64,
    /// All five as one.
    pub sigma: f64,
}

/// Sums up a run.
#[derive(Debug, Clone)]
pub struct Tally {
    slo: f64,
    seconds: u32,
    billed: f64,
    arrivals: f64,
    late: f64,
    late_time: u32,
    under: f64,
    over: f64,
    under_time: u32,
    over_time: u32,
    delays: Histogram,
    movement: Movement,
}

impl Tally {
    /// Late is what takes longer than `slo` seconds.
    pub fn new(slo: f64) -> Self {
        Self {
            slo,
            seconds: 0,
            billed: 0.0,
            arrivals: 0.0,
            late: 0.0,
            late_time: 0,
            under: 0.0,
            over: 0.0,
            under_time: 0,
            over_time: 0,
            delays: Histogram::new(),
            movement: Movement::default(),
        }
    }

    /// One second more.
    #[inline]
    pub fn add(&mut self, moment: &Moment) {
        self.seconds += 1;
        self.billed += f64::from(moment.billed);
        self.arrivals += moment.arrivals;
        if moment.delay > self.slo {
            self.late += moment.arrivals;
            self.late_time += 1;
        }
        let (demand, ready) = (f64::from(moment.demand), f64::from(moment.ready));
        let part = (ready - demand) / demand;
        if part > 0.0 {
            self.over += part;
            self.over_time += 1;
        } else if part < 0.0 {
            self.under -= part;
            self.under_time += 1;
        }
        self.delays.add(moment.delay, moment.arrivals);
        if moment.now.is_multiple_of(SAMPLE) {
            self.movement.add(moment.ready, moment.demand);
        }
    }

    /// The figures, with so many process-seconds of work left at the end, and so many changes and starts.
    pub fn figures(&self, undone: f64, actions: u64, starts: u64) -> Figures {
        let seconds = f64::from(self.seconds.max(1));
        let days = seconds / 86_400.0;
        let percent = |sum: f64| 100.0 * sum / seconds;
        let (theta_under, theta_over) = (percent(self.under), percent(self.over));
        let (tau_under, tau_over) = (
            percent(f64::from(self.under_time)),
            percent(f64::from(self.over_time)),
        );
        let upsilon = self.movement.upsilon();
        let five = [theta_under, theta_over, tau_under, tau_over, upsilon];
        Figures {
            days,
            hours: (self.billed + undone) / 3600.0,
            late: 100.0 * self.late / self.arrivals.max(1.0),
            late_time: percent(f64::from(self.late_time)),
            p99: self.delays.quantile(0.99),
            actions: real(actions) / days,
            starts: real(starts) / days,
            theta_under,
            theta_over,
            tau_under,
            tau_over,
            upsilon,
            jitter: self.movement.jitter() / (days * 24.0),
            sigma: five
                .iter()
                .map(|figure| figure.powi(5))
                .sum::<f64>()
                .powf(0.2),
        }
    }
}

/// How supply and demand move, sample by sample.
#[derive(Debug, Clone, Default)]
struct Movement {
    last: Option<(u32, u32)>,
    samples: u32,
    apart: u32,
    supply: u32,
    demand: u32,
}

impl Movement {
    fn add(&mut self, supply: u32, demand: u32) {
        if let Some((before, needed)) = self.last.replace((supply, demand)) {
            let (moved, should) = (supply.cmp(&before), demand.cmp(&needed));
            self.samples += 1;
            self.apart += u32::from(moved != should);
            self.supply += u32::from(moved.is_ne());
            self.demand += u32::from(should.is_ne());
        }
    }

    fn upsilon(&self) -> f64 {
        100.0 * f64::from(self.apart) / f64::from(self.samples.max(1))
    }

    fn jitter(&self) -> f64 {
        f64::from(self.supply) - f64::from(self.demand)
    }
}

/// How many had which delay, in steps of a 32nd of a doubling: from a tenth of a millisecond to a day.
#[derive(Debug, Clone)]
struct Histogram {
    weights: Vec<f64>,
}

/// The bits of a number below its exponent and first five binary places.
const DROPPED: u32 = 47;

/// The step of a tenth of a millisecond.
const LOWEST: u64 = 0.000_1_f64.to_bits() >> DROPPED;

impl Histogram {
    fn new() -> Self {
        Self {
            weights: vec![0.0; 32 * 30],
        }
    }

    #[inline]
    fn add(&mut self, value: f64, weight: f64) {
        // The bits of positive numbers rise with them, and the first of them are the exponent: no logarithm is needed.
        let step = (value.to_bits() >> DROPPED).saturating_sub(LOWEST);
        let last = self.weights.len() - 1;
        let step = usize::try_from(step).unwrap_or(last).min(last);
        if let Some(sum) = self.weights.get_mut(step) {
            *sum += weight;
        }
    }

    fn quantile(&self, part: f64) -> f64 {
        let total: f64 = self.weights.iter().sum();
        let mut sum = 0.0;
        for (step, weight) in (LOWEST..).zip(&self.weights) {
            sum += weight;
            if sum >= part * total && total > 0.0 {
                return if step == LOWEST {
                    0.0
                } else {
                    f64::from_bits((step << DROPPED) | (1 << (DROPPED - 1)))
                };
            }
        }
        0.0
    }
}

/// The mean of several figures, number by number, and the geometric mean of their hours to those of a reference.
pub fn geometric_mean(ratios: &[f64]) -> f64 {
    let logs: f64 = ratios.iter().map(|ratio| ratio.max(1e-9).ln()).sum();
    (logs / length(ratios.len().max(place(1)))).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(now: u32, demand: u32, ready: u32, delay: f64) -> Moment {
        Moment {
            now,
            arrivals: 10.0,
            demand,
            ready,
            target: ready,
            billed: ready + 1,
            delay,
        }
    }

    #[test]
    fn figures_of_four_minutes() {
        let mut tally = Tally::new(1.0);
        // Demand 4, 4, 5, 5; ready 4, 5, 5, 4.
        for (minute, (demand, ready)) in (0..).zip([(4, 4), (4, 5), (5, 5), (5, 4)]) {
            for second in 0..60 {
                let delay = if ready < demand && second < 30 {
                    2.0
                } else {
                    0.5
                };
                tally.add(&moment(minute * 60 + second, demand, ready, delay));
            }
        }
        let figures = tally.figures(360.0, 3, 1);
        for (name, value, expected) in [
            (
                "hours",
                figures.hours,
                (4.0 + 5.0 + 5.0 + 4.0 + 4.0) / 60.0 + 0.1,
            ),
            ("late", figures.late, 12.5),
            ("late time", figures.late_time, 12.5),
            ("theta under", figures.theta_under, 5.0),
            ("theta over", figures.theta_over, 6.25),
            ("tau under", figures.tau_under, 25.0),
            ("tau over", figures.tau_over, 25.0),
            ("upsilon", figures.upsilon, 100.0),
            ("jitter", figures.jitter, 15.0),
            ("actions", figures.actions, 3.0 * 360.0),
            ("starts", figures.starts, 360.0),
            ("sigma", figures.sigma, 100.04),
        ] {
            assert!(
                (value - expected).abs() < 0.01,
                "{name}: {value} for {expected}"
            );
        }
        assert!((1.9..2.1).contains(&figures.p99), "{}", figures.p99);
    }

    #[test]
    fn a_delay_without_end_is_late() {
        let mut tally = Tally::new(1.0);
        tally.add(&moment(0, 1, 0, f64::INFINITY));
        let figures = tally.figures(0.0, 0, 0);
        assert!(
            (figures.late - 100.0).abs() < 1e-9 && figures.p99 > 86_400.0,
            "{figures:?}"
        );
        let nothing = Tally::new(1.0).figures(0.0, 0, 0);
        assert!(
            nothing.late.abs() < 1e-9 && nothing.p99.abs() < 1e-9,
            "{nothing:?}"
        );
    }

    #[test]
    fn quantiles_are_near() {
        let mut histogram = Histogram::new();
        for value in 1..=1000 {
            histogram.add(f64::from(value) / 100.0, 1.0);
        }
        for (part, expected) in [(0.5, 5.0), (0.99, 9.9), (1.0, 10.0)] {
            let value = histogram.quantile(part);
            assert!((value / expected - 1.0).abs() < 0.03, "{part}: {value}");
        }
    }

    #[test]
    fn means_of_ratios() {
        assert!((geometric_mean(&[1.0, 4.0]) - 2.0).abs() < 1e-9);
    }
}
