//! A scenario: a plant, and the load of every second on it, drawn once. All policies that are compared run on the same one.

use super::number::{length, needed, place, real, whole};
use super::plant::{Kind, Plant};
use super::random::{Random, Stream};
use super::trace::Trace;

/// How a trace becomes a load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// The rate as it is; the service time makes the work.
    Real,
    /// The same counts in the same bins, placed within them by chance: for jobs that are few enough to count.
    Counted,
    /// Scaled to so many Erlang of work on average, but not above `peak` for more than a thousandth of the time; what is
    /// above that then is cut off.
    Erlang {
        /// On average.
        mean: f64,
        /// At the most.
        peak: f64,
    },
}

impl Scale {
    /// As the scoreboard has it: 10 Erlang on average, 54 at the most.
    pub const SCOREBOARD: Self = Self::Erlang {
        mean: 10.0,
        peak: 54.0,
    };
}

/// A plant and its load.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What serves.
    pub plant: Plant,
    /// What comes, every second.
    pub arrivals: Vec<u32>,
    /// How many processes it takes to be in time, every second, by the rate and not by what came.
    pub demand: Vec<u32>,
}

impl Scenario {
    /// Draws what comes.
    pub fn new(trace: &Trace, plant: Plant, scale: Scale, seed: u64) -> Self {
        let mut random = Random::new(seed, Stream::Arrivals);
        let (factor, most) = scaling(trace, &plant, scale);
        let rate = |rate: f64| (rate * factor).min(most);
        let arrivals = match scale {
            Scale::Counted => counted(trace, &mut random),
            Scale::Real | Scale::Erlang { .. } => trace
                .by_second()
                .map(|second| random.poisson(rate(second)))
                .collect(),
        };
        let demand = demand(trace, &plant, rate);
        Self {
            plant,
            arrivals,
            demand,
        }
    }

    /// How long it is, in seconds.
    pub fn seconds(&self) -> u32 {
        u32::try_from(self.arrivals.len()).unwrap_or(u32::MAX)
    }

    /// All that come.
    pub fn requests(&self) -> f64 {
        self.arrivals.iter().map(|many| f64::from(*many)).sum()
    }

    /// The demand that is exceeded for so small a part of the time.
    pub fn high_demand(&self, part: f64) -> u32 {
        let mut sorted = self.demand.clone();
        sorted.sort_unstable();
        let at = whole(length(sorted.len().saturating_sub(1)) * (1.0 - part));
        sorted.get(place(at)).copied().unwrap_or(1)
    }
}

/// By what a trace's rate is multiplied, and the most that it then may be.
fn scaling(trace: &Trace, plant: &Plant, scale: Scale) -> (f64, f64) {
    let Scale::Erlang { mean, peak } = scale else {
        return (1.0, f64::INFINITY);
    };
    let mut sorted: Vec<f64> = trace.by_second().collect();
    sorted.sort_by(f64::total_cmp);
    // The 99.9th percentile, between its two neighbours.
    let at = length(sorted.len().saturating_sub(1)) * 0.999;
    let rate = |at: f64| sorted.get(place(whole(at))).copied().unwrap_or(0.0);
    let high = rate(at) + (rate(at.ceil()) - rate(at)) * at.fract();
    let factor = (mean / trace.mean()).min(peak / high) / plant.service;
    if factor.is_finite() {
        (factor, peak / plant.service)
    } else {
        (1.0, f64::INFINITY)
    }
}

/// The counts of a trace's bins, each placed by chance in a second of its bin.
fn counted(trace: &Trace, random: &mut Random) -> Vec<u32> {
    let mut arrivals = vec![0_u32; place(trace.seconds())];
    let bin = trace.bin();
    for (bins, rate) in arrivals.chunks_mut(place(bin)).zip(trace.rates()) {
        for _ in 0..whole((rate * f64::from(bin)).round()) {
            let second = whole(random.uniform() * f64::from(bin));
            if let Some(many) = bins.get_mut(place(second)) {
                *many = many.saturating_add(1);
            }
        }
    }
    arrivals
}

