//! Numbers between the whole and the real, for the simulator: every conversion is here, and none can fail. What does not
//! fit is the nearest that does.

/// The whole part of a number, at least zero; zero for what is no number.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` takes the nearest value that fits, and is what runs millions of times a second"
)]
pub fn whole(value: f64) -> u32 {
    value as u32
}

/// How many are needed for so much: rounded up, but not for what is over by the arithmetic's dust alone.
pub fn needed(value: f64) -> u32 {
    whole((value - 1e-9).ceil())
}

/// A count as a real number; above 2⁵³ the nearest.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts of requests stay far below 2⁵³"
)]
pub fn real(value: u64) -> f64 {
    value as f64
}

/// A length or place as a real number.
pub fn length(value: usize) -> f64 {
    real(u64::try_from(value).unwrap_or(u64::MAX))
}

/// A place in a list, from a number of seconds.
pub fn place(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_the_nearest_that_does() {
        for (value, expected) in [
            (-1.0, 0),
            (0.9, 0),
            (7.99, 7),
            (1e12, u32::MAX),
            (f64::NAN, 0),
            (f64::INFINITY, u32::MAX),
        ] {
            assert_eq!(whole(value), expected, "{value}");
        }
    }

    #[test]
    fn dust_needs_nobody() {
        for (value, expected) in [(0.0, 0), (3.0, 3), (3.0 + 1e-12, 3), (3.01, 4), (-2.0, 0)] {
            assert_eq!(needed(value), expected, "{value}");
        }
    }
}
