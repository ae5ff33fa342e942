//! What a cycle's facts lead to. Pure: a change of the [`State`] in, [`Orders`] out; the supervisor's handlers carry them out.
//!
//! ```text
//! Decided ─▶ conditions told ─▶ envelope ─┬─ nothing to do ──────────────▶ the cycle ends
//!                                         ├─ fewer, and they are drained before: see `draining`
//!                                         └─ Scale ─▶ (platform) ─▶ Scaled ─┬─ done: cooldown, empty history, ledger ─▶ ends
//!                                                                          └─ failed: nothing changed ─────────────▶ ends
//! ```

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Now;
use crate::envelope::{self, Cause, Rule};
use crate::messages::{Decided, Drain, GiveBack, Notify, Scale, Scaled, Silence};
use crate::model::{Count, Cycle, Direction};
use crate::notification::{Event, Phase};
use crate::record::{CycleRecord, Outcome};
use crate::scaling::{Observed, ScaleError};
use crate::supervisor::around::Around;
use crate::supervisor::ledger::ScaleRecord;
use crate::supervisor::memory::{Health, LastCycle, Order, Stage, State};
use crate::supervisor::plan::{Mode, Plan};

/// How many characters of a measurement's data are told.
pub(super) const MOST_DATA: usize = 1_000;

/// What is to be done after a fact.
#[derive(Debug, Default, PartialEq)]
pub struct Orders {
    /// What to tell.
    pub notices: Vec<Notify>,
    /// What to scale.
    pub scale: Option<Scale>,
    /// Whom to drain before.
    pub drain: Option<Drain>,
    /// Whom to give back what a drain took away.
    pub give_back: Option<GiveBack>,
    /// For the log, which nobody has to pick: conditions that began (with the reason) or ended in this turn.
    pub turned: Vec<(Event, Option<String>)>,
    /// The record of the cycle that ended.
    pub record: Option<Arc<CycleRecord>>,
    /// How late the cycle began, and how long it took, once it has ended.
    pub timing: Timing,
}

/// How a cycle kept its time.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long after its tick it began.
    pub late: Duration,
    /// How long it took until it ended.
    pub took: Duration,
}

/// What the scaling backend says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform {
    /// Whether a count of 0 can mean that someone switched the process off.
    pub zero_can_mean_off: bool,
    /// The most that the platform is known to allow.
    pub limit: Option<Count>,
}

/// One fact's working place: the state that it changes and the orders that come of it.
#[derive(Debug)]
pub struct Turn<'a> {
    pub(super) state: &'a mut State,
    pub(super) plan: &'a Plan,
    pub(super) now: Now,
    pub(super) cycle: Cycle,
    /// Since when this program leads, where it is one of several; `None`: it stands by.
    pub(super) leads_since: Option<Duration>,
    pub(super) orders: Orders,
    pub(super) around: Around,
    /// Why what was measured is of another count than this cycle's, if it is.
    pub(super) changed: Option<String>,
}

impl<'a> Turn<'a> {
    /// A turn at `now` about `cycle`.
    pub fn new(state: &'a mut State, plan: &'a Plan, now: Now, cycle: Cycle) -> Self {
        Self {
            state,
            plan,
            now,
            cycle,
            leads_since: Some(Duration::ZERO),
            orders: Orders::default(),
            around: Around::default(),
            changed: None,
        }
    }

    /// A cycle's measurement and wish are in. `None` when they are late.
    pub fn decided(
        mut self,
        decided: &Decided,
        platform: Result<Platform, ScaleError>,
    ) -> Option<Orders> {
        if !self.state.is_at(decided.cycle, Stage::Deciding) {
            return None;
        }
        self.tell_measurement(decided);
        self.announce();
        self.begin_record(decided);
        match (&decided.count, platform) {
            (Ok(seen), Ok(platform)) => self.weigh(decided, seen, platform),
            (Err(error), _) => self.uncounted(format!("the count could not be read: {error}")),
            (Ok(_), Err(error)) => self.uncounted(format!("its limits could not be read: {error}")),
        }
        Some(self.orders)
    }