/// Every second's demand. How busy a process may be changes slowly, with the service time.
fn demand(trace: &Trace, plant: &Plant, rate: impl Fn(f64) -> f64) -> Vec<u32> {
    let slots = f64::from(plant.slots);
    let mut most = 0.0;
    let mut service = plant.service;
    (0..)
        .zip(trace.by_second())
        .map(|(second, raw)| {
            if second % 60 == 0 && (second == 0 || plant.drift != 0.0) {
                service = plant.service_at(second);
                most = plant.most_busy(service) * slots;
            }
            needed(rate(raw) * service / most).max(1)
        })
        .collect()
}

/// The service time that makes a trace so many Erlang of work as it is.
pub fn service_for(trace: &Trace, erlang: f64) -> f64 {
    erlang
        / trace
            .mean()
            .max(1.0 / real(u64::from(super::trace::LONGEST)))
}

/// A plant of a kind for a trace, and how it is scaled, as the scoreboard has it: queues whose jobs are counted in bins of
/// up to a minute, few enough to be jobs, keep their counts; all else is scaled.
pub fn scoreboard(trace: &Trace, kind: Kind, erlang: f64) -> (Plant, Scale) {
    /// The rate below which a trace's counts are jobs of their own.
    const COUNTABLE: f64 = 20.0;
    let scaled = Scale::Erlang {
        mean: erlang,
        peak: 54.0,
    };
    match kind {
        Kind::Web => (Plant::web(), scaled),
        Kind::Queue if trace.bin() <= 60 && trace.mean() < COUNTABLE => {
            (Plant::queue(service_for(trace, erlang)), Scale::Counted)
        }
        Kind::Queue => (Plant::queue(5.0), scaled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> Trace {
        Trace::new(60, vec![1.0; 200].into_iter().chain([3.0; 100]).collect()).unwrap()
    }

    #[test]
    fn it_is_scaled_to_its_mean() {
        let scenario = Scenario::new(&steps(), Plant::web(), Scale::SCOREBOARD, 1);
        let erlang = scenario.requests() * 0.1 / f64::from(scenario.seconds());
        assert!((erlang - 10.0).abs() < 0.1, "{erlang}");
        assert_eq!(
            (scenario.demand[0], scenario.demand[17_999]),
            (7, 20),
            "6 / 0.9 and 18 / 0.9"
        );
        assert_eq!(scenario.high_demand(0.001), 20);
        assert_eq!(scenario.high_demand(0.5), 7);
    }

    #[test]
    fn a_peak_is_the_limit() {
        let trace = Trace::new(
            60,
            vec![1.0; 999].into_iter().chain([100.0, 200.0]).collect(),
        )
        .unwrap();
        let scenario = Scenario::new(&trace, Plant::web(), Scale::SCOREBOARD, 1);
        let most = scenario.arrivals.iter().max().copied().unwrap();
        assert!(
            (480..700).contains(&most),
            "54 Erlang of 0.1 s, and a little chance: {most}"
        );
        assert_eq!(scenario.demand[0], 1, "half an Erlang is left of the rest");
    }

    #[test]
    fn counts_stay_what_they_were() {
        let trace = Trace::new(10, vec![0.3, 0.0, 1.2]).unwrap();
        let (plant, scale) = scoreboard(&trace, Kind::Queue, 10.0);
        assert!(
            (plant.service - 20.0).abs() < 1e-9,
            "ten Erlang at half a job a second"
        );
        let scenario = Scenario::new(&trace, plant, scale, 1);
        let counts: Vec<u32> = scenario
            .arrivals
            .chunks(10)
            .map(|bin| bin.iter().sum())
            .collect();
        assert_eq!(counts, [3, 0, 12]);
    }

    #[test]
    fn a_seed_is_a_load() {
        let draw = |seed| Scenario::new(&steps(), Plant::web(), Scale::Real, seed).arrivals;
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn demand_follows_a_drift() {
        let trace = Trace::new(3600, vec![1.0; 24]).unwrap();
        let plant = Plant {
            drift: 0.2,
            ..Plant::web()
        };
        let scenario = Scenario::new(&trace, plant, Scale::SCOREBOARD, 1);
        assert_eq!(
            (
                scenario.demand[0],
                scenario.demand[21_600],
                scenario.demand[64_800]
            ),
            (12, 14, 9),
            "by the hour"
        );
    }
}
