//! The four actors of one process: wire, start, stop, rebuild; and what outlives them.
//!
//! Actors start from the end of the path to its beginning, so that each finds its listener there, and are torn down from its
//! beginning to its end, so that nothing that is under way is lost.

use std::rc::Rc;
use std::time::Duration;

use actix::{Addr, Handler};
use log::{debug, error, info, warn};

use crate::backend::BuildError;
use crate::clock::Clock;
use crate::decision::actor::DeciderActor;
use crate::measurement::actor::MeasureActor;
use crate::messages::{
    Decided, Fault, Measured, Next, Notify, Restarted, Scale, Scaled, Teardown, Wire,
};
use crate::model::{ProcessName, Role};
use crate::notification::actor::NotifierActor;
use crate::scaling::ScalingBackend;
use crate::scaling::actor::ScalerActor;
use crate::settings::{ProcessSettings, Settings};
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::cycle::{Orders, Platform, Turn};
use crate::supervisor::desk::{Desk, fenced};
use crate::supervisor::guard::{self, Cause, Life, Pulse, Watch};
use crate::supervisor::memory::{Health, Memory, Stage, State};
use crate::supervisor::plan::Plan;
use crate::supervisor::restarts::{Restarts, Verdict};
use crate::supervisor::works::Works;

/// How many messages may wait for one of a group's actors; a cycle sends each at most a handful.
const MAILBOX: usize = 64;

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
    crew: Crew,
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
struct Crew {
    measure: Option<Member<MeasureActor>>,
    decide: Option<Member<DeciderActor>>,
    scale: Option<Member<ScalerActor>>,
    notify: Option<Member<NotifierActor>>,
}

/// An actor and the task that it lives in.
#[derive(Debug)]
struct Member<A: actix::Actor> {
    addr: Addr<A>,
    _life: Life,
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
        let notifiers = works.notification(&self.settings)?;
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
        match works.notification(&self.settings) {
            Ok(notifiers) => {
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
            Err(error) => {
                error!(process:% = self.process(); "nobody can be told about {}: {error}", self.process());
            }
        }
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
        let other_notifiers = process.notification != self.settings.notification;
        self.memory.commit(|state| {
            state.in_flight = None;
            state.stopping = false;
            if settings.supervision != self.plan.supervision {
                state.restarts = Restarts::new(settings.supervision.into());
                state.health = Health::Working;
            }
            if other_load {
                state.history.clear();
            }
            if other_notifiers {
                state.told.clear();
                state.rapid.clear();
            }
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
        debug!(process:% = process, cycle = decided.cycle, count:?; "{process}: measured {data}; {wish}");
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
                warn!(process:% = process, cycle, from, to; "{process} stays at {from} instead of {to} until the next cycle: {error}");
            }
        }
    }

    #[cfg(feature = "harness")]
    /// Makes one of the actors fail.
    pub fn inject(&self, role: Role, fault: crate::supervisor::inject::Injected) {
        fn send<A>(member: Option<&Member<A>>, fault: crate::supervisor::inject::Injected)
        where
            A: actix::Actor<Context = actix::Context<A>>
                + Handler<crate::supervisor::inject::Inject>,
        {
            if let Some(member) = member {
                member
                    .addr
                    .try_send(crate::supervisor::inject::Inject(fault))
                    .unwrap_or_default();
            }
        }
        match role {
            Role::Measure => send(self.crew.measure.as_ref(), fault),
            Role::Decide => send(self.crew.decide.as_ref(), fault),
            Role::Scale => send(self.crew.scale.as_ref(), fault),
            Role::Notify => send(self.crew.notify.as_ref(), fault),
        }
    }
}

/// The end of a group's life.
pub struct Departure {
    clock: Clock,
    memory: Memory,
    process: ProcessName,
    measure: Option<Addr<MeasureActor>>,
    decide: Option<Addr<DeciderActor>>,
    scale: Option<Addr<ScalerActor>>,
    notify: Option<Addr<NotifierActor>>,
    scaling: Rc<dyn ScalingBackend>,
}

impl std::fmt::Debug for Departure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Departure({})", self.process)
    }
}

