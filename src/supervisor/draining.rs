//! A drain as the supervisor sees it: when it begins, how it goes on, and how it ends. Pure, as [`cycle`](super::cycle) is.
//!
//! ```text
//! Decided ─▶ envelope ─┬─ down ─▶ Drain ─▶ (look) ─▶ Drained ─┬─ work is left: the cycle ends, the drain goes on
//!                      │                                      └─ none, or late: Scale
//!                      ├─ held back, fewer still wished for: it goes on
//!                      └─ else: GiveBack, and it is over
//! ```
//!
//! `GiveBack` is also ordered when nobody is drained and it is not known that nothing is owed: in the first cycle, after
//! a replica has begun to lead, and until it has succeeded.

use log::debug;

use crate::drain::progress::{Debt, Draining, Next};
use crate::envelope::{Clamp, Rule};
use crate::messages::{Decided, Drain, Drained, GiveBack, GivenBack, Scale};
use crate::model::Count;
use crate::notification::{Event, Phase};
use crate::record::Outcome;
use crate::scaling::Observed;
use crate::supervisor::cycle::{Orders, Turn};
use crate::supervisor::memory::{Order, Stage};
use crate::supervisor::plan::Mode;

impl Turn<'_> {
    /// A count is to be set: with fewer, those that go finish their work before.
    pub(super) fn go(&mut self, decided: &Decided, seen: &Observed, order: Order) {
        let from = seen.count;
        if self.plan.drain.is_none() || order.to > from {
            let mut reason = order.reason;
            if let Some(how) = self.break_off("more are wished for", Some(from)) {
                reason = format!("{reason}; {how}");
            } else {
                self.settle();
            }
            return self.order(decided, Order { reason, ..order });
        }
        let before = self.state.draining.take();
        let draining = Draining::going_on(before, from, order.to, self.now);
        let to = draining.to;
        if to != order.to {
            let why = format!("no further than {to} before {} are drained", draining.who());
            let unless = "that drain had ended";
            self.held_by_drain(order.to, to, &why, unless);
        }
        self.state.draining = Some(draining);
        if let Some(running) = &mut self.state.in_flight {
            running.stage = Stage::Draining;
            running.order = Some(Order { to, ..order });
        }
        self.orders.drain = Some(Drain {
            process: decided.process.clone(),
            cycle: decided.cycle,
            seen: seen.clone(),
            to,
        });
    }

    /// Those that go were looked at. `None` when that is late.
    pub fn drained(mut self, drained: &Drained) -> Option<Orders> {
        if !self.state.is_at(drained.cycle, Stage::Draining) {
            return None;
        }
        let order = self.state.order().cloned()?;
        let timeout = self.plan.drain.unwrap_or_default();
        let draining = self.state.draining.as_mut()?;
        draining.last = Some(drained.look.clone());
        let next = draining.next(timeout, self.now.mono, self.plan.zone);
        self.state.debt = Debt::Work;
        let stays = self.state.stopping || self.stands_by().is_some();
        match next {
            Next::Scale(how) if !stays => self.scale_drained(drained, order, &how),
            Next::Scale(told) | Next::Wait(told) => self.drains_on(&order, &told),
        }
        Some(self.orders)
    }

    fn scale_drained(&mut self, drained: &Drained, order: Order, how: &str) {
        let reason = format!("{}; {how}", order.reason);
        let Order { from, to, .. } = order;
        if let Some(running) = &mut self.state.in_flight {
            running.stage = Stage::Scaling;
            running.order = Some(Order { reason, ..order });
        }
        self.orders.scale = Some(Scale {
            process: drained.process.clone(),
            cycle: drained.cycle,
            from,
            to,
        });
    }

    fn drains_on(&mut self, order: &Order, told: &str) {
        let Order { from, to, .. } = *order;
        let unless = "they had had no work left";
        self.held_by_drain(to, from, told, unless);
        self.condition(Event::Drain, Some(told.to_owned()), Some(from));
        let reason = format!("{}; {told}", order.reason);
        self.end(Outcome::Draining { to }, Some(from), reason);
        self.recover(from);
    }

    fn held_by_drain(&mut self, from: Count, to: Count, why: &str, unless: &str) {
        self.record_clamp(Clamp {
            rule: Rule::Drain,
            from: from.into(),
            to: to.into(),
            why: why.to_owned(),
            unless: Some(unless.to_owned()),
        });
    }

    /// The count was set: who was drained has gone.
    pub(super) fn drain_is_over(&mut self, count: Count) {
        let Some(draining) = self.state.draining.take() else {
            return;
        };
        // What was not forgotten in time is found.
        self.state.debt = Debt::Unknown;
        let timeout = self.plan.drain.unwrap_or_default();
        let next = draining.next(timeout, self.now.mono, self.plan.zone);
        let (Next::Scale(how) | Next::Wait(how)) = next;
        self.end_of_drain(&how, Some(count));
    }

    /// No count is to be set in this cycle. What there is to say of a drain, if anything.
    pub(super) fn not_down(
        &mut self,
        decided: &Decided,
        seen: &Observed,
        clamps: &[Clamp],
    ) -> Option<String> {
        if self.state.stopping {
            return None;
        }
        if self.stands_by().is_some() {
            // The leader's, from now on.
            self.state.draining = None;
            self.state.debt = Debt::Unknown;
            self.state.conditions.remove(&Event::Drain);
            return None;
        }
        let Some(draining) = &self.state.draining else {
            self.settle();
            return None;
        };
        let timeout = self.plan.drain.unwrap_or_default();
        let is_late = draining.is_late(timeout, self.now.mono);
        let why = match (&decided.wish, clamps.last()) {
            (_, Some(held)) if held.rule == Rule::Pause => held.why.clone(),
            (Err(silence), _) => silence.to_string(),
            (Ok(wish), _) if wish.desired >= i64::from(seen.count) => {
                "fewer are no longer wished for".to_owned()
            }
            (Ok(_), Some(_)) if draining.from != seen.count => {
                format!("the count is {} now", seen.count)
            }
            (Ok(_), Some(held)) if passes(held.rule) && !is_late => {
                return Some(format!("the drain of {} goes on", draining.who()));
            }
            (Ok(_), Some(held)) => held.why.clone(),
            (Ok(_), None) => "nothing is scaled".to_owned(),
        };
        self.break_off(&why, Some(seen.count))
    }

    /// The count could not be read: a drain goes on for as long as it may, and no longer.
    pub(super) fn drains_uncounted(&mut self, why: &str) -> Option<String> {
        let timeout = self.plan.drain.unwrap_or_default();
        let draining = self.state.draining.as_ref()?;
        if !draining.is_late(timeout, self.now.mono) {
            return None;
        }
        self.break_off(why, None)
    }

    /// A drain ends without a scale, if there is one; what is said of that.
    fn break_off(&mut self, why: &str, count: Option<Count>) -> Option<String> {
        let draining = self.state.draining.take()?;
        self.state.debt = Debt::Work;
        let how = draining.broken_off(why, self.now.mono);
        self.end_of_drain(&how, count);
        self.settle();
        Some(how)
    }

    /// Nobody is drained: what may be owed to anybody is given back.
    fn settle(&mut self) {
        let is_drained = self.plan.drain.is_some() && self.plan.mode == Mode::Live;
        if is_drained && self.state.debt != Debt::Nothing {
            self.orders.give_back = Some(GiveBack {
                process: self.plan.process.clone(),
                cycle: self.cycle,
            });
        }
        if self.state.debt == Debt::Unknown {
            // It was told by an earlier life or run.
            self.end_of_drain("broken off by a restart, or by other settings", None);
        }
    }

    /// It was tried to give back what was owed.
    pub fn given_back(mut self, given: &GivenBack) -> Orders {
        if self.state.draining.is_some() {
            return self.orders;
        }
        match &given.result {
            Ok(()) => {
                self.state.debt = Debt::Nothing;
                self.end_of_drain("what was taken away was given back", None);
            }
            // What an earlier run may have left is nobody's concern before it is known.
            Err(why) if self.state.debt == Debt::Work => {
                let reason = format!("what a drain took away could not be given back yet: {why}");
                self.condition(Event::Drain, Some(reason), None);
            }
            Err(why) => {
                let process = &self.plan.process;
                debug!(process:% = process; "whether {process} is owed anything by an earlier drain is not known: {why}");
            }
        }
        self.orders
    }

    /// Told to whom its beginning was.
    fn end_of_drain(&mut self, how: &str, count: Option<Count>) {
        if self.state.conditions.remove(&Event::Drain).is_some() {
            self.tell(Event::Drain, Phase::Ended, None, count, how);
            self.orders
                .turned
                .push((Event::Drain, Some(how.to_owned())));
        }
    }
}

/// Whether a rule that holds a step back lets it go in a while, if nothing changes.
fn passes(rule: Rule) -> bool {
    match rule {
        Rule::Cooldown
        | Rule::Trust
        | Rule::Direction
        | Rule::Stabilization
        | Rule::Flap
        | Rule::Rate => true,
        Rule::Off
        | Rule::Bounds
        | Rule::Pause
        | Rule::Manual
        | Rule::Increment
        | Rule::Futile
        | Rule::Total
        | Rule::Budget
        | Rule::Standby
        | Rule::Drain => false,
    }
}
