//! A group's turns: its memory is changed by a fact, and what comes of that is carried out.

use crate::messages::{Notify, Scale};
use crate::supervisor::cycle::{Orders, Turn};
use crate::supervisor::group::Group;
use crate::supervisor::keeping::Kept;
use crate::supervisor::telling;
use crate::supervisor::works::Works;
use crate::wire::Wire;

impl Group {
    /// Changes the memory by a turn, and carries out what comes of it.
    pub fn turn(
        &self,
        works: &Works,
        cycle: u64,
        take: impl FnOnce(Turn<'_>) -> Option<Orders>,
    ) -> bool {
        let now = works.clock.now();
        let orders = self
            .memory
            .commit(|state| take(Turn::new(state, &self.plan, now, cycle)));
        let found = orders.is_some();
        self.carry_out(works, orders.unwrap_or_default());
        found
    }

    fn carry_out(&self, works: &Works, orders: Orders) {
        telling::log_turned(self.process(), &orders.turned);
        if let (Some(journal), Some(record)) = (&works.journal, &orders.record) {
            let kept = self.memory.read(|state| Kept::of(state, works.clock.now()));
            journal.note(Some(kept.snapshot(self.process())), [record.kept()]);
        }
        if let (Some(order), Some(scaler)) = (orders.scale, &self.crew.scale) {
            Wire::<Scale>::to(&scaler.addr, &works.tap).tell(order);
        }
        if let Some(notifier) = &self.crew.notify {
            let wire = Wire::<Notify>::to(&notifier.addr, &works.tap);
            for notice in orders.notices {
                wire.tell(notice);
            }
        }
    }
}