impl Departure {
    /// Lets no new cycle begin, waits for a scale in flight, and runs the teardown hooks in the order of a cycle, all
    /// until `end` (monotonic). `for_good` lets the scaling backend go as well.
    pub async fn leave(self, end: Duration, for_good: bool) {
        self.memory.commit(|state| state.stopping = true);
        while self.memory.read(is_scaling) && !self.clock.until(end).is_zero() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let left = || Teardown {
            grace: self.clock.until(end),
            for_good,
        };
        // A hook that hangs may not eat what the scaling backend needs to stop its processes.
        let hooks = async {
            stop(self.measure.as_ref(), left()).await;
            stop(self.decide.as_ref(), left()).await;
        };
        if fenced(HOOKS_GRACE.min(left().grace), hooks).await.is_none() {
            let process = &self.process;
            warn!(process:% = process; "a teardown hook of {process} did not end in time");
        }
        match &self.scale {
            Some(scale) => stop(Some(scale), left()).await,
            // A degraded group has no scaler; what its backend runs must still be stopped.
            None if for_good => self.scaling.teardown(left().grace).await,
            None => {}
        }
        let last = Teardown {
            grace: left().grace.max(LAST_NOTICES),
            for_good,
        };
        stop(self.notify.as_ref(), last).await;
    }
}

fn is_scaling(state: &State) -> bool {
    state
        .in_flight
        .as_ref()
        .is_some_and(|running| running.stage == Stage::Scaling)
}

/// How long the hooks of the measurement and the decision backend may take at the end.
const HOOKS_GRACE: Duration = Duration::from_secs(2);

/// How long the last notices have, even when the grace is used up.
const LAST_NOTICES: Duration = Duration::from_secs(1);

/// How often a departure looks whether the scale in flight is done.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

async fn stop<A>(actor: Option<&Addr<A>>, teardown: Teardown)
where
    A: actix::Actor<Context = actix::Context<A>> + Handler<Teardown>,
{
    if let Some(actor) = actor {
        let fence = teardown.grace + Duration::from_secs(2);
        // Whether it answers, is too late or is just being restarted: it ends with its group in any case.
        let _answer = tokio::time::timeout(fence, actor.send(teardown)).await;
    }
}

/// What the members of a new life have in common.
struct Start<'a> {
    group: &'a Group,
    works: &'a Works,
    supervisor: &'a Addr<SupervisorActor>,
}

impl Start<'_> {
    fn member<A>(&self, role: Role, counted: bool, make: impl FnOnce(Desk) -> A) -> Member<A>
    where
        A: actix::Actor<Context = actix::Context<A>> + actix::Supervised,
    {
        let (group, works) = (self.group, self.works);
        let watch = GroupWatch {
            group: GroupId {
                process: group.process().clone(),
                generation: group.generation,
            },
            role,
            counted,
            memory: group.memory.clone(),
            works: works.clone(),
            faults: Wire::to(self.supervisor, &works.tap),
            restarts: Wire::to(self.supervisor, &works.tap),
        };
        let desk = |pulse: Pulse| {
            Desk::new(
                Rc::clone(&group.plan),
                works.clock,
                group.memory.clone(),
                pulse,
            )
        };
        let (addr, life) = guard::spawn(
            works.clock,
            &works.census,
            MAILBOX,
            Rc::new(watch),
            |_, pulse| make(desk(pulse)),
        );
        Member { addr, _life: life }
    }
}

#[derive(Debug, Clone)]
struct GroupId {
    process: ProcessName,
    generation: u64,
}

/// Judges a fault by the budget that the four actors of a group share, and tells the supervisor.
struct GroupWatch {
    group: GroupId,
    role: Role,
    /// Whether faults count against the budget: those of a degraded group's notifier do not.
    counted: bool,
    memory: Memory,
    works: Works,
    faults: Wire<Fault>,
    restarts: Wire<Restarted>,
}

impl Watch for GroupWatch {
    fn fault(&self, cause: Cause) -> Option<Duration> {
        let now = self.works.clock.now().mono;
        let verdict = if self.counted {
            self.memory.commit(|state| state.restarts.record(now))
        } else {
            Verdict::Restart {
                backoff: Duration::from_secs(5),
            }
        };
        let (next, rest) = match verdict {
            Verdict::Restart { backoff } => (Next::Restart(backoff), Some(backoff)),
            Verdict::Rebuild => (Next::Rebuild, None),
            Verdict::Degrade => (Next::Degrade, None),
        };
        let GroupId {
            process,
            generation,
        } = self.group.clone();
        self.faults.tell(Fault {
            process,
            generation,
            role: self.role,
            cause,
            next,
        });
        rest
    }

    fn restarted(&self) {
        let GroupId {
            process,
            generation,
        } = self.group.clone();
        self.restarts.tell(Restarted {
            process,
            generation,
            role: self.role,
        });
    }
}
