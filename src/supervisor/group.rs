//! The four actors of one process: wire, start, stop, rebuild; and what outlives them.
//!
//! Actors start from the end of the path to its beginning, so that each finds its listener there, and are torn down from its
//! beginning to its end, so that nothing that is under way is lost.

use std::rc::Rc;
use std::time::Duration;

use actix::Addr;
use log::{debug, info};

use crate::backend::BuildError;
use crate::decision::actor::DeciderActor;
use crate::measurement::actor::MeasureActor;
use crate::messages::{Decided, Measured, Notify, Scale, Scaled};
use crate::model::{ProcessName, Role};
use crate::notification::actor::NotifierActor;
use crate::notification::heirs::heirs;
use crate::one_line::one_line;
use crate::scaling::ScalingBackend;
use crate::scaling::actor::ScalerActor;
use crate::settings::{ProcessSettings, Settings};
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::birth::Start;
use crate::supervisor::cycle::{MOST_DATA, Orders, Platform, Turn};
use crate::supervisor::departure::Departure;
use crate::supervisor::guard::Life;
use crate::supervisor::memory::{Memory, State};
use crate::supervisor::plan::Plan;
use crate::supervisor::restarts::Restarts;
use crate::supervisor::telling;
use crate::supervisor::works::Works;
use crate::wire::Wire;

/// One process, as the supervisor holds it.
pub struct Group {
    /// Its settings, as they were when it started.
    pub settings: ProcessSettings,
    /// Its settings, typed.
    pub plan: Rc<Plan>,
    /// What outlives its actors.
    pub memory: Memory,
    /// The scaling backend, which outlives its actor too.
    pub scaling: Rc<dyn ScalingBackend>,
    /// Which life this is.
    pub generation: u64,
    pub(super) crew: Crew,
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group")
            .field("process", &self.plan.process)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// The actors that are alive. A degraded group has only its notifier.
#[derive(Debug, Default)]
pub(super) struct Crew {
    pub(super) measure: Option<Member<MeasureActor>>,
    pub(super) decide: Option<Member<DeciderActor>>,
    pub(super) scale: Option<Member<ScalerActor>>,
    pub(super) notify: Option<Member<NotifierActor>>,
}

/// An actor and the task that it lives in.
#[derive(Debug)]
pub(super) struct Member<A: actix::Actor> {
    pub(super) addr: Addr<A>,
    pub(super) _life: Life,
}

impl Group {
    /// A group that has not started.
    pub fn new(
        works: &Works,
        settings: &Settings,
        process: &ProcessSettings,
    ) -> Result<Self, BuildError> {
        let restarts = Restarts::new(settings.supervision.into());
        Ok(Self {
            settings: process.clone(),
            plan: Rc::new(Plan::new(settings, process)?),
            memory: Memory::new(State {
                restarts,
                ..State::default()
            }),
            scaling: works.scaling(process)?,
            generation: 0,
            crew: Crew::default(),
        })
    }

    /// The process's name.
    pub fn process(&self) -> &ProcessName {
        &self.plan.process
    }

    /// Whether all four actors are there.
    pub fn is_running(&self) -> bool {
        self.crew.measure.is_some()
    }

    /// Starts all four actors anew from what the supervisor holds; those of an earlier life end first.
    pub fn start(
        &mut self,
        works: &Works,
        supervisor: &Addr<SupervisorActor>,
    ) -> Result<(), BuildError> {
        self.crew = Crew::default();
        self.generation += 1;
        let measurer = works.measurement(&self.settings)?;
        let decision = works.decision(&self.settings)?;
        let notifiers = works.notification(&self.settings);
        let start = Start {
            group: self,
            works,
            supervisor,
        };
        let notify = start.member(Role::Notify, true, |desk| {
            NotifierActor::new(desk, notifiers)
        });
        let scale = start.member(Role::Scale, true, |desk| {
            ScalerActor::new(
                desk,
                Rc::clone(&self.scaling),
                Wire::to(supervisor, &works.tap),
            )
        });
        let decide = start.member(Role::Decide, true, |desk| {
            DeciderActor::new(
                desk,
                decision,
                Wire::to(&scale.addr, &works.tap),
                Wire::to(supervisor, &works.tap),
            )
        });
        let measure = start.member(Role::Measure, true, |desk| {
            MeasureActor::new(desk, measurer, Wire::to(&decide.addr, &works.tap))
        });
        self.crew = Crew {
            measure: Some(measure),
            decide: Some(decide),
            scale: Some(scale),
            notify: Some(notify),
        };
        Ok(())
    }

