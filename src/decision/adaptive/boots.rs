//! How long a process takes from being ordered to being up. Pure.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Before one was seen.
const UNLEARNED: f64 = 30.0;

/// What takes longer was no boot.
const NO_BOOT: f64 = 900.0;

/// How much a new one counts at the least: the first ones are all there is, so that they count alike.
const PART: f64 = 0.2;

/// The boots that are under way, and what was learned of those before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Boots {
    seconds: f64,
    /// How many were seen.
    seen: u32,
    /// When so many were first asked for.
    under_way: VecDeque<(f64, f64)>,
    count: f64,
    at: f64,
}

impl Default for Boots {
    fn default() -> Self {
        Self {
            seconds: UNLEARNED,
            seen: 0,
            under_way: VecDeque::new(),
            count: 0.0,
            at: 0.0,
        }
    }
}

impl Boots {
    /// Sees that so many are asked for and so many are up, and says how long a boot takes.
    pub(super) fn learn(&mut self, at: f64, count: f64, ready: f64) -> f64 {
        if count > self.count && self.count > 0.0 {
            // Ordered right after the last look.
            self.under_way.push_back((self.at, count));
        }
        while let Some((began, wanted)) = self.under_way.front().copied() {
            if count < wanted {
                self.under_way.pop_front();
            } else if ready >= wanted {
                // It was up at some time since the last look.
                let took = f64::midpoint(at, self.at) - began;
                if (0.0..NO_BOOT).contains(&took) {
                    self.seen = self.seen.saturating_add(1);
                    let part = (1.0 / f64::from(self.seen)).max(PART);
                    self.seconds += part * (took - self.seconds);
                }
                self.under_way.pop_front();
            } else {
                break;
            }
        }
        (self.count, self.at) = (count, at);
        self.seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_is_learned_from_when_all_are_up() {
        let mut boots = Boots::default();
        for turn in 0..60 {
            // Each 100 s one more is asked for, which is up 60 s later.
            let began = f64::from(turn) * 100.0;
            let count = f64::from(turn) + 2.0;
            boots.learn(began, count - 1.0, count - 1.0);
            for later in [20.0, 40.0] {
                boots.learn(began + later, count, count - 1.0);
            }
            boots.learn(began + 60.0, count, count - 1.0);
            boots.learn(began + 80.0, count, count);
        }
        let learned = boots.learn(6000.0, 61.0, 61.0);
        assert!(
            (learned - 70.0).abs() < 11.0,
            "between 60 and 80: {learned}"
        );
    }

    #[test]
    fn what_was_taken_back_was_no_boot() {
        let mut boots = Boots::default();
        boots.learn(0.0, 1.0, 1.0);
        boots.learn(15.0, 3.0, 1.0);
        boots.learn(30.0, 1.0, 1.0);
        assert_eq!(boots.learn(900.0, 1.0, 1.0).to_bits(), UNLEARNED.to_bits());
    }
}