    /// The platform has answered. `None` when that is late.
    pub fn scaled(mut self, scaled: &Scaled) -> Option<Orders> {
        if !self.state.is_at(scaled.cycle, Stage::Scaling) {
            return None;
        }
        match &scaled.result {
            Ok(count) if *count == scaled.from => {
                let why = format!(
                    "the platform left the count at {count} instead of setting it to {}",
                    scaled.to
                );
                self.not_scaled(scaled.from, scaled.to, why);
            }
            Ok(count) => self.done(scaled.from, *count),
            Err(error) => self.failed(scaled.from, scaled.to, error),
        }
        self.recover(*scaled.result.as_ref().unwrap_or(&scaled.from));
        Some(self.orders)
    }

    /// The cycle in flight is given up, because a part of it failed. That is no recovery of a degraded group.
    pub fn lost(mut self, why: &str) -> Orders {
        match self.state.sent().cloned() {
            Some(order) => self.unanswered(order.from, order.to, why.to_owned()),
            None => self.end(Outcome::Lost, None, why.to_owned()),
        }
        self.orders
    }

    fn uncounted(&mut self, reason: String) {
        self.condition(Event::ScaleFailed, Some(reason.clone()), None);
        let drain = self.drains_uncounted(&reason);
        let reason = drain.map_or_else(|| reason.clone(), |drain| format!("{reason}; {drain}"));
        self.end(Outcome::Uncounted, None, reason);
    }

    fn weigh(&mut self, decided: &Decided, seen: &Observed, platform: Platform) {
        self.adopt(seen.count);
        self.observe(decided, seen.count);
        self.let_go();
        self.notice_change(seen, platform);
        let answer = self
            .resumed(seen, platform)
            .unwrap_or_else(|| envelope::weigh(&self.question(decided, seen, platform)));
        self.record_verdict(&answer);
        self.state.waits_for_total = answer.clamps.iter().any(|clamp| clamp.rule == Rule::Total);
        let off = answer.switched_off.then(|| answer.reason.clone());
        if off.is_some() {
            // What was measured while nothing ran says nothing about the load when it runs again.
            self.state.views.forget();
        }
        self.condition(Event::SwitchedOff, off, Some(seen.count));
        // Without a wish nobody knows whether the load still asks for more than the bounds allow.
        if decided.wish.is_ok() {
            let futile = answer
                .clamps
                .iter()
                .find(|clamp| clamp.rule == Rule::Futile);
            let futile = futile.map(|clamp| clamp.why.clone());
            self.condition(Event::Futile, futile, Some(seen.count));
            self.condition(Event::AboveMax, answer.above_max, Some(seen.count));
            self.condition(Event::BelowMin, answer.below_min, Some(seen.count));
        }
        match answer.target {
            Some(to) if self.plan.mode != Mode::Live => {
                self.would(seen.count, to, &answer.reason);
                self.recover(seen.count);
            }
            Some(to) if !self.state.stopping => {
                let order = Order {
                    from: seen.count,
                    to,
                    cause: answer.cause,
                    reason: answer.reason,
                    value: decided.grounds.value,
                    metric: decided.grounds.chosen,
                };
                self.go(decided, seen, order);
            }
            target => {
                let drain = self.not_down(decided, seen, &answer.clamps);
                // A scale that is only not tried any more, because the process leaves, has not stopped to fail.
                if target.is_none() && decided.wish.is_ok() {
                    self.state.settling.granted();
                }
                if target.is_none() {
                    self.condition(Event::ScaleFailed, None, Some(seen.count));
                }
                let silence = decided.wish.as_ref().err().map(Silence::to_string);
                let mut reason = silence
                    .filter(|_| !answer.switched_off)
                    .unwrap_or(answer.reason);
                if let Some(drain) = drain {
                    reason = format!("{reason}; {drain}");
                }
                self.end(Outcome::Held, Some(seen.count), reason);
                self.recover(seen.count);
            }
        }
    }

    pub(super) fn order(&mut self, decided: &Decided, order: Order) {
        let Order { from, to, .. } = order;
        if let Some(running) = &mut self.state.in_flight {
            running.stage = Stage::Scaling;
            running.order = Some(order);
        }
        self.orders.scale = Some(Scale {
            process: decided.process.clone(),
            cycle: decided.cycle,
            from,
            to,
        });
    }

