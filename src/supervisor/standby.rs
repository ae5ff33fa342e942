//! What is different for a program that is one of several and does not lead: it orders nothing and tells nobody, and takes
//! what the leader does to the count for its own doing, so that it can go on from there when it leads.

use std::time::Duration;

use log::debug;

use crate::envelope::{Cause, Rule};
use crate::messages::Notify;
use crate::model::{Count, Direction};
use crate::notification::Event;
use crate::record::{CycleRecord, Outcome};
use crate::supervisor::cycle::Turn;
use crate::supervisor::ledger::ScaleRecord;
use crate::supervisor::manual::OnItsWay;

/// Since when a program leads that is no replica.
const ALONE: Option<Duration> = Some(Duration::ZERO);

/// Why the first cycle of a leader may not order.
const JUST_LEADS: &str =
    "standby: this replica leads since this cycle began, and orders from the next on";

/// Why the others may not.
const STANDS_BY: &str = "standby: another replica leads, or nobody is known to";

/// What is needed to see that the count was changed, and by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// The count that was read or set last.
    pub known: Option<Count>,
    /// Since when this program led in the cycle that it is from (monotonic); `None`: it stood by.
    pub led_since: Option<Duration>,
    /// The latest scale of this program's that the count may still be on its way to.
    pub on_its_way: Option<OnItsWay>,
}

impl Watch {
    /// What is known in a program that goes on from another's snapshot: that one led, or there was no other.
    pub fn resumed(known: Option<Count>, on_its_way: Option<OnItsWay>) -> Self {
        Self {
            known,
            led_since: ALONE,
            on_its_way,
        }
    }

    /// The count is what a scale was to make it.
    pub(super) fn arrived(&mut self, count: Count) {
        self.on_its_way.take_if(|order| order.to == count);
    }
}

impl Turn<'_> {
    /// The same, in a program that leads since then (monotonic), or does not.
    #[must_use]
    pub fn leading(self, leads_since: Option<Duration>) -> Self {
        Self {
            leads_since,
            ..self
        }
    }

    /// Why nothing is ordered in this cycle, if so: another leads, or led when the cycle began, and may have changed the
    /// count after it was read.
    pub(super) fn stands_by(&self) -> Option<String> {
        let Some(since) = self.leads_since else {
            return Some(STANDS_BY.to_owned());
        };
        let began = self.state.in_flight.as_ref()?.began;
        (began < since).then(|| JUST_LEADS.to_owned())
    }

    /// Since when this program leads, if it may order in this cycle.
    pub(super) fn leads(&self) -> Option<Duration> {
        self.leads_since.filter(|_| self.stands_by().is_none())
    }

    /// Whether another may have led after the count was known.
    pub(super) fn another_led(&self) -> bool {
        let leads = self.leads();
        leads.is_none() || leads != self.state.watch.led_since
    }

    /// A count that is another than the one that was known, while another led, is taken for a scale of that one's.
    pub(super) fn shadow(&mut self, count: Count) {
        let known = self.state.watch.known;
        let changed = known.and_then(|from| Some((from, Direction::between(from, count)?)));
        let Some((from, direction)) = changed else {
            return;
        };
        self.state.ledger.enter(ScaleRecord {
            at: self.now,
            cycle: self.cycle,
            from,
            to: count,
            direction,
            cause: Cause::Load,
            reason: "seen standing by".to_owned(),
        });
        self.state.cooldown.start(self.now.mono, self.plan.wait);
        self.state.views.forget();
    }
}

/// Whether this is told even when another leads: what this program has done itself, with its last breath as the leader.
pub(super) fn is_told(notify: &Notify) -> bool {
    notify.notice.event == Event::Scale
}

/// Whether this is recorded even when another leads, for the same reason. The store is one for all replicas, and what one
/// that stands by has seen is no record of what was done.
pub(super) fn is_kept(record: &CycleRecord) -> bool {
    match record.outcome {
        Outcome::Scaled { .. } | Outcome::Failed { .. } | Outcome::Ordered { .. } => true,
        Outcome::Held
        | Outcome::Draining { .. }
        | Outcome::Would { .. }
        | Outcome::Uncounted
        | Outcome::Lost => false,
    }
}

/// What a replica that stands by would have done.
pub(super) fn log_held(record: Option<&CycleRecord>) {
    let Some(record) = record else { return };
    let last = record.clamps.last();
    if let Some(held) = last.filter(|clamp| clamp.rule == Rule::Standby) {
        let process = &record.process;
        debug!(process:% = process, cycle = record.cycle, from = held.to, to = held.from; "{process}: {}; it would have set {} to {}", held.why, held.to, held.from);
    }
}
