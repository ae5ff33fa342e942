//! How many are late, and what the budget for that makes of whatever is turned by it: the price of lateness, the part of the
//! target that jobs may wait. Pure.

/// How fast it is turned.
const PACE: f64 = 0.05;

/// Which part of the budget is aimed at.
const SPENT: f64 = 0.8;

/// From which part of the target on some are late, though the mean is not; and how many, then.
const NEARLY: f64 = 0.85;
pub(super) const SOME: f64 = 0.3;

/// The part of the requests or jobs that is late, where one takes so long.
pub(super) fn late(delay: f64, target: f64) -> f64 {
    if delay > target {
        1.0
    } else if delay > NEARLY * target {
        SOME
    } else {
        0.0
    }
}

/// By what factor it grows while this part is late: it falls while that is less than the budget.
pub(super) fn turned(late: f64, budget: f64) -> f64 {
    (PACE * (late - SPENT * budget)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_late_and_what_follows() {
        for (delay, expected) in [
            (0.5, 0.0),
            (0.85, 0.0),
            (0.9, SOME),
            (1.0, SOME),
            (1.01, 1.0),
        ] {
            assert_eq!(
                late(delay, 1.0).to_bits(),
                f64::to_bits(expected),
                "{delay}"
            );
        }
        assert!(turned(0.0, 0.01) < 1.0 && turned(SOME, 0.01) > 1.0);
        assert!(
            (turned(0.008, 0.01) - 1.0).abs() < 1e-12,
            "four fifths of the budget"
        );
    }
}