    /// Ends all actors but a notifier of a new life, which can still tell.
    pub fn rest(&mut self, works: &Works, supervisor: &Addr<SupervisorActor>) {
        self.crew = Crew::default();
        self.generation += 1;
        let notifiers = works.notification(&self.settings);
        let start = Start {
            group: self,
            works,
            supervisor,
        };
        let notify = start.member(Role::Notify, false, |desk| {
            NotifierActor::new(desk, notifiers)
        });
        self.crew.notify = Some(notify);
    }

    /// Takes up other settings: the memory stays as far as it still means something, and so does the scaling backend
    /// if its settings stay.
    pub fn take_up(
        &mut self,
        works: &Works,
        settings: &Settings,
        process: &ProcessSettings,
    ) -> Result<(), BuildError> {
        let plan = Plan::new(settings, process)?;
        if process.scaling != self.settings.scaling {
            self.scaling = works.scaling(process)?;
        }
        let other_load = process.measurement != self.settings.measurement
            || process.decision != self.settings.decision;
        let heirs = heirs(&self.settings.notification, &process.notification);
        self.memory.commit(|state| {
            state.take_up(&self.plan, &plan);
            if other_load {
                state.history.clear();
            }
            state.hand_on(&heirs);
        });
        self.plan = Rc::new(plan);
        self.settings = process.clone();
        Ok(())
    }

    /// Sets when the first cycle begins.
    pub fn schedule(&self, first_tick: Duration) {
        self.memory.commit(|state| state.next_tick = first_tick);
    }

    /// What the scaling backend says about itself.
    pub fn platform(&self) -> Platform {
        Platform {
            zero_can_mean_off: self.scaling.zero_can_mean_off(),
            limit: self.scaling.limit(),
        }
    }

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

    /// Hands a measurement to the decider in the measurer's name.
    pub fn pass_on(&self, works: &Works, measured: Measured) {
        if let Some(decider) = &self.crew.decide {
            Wire::<Measured>::to(&decider.addr, &works.tap).tell(measured);
        }
    }

    /// What is needed to end this life of the group, whatever becomes of the group meanwhile.
    pub fn departure(&self, works: &Works) -> Departure {
        Departure {
            clock: works.clock,
            memory: self.memory.clone(),
            process: self.process().clone(),
            measure: self.crew.measure.as_ref().map(|member| member.addr.clone()),
            decide: self.crew.decide.as_ref().map(|member| member.addr.clone()),
            scale: self.crew.scale.as_ref().map(|member| member.addr.clone()),
            notify: self.crew.notify.as_ref().map(|member| member.addr.clone()),
            scaling: Rc::clone(&self.scaling),
        }
    }

    /// One line a cycle, for who wants to follow.
    pub fn log_cycle(&self, decided: &Decided) {
        let process = self.process();
        let count = decided.count.as_ref().ok().map(|seen| seen.count);
        let (data, wish) = (&decided.measurement.data, decided.wish.as_ref());
        let wish = wish.map_or_else(ToString::to_string, |wish| wish.reason.clone());
        debug!(process:% = process, cycle = decided.cycle, count:?; "{process}: measured {}; {wish}", one_line(&data.to_string(), MOST_DATA));
    }

    /// The outcome of a scale.
    pub fn log_scaled(&self, scaled: &Scaled) {
        let (process, from, to, cycle) = (self.process(), scaled.from, scaled.to, scaled.cycle);
        match &scaled.result {
            Ok(count) => {
                let reason = self
                    .memory
                    .read(|state| state.last.as_ref().map(|last| last.reason.clone()))
                    .unwrap_or_default();
                info!(process:% = process, cycle, from, to = *count; "scaled {process} from {from} to {count}: {reason}");
            }
            Err(error) => {
                debug!(process:% = process, cycle, from, to; "{process} stays at {from} instead of {to} until the next cycle: {error}");
            }
        }
    }
}
