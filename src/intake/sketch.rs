//! The distribution of many times in little memory: any quantile to 1 % of its value. Sketches can be merged. The library
//! behind it is seen by nobody else.

use std::fmt;

use sketches_ddsketch::{Config, DDSketch};

/// How far off a quantile may be, as a part of it.
pub const OFF: f64 = 0.01;

/// Below this everything is zero: a tenth of a millisecond.
const LEAST: f64 = 0.1;

/// The longest time that is told apart from longer ones: a day, in milliseconds.
const LONGEST: f64 = 86_400_000.0;

/// From `LEAST` to `LONGEST` there are 1,029 steps of 2 %; the library takes them by 128.
const MOST_BINS: u32 = 1152;

/// The most bytes that one sketch ever has: its bins, and what is around them.
pub const MOST_BYTES: usize = 8 * 1152 + 256;

/// Many times, in milliseconds.
#[derive(Clone)]
pub struct Sketch(DDSketch);

impl Default for Sketch {
    fn default() -> Self {
        Self(DDSketch::new(Config::new(OFF, MOST_BINS, LEAST)))
    }
}

impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sketch({} times)", self.count())
    }
}

/// Which figure of many is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Half are below.
    P50,
    /// 95 of 100 are below.
    P95,
    /// 99 of 100 are below.
    P99,
    /// Their mean.
    Mean,
}

impl Statistic {
    /// Their names in settings.
    pub const NAMES: &'static [&'static str] = &["p50", "p95", "p99", "mean"];

    /// The one with this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "p50" => Self::P50,
            "p95" => Self::P95,
            "p99" => Self::P99,
            "mean" => Self::Mean,
            _ => return None,
        })
    }
}

impl Sketch {
    /// Takes one time. What is no time is nothing.
    pub fn add(&mut self, ms: f64) {
        if ms.is_finite() && ms >= 0.0 {
            self.0.add(ms.min(LONGEST));
        }
    }

    /// Takes all that the other has taken.
    pub fn merge(&mut self, other: &Self) {
        // All have one configuration, without which they could not be merged.
        self.0.merge(&other.0).ok();
    }

    /// How many times it has taken.
    pub fn count(&self) -> u64 {
        u64::try_from(self.0.count()).unwrap_or(u64::MAX)
    }

    /// A figure of them, in milliseconds; `None` when there are none.
    pub fn statistic(&self, statistic: Statistic) -> Option<f64> {
        let quantile = |part| self.0.quantile(part).ok().flatten();
        match statistic {
            Statistic::P50 => quantile(0.5),
            Statistic::P95 => quantile(0.95),
            Statistic::P99 => quantile(0.99),
            Statistic::Mean => {
                let count = num_traits::ToPrimitive::to_f64(&self.count())?;
                self.0.sum().filter(|_| count > 0.0).map(|sum| sum / count)
            }
        }
    }

    /// How many bytes it has now.
    pub fn bytes(&self) -> usize {
        self.0.length() * size_of::<u64>() + size_of::<Self>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sketch(times: &[f64]) -> Sketch {
        let mut sketch = Sketch::default();
        for time in times {
            sketch.add(*time);
        }
        sketch
    }

    #[test]
    fn of_nothing_there_is_no_figure() {
        for name in Statistic::NAMES {
            let statistic = Statistic::named(name).unwrap();
            assert_eq!(Sketch::default().statistic(statistic), None, "{name}");
            assert_eq!(sketch(&[0.0]).statistic(statistic), Some(0.0), "{name}");
        }
        assert_eq!(sketch(&[f64::NAN, f64::INFINITY, -1.0]).count(), 0);
    }

    #[test]
    fn whatever_comes_it_stays_small() {
        let mut wide = Sketch::default();
        let mut time = 1e-12;
        while time < 1e300 {
            wide.add(time);
            time *= 1.01;
        }
        assert!(wide.bytes() <= MOST_BYTES, "{}", wide.bytes());
        let longest = wide.statistic(Statistic::P99).unwrap();
        assert!((longest / LONGEST - 1.0).abs() <= OFF * 1.001, "{longest}");
    }

    proptest! {
        #[test]
        fn merged_or_not_a_quantile_is_at_most_a_hundredth_off(
            mut times in proptest::collection::vec(0.2..80_000_000.0_f64, 1..400),
            cut in 0_usize..400,
        ) {
            let (one, other) = times.split_at(cut.min(times.len()));
            let mut merged = sketch(one);
            merged.merge(&sketch(other));
            times.sort_by(f64::total_cmp);
            for (statistic, part) in [(Statistic::P50, 50), (Statistic::P95, 95), (Statistic::P99, 99)] {
                let exact = times[(times.len() - 1) * part / 100];
                let next = times[((times.len() - 1) * part).div_ceil(100)];
                let told = merged.statistic(statistic).unwrap();
                prop_assert!(told >= exact * 0.9899 && told <= next * 1.0101, "{told} for {exact} to {next}");
            }
            prop_assert_eq!(merged.count(), u64::try_from(times.len()).unwrap());
            prop_assert!(merged.bytes() <= MOST_BYTES);
        }
    }
}
