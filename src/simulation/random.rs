//! Chance that repeats: the same seed gives the same numbers on every machine.
//!
//! Each use has a [`Stream`] of its own, so that two policies on one seed meet the same arrivals, however often either of
//! them measures.

use rand::SeedableRng as _;
use rand_distr::{Distribution as _, Exp1, Poisson, StandardNormal, StandardUniform};
use rand_pcg::Pcg64Mcg;

use super::number::whole;

/// What chance is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// How a generated trace looks.
    Trace,
    /// When requests and jobs come.
    Arrivals,
    /// How long a process takes to boot.
    Boots,
    /// What measuring adds.
    Measuring,
    /// Which settings are tried.
    Search,
}

impl Stream {
    fn number(self) -> u64 {
        match self {
            Self::Trace => 1,
            Self::Arrivals => 2,
            Self::Boots => 3,
            Self::Measuring => 4,
            Self::Search => 5,
        }
    }
}

/// A source of chance.
#[derive(Debug, Clone)]
pub struct Random(Pcg64Mcg);

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64, stream: Stream) -> Self {
        // An odd factor maps no two seeds to one.
        let mixed = seed
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(stream.number());
        Self(Pcg64Mcg::seed_from_u64(mixed))
    }

    /// How many come where so many come on average. None where that is no positive number.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        Poisson::new(mean).map_or(0, |distribution| whole(distribution.sample(&mut self.0)))
    }

    /// An exponential number with the mean 1.
    pub fn exponential(&mut self) -> f64 {
        Exp1.sample(&mut self.0)
    }

    /// A normal number with the mean 0 and the deviation 1.
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// From 0 to 1, evenly.
    pub fn uniform(&mut self) -> f64 {
        StandardUniform.sample(&mut self.0)
    }

    /// A factor around 1: `e` to a normal number of the deviation `sigma`.
    pub fn factor(&mut self, sigma: f64) -> f64 {
        if sigma > 0.0 {
            (sigma * self.normal()).exp()
        } else {
            1.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_streams_differ() {
        let draw = |seed, stream| {
            let mut random = Random::new(seed, stream);
            [random.uniform(), random.uniform()].map(f64::to_bits)
        };
        assert_eq!(draw(1, Stream::Arrivals), draw(1, Stream::Arrivals));
        assert_ne!(draw(1, Stream::Arrivals), draw(2, Stream::Arrivals));
        assert_ne!(draw(1, Stream::Arrivals), draw(1, Stream::Measuring));
    }

    #[test]
    fn means_are_as_they_should_be() {
        type Draw = fn(&mut Random) -> f64;
        let mut random = Random::new(7, Stream::Arrivals);
        let rounds = 20_000;
        let mut mean = |draw: fn(&mut Random) -> f64| {
            (0..rounds).map(|_| draw(&mut random)).sum::<f64>() / f64::from(rounds)
        };
        let draws: [(&str, f64, Draw); 6] = [
            ("few", 0.3, |random| f64::from(random.poisson(0.3))),
            ("many", 80.0, |random| f64::from(random.poisson(80.0))),
            ("none", 0.0, |random| f64::from(random.poisson(0.0))),
            ("waits", 1.0, Random::exponential),
            ("evenly", 0.5, Random::uniform),
            ("a factor", (0.005_f64).exp(), |random| random.factor(0.1)),
        ];
        for (name, expected, draw) in draws {
            let mean = mean(draw);
            assert!(
                (mean - expected).abs() <= 0.02 * expected.max(0.5),
                "{name}: {mean} for {expected}"
            );
        }
    }
}
