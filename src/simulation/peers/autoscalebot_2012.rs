//! autoscalebot as it was from 2012 on (`models.py`): every 30 s one ping; three in a row too slow is one more, five in a
//! row quick is one less, and then it counts anew.

use crate::simulation::plant::Kind;
use crate::simulation::policy::Policy;
use crate::simulation::sight::Sight;

const HEARTBEAT: u32 = 30;
const UP_AFTER: u32 = 3;
const DOWN_AFTER: u32 = 5;
/// Quick and slow, in seconds.
const RESPONSE: (f64, f64) = (0.2, 1.0);
/// None and many, in jobs that wait.
const BACKLOG: (f64, f64) = (1.0, 20.0);

/// The rule.
#[derive(Debug, Clone)]
pub struct Consecutive {
    kind: Kind,
    low: u32,
    high: u32,
}

impl Consecutive {
    /// For a process of a kind.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            low: 0,
            high: 0,
        }
    }

    fn weigh(&mut self, value: f64, count: u32) -> u32 {
        let (least, most) = limits(self.kind);
        self.low = if value < least { self.low + 1 } else { 0 };
        self.high = if value > most { self.high + 1 } else { 0 };
        if self.high >= UP_AFTER {
            (self.low, self.high) = (0, 0);
            return count + 1;
        }
        if self.low >= DOWN_AFTER {
            (self.low, self.high) = (0, 0);
            return count.saturating_sub(1);
        }
        count
    }
}

impl Policy for Consecutive {
    fn interval(&self) -> u32 {
        HEARTBEAT
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        let value = measured(self.kind, sight);
        self.weigh(value, sight.target)
    }
}

/// Below the first is too low, above the second too high.
pub fn limits(kind: Kind) -> (f64, f64) {
    match kind {
        Kind::Web => RESPONSE,
        Kind::Queue => BACKLOG,
    }
}

/// What one heartbeat measures.
pub fn measured(kind: Kind, sight: &mut Sight<'_>) -> f64 {
    match kind {
        Kind::Web => sight.ping(),
        Kind::Queue => sight.queue_length(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_row() {
        let mut rule = Consecutive::new(Kind::Web);
        let counts: Vec<u32> = [1.1, 1.1, 0.5, 1.1, 1.1, 1.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
            .into_iter()
            .map(|value| rule.weigh(value, 5))
            .collect();
        assert_eq!(
            counts,
            [5, 5, 5, 5, 5, 6, 5, 5, 5, 5, 4, 5],
            "three above; five below; anew"
        );
    }
}
