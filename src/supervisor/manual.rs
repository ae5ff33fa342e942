//! Whether somebody has changed the count on the platform. Asked in every cycle, once the count was read: one that is not the
//! known one is somebody's doing, unless something else explains it.
//!
//! ```text
//!   the count read is not the known one
//!     ├─ another replica leads, or may have led since ──────▶ a scale of that one's (`standby`)
//!     ├─ an order of this bot's, never answered, went there ─▶ this bot's own doing
//!     ├─ people ordered it, or the program's copies ended ──▶ what was to be expected
//!     ├─ in the shadow ─────────────────────────────────────▶ whoever scales it there
//!     ├─ a release is under way, or a scale arrives slowly ──▶ asked again at the next cycle, by the known count still
//!     └─ else ─────────────────────────────────────────────▶ by hand: told, and respected (`respect`)
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Now;
use crate::envelope::Cause;
use crate::model::{Count, Direction};
use crate::scaling::Observed;
use crate::supervisor::cycle::{Platform, Turn};
use crate::supervisor::keeping::Moved;
use crate::supervisor::ledger::ScaleRecord;
use crate::supervisor::plan::Mode;

/// How long an order that was never answered may still be carried out.
const MAY_STILL_COME: Duration = Duration::from_secs(300);

/// The latest scale of this bot's that the count may still be on its way to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnItsWay {
    /// The count before.
    pub from: Count,
    /// The count asked for.
    pub to: Count,
    /// When (monotonic).
    pub at: Duration,
    /// Whether the platform has said that it was done.
    pub is_answered: bool,
    /// Whether it counts as made already.
    #[serde(default)]
    pub counts: bool,
    /// What asked for it.
    #[serde(default = "by_load")]
    pub cause: Cause,
}

fn by_load() -> Cause {
    Cause::Load
}

impl OnItsWay {
    /// The same on another program's clock.
    #[must_use]
    pub fn moved(self, moved: Moved) -> Self {
        Self {
            at: moved.time(self.at),
            ..self
        }
    }

    /// Whether a count is one on the way, from the first step to the end.
    fn leads_to(self, count: Count) -> bool {
        count != self.from && self.spans(count)
    }

    fn spans(self, count: Count) -> bool {
        (self.from.min(self.to)..=self.from.max(self.to)).contains(&count)
    }
}

/// Whose doing a change of the count is.
enum Whose {
    /// This bot's, by this order, which was never answered.
    Own(OnItsWay),
    /// What was to be expected.
    Expected,
    /// That is not known yet.
    NotYetKnown,
    /// Somebody's, on the platform.
    ByHand,
}

