//! Notices a count that races away: more scales in one direction than expected, in a short time. It only tells; it
//! holds no scale back. Asked at the end of every cycle, with the scales of the ledger.
//!
//! ```text
//!                  │◀────── period ──────▶│
//!     ▲      ▲     │   ▲   ▼   ▲   ▲      ▲ now        ▲ up  ▼ down
//!      too old ────┘   1       2   3      4            4 up: told when the limit is 3 or less
//! ```
//!
//! A scale exactly one period ago is outside. So a steady pace of `limit` scales a period is never told, and one that
//! is any faster is.

use std::time::Duration;

use crate::model::Direction;

/// How many scales in one direction are normal, over which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RapidRule {
    /// As many are still normal.
    pub limit: u32,
    /// The time.
    pub period: Duration,
}

/// The direction in which there were more scales than the limit within the period that ends now, and how many. If both
/// ways are too many, the one with more of them; up, when they are as many.
pub fn too_rapid(
    scales: impl Iterator<Item = (Duration, Direction)>,
    rule: RapidRule,
    now: Duration,
) -> Option<(Direction, u32)> {
    let (mut ups, mut downs) = (0_u32, 0_u32);
    for (at, direction) in scales {
        let in_period = now.checked_sub(at).is_some_and(|age| age < rule.period);
        if in_period {
            match direction {
                Direction::Up => ups = ups.saturating_add(1),
                Direction::Down => downs = downs.saturating_add(1),
            }
        }
    }
    let (direction, many) = if ups >= downs {
        (Direction::Up, ups)
    } else {
        (Direction::Down, downs)
    };
    (many > rule.limit).then_some((direction, many))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{Down, Up};

    /// Scales as seconds, a `-` in front for a scale down; limit; what is told at second 100 over 60 s; why.
    type Row<'a> = (&'a str, u32, Option<(Direction, u32)>, &'a str);

    #[test]
    fn what_is_told() {
        let rows: &[Row<'_>] = &[
            ("", 0, None, "nothing was scaled"),
            ("50 60 70", 3, None, "as many as the limit"),
            (
                "50 60 70 100",
                3,
                Some((Up, 4)),
                "one more, and the one just made counts",
            ),
            (
                "40 50 60 70",
                3,
                None,
                "one exactly a period ago is outside",
            ),
            ("40.001 50 60 70", 3, Some((Up, 4)), "just inside"),
            (
                "50 -55 60 -65 70 -75",
                3,
                None,
                "up and down are counted apart",
            ),
            ("-50 -55 -60 -65", 3, Some((Down, 4)), "down"),
            (
                "-50 -55 -60 70 75",
                1,
                Some((Down, 3)),
                "both: the one with more",
            ),
            ("-50 -55 70 75", 1, Some((Up, 2)), "both, as many: up"),
            ("100", 0, Some((Up, 1)), "a limit of 0 tells every scale"),
            ("1 2 3 4 5 6 7 8 9", 3, None, "long ago"),
            ("50 60 70 101", 3, None, "what is not yet is not counted"),
        ];
        for (scales, limit, told, because) in rows {
            let rule = RapidRule {
                limit: *limit,
                period: Duration::from_secs(60),
            };
            let scales = scales.split_whitespace().map(|text| {
                let seconds: f64 = text.trim_start_matches('-').parse().unwrap();
                let direction = if text.starts_with('-') { Down } else { Up };
                (Duration::from_secs_f64(seconds), direction)
            });
            assert_eq!(
                too_rapid(scales, rule, Duration::from_secs(100)),
                *told,
                "{because}"
            );
        }
    }

    #[test]
    fn soon_after_the_start_the_period_reaches_back_before_it() {
        let rule = RapidRule {
            limit: 1,
            period: Duration::from_secs(60),
        };
        let scales = [(Duration::ZERO, Up), (Duration::from_secs(1), Up)];
        assert_eq!(
            too_rapid(scales.into_iter(), rule, Duration::from_secs(1)),
            Some((Up, 2))
        );
    }
}
