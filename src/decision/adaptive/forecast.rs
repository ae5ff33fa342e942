//! What the load will be when a process that is ordered now is up, and how sure that is. Pure.
//!
//! Six simple forecasters run side by side: four averages of different length and two that follow a trend. Each is judged by
//! how far it was off *at that distance*, and their geometric mean is weighted by that. How far the mean itself was off,
//! lately and over hours, is the deviation; its shape is not taken for normal but counted in a histogram that forgets.

use std::collections::VecDeque;

use num_traits::ToPrimitive as _;
use serde::{Deserialize, Serialize};

/// The averages, by the seconds over which they forget.
const AVERAGES: [f64; 4] = [20.0, 60.0, 180.0, 600.0];

/// The trends: over how many seconds the level and the slope forget, and how far a slope reaches.
const TRENDS: [(f64, f64, f64); 2] = [(15.0, 30.0, 100.0), (90.0, 600.0, 200.0)];

const FORECASTERS: usize = AVERAGES.len() + TRENDS.len();

/// Over how many seconds a forecaster is judged.
const JUDGED: f64 = 1800.0;

/// How much better a better forecaster counts: its mean square error to this power.
const POWER: f64 = 4.0;

/// Over how many seconds the deviation is taken: lately, with this weight, and over hours.
const LATELY: f64 = 60.0;
const WEIGHT: f64 = 0.8;
const HOURS: f64 = 14_400.0;

/// The histogram's bins, and how many make one deviation.
const BINS: usize = 61;
const BINS_A_DEVIATION: f64 = 5.0;
const MIDDLE: f64 = 30.0;

/// As how many forecasts the normal shape counts, with which the histogram begins.
const PRIOR: f64 = 40.0;

/// The least load that is told apart.
const LEAST: f64 = 1e-6;

/// The forecasters and what is known of their errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Forecaster {
    is_begun: bool,
    averages: [f64; AVERAGES.len()],
    /// Level and slope.
    trends: [(f64, f64); TRENDS.len()],
    errors: [f64; FORECASTERS],
    lately: f64,
    hours: f64,
    shape: Vec<f64>,
    /// What has been forecast and not come yet.
    due: VecDeque<Due>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Due {
    at: f64,
    each: [f64; FORECASTERS],
    mean: f64,
    deviation: f64,
}

/// A forecast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Forecast {
    pub(super) load: f64,
    /// Of its logarithm.
    pub(super) deviation: f64,
}

impl Default for Forecaster {
    fn default() -> Self {
        let bell = |bin: usize| {
            let far = (bin.to_f64().unwrap_or_default() - MIDDLE) / BINS_A_DEVIATION;
            (-far * far / 2.0).exp()
        };
        let shape: Vec<f64> = (0..BINS).map(bell).collect();
        let total: f64 = shape.iter().sum();
        Self {
            is_begun: false,
            averages: [0.0; AVERAGES.len()],
            trends: [(0.0, 0.0); TRENDS.len()],
            errors: [0.01; FORECASTERS],
            lately: 0.01,
            hours: 0.01,
            shape: shape.into_iter().map(|bin| bin * PRIOR / total).collect(),
            due: VecDeque::new(),
        }
    }
}

impl Forecaster {
    /// Takes in the load at `at` (seconds), `seconds` after the last one, and forecasts it for `ahead` seconds later.
    pub(super) fn forecast(&mut self, load: f64, at: f64, seconds: f64, ahead: f64) -> Forecast {
        let load = load.max(LEAST);
        self.judge(load, at, seconds);
        self.follow(load, seconds);
        let each = self.each(ahead);
        let (mut sum, mut weights) = (0.0, 0.0);
        for (forecast, error) in each.iter().zip(&self.errors) {
            let weight = error.powf(-POWER);
            sum += weight * forecast.max(LEAST).ln();
            weights += weight;
        }
        let load = (sum / weights).exp();
        let deviation = (WEIGHT * self.lately + (1.0 - WEIGHT) * self.hours).sqrt();
        let deviation = deviation.max(0.01);
        self.due.push_back(Due {
            at: at + ahead,
            each,
            mean: load,
            deviation,
        });
        Forecast { load, deviation }
    }

