//! The wave of load: calm, a rise to nearly twice what one process can do, a fall, calm again.
//!
//! ```text
//!   45/s                   ────
//!                       ╱        ╲
//!   25/s ┄┄┄┄┄┄┄┄┄┄┄┄┄┄╱┄┄┄┄┄┄┄┄┄┄╲┄┄┄┄┄┄┄┄┄┄┄ what one process can do
//!                    ╱              ╲
//!    6/s  ──────────                  ────────
//!         0         5 %    45 % 55 %  80 %  100 %
//! ```
//!
//! The calm at the end gives the autoscaled application the time to become small again, and the fixed one the time to
//! answer who still waits.

use std::f64::consts::PI;
use std::time::Duration;

/// Requests a second in calm.
pub const CALM: f64 = 6.0;

/// Requests a second at the crest.
pub const CREST: f64 = 45.0;

/// When it begins to rise, has risen, begins to fall and has fallen, as parts of the whole.
const CORNERS: [f64; 4] = [0.05, 0.45, 0.55, 0.80];

/// One wave.
#[derive(Debug, Clone, Copy)]
pub struct Wave {
    /// How long it takes.
    pub length: Duration,
}

impl Wave {
    /// Requests a second, so long after its start.
    pub fn rate(&self, at: Duration) -> f64 {
        let [rise, crest, fall, calm] = CORNERS;
        let part = at.as_secs_f64() / self.length.as_secs_f64();
        let height = if part < crest {
            swing(part, rise, crest)
        } else {
            1.0 - swing(part, fall, calm)
        };
        CALM + (CREST - CALM) * height
    }

    /// When each request is due, from the first to the last. Irregularly, so that they do not keep step with the bot's
    /// measurements, but not by chance: both applications and every run get the same.
    pub fn arrivals(self) -> impl Iterator<Item = Duration> {
        let mut at = Duration::ZERO;
        let mut phase = 0.0;
        std::iter::from_fn(move || {
            let next = (phase + GOLDEN).fract();
            // How many requests further: one on average, and always more than none.
            at += Duration::from_secs_f64((1.0 + next - phase) / self.rate(at));
            phase = next;
            Some(at)
        })
        .take_while(move |at| *at < self.length)
    }
}

/// Its multiples, without their whole parts, fill the range from 0 to 1 evenly and never repeat.
const GOLDEN: f64 = 0.618_033_988_749_895;

/// From 0 at `from` to 1 at `to`, smoothly.
fn swing(part: f64, from: f64, to: f64) -> f64 {
    let way = ((part - from) / (to - from)).clamp(0.0, 1.0);
    (1.0 - (PI * way).cos()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(seconds: u64) -> Wave {
        Wave {
            length: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn it_is_calm_rises_and_is_calm_again() {
        let near = |rate: f64, expected: f64| (rate - expected).abs() < 1e-9;
        for (percent, expected, because) in [
            (0, CALM, "it begins calm"),
            (5, CALM, "and stays so for a while"),
            (45, CREST, "the crest is reached"),
            (55, CREST, "and held"),
            (25, f64::midpoint(CALM, CREST), "half way up"),
            (80, CALM, "fallen"),
            (100, CALM, "calm to the end"),
        ] {
            let rate = wave(100).rate(Duration::from_secs(percent));
            assert!(near(rate, expected), "{percent} %: {rate}: {because}");
        }
    }

    #[test]
    fn it_never_leaves_the_range_and_has_one_crest() {
        let rates: Vec<f64> = (0..=600)
            .map(|tenth| wave(60).rate(Duration::from_millis(tenth * 100)))
            .collect();
        assert!(rates.iter().all(|rate| (CALM..=CREST).contains(rate)));
        let turns = rates.windows(2).filter(|pair| pair[1] < pair[0]).count();
        let falling = rates.iter().rposition(|rate| *rate >= CREST).unwrap();
        assert!(
            rates[..falling].is_sorted(),
            "it only rises up to the crest"
        );
        assert!(
            turns > 0 && rates[falling..].is_sorted_by(|a, b| a >= b),
            "and only falls after it"
        );
    }

    #[test]
    fn arrivals_follow_the_rate_and_end_with_the_wave() {
        let wave = wave(60);
        let arrivals: Vec<_> = wave.arrivals().collect();
        let steps = 60_000_u64;
        let area: f64 = (0..steps)
            .map(|ms| wave.rate(Duration::from_millis(ms)) / 1000.0)
            .sum();
        let count = f64::from(u32::try_from(arrivals.len()).unwrap());
        assert!(
            (count - area).abs() < area / 100.0,
            "{count} requests for an area of {area}"
        );
        assert!(arrivals.is_sorted() && arrivals.last() < Some(&wave.length));
    }
}
