//! Notices that more processes do not help: so many scales up in a row after which the measurement did not fall. Then the
//! bottleneck is elsewhere (a database, a rate limit), and more would only make it worse. Asked before each cycle's weighing.
//!
//! ```text
//!   measured 1400 ─▲─ 1500 ─▲─ 1450 ─▲─ 1600 ─ ✋ futile (futile_after = 3): what it was is held
//!                  1        2        3
//!            1400 ─▲─ 1100 ─▲─ …                 a fall by 5 % or more begins the count anew
//! ```
//!
//! It is over when nothing asks for more, or when the count was lowered: then the question is open again.

use serde::{Deserialize, Serialize};

/// What counts as improvement: at most this part of what it was.
const IMPROVED: f64 = 0.95;

/// What is remembered of the scales up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Futility {
    /// The measurement at the last scale up.
    before: Option<f64>,
    /// Which of several it was: what two of them measure cannot be compared.
    #[serde(default)]
    metric: usize,
    /// How many scales up in a row did not help, the last one perhaps among them.
    in_vain: u32,
}

impl Futility {
    /// The process was scaled up by load while this one of its measurements was `value`.
    pub fn scaled_up(&mut self, metric: usize, value: Option<f64>) {
        if value.is_some() && metric != self.metric {
            *self = Self {
                metric,
                ..Self::default()
            };
        }
        match (self.before, value) {
            (Some(before), Some(value)) if value > before * IMPROVED => self.in_vain += 1,
            (Some(_) | None, Some(_)) => self.in_vain = 1,
            (_, None) => {}
        }
        self.before = value.or(self.before);
    }

    /// More was not asked for, or the count was lowered.
    pub fn over(&mut self) {
        *self = Self::default();
    }

    /// Whether `after` scales up in a row have not helped, given what is measured now. `after` of 0: never asked.
    pub fn is_futile(&self, after: u32, metric: usize, value: Option<f64>) -> bool {
        let value = value.filter(|_| metric == self.metric);
        let (Some(before), Some(value)) = (self.before, value) else {
            return false;
        };
        after > 0 && self.in_vain >= after && value > before * IMPROVED
    }

    /// Why, for people.
    pub fn reason(&self, value: f64) -> String {
        let before = self.before.unwrap_or(value);
        format!(
            "the last {} scales up did not help (measured {} before the last of them, {} now): the bottleneck is elsewhere",
            self.in_vain,
            (before * 10.0).round() / 10.0,
            (value * 10.0).round() / 10.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_a_row_without_improvement() {
        let rows: &[(&[f64], f64, bool, &str)] = &[
            (&[1400.0, 1500.0, 1450.0], 1600.0, true, "three in vain"),
            (&[1400.0, 1500.0], 1600.0, false, "two are not enough"),
            (&[1400.0, 1100.0, 1450.0], 1600.0, false, "the first helped"),
            (
                &[1400.0, 1500.0, 1450.0],
                1300.0,
                false,
                "the third has helped",
            ),
            (
                &[1400.0, 1400.0, 1400.0],
                1340.0,
                true,
                "a fall of less than 5 % is none",
            ),
        ];
        for (measured, now, futile, because) in rows {
            let mut futility = Futility::default();
            for value in *measured {
                futility.scaled_up(0, Some(*value));
            }
            assert_eq!(futility.is_futile(3, 0, Some(*now)), *futile, "{because}");
            assert!(!futility.is_futile(0, 0, Some(*now)), "0 asks never");
            assert!(
                !futility.is_futile(3, 0, None),
                "without a number nobody knows"
            );
            futility.over();
            assert!(
                !futility.is_futile(3, 0, Some(*now)),
                "the question is open again"
            );
        }
    }

    #[test]
    fn what_two_of_several_measure_is_not_compared() {
        let mut futility = Futility::default();
        for (metric, value) in [(0, 10.0), (1, 5000.0), (0, 9.0), (1, 4000.0)] {
            futility.scaled_up(metric, Some(value));
        }
        assert!(
            !futility.is_futile(2, 1, Some(4500.0)),
            "one, of the second"
        );
        assert!(!futility.is_futile(1, 0, Some(4500.0)), "of the first");
        futility.scaled_up(1, Some(4000.0));
        assert!(futility.is_futile(2, 1, Some(4000.0)), "two, of the second");
    }
}
