//! What there is around a process when it is decided on: the orders of people, and the other process types.

use std::rc::Rc;

use crate::envelope::{Ordered, Paused, Total};
use crate::model::{Bounds, Count, Direction, ProcessName};
use crate::notification::{Event, Phase};
use crate::orders::news::News;
use crate::orders::together::{Standing, together};
use crate::orders::{Order, words};
use crate::state::journal::Journal;
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::cycle::Turn;
use crate::supervisor::memory::State;

/// Why nothing goes down while nobody knows what people have ordered.
const UNKNOWN: &str =
    "the orders of people could not be read from the store yet, and there may be a pause";

/// What there is around a process.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Around {
    /// Every order that the store knows.
    pub orders: Rc<Vec<Order>>,
    /// There is a store, and it could not be read yet.
    pub orders_are_unknown: bool,
    /// What all process types together may have.
    pub total: Option<Total>,
}

impl State {
    /// The count as it is, or is being made: what was read or set last, however long ago, or what is being scaled to.
    pub fn present(&self) -> Option<Count> {
        let last = self.last.as_ref().and_then(|last| last.count);
        self.order()
            .map(|order| order.to.max(order.from))
            .or(last)
            .or(self.watch.known)
    }
}

impl SupervisorActor {
    /// What there is around this process now.
    pub(super) fn around(&self, process: &ProcessName) -> Around {
        let known = self.works.journal.as_ref().map(Journal::orders);
        Around {
            orders_are_unknown: known.as_ref().is_some_and(|known| known.read_at.is_none()),
            orders: known.map(|known| known.orders).unwrap_or_default(),
            total: self.total(process),
        }
    }

    fn total(&self, process: &ProcessName) -> Option<Total> {
        let most = self.common.max_total_processes?;
        let own = self.groups.get(process)?.plan.envelope.priority;
        let mut total = Total {
            most,
            others: 0,
            first: None,
        };
        for (name, group) in self.groups.iter().filter(|(name, _)| *name != process) {
            let (count, waits) = group
                .memory
                .read(|state| (state.present(), state.waits_for_total));
            total.others += u64::from(count.unwrap_or(0));
            if waits && group.plan.envelope.priority > own {
                total.first.get_or_insert_with(|| name.clone());
            }
        }
        Some(total)
    }
}

impl Turn<'_> {
    /// The same turn, with this around it.
    #[must_use]
    pub fn among(self, around: Around) -> Self {
        Self { around, ..self }
    }

    /// What people have ordered.
    pub(super) fn standing(&self) -> Standing {
        together(&self.around.orders, &self.plan.process, self.now.wall)
    }

    /// The bounds in force: the schedule's, or what people put in their place.
    pub(super) fn bounds(&self) -> Bounds {
        let planned = self.plan.bounds(self.now.wall, self.state.adopted_max);
        if self.around.orders.is_empty() {
            return planned;
        }
        self.standing().bounds(planned)
    }

    /// Which of the bounds are people's.
    pub(super) fn ordered_bounds(&self) -> Ordered {
        if self.around.orders.is_empty() {
            return Ordered::default();
        }
        let (standing, bounds) = (self.standing(), self.bounds());
        let planned = self.plan.bounds(self.now.wall, self.state.adopted_max);
        let (least, most) = standing.overridden();
        let exactly = standing.exactly();
        let order = standing.scale.as_ref().or(standing.over.as_ref());
        let told = order.map(|order| words::sentence(order, self.now.wall, self.plan.zone));
        let is_min = exactly.or(least).is_some() || bounds.min() != planned.min();
        let is_max = exactly.or(most).is_some() || bounds.max() != planned.max();
        Ordered {
            min: told.clone().filter(|_| is_min),
            max: told.filter(|_| is_max),
        }
    }

    /// What people said must not be done to this count. What they ordered in numbers is done all the same.
    pub(super) fn paused(&self, count: Count) -> Paused {
        if self.around.orders.is_empty() {
            return Paused::default();
        }
        let standing = self.standing();
        let (least, most) = standing.overridden();
        let ordered =
            least.is_some_and(|least| count < least) || most.is_some_and(|most| count > most);
        let said = |direction| {
            let order = standing.paused(direction).filter(|_| !ordered)?;
            Some(words::sentence(order, self.now.wall, self.plan.zone))
        };
        Paused {
            up: said(Direction::Up),
            down: said(Direction::Down),
        }
    }

    /// Why a scale down cannot be trusted for what is not known of people.
    pub(super) fn unknown_orders(&self) -> Option<String> {
        self.around.orders_are_unknown.then(|| UNKNOWN.to_owned())
    }

    /// Tells which orders have begun and ended.
    pub(super) fn announce(&mut self) {
        let (now, zone) = (self.now.wall, self.plan.zone);
        let news = self
            .state
            .announced
            .news(&self.around.orders, &self.plan.process, now);
        for news in news {
            let reason = match news {
                News::Begun(order) => words::sentence(&order, now, zone),
                News::Over(order) => format!("over: {}", words::past(&order, now, zone)),
            };
            self.tell(Event::Ordered, Phase::Moment, None, None, &reason);
        }
    }
}
