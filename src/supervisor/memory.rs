//! What outlives an actor: history, cooldown, ledger, the cycle in flight, the next tick, who was told what. The
//! supervisor owns one [`Memory`] a process and lends it to the group's actors.
//!
//! A change is a [`Memory::commit`]: it works on a copy and puts it in place when it is done, so that a panic in the
//! middle leaves no trace. The copy is small (the ledger inside is shared until it changes).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Now;
use crate::drain::progress::{Debt, Draining};
use crate::envelope::Cause;
use crate::envelope::futility::Futility;
use crate::envelope::usage::Usage;
use crate::envelope::wishes::Wishes;
use crate::model::{Count, Cycle};
use crate::notification::Event;
use crate::notification::policy::Told;
use crate::orders::news::Announced;
use crate::record::CycleRecord;
use crate::scaling::settling::Settling;
use crate::supervisor::cooldown::Cooldown;
use crate::supervisor::ledger::Ledger;
use crate::supervisor::plan::Plan;
use crate::supervisor::respect::Changed;
use crate::supervisor::restarts::Restarts;
use crate::supervisor::standby::Watch;
use crate::supervisor::views::Views;

/// The shared handle to one process's state.
#[derive(Clone, Debug, Default)]
pub struct Memory(Rc<RefCell<State>>);

impl Memory {
    /// A memory that begins with this state.
    pub fn new(state: State) -> Self {
        Self(Rc::new(RefCell::new(state)))
    }

    /// Changes the state, all or nothing.
    pub fn commit<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut copy = self.0.borrow().clone();
        let result = change(&mut copy);
        *self.0.borrow_mut() = copy;
        result
    }

    /// Looks at the state.
    pub fn read<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.0.borrow())
    }
}

/// One process's state.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The last cycle that began.
    pub cycle: Cycle,
    /// The cycle that has not ended yet.
    pub in_flight: Option<InFlight>,
    /// When the next cycle begins (monotonic).
    pub next_tick: Duration,
    /// How many ticks found their predecessor still busy, or came too late.
    pub skipped: u64,
    /// What was measured since the last scale.
    pub views: Views,
    /// The wishes of a while.
    pub wishes: Wishes,
    /// Whether more processes help.
    pub futility: Futility,
    /// The process-hours of the day.
    pub usage: Usage,
    /// The wait after a scale.
    pub cooldown: Cooldown,
    /// Whether the processes have come to rest.
    pub settling: Settling,
    /// The drain under way.
    pub draining: Option<Draining>,
    /// What earlier ones may have left.
    pub debt: Debt,
    /// The scales of the past.
    pub ledger: Ledger,
    /// What each notifier has told.
    pub told: Vec<Told>,
    /// The conditions that hold now.
    pub conditions: BTreeMap<Event, String>,
    /// The too-rapid conditions that hold now, by notifier.
    pub rapid: BTreeMap<usize, String>,
    /// Whether the last scale up was held back, or cut short, by what all process types may have together.
    pub waits_for_total: bool,
    /// The orders of people that were announced and are not over.
    pub announced: Announced,
    /// The count found at the start, when it was above a maximum that nobody wrote.
    pub adopted_max: Option<Count>,
    /// The count before the program started, until the first cycle.
    pub before_start: Option<Count>,
    /// Whether the count was read at least once.
    pub counted: bool,
    /// The faults of the group.
    pub restarts: Restarts,
    /// How many there have been.
    pub faults: u64,
    /// Which of the group's lives they are counted for: the present one, or the next, once this one is given up.
    pub life: u64,
    /// Whether the group works.
    pub health: Health,
    /// No new cycles: the program is stopping.
    pub stopping: bool,
    /// How the last cycle ended, for the status.
    pub last: Option<LastCycle>,
    /// What is needed to see that the count was changed, and by whom.
    pub watch: Watch,
    /// The latest change by hand, in its cycle and while it is respected.
    pub manual: Option<Changed>,
    /// The record of the cycle in flight, once it was decided.
    pub record: Option<Arc<CycleRecord>>,
    /// The record of the last cycle that ended.
    pub closed: Option<Arc<CycleRecord>>,
}