impl Turn<'_> {
    /// Looks whether the count was changed since it was known, by the leader or by hand. From now on it is the known one.
    pub(super) fn notice_change(&mut self, seen: &Observed, platform: Platform) {
        let known = self.state.watch.known;
        let another_leads = self.another_led();
        if another_leads {
            self.shadow(seen.count);
        } else if let Some(from) = known.filter(|known| *known != seen.count) {
            match self.whose(seen, platform) {
                Whose::Own(order) => self.was_carried_out(order, from, seen.count),
                Whose::Expected => self.state.watch.arrived(seen.count),
                Whose::NotYetKnown => return,
                Whose::ByHand => self.changed_by_hand(from, seen.count, platform),
            }
            self.measured_before(from, seen.count);
        }
        self.know(seen.count);
    }

    /// What was measured before the change was measured of another count: windows begin anew, and this cycle's wish, which
    /// rests on them, is no reason to go down.
    fn measured_before(&mut self, from: Count, to: Count) {
        self.state.views.forget();
        self.changed = Some(format!(
            "the count was changed from {from} to {to}, and what was measured is of before"
        ));
    }

    /// An order that was never answered is found to be done: it counts as a scale, made when it was ordered.
    fn was_carried_out(&mut self, order: OnItsWay, from: Count, to: Count) {
        self.state.watch.on_its_way = Some(OnItsWay {
            counts: true,
            ..order
        });
        self.state.watch.arrived(to);
        let direction = Direction::between(from, to);
        let Some(direction) = direction.filter(|_| !order.counts) else {
            return;
        };
        let at = Now {
            mono: order.at,
            ..self.now
        };
        self.state.ledger.enter(ScaleRecord {
            at,
            cycle: self.cycle,
            from,
            to,
            direction,
            cause: order.cause,
            reason: "done, though the platform never said so".to_owned(),
        });
        self.state.cooldown.start(order.at, self.plan.wait);
    }

    /// This is the count now.
    pub(super) fn know(&mut self, count: Count) {
        self.state.watch.led_since = self.leads();
        self.state.watch.known = Some(count);
    }

    /// The platform has said that it was done.
    pub(super) fn was_scaled(&mut self, from: Count, to: Count) {
        self.know(to);
        self.state.watch.on_its_way = Some(OnItsWay {
            from,
            to,
            at: self.now.mono,
            is_answered: true,
            counts: true,
            cause: self.cause_in_flight(),
        });
    }

    /// The platform has not said anything.
    pub(super) fn may_still_be_scaled(&mut self, from: Count, to: Count) {
        self.state.watch.on_its_way = Some(OnItsWay {
            from,
            to,
            at: self.now.mono,
            is_answered: false,
            counts: false,
            cause: self.cause_in_flight(),
        });
    }

    /// What asked for the scale in flight.
    fn cause_in_flight(&self) -> Cause {
        self.state.order().map_or(Cause::Load, |order| order.cause)
    }

    fn whose(&self, seen: &Observed, platform: Platform) -> Whose {
        let (count, now) = (seen.count, self.now.mono);
        let boot = self.plan.boot_time;
        let passed = |order: OnItsWay| now.saturating_sub(order.at);
        let order = self.state.watch.on_its_way;
        let lags = |order: OnItsWay| {
            order.is_answered
                && order.spans(count)
                && seen.ready.is_none()
                && passed(order) < self.state.settling.boot(boot)
        };
        let is_ours = |order: OnItsWay| {
            !order.is_answered && order.leads_to(count) && passed(order) < MAY_STILL_COME
        };
        let standing = self.standing();
        let (least, most) = standing.overridden();
        let ordered = [standing.exactly(), least, most].contains(&Some(count));
        let ended_with_the_program =
            count == 0 && !platform.zero_can_mean_off && self.state.before_start.is_some();
        if let Some(order) = order.filter(|order| is_ours(*order)) {
            return Whose::Own(order);
        }
        if ordered || ended_with_the_program || self.plan.mode != Mode::Live {
            return Whose::Expected;
        }
        if self.state.settling.is_disturbed(boot, now) || order.is_some_and(lags) {
            return Whose::NotYetKnown;
        }
        Whose::ByHand
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::backend::Registry;
    use crate::clock::Now;
    use crate::settings::{Source, load};
    use crate::supervisor::memory::State;
    use crate::supervisor::plan::Plan;
    use crate::supervisor::standby::Watch;

    const PLATFORM: Platform = Platform {
        zero_can_mean_off: true,
        limit: None,
    };

    fn plan(mode: &str) -> Plan {
        let text = format!(
            "[processes.web]\nmeasurement = {{ backend = \"command\", command = \"x\" }}\n\
             decision = {{ mode = \"{mode}\" }}\nscaling = {{ backend = \"command\", command = \"x\" }}\n"
        );
        let settings = load(&Source::new("test", &text), &Registry::built_in(), &|_| {
            None
        })
        .unwrap();
        Plan::new(&settings, settings.processes.first().unwrap()).unwrap()
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The order 2 -> 5, so many seconds ago.
    fn order(ago: u64, is_answered: bool) -> OnItsWay {
        OnItsWay {
            from: 2,
            to: 5,
            at: s(1000 - ago),
            is_answered,
            counts: is_answered,
            cause: Cause::Load,
        }
    }

    /// What a look at a count makes of it: whether it is by hand, and which count is known then.
    fn look(watch: Watch, seen: &Observed, plan: &Plan) -> (bool, Option<Count>) {
        let mut state = State {
            watch,
            ..State::default()
        };
        let now = Now {
            wall: DateTime::UNIX_EPOCH,
            mono: s(1000),
        };
        state.begin_cycle(now.mono, plan);
        let mut turn = Turn::new(&mut state, plan, now, 1);
        turn.notice_change(seen, PLATFORM);
        let by_hand = turn.orders.notices.len() == 1;
        (by_hand, state.watch.known)
    }

    #[test]
    fn an_order_explains_the_counts_on_its_way() {
        let (unanswered, answered) = (false, true);
        for (order, known, count, by_hand, then, because) in [
            (None, 2, 2, false, 2, "nothing has changed"),
            (None, 2, 3, true, 3, "nothing explains it"),
            (Some(order(10, unanswered)), 2, 5, false, 5, "it was done"),
            (Some(order(10, unanswered)), 2, 4, false, 4, "half of it"),
            (Some(order(10, unanswered)), 2, 6, true, 6, "more than that"),
            (Some(order(10, unanswered)), 2, 1, true, 1, "the other way"),
            (Some(order(299, unanswered)), 2, 5, false, 5, "late"),
            (Some(order(300, unanswered)), 2, 5, true, 5, "too late"),
            (
                Some(order(10, answered)),
                5,
                3,
                false,
                5,
                "it arrives slowly",
            ),
            (Some(order(10, answered)), 5, 2, false, 5, "very slowly"),
            (Some(order(59, answered)), 5, 2, false, 5, "within a boot"),
            (
                Some(order(60, answered)),
                5,
                2,
                true,
                2,
                "it does not arrive",
            ),
            (Some(order(10, answered)), 5, 6, true, 6, "more than that"),
        ] {
            let watch = Watch::resumed(Some(known), order);
            let found = look(watch, &Observed::unknown(count), &plan("live"));
            assert_eq!(found, (by_hand, Some(then)), "{count}: {because}");
        }
        let watch = Watch::resumed(Some(5), Some(order(10, answered)));
        let found = look(watch, &Observed::ready(2), &plan("live"));
        assert_eq!(
            found,
            (true, Some(2)),
            "a platform that tells how many are up tells how many are asked for, too"
        );
        let watch = Watch::resumed(Some(5), None);
        let found = look(watch, &Observed::ready(2), &plan("shadow"));
        assert_eq!(found, (false, Some(2)), "in the shadow others scale");
        let found = look(Watch::default(), &Observed::ready(2), &plan("live"));
        assert_eq!(found, (false, Some(2)), "nothing was known");
    }
}