    /// The load is counted in another unit from now on, of which so many make one of before.
    pub(super) fn convert(&mut self, many: f64) {
        let convert = |load: &mut f64| *load *= many;
        self.averages.iter_mut().for_each(convert);
        for (level, slope) in &mut self.trends {
            convert(level);
            convert(slope);
        }
        for due in &mut self.due {
            due.each.iter_mut().for_each(convert);
            convert(&mut due.mean);
        }
    }

    /// Holds what was forecast for now against what came.
    fn judge(&mut self, load: f64, at: f64, seconds: f64) {
        let off = |forecast: f64| (load / forecast.max(LEAST)).ln().clamp(-3.0, 3.0);
        while let Some(due) = self.due.pop_front_if(|due| due.at <= at) {
            for (error, forecast) in self.errors.iter_mut().zip(due.each) {
                let square = off(forecast).powi(2) + LEAST;
                *error += (seconds / JUDGED).min(1.0) * (square - *error);
            }
            let error = off(due.mean);
            self.lately += (seconds / LATELY).min(1.0) * (error * error - self.lately);
            self.hours += (seconds / HOURS).min(1.0) * (error * error - self.hours);
            for bin in &mut self.shape {
                *bin *= 1.0 - (seconds / HOURS).min(1.0);
            }
            let place = (error / due.deviation).clamp(-6.0, 6.0) * BINS_A_DEVIATION + MIDDLE;
            let bin = place.round().to_usize();
            if let Some(bin) = bin.and_then(|bin| self.shape.get_mut(bin)) {
                // A new error counts as much as what is forgotten of fifteen seconds, and a little more.
                *bin += seconds / 300.0;
            }
        }
    }

    fn follow(&mut self, load: f64, seconds: f64) {
        if !self.is_begun {
            self.is_begun = true;
            self.averages = [load; AVERAGES.len()];
            self.trends = [(load, 0.0); TRENDS.len()];
        }
        let part = |span: f64| 1.0 - (-seconds / span).exp();
        for (average, span) in self.averages.iter_mut().zip(AVERAGES) {
            *average += part(span) * (load - *average);
        }
        for ((level, slope), (of_level, of_slope, _)) in self.trends.iter_mut().zip(TRENDS) {
            let expected = *level + *slope * seconds;
            let new = expected + part(of_level) * (load - expected);
            *slope += part(of_slope) * ((new - *level) / seconds - *slope);
            *level = new;
        }
    }

    fn each(&self, ahead: f64) -> [f64; FORECASTERS] {
        let mut each = [0.0; FORECASTERS];
        let trends = self.trends.iter().zip(TRENDS);
        let followed = trends.map(|((level, slope), (_, _, reach))| {
            // The slope dies away, and nothing falls by more than four fifths.
            let grown = level + slope * reach * (1.0 - (-ahead / reach).exp());
            grown.max(0.2 * level.max(LEAST))
        });
        let all = self.averages.iter().copied().chain(followed);
        for (place, forecast) in each.iter_mut().zip(all) {
            *place = forecast;
        }
        each
    }

    /// How likely it is that the load exceeds so many deviations above its forecast, for each asked.
    pub(super) fn tail(&self) -> Tail {
        let mut above = 0.0;
        let mut tail: Vec<f64> = self
            .shape
            .iter()
            .rev()
            .map(|bin| {
                above += bin;
                above
            })
            .collect();
        tail.reverse();
        Tail { tail, total: above }
    }
}

/// The chances of being exceeded.
pub(super) struct Tail {
    /// What lies in a bin or above it.
    tail: Vec<f64>,
    total: f64,
}

