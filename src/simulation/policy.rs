//! A policy: looks at each tick, and says how many there shall be.

use super::sight::Sight;

/// Decides the count of one process, tick by tick. It keeps its own state; it knows no clock but [`Sight::now`], so what
/// decides in production can stand behind this too.
pub trait Policy {
    /// How far its ticks are apart, in seconds. The first is one interval after the start.
    fn interval(&self) -> u32;

    /// How many there shall be. What the count may be at all is not its business.
    fn decide(&mut self, sight: &mut Sight<'_>) -> u32;
}

/// The same count, always.
#[derive(Debug, Clone, Copy)]
pub struct Fixed(pub u32);

impl Policy for Fixed {
    fn interval(&self) -> u32 {
        60
    }

    fn decide(&mut self, _sight: &mut Sight<'_>) -> u32 {
        self.0
    }
}
