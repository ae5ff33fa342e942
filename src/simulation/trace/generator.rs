//! Traces for those who have none: the shapes of load that an autoscaler meets, drawn from a seed. Each has a mean near one
//! a second, in bins of a minute; what it is on a process is the scenario's to scale.

use std::f64::consts::TAU;

use super::{Trace, TraceError};
use crate::simulation::random::{Random, Stream};

/// How long a bin is, in seconds.
const BIN: u32 = 60;

/// Bins in a day.
const DAY: u32 = 86_400 / BIN;

/// A shape of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Day and night, calmer weekends, a little unrest.
    DailyWave,
    /// The same, and two or three times a day many come within minutes and go within an hour.
    FlashCrowd,
    /// Rises and falls without a pattern: slopes, steps and plateaus.
    Ramp,
    /// No pattern at all.
    Noise,
    /// Little, and now and then a batch of jobs.
    JobBursts,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::DailyWave,
        Self::FlashCrowd,
        Self::Ramp,
        Self::Noise,
        Self::JobBursts,
    ];

    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::DailyWave => "daily_wave",
            Self::FlashCrowd => "flash_crowd",
            Self::Ramp => "ramp",
            Self::Noise => "noise",
            Self::JobBursts => "job_bursts",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.name() == name)
    }

    /// So many days of it. The seed draws all that is chance in it.
    pub fn trace(self, days: u32, seed: u64) -> Result<Trace, TraceError> {
        let mut random = Random::new(seed, Stream::Trace);
        let bins = days.saturating_mul(DAY);
        let rates = match self {
            Self::DailyWave => daily_wave(bins, &mut random),
            Self::FlashCrowd => flash_crowd(bins, &mut random),
            Self::Ramp => ramp(bins, &mut random),
            Self::Noise => unrest(bins, 0.4, 10.0, &mut random),
            Self::JobBursts => job_bursts(bins, &mut random),
        };
        Trace::new(BIN, rates)
    }
}

/// Factors around 1 that stray by `sigma` and forget where they were in so many bins.
fn unrest(bins: u32, sigma: f64, memory: f64, random: &mut Random) -> Vec<f64> {
    let kept = (-1.0 / memory).exp();
    let fresh = (1.0 - kept * kept).sqrt();
    let mut state = random.normal();
    let next = |_| {
        state = kept * state + fresh * random.normal();
        (sigma * state - sigma * sigma / 2.0).exp()
    };
    (0..bins).map(next).collect()
}

fn daily_wave(bins: u32, random: &mut Random) -> Vec<f64> {
    let noon = random.uniform();
    let stray = unrest(bins, 0.06, 30.0, random);
    let wave = |(bin, stray): (u32, f64)| {
        let day = f64::from(bin) / f64::from(DAY);
        let turn = TAU * (day - noon);
        let hours = 1.0 + 0.55 * turn.cos() + 0.15 * (2.0 * turn).cos();
        let weekend = if bin / DAY % 7 >= 5 { 0.7 } else { 1.0 };
        hours * weekend * stray
    };
    (0..).zip(stray).map(wave).collect()
}

fn flash_crowd(bins: u32, random: &mut Random) -> Vec<f64> {
    let mut rates = daily_wave(bins, random);
    let mut start = 0.0;
    loop {
        start += random.exponential() * f64::from(DAY) / 2.5;
        if start >= f64::from(bins) {
            return rates;
        }
        let height = 1.0 + 3.0 * random.uniform();
        let (rise, decay) = (2.0 + 8.0 * random.uniform(), 10.0 + 30.0 * random.uniform());
        for (bin, rate) in (0..).zip(rates.iter_mut()) {
            let since = f64::from(bin) - start;
            if since > 0.0 {
                let part = (since / rise).min(1.0) * (-(since - rise).max(0.0) / decay).exp();
                *rate += height * part;
            }
        }
    }
}

fn ramp(bins: u32, random: &mut Random) -> Vec<f64> {
    let mut rates = Vec::new();
    let mut height = 0.5;
    while rates.len() < crate::simulation::number::place(bins) {
        let goal = 0.2 + 1.8 * random.uniform();
        // A third are steps.
        let way = (180.0 * (random.uniform() - 0.33).max(0.0)).ceil();
        let plateau = 20.0 + 100.0 * random.uniform();
        let from = height;
        let mut bin = 0.0;
        while bin < way + plateau {
            bin += 1.0;
            height = from + (goal - from) * (bin / way.max(1.0)).min(1.0);
            rates.push(height);
        }
    }
    rates.truncate(crate::simulation::number::place(bins));
    rates
}

fn job_bursts(bins: u32, random: &mut Random) -> Vec<f64> {
    let mut rates = unrest(bins, 0.3, 30.0, random);
    for rate in &mut rates {
        *rate *= 0.5;
    }
    let mut start = 0.0;
    loop {
        start += random.exponential() * 45.0;
        if start >= f64::from(bins) {
            return rates;
        }
        // Most batches are small; a few are five times as large.
        let size = 8.0 * random.uniform().max(0.06).powf(-0.6);
        let length = 3.0 + 5.0 * random.uniform();
        for (bin, rate) in (0..).zip(rates.iter_mut()) {
            let inside = (f64::from(bin) + 1.0).min(start + length) - f64::from(bin).max(start);
            *rate += inside.max(0.0) * size / length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_repeats_by_its_seed_and_has_a_mean_near_one() {
        for shape in Shape::ALL {
            let trace = shape.trace(7, 1).unwrap();
            assert_eq!(trace, shape.trace(7, 1).unwrap(), "{}", shape.name());
            assert_ne!(trace, shape.trace(7, 2).unwrap(), "{}", shape.name());
            assert_eq!(trace.seconds(), 7 * 86_400, "{}", shape.name());
            assert!(
                (0.5..=1.6).contains(&trace.mean()),
                "{}: {}",
                shape.name(),
                trace.mean()
            );
            assert_eq!(Shape::named(shape.name()), Some(shape));
        }
        assert_eq!(Shape::named("daily"), None);
    }

    #[test]
    fn shapes_are_what_their_names_say() {
        let peak = |shape: Shape| {
            let trace = shape.trace(7, 3).unwrap();
            trace.rates().iter().copied().fold(0.0, f64::max) / trace.mean()
        };
        for (shape, range) in [
            (Shape::DailyWave, 1.5..2.5),
            (Shape::FlashCrowd, 2.0..6.0),
            (Shape::Ramp, 1.3..3.0),
            (Shape::Noise, 2.5..8.0),
            (Shape::JobBursts, 8.0..30.0),
        ] {
            let peak = peak(shape);
            assert!(range.contains(&peak), "{}: {peak}", shape.name());
        }
    }
}
