//! The grid on which what is in the system is known: nothing, and from 1 on each a quarter more.

/// Its points.
pub const POINTS: usize = 47;

/// Each is so many times the one before it.
const RATIO: f64 = 1.25;

/// One value for each point.
pub type Row = [f64; POINTS];

/// The points.
pub fn points() -> Row {
    let mut next = 0.0;
    [0; POINTS].map(|_| {
        let this = next;
        next = if this == 0.0 { 1.0 } else { this * RATIO };
        this
    })
}

/// A place between two points: the lower, and how far it is to the upper. Past the last it goes on straight.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Place {
    /// The lower point.
    pub below: u8,
    /// From 0 to 1, or above it past the last.
    pub part: f32,
}

/// Finds places.
#[derive(Debug, Clone)]
pub struct Grid {
    points: Row,
}

impl Grid {
    /// The grid.
    pub fn new() -> Self {
        Self { points: points() }
    }

    /// Where a number lies.
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "runs for every state of every slot; the number is between 0 and 45, and a part needs no more than f32"
    )]
    #[inline]
    pub fn place(&self, value: f64) -> Place {
        /// ln 1.25
        const STEP: f64 = 0.223_143_551_314_209_76;
        let step = if value < 1.0 {
            0.0
        } else {
            1.0 + value.ln() / STEP
        };
        let below = (step as usize).min(POINTS - 2);
        let low = self.points.get(below).copied().unwrap_or(0.0);
        let high = self.points.get(below + 1).copied().unwrap_or(1.0);
        Place {
            below: below as u8,
            part: ((value - low) / (high - low)) as f32,
        }
    }
}

impl Default for Grid {
    fn default() -> Self {
        Self::new()
    }
}

impl Place {
    /// The value of a row here.
    #[inline]
    pub fn of(self, row: &[f64]) -> f64 {
        let below = usize::from(self.below);
        let (Some(low), Some(high)) = (row.get(below), row.get(below + 1)) else {
            return 0.0;
        };
        low + (high - low) * f64::from(self.part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_give_back_what_they_are_of() {
        let (grid, points) = (Grid::new(), points());
        for value in [0.0, 0.3, 1.0, 1.1, 1.25, 77.0, 22_958.0, 22_958.9, 1e6] {
            let found = grid.place(value).of(&points);
            assert!(
                (found - value).abs() < 1e-4 * value.max(1.0),
                "{value}: {found}"
            );
        }
    }
}