impl Tail {
    /// The chance that the load exceeds so many deviations above its forecast.
    pub(super) fn above(&self, deviations: f64) -> f64 {
        // A bin reaches half a bin to either side of its middle.
        let place = deviations * BINS_A_DEVIATION + MIDDLE + 0.5;
        if place < 0.0 {
            return 1.0;
        }
        let Some(bin) = place.floor().to_usize() else {
            return 0.0;
        };
        let from = |bin: usize| self.tail.get(bin).copied().unwrap_or(0.0);
        let part = 1.0 - place.fract();
        (from(bin + 1) + (from(bin) - from(bin + 1)) * part) / self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_still_is_known_well() {
        let mut forecaster = Forecaster::default();
        let mut last = None;
        for turn in 0..400 {
            let at = f64::from(turn) * 15.0;
            last = Some(forecaster.forecast(8.0, at, 15.0, 45.0));
        }
        let last = last.unwrap();
        assert!(
            (last.load - 8.0).abs() < 1e-6 && last.deviation <= 0.05,
            "{last:?}"
        );
    }

    #[test]
    fn a_ramp_is_seen_coming() {
        let mut forecaster = Forecaster::default();
        let mut last = (0.0, 0.0);
        for turn in 0..120 {
            let at = f64::from(turn) * 15.0;
            let load = 5.0 + at * 0.01;
            last = (load, forecaster.forecast(load, at, 15.0, 45.0).load);
        }
        let (now, ahead) = last;
        assert!(
            (ahead - now - 0.45).abs() < 0.25,
            "45 s later it is {ahead}, after {now}"
        );
    }

    #[test]
    fn the_shape_is_what_was_counted() {
        let normal = Forecaster::default().tail();
        for (deviations, expected) in [
            (-9.0, 1.0),
            (0.0, 0.5),
            (1.0, 0.159),
            (2.0, 0.023),
            (9.0, 0.0),
        ] {
            let found = normal.above(deviations);
            assert!((found - expected).abs() < 0.01, "{deviations}: {found}");
        }
        let mut rough = Forecaster::default();
        for turn in 0..4000 {
            // One surprise in ten: the shape gets a long arm upwards.
            let load = if turn % 10 == 0 { 20.0 } else { 10.0 };
            rough.forecast(load, f64::from(turn) * 15.0, 15.0, 45.0);
        }
        let tail = rough.tail().above(1.0);
        assert!((0.05..0.2).contains(&tail), "{tail}");
    }

    #[test]
    fn another_unit_is_no_surprise() {
        let forecast = |unit: f64| {
            let mut forecaster = Forecaster::default();
            let mut last = None;
            for turn in 0..200 {
                if turn == 150 {
                    forecaster.convert(unit);
                }
                let unit = if turn < 150 { 1.0 } else { unit };
                let load = 5.0 + (f64::from(turn) / 9.0).sin();
                last = Some(forecaster.forecast(load * unit, f64::from(turn) * 15.0, 15.0, 45.0));
            }
            last.unwrap()
        };
        let (same, threefold) = (forecast(1.0), forecast(3.0));
        assert!((threefold.load / same.load - 3.0).abs() < 1e-9);
        assert!((threefold.deviation - same.deviation).abs() < 1e-9);
    }

    #[test]
    fn it_is_the_same_after_being_written_down() {
        let mut one = Forecaster::default();
        for turn in 0..50 {
            one.forecast(
                f64::from(turn % 7) + 1.0,
                f64::from(turn) * 15.0,
                15.0,
                45.0,
            );
        }
        let text = serde_json::to_string(&one).unwrap();
        let mut other: Forecaster = serde_json::from_str(&text).unwrap();
        assert_eq!(
            one.forecast(3.0, 750.0, 15.0, 45.0),
            other.forecast(3.0, 750.0, 15.0, 45.0)
        );
        assert!(text.len() < 4000, "{} bytes", text.len());
    }
}