    fn done(&mut self, from: Count, to: Count) {
        self.state.settling.granted();
        self.was_scaled(from, to);
        let order = self.state.order().cloned();
        let nobody = (Cause::Load, String::new(), (0, None));
        let (cause, reason, (metric, value)) = order.map_or(nobody, |order| {
            (order.cause, order.reason, (order.metric, order.value))
        });
        self.condition(Event::ScaleFailed, None, Some(to));
        self.drain_is_over(to);
        if let Some(direction) = Direction::between(from, to) {
            let record = ScaleRecord {
                at: self.now,
                cycle: self.cycle,
                from,
                to,
                direction,
                cause,
                reason: reason.clone(),
            };
            self.state.ledger.enter(record);
            match direction {
                Direction::Up if cause == Cause::Load => {
                    self.state.futility.scaled_up(metric, value);
                }
                Direction::Up => {}
                Direction::Down => self.state.futility.over(),
            }
        }
        self.state.cooldown.start(self.now.mono, self.plan.wait);
        self.state.views.forget();
        self.tell(Event::Scale, Phase::Moment, Some(from), Some(to), &reason);
        self.end(Outcome::Scaled { to }, Some(to), reason);
    }

    /// The cycle is over.
    pub(super) fn end(&mut self, outcome: Outcome, count: Option<Count>, reason: String) {
        self.close_record(outcome, &reason);
        self.state.in_flight = None;
        self.state.last = Some(LastCycle {
            cycle: self.cycle,
            at: self.now,
            count,
            reason,
        });
        self.watch_rapid(count);
    }

    /// A whole cycle went through: a group that was being tried again works.
    pub(super) fn recover(&mut self, count: Count) {
        if self.state.health == Health::OnTrial {
            self.state.health = Health::Working;
            self.state.restarts.recovered();
            self.condition(Event::Degraded, None, Some(count));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::DateTime;
    use serde_json::Value;

    use super::*;
    use crate::backend::Registry;
    use crate::decision::Wish;
    use crate::measurement::Measurement;
    use crate::messages::{Grounds, Opinion};
    use crate::settings::{Source, load};

    const CONFIGURATION: &str = r#"
        [processes.web]
        measurement = { backend = "command", command = "x" }
        scaling = { backend = "command", command = "x" }
    "#;

    fn plan() -> Plan {
        let source = Source::new("web.toml", CONFIGURATION);
        let settings = load(&source, &Registry::built_in(), &|_| None).unwrap();
        Plan::new(&settings, &settings.processes[0]).unwrap()
    }

    fn now() -> Now {
        Now {
            wall: DateTime::UNIX_EPOCH,
            mono: Duration::ZERO,
        }
    }

    /// Two run, and so many are wished for.
    fn decided(state: &State, desired: i64) -> Decided {
        let wish = Wish {
            desired,
            reason: String::new(),
        };
        Decided {
            process: crate::model::ProcessName::new("web").unwrap(),
            cycle: state.cycle,
            opinions: vec![Opinion {
                measurement: Measurement {
                    backend: "command".to_owned(),
                    data: Arc::new(Value::Null),
                    success: true,
                    error: None,
                    at: now().wall,
                },
                wish: Ok(wish.clone()),
                grounds: Grounds::default(),
            }],
            count: Ok(Observed::ready(2)),
            wish: Ok(wish),
            grounds: Grounds::default(),
        }
    }

    #[test]
    fn a_scale_that_is_not_tried_any_more_has_not_stopped_to_fail() {
        for (stopping, desired, ended) in [(true, 3, false), (true, 2, true), (false, 2, true)] {
            let (plan, mut state) = (plan(), State::default());
            state.begin_cycle(Duration::ZERO, &plan);
            state.advance(state.cycle, Stage::Measuring, Stage::Deciding);
            state.conditions.insert(Event::ScaleFailed, "no".to_owned());
            state.stopping = stopping;
            let (decided, cycle) = (decided(&state, desired), state.cycle);
            let platform = Platform {
                zero_can_mean_off: true,
                limit: None,
            };
            let turn = Turn::new(&mut state, &plan, now(), cycle);
            let orders = turn.decided(&decided, Ok(platform)).unwrap();
            assert_eq!(orders.scale, None);
            let told = orders.turned.contains(&(Event::ScaleFailed, None));
            assert_eq!(told, ended, "stopping: {stopping}, wished for: {desired}");
            assert_eq!(state.conditions.is_empty(), ended);
        }
    }
}
