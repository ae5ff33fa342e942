//! How long to wait before something that died is started again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// Who lived this long did not die of its start: the next wait is the first one again.
const WELL: Duration = Duration::from_secs(30);

/// 0.5 s, doubling to 30 s; from the beginning after a life of 30 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    /// The wait after a life of this length.
    pub fn after(&mut self, lived: Duration) -> Duration {
        let wait = if lived >= WELL { FIRST } else { self.next };
        self.next = (wait * 2).min(LONGEST);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_to_its_longest_and_starts_afresh_after_a_good_life() {
        let mut backoff = Backoff::default();
        let mut waits = |lives: &[u64]| -> Vec<f64> {
            let wait = |s: &u64| backoff.after(Duration::from_secs(*s)).as_secs_f64();
            lives.iter().map(wait).collect()
        };
        assert_eq!(
            waits(&[0, 0, 1, 2, 0, 29, 0, 0]),
            [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
        );
        assert_eq!(
            waits(&[30, 0, 600]),
            [0.5, 1.0, 0.5],
            "a life of 30 s is a good one"
        );
    }
}
