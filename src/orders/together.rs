//! What the orders in force for a process mean together. Called by whoever decides on a scale.
//!
//! - Of two orders of one kind, the newest (the one with the higher number) counts alone; the older counts again when it
//!   ends first. A `pause` of one direction so replaces a `pause` of both.
//! - A number outranks all else: while a `scale` is in force, the count is exactly that, whatever the load, the bounds, an
//!   override or a pause say.
//! - An `override` replaces the configuration's bound of the same name. Where they then cross, the overridden one holds
//!   and moves the other: at least 8 of at most 5 is 8.
//! - A `pause` stops what the bot itself would do in its direction, the correction to the configuration's bounds
//!   included. What a person ordered in numbers is done all the same.

use chrono::{DateTime, Utc};

use super::{Kind, Order};
use crate::model::{Bounds, Count, Direction, ProcessName};

/// What is in force for one process at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The pause in force.
    pub pause: Option<Order>,
    /// The override in force.
    pub over: Option<Order>,
    /// The scale in force.
    pub scale: Option<Order>,
}

/// The orders in force for a process, by their number.
pub fn in_force<'a>(
    orders: &'a [Order],
    process: &ProcessName,
    now: DateTime<Utc>,
) -> Vec<&'a Order> {
    let mut found: Vec<&Order> = orders
        .iter()
        .filter(|order| order.process == *process && order.is_in_force(now))
        .collect();
    found.sort_by_key(|order| order.id);
    found
}

/// What the orders in force for a process mean together.
pub fn together(orders: &[Order], process: &ProcessName, now: DateTime<Utc>) -> Standing {
    let mut standing = Standing::default();
    for order in in_force(orders, process, now) {
        let place = match order.kind {
            Kind::Pause { .. } => &mut standing.pause,
            Kind::Override { .. } => &mut standing.over,
            Kind::Scale { .. } => &mut standing.scale,
        };
        *place = Some(order.clone());
    }
    standing
}

impl Standing {
    /// Whether nothing is ordered.
    pub fn is_empty(&self) -> bool {
        self.pause.is_none() && self.over.is_none() && self.scale.is_none()
    }

    /// The orders that count, in the order of their rank.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        [&self.scale, &self.over, &self.pause].into_iter().flatten()
    }

    /// The count that was ordered.
    pub fn exactly(&self) -> Option<Count> {
        match self.scale.as_ref()?.kind {
            Kind::Scale { count } => Some(count),
            Kind::Pause { .. } | Kind::Override { .. } => None,
        }
    }

    /// The minimum and the maximum that were ordered.
    pub fn overridden(&self) -> (Option<Count>, Option<Count>) {
        match self.over.as_ref().map(|order| order.kind) {
            Some(Kind::Override { min, max }) => (min, max),
            Some(Kind::Pause { .. } | Kind::Scale { .. }) | None => (None, None),
        }
    }

    /// The bounds that hold, in the place of the configuration's.
    pub fn bounds(&self, configured: Bounds) -> Bounds {
        if let Some(count) = self.exactly() {
            return Bounds::exactly(count);
        }
        let (min, max) = match self.overridden() {
            (None, None) => return configured,
            (Some(min), None) => (min, configured.max().max(min)),
            (None, Some(max)) => (configured.min().min(max), max),
            (Some(min), Some(max)) => (min, max.max(min)),
        };
        Bounds::new(min, max).unwrap_or(configured)
    }

    /// The pause that stops what the bot itself would do in a direction; none while the count is ordered.
    pub fn paused(&self, direction: Direction) -> Option<&Order> {
        if self.scale.is_some() {
            return None;
        }
        let pause = self.pause.as_ref()?;
        let stops = match (pause.kind, direction) {
            (Kind::Pause { up, .. }, Direction::Up) => up,
            (Kind::Pause { down, .. }, Direction::Down) => down,
            (Kind::Override { .. } | Kind::Scale { .. }, _) => false,
        };
        stops.then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, order};
    use super::*;

    const BOTH: Kind = Kind::Pause {
        up: true,
        down: true,
    };
    const DOWN: Kind = Kind::Pause {
        up: false,
        down: true,
    };

    fn over(min: Option<Count>, max: Option<Count>) -> Kind {
        Kind::Override { min, max }
    }

    fn web() -> ProcessName {
        ProcessName::new("web").unwrap()
    }

    /// The directions that are paused at half past.
    fn paused(orders: &[Order]) -> (bool, bool) {
        let standing = together(orders, &web(), at(30));
        let paused = |direction| standing.paused(direction).is_some();
        (paused(Direction::Up), paused(Direction::Down))
    }

    /// The bounds that hold at half past when 2 to 5 are configured.
    fn bounds(orders: &[Order]) -> (Count, Count) {
        let standing = together(orders, &web(), at(30));
        let bounds = standing.bounds(Bounds::new(2, 5).unwrap());
        (bounds.min(), bounds.max())
    }

    #[test]
    fn the_newest_pause_counts() {
        let all = || order(1, BOTH, 0, 60);
        let rows = [
            (vec![], (false, false), "nothing is ordered"),
            (vec![all()], (true, true), "both directions"),
            (vec![order(1, DOWN, 0, 60)], (false, true), "one direction"),
            (
                vec![all(), order(2, DOWN, 5, 60)],
                (false, true),
                "the newest",
            ),
            (
                vec![order(2, DOWN, 5, 60), all()],
                (false, true),
                "by its number",
            ),
            (
                vec![all(), order(2, DOWN, 5, 20)],
                (true, true),
                "the older again",
            ),
            (vec![order(1, BOTH, 40, 60)], (false, false), "not yet"),
            (vec![order(1, BOTH, 0, 20)], (false, false), "no longer"),
        ];
        for (orders, expected, because) in rows {
            assert_eq!(paused(&orders), expected, "{because}");
            assert_eq!(bounds(&orders), (2, 5), "a pause leaves the bounds");
        }
    }

    #[test]
    fn numbers_replace_the_bounds() {
        let kept = |id, min, max| order(id, over(min, max), 0, 60);
        let scale = || order(3, Kind::Scale { count: 9 }, 0, 60);
        let rows = [
            (vec![kept(1, Some(3), None)], (3, 5), "another minimum"),
            (vec![kept(1, Some(8), None)], (8, 8), "it moves the maximum"),
            (vec![kept(1, None, Some(1))], (1, 1), "it moves the minimum"),
            (vec![kept(1, Some(8), Some(12))], (8, 12), "both"),
            (
                vec![kept(1, Some(8), None), kept(2, None, Some(4))],
                (2, 4),
                "the newest alone",
            ),
            (
                vec![scale(), kept(4, Some(1), None)],
                (9, 9),
                "a number outranks an override",
            ),
            (vec![scale(), order(4, BOTH, 0, 60)], (9, 9), "and a pause"),
        ];
        for (orders, expected, because) in rows {
            assert_eq!(bounds(&orders), expected, "{because}");
            assert_eq!(paused(&orders), (false, false), "{because}");
        }
    }

    #[test]
    fn orders_are_for_their_own_process() {
        let orders = [order(1, BOTH, 0, 60)];
        let celery = ProcessName::new("celery").unwrap();
        assert!(together(&orders, &celery, at(30)).is_empty());
        assert_eq!(together(&orders, &web(), at(30)).orders().count(), 1);
    }
}
