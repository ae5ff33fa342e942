//! The four actors of one process: wire, start, stop, rebuild; and what outlives them.
//!
//! Actors start from the end of the path to its beginning, so that each finds its listener there, and are torn down from its
//! beginning to its end, so that nothing that is under way is lost.

use std::rc::Rc;
use std::time::Duration;

use actix::Addr;
use log::warn;

use crate::backend::BuildError;
use crate::decision::actor::DeciderActor;
use crate::decision::panel::Panel;
use crate::drain::Drainer;
use crate::measurement::actor::MeasureActor;
use crate::messages::Measured;
use crate::model::{ProcessName, Role};
use crate::notification::actor::NotifierActor;
use crate::notification::heirs::heirs;
use crate::notification::outbox::Outbox;
use crate::scaling::actor::ScalerActor;
use crate::scaling::draining::Drains;
use crate::scaling::settling::Settling;
use crate::scaling::{ScaleError, ScalingBackend};
use crate::settings::ProcessSettings;
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::birth::Start;
use crate::supervisor::caught::caught;
use crate::supervisor::challenger::Challenger;
use crate::supervisor::cycle::Platform;
use crate::supervisor::departure::Departure;
use crate::supervisor::guard::Life;
use crate::supervisor::memory::{Memory, State};
use crate::supervisor::plan::{Common, Plan};
use crate::supervisor::restarts::Restarts;
use crate::supervisor::standby::Watch;
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
    /// What is tried beside its own decision.
    pub challenger: Option<Challenger>,
    /// Who drains before a scale down, if anybody.
    pub drainer: Option<Rc<dyn Drainer>>,
    /// What waits to be told, which outlives the notifiers' actor.
    pub outbox: Outbox,
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
        common: Common,
        settings: ProcessSettings,
    ) -> Result<Self, BuildError> {
        let plan = Plan::new(common, &settings)?;
        let mut state = State {
            restarts: Restarts::new(common.supervision.into()),
            ..State::default()
        };
        if let Some(kept) = works.kept.get(&settings.name) {
            kept.clone().restore(&mut state, &plan, works.clock.now());
        }
        Ok(Self {
            plan: Rc::new(plan),
            memory: Memory::new(state),
            scaling: works.scaling(&settings)?,
            challenger: Challenger::new(works, common, &settings)?,
            drainer: works.drainer(&settings)?,
            outbox: Outbox::default(),
            generation: 0,
            crew: Crew::default(),
            settings,
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
        self.end_life();
        let measuring = works.measurement(&self.settings)?;
        let deciding = works.decision(&self.settings)?;
        let challenger = self.challenger.as_ref().and_then(|one| one.sits(works));
        let notifiers = works.notification(&self.settings);
        let start = Start {
            group: self,
            works,
            supervisor,
        };
        let notify = start.member(Role::Notify, true, |desk| {
            NotifierActor::new(desk, notifiers, self.outbox.clone())
        });
        let drains = self.drainer.as_ref().map(|drainer| {
            let (drained, given_back) = (
                Wire::to(supervisor, &works.tap),
                Wire::to(supervisor, &works.tap),
            );
            Drains::new(Rc::clone(drainer), drained, given_back)
        });
        let scale = start.member(Role::Scale, true, |desk| {
            ScalerActor::new(
                desk,
                Rc::clone(&self.scaling),
                Wire::to(supervisor, &works.tap),
                works.leadership.clone(),
                drains,
            )
        });
        let decide = start.member(Role::Decide, true, |desk| {
            let (plan, memory) = (Rc::clone(&self.plan), self.memory.clone());
            DeciderActor::new(
                desk,
                Panel::new(plan, memory, deciding),
                challenger.map(|panel| (panel, Wire::to(supervisor, &works.tap))),
                Wire::to(&scale.addr, &works.tap),
                Wire::to(supervisor, &works.tap),
            )
        });
        let measure = start.member(Role::Measure, true, |desk| {
            MeasureActor::new(desk, measuring, Wire::to(&decide.addr, &works.tap))
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
        self.end_life();
        let notifiers = works.notification(&self.settings);
        let start = Start {
            group: self,
            works,
            supervisor,
        };
        let notify = start.member(Role::Notify, false, |desk| {
            NotifierActor::new(desk, notifiers, self.outbox.clone())
        });
        self.crew.notify = Some(notify);
    }

    fn end_life(&mut self) {
        self.crew = Crew::default();
        self.generation += 1;
        self.memory.commit(|state| state.life = self.generation);
    }

    /// A departure of this group was broken off: it ends this life, whose backends may be torn down already, and waits
    /// for the next to start. A degraded group has only to be told.
    pub fn come_back(&mut self) {
        if self.memory.commit(State::come_back) && self.is_running() {
            self.end_life();
        }
    }

    /// The process is let go of: what is still not told never will be.
    pub fn forget(self) {
        let (process, untold) = (self.process(), self.outbox.len());
        if untold > 0 {
            warn!(process:% = process, untold; "{untold} notices of {process} could not be delivered before it was let go of");
        }
    }

    /// Takes up other settings: the memory stays as far as it still means something, and so does the scaling backend
    /// if its settings stay.
    pub fn take_up(
        &mut self,
        works: &Works,
        common: Common,
        settings: ProcessSettings,
    ) -> Result<(), BuildError> {
        let plan = Plan::new(common, &settings)?;
        let challenger = Challenger::take_up(self.challenger.clone(), works, common, &settings)?;
        let other_platform = settings.scaling != self.settings.scaling;
        if other_platform {
            let drainer = works.drainer(&settings)?;
            self.scaling = works.scaling(&settings)?;
            self.drainer = drainer;
        }
        self.challenger = challenger;
        let other_load = !settings.metrics().eq(self.settings.metrics());
        let heirs = heirs(&self.settings.notification, &settings.notification);
        let lost = self.outbox.hand_on(&heirs);
        if lost > 0 {
            let process = self.process();
            warn!(process:% = process, lost; "{lost} notices of {process} were for notifiers that are gone, and are not delivered");
        }
        self.memory.commit(|state| {
            state.take_up(&self.plan, &plan);
            if other_load {
                state.views.sort(&self.plan.metrics, &plan.metrics);
                state.views.forget();
            }
            if other_platform {
                // It may be another app, whose count was never read.
                state.counted = false;
                state.settling = Settling::default();
                (state.watch, state.manual) = (Watch::default(), None);
            }
            state.hand_on(&heirs);
        });
        self.plan = Rc::new(plan);
        self.settings = settings;
        Ok(())
    }

    /// Sets when the first cycle begins.
    pub fn schedule(&self, first_tick: Duration) {
        self.memory.commit(|state| state.next_tick = first_tick);
    }

    /// What the scaling backend says about itself.
    pub fn platform(&self) -> Result<Platform, ScaleError> {
        let told = caught(|| Platform {
            zero_can_mean_off: self.scaling.zero_can_mean_off(),
            limit: self.scaling.limit(),
        });
        told.map_err(|text| ScaleError::Faulted(format!("the scaling backend panicked: {text}")))
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
            outbox: self.outbox.clone(),
        }
    }
}
