//! A group's turns: its memory is changed by a fact, and what comes of that is carried out.

use crate::messages::{Drain, GiveBack, Notify, Scale};
use crate::supervisor::cycle::{Orders, Turn};
use crate::supervisor::group::Group;
use crate::supervisor::keeping::Kept;
use crate::supervisor::works::Works;
use crate::supervisor::{standby, telling};
use crate::wire::Wire;

impl Group {
    /// Changes the memory by a turn, and carries out what comes of it.
    pub fn turn(
        &self,
        works: &Works,
        cycle: u64,
        take: impl FnOnce(Turn<'_>) -> Option<Orders>,
    ) -> bool {
        let (now, leads) = (works.clock.now(), works.leadership.since());
        let orders = self
            .memory
            .commit(|state| take(Turn::new(state, &self.plan, now, cycle).leading(leads)));
        let found = orders.is_some();
        self.carry_out(works, orders.unwrap_or_default());
        found
    }

    fn carry_out(&self, works: &Works, orders: Orders) {
        telling::log_turned(self.process(), &orders.turned);
        standby::log_held(orders.record.as_deref());
        if let Some(record) = &orders.record {
            works.show(record, orders.timing);
        }
        let leads = works.leadership.since().is_some();
        if let (Some(journal), Some(record)) = (&works.journal, &orders.record) {
            let kept = || {
                self.memory
                    .read(|state| Kept::of(state, &self.plan, works.clock.now()))
            };
            let snapshot = leads.then(|| kept().snapshot(self.process()));
            if leads || standby::is_kept(record) {
                journal.note(snapshot, [record.kept()]);
            }
        }
        if let Some(scaler) = &self.crew.scale {
            // First, so that nobody is given back what is taken away by the next order.
            if let Some(order) = orders.give_back {
                Wire::<GiveBack>::to(&scaler.addr, &works.tap).tell(order);
            }
            if let Some(order) = orders.drain {
                Wire::<Drain>::to(&scaler.addr, &works.tap).tell(order);
            }
            if let Some(order) = orders.scale {
                Wire::<Scale>::to(&scaler.addr, &works.tap).tell(order);
            }
        }
        if let Some(notifier) = &self.crew.notify {
            let wire = Wire::<Notify>::to(&notifier.addr, &works.tap);
            let told = |notice: &Notify| leads || standby::is_told(notice);
            for notice in orders.notices.into_iter().filter(told) {
                wire.tell(notice);
            }
        }
    }
}