/// A cycle under way.
#[derive(Clone, Debug, PartialEq)]
pub struct InFlight {
    /// Its number.
    pub cycle: Cycle,
    /// When it began (monotonic).
    pub began: Duration,
    /// How long after its tick that was.
    pub late: Duration,
    /// Where it stands.
    pub stage: Stage,
    /// When it is given up, should it never end (monotonic).
    pub expires: Duration,
    /// How long reading the count took, which is then no longer there for the scale.
    pub counting: Duration,
    /// What is being scaled.
    pub order: Option<Order>,
}

/// A scale that was ordered and has not been answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The count before.
    pub from: Count,
    /// The count asked for.
    pub to: Count,
    /// What asked for it.
    pub cause: Cause,
    /// Why, in words.
    pub reason: String,
    /// What was measured.
    pub value: Option<f64>,
    /// By which of several measurements.
    pub metric: usize,
}

/// Where a cycle stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The measurement is being taken.
    Measuring,
    /// The count is being read, or the decision made.
    Deciding,
    /// Those that a scale takes away are being drained, or looked at.
    Draining,
    /// The count is being set.
    Scaling,
}

/// Whether a group works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// It works.
    #[default]
    Working,
    /// It failed too often; it is tried again at this time (monotonic).
    Degraded {
        /// When.
        retry_at: Duration,
    },
    /// It is being tried again after having been degraded, and has not completed a cycle yet.
    OnTrial,
}

/// How a cycle ended.
#[derive(Clone, Debug, PartialEq)]
pub struct LastCycle {
    /// Its number.
    pub cycle: Cycle,
    /// When it ended.
    pub at: Now,
    /// The count as it was read or set.
    pub count: Option<Count>,
    /// What was decided, in words.
    pub reason: String,
}

impl State {
    /// Whether a tick may begin a cycle; the next tick is set either way. Ticks that were missed are not made up for.
    pub fn begin_cycle(&mut self, now: Duration, plan: &Plan) -> Option<Cycle> {
        let late = now.saturating_sub(self.next_tick);
        self.next_tick += plan.interval;
        while self.next_tick <= now {
            self.next_tick += plan.interval;
            self.skipped += 1;
        }
        if self.stopping {
            return None;
        }
        if self
            .in_flight
            .as_ref()
            .is_some_and(|running| now < running.expires)
        {
            self.skipped += 1;
            return None;
        }
        let cycle = self.cycle + 1;
        self.begin(cycle, now, plan);
        if let Some(running) = &mut self.in_flight {
            running.late = late;
        }
        Some(cycle)
    }

    /// This cycle is under way from now on, and is to be measured.
    pub fn begin(&mut self, cycle: Cycle, now: Duration, plan: &Plan) {
        self.cycle = cycle;
        self.in_flight = Some(InFlight {
            cycle,
            began: now,
            late: Duration::ZERO,
            stage: Stage::Measuring,
            expires: now + plan.cycle_deadline(),
            counting: Duration::ZERO,
            order: None,
        });
    }

    /// What is being scaled, or is to be once those that go are drained.
    pub fn order(&self) -> Option<&Order> {
        self.in_flight.as_ref()?.order.as_ref()
    }

    /// The order that the platform has, or is being given.
    pub fn sent(&self) -> Option<&Order> {
        let running = self.in_flight.as_ref()?;
        running
            .order
            .as_ref()
            .filter(|_| running.stage == Stage::Scaling)
    }

    /// The count was read for this cycle, and that took so long.
    pub fn counted_in(&mut self, cycle: Cycle, took: Duration) {
        if let Some(running) = self
            .in_flight
            .as_mut()
            .filter(|running| running.cycle == cycle)
        {
            running.counting = took;
        }
    }

    /// Whether this cycle is in flight at this stage: whatever else arrives is late.
    pub fn is_at(&self, cycle: Cycle, stage: Stage) -> bool {
        self.in_flight
            .as_ref()
            .is_some_and(|running| running.cycle == cycle && running.stage == stage)
    }

    /// Moves the cycle in flight from one stage to the next; `false` when it was not there.
    pub fn advance(&mut self, cycle: Cycle, from: Stage, to: Stage) -> bool {
        match &mut self.in_flight {
            Some(running) if running.cycle == cycle && running.stage == from => {
                running.stage = to;
                true
            }
            Some(_) | None => false,
        }
    }
}
