//! What the envelope is asked in a cycle, put together from what the supervisor holds and what was decided.

use std::time::Duration;

use crate::envelope::usage::hours_left;
use crate::envelope::{self, Verdict};
use crate::envelope::{Budget, Question, Rate, Stabilized, Waits};
use crate::messages::Decided;
use crate::model::{Count, Direction};
use crate::notification::{Event, Phase};
use crate::scaling::Observed;
use crate::supervisor::cycle::{Platform, Turn};

/// Over how long `max_scales_per_hour` counts.
const HOUR: Duration = Duration::from_secs(3600);

impl Turn<'_> {
    /// A first start never cuts an app down: what is found above an unwritten maximum is the maximum. What was found
    /// before is lowered by none that is found later.
    pub(super) fn adopt(&mut self, count: Count) {
        if std::mem::replace(&mut self.state.counted, true) || self.plan.max_is_written {
            return;
        }
        let known = self.plan.bounds(self.now.wall, self.state.adopted_max);
        if count > known.max() {
            let max = self.plan.bounds(self.now.wall, None).max();
            self.state.adopted_max = Some(count);
            let reason = format!(
                "{count} processes were found at the start and max_processes is not set (its default is {max}), so {count} is \
                 the maximum; set max_processes to choose another"
            );
            self.tell(Event::AboveMax, Phase::Moment, None, Some(count), &reason);
        }
    }

    /// Remembers what the envelope looks back on.
    pub(super) fn observe(&mut self, decided: &Decided, count: Count) {
        let rules = &self.plan.envelope;
        self.state.usage.enter(self.now.wall, self.plan.zone, count);
        if let Ok(wish) = &decided.wish {
            let (up, down) = (rules.window(Direction::Up), rules.window(Direction::Down));
            self.state
                .wishes
                .enter(self.now.mono, wish.desired, up, down);
            if wish.desired <= i64::from(count) {
                self.state.futility.over();
            }
        }
    }

    /// Where nothing runs at a start but what the bot itself starts, it starts as many as there were when it ended.
    pub(super) fn resumed(&mut self, seen: &Observed, platform: Platform) -> Option<Verdict> {
        let before = self.state.before_start.take()?;
        if seen.count > 0 || platform.zero_can_mean_off {
            return None;
        }
        envelope::resume(before, self.bounds())
    }

    /// The question.
    pub(super) fn question(
        &self,
        decided: &Decided,
        seen: &Observed,
        platform: Platform,
    ) -> Question {
        let (plan, state, now) = (self.plan, &*self.state, self.now);
        let bounds = self.bounds();
        let down = plan.envelope.window(Direction::Down);
        Question {
            count: seen.count,
            bounds,
            ordered: self.ordered_bounds(),
            wish: decided.wish.as_ref().ok().cloned(),
            cooling: state.cooldown.remaining(now.mono),
            zero_is_off: self.means_off(platform),
            limit: platform.limit,
            paused: self.paused(seen.count),
            respected: self.respected(),
            doubts: decided
                .grounds
                .doubts
                .iter()
                .cloned()
                .chain(self.changed.clone())
                .chain(self.unknown_orders())
                .collect(),
            unsettled: state.settling.unsettled(),
            up_step: plan.envelope.scale_up_increment,
            down_step: plan.envelope.scale_down_increment,
            waits: Waits {
                up: self.wait(Direction::Up),
                down: self.wait(Direction::Down),
            },
            stabilized: Stabilized {
                lowest: state.wishes.lowest(),
                highest: state.wishes.highest(),
                warming: state.wishes.warming(now.mono, down),
            },
            projection: decided.grounds.projection,
            futile: self.futile(decided),
            rate: self.rate(),
            total: self.around.total.clone(),
            stands_by: self.stands_by(),
            budget: plan
                .envelope
                .max_process_hours_per_day
                .map(|allowed_hours| Budget {
                    allowed_hours,
                    used_hours: state.usage.hours(now.wall, plan.zone),
                    reserved_hours: f64::from(bounds.min()) * hours_left(now.wall, plan.zone),
                }),
        }
    }

    /// Whether a count of 0 means that somebody switched the process off.
    pub(super) fn means_off(&self, platform: Platform) -> bool {
        self.plan.zero_is_off && platform.zero_can_mean_off
    }

    /// How long nothing is scaled this way after the last scale.
    fn wait(&self, direction: Direction) -> Option<Duration> {
        let (last, _) = self.state.ledger.scales().last()?;
        let until = last.saturating_add(self.plan.envelope.wait(direction));
        until
            .checked_sub(self.now.mono)
            .filter(|left| !left.is_zero())
    }

    fn futile(&self, decided: &Decided) -> Option<String> {
        let value = decided.grounds.value?;
        let after = self.plan.envelope.futile_after;
        let futility = &self.state.futility;
        futility
            .is_futile(after, decided.grounds.chosen, Some(value))
            .then(|| futility.reason(value))
    }

    fn rate(&self) -> Option<Rate> {
        let most = self.plan.envelope.max_scales_per_hour?;
        let begin = self.now.mono.saturating_sub(HOUR);
        let whole = self.now.mono >= HOUR;
        let within = |at: &Duration| !whole || *at > begin;
        let scales = self.state.ledger.scales().map(|(at, _)| at);
        let recent: Vec<Duration> = scales.filter(within).collect();
        let made = u32::try_from(recent.len()).unwrap_or(u32::MAX);
        // When so many have become an hour old that there is room for one.
        let surplus = recent
            .len()
            .saturating_sub(usize::try_from(most).unwrap_or(usize::MAX));
        let free_in = recent.get(surplus).map_or(Duration::ZERO, |at| {
            (*at + HOUR).saturating_sub(self.now.mono)
        });
        Some(Rate {
            most,
            made,
            free_in,
        })
    }
}
