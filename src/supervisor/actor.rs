//! The one supervisor: stands between wish and deed, and under every group. One short handler a message; what to do is
//! said by [`cycle`](super::cycle), how a group is started and stopped by [`group`](super::group).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseActFuture, Supervised,
    WrapFuture, fut,
};
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use log::{debug, error, info, warn};
use serde_json::Value;

use crate::backend::BuildError;
use crate::measurement::{MeasureError, Measurement, OnFailure};
use crate::messages::{
    Changes, Decided, Fault, GetStatus, Measured, Next, Outcome, Reload, ReloadRefused, Restarted,
    Scaled, Shutdown,
};
use crate::model::{Cycle, ProcessName, Role};
use crate::notification::Event;
use crate::settings::Settings;
use crate::supervisor::group::Group;
use crate::supervisor::memory::{Health, InFlight, Stage};
use crate::supervisor::plan::Plan;
use crate::supervisor::spread;
use crate::supervisor::status::Status;
use crate::supervisor::works::Works;

/// Supervises all groups.
#[derive(Debug)]
pub struct SupervisorActor {
    works: Works,
    settings: Settings,
    groups: BTreeMap<ProcessName, Group>,
}

impl SupervisorActor {
    /// A supervisor of the processes of these settings; fails when a backend cannot be built.
    pub fn new(works: Works, settings: Settings) -> Result<Self, BuildError> {
        let mut groups = BTreeMap::new();
        for process in &settings.processes {
            groups.insert(
                process.name.clone(),
                Group::new(&works, &settings, process)?,
            );
        }
        let supervisor = Self {
            works,
            settings,
            groups,
        };
        supervisor
            .groups
            .values()
            .for_each(|group| supervisor.schedule(group));
        Ok(supervisor)
    }

    /// How many messages may wait: every actor's word at once, and more.
    pub fn mailbox(settings: &Settings) -> usize {
        1024 + settings.processes.len() * 32
    }

    fn schedule(&self, group: &Group) {
        let now = self.works.clock.now().mono;
        group.schedule(now + spread::offset(&group.scaling.target(), group.plan.interval));
    }

    /// The group that a fact is about, unless it is of an earlier life.
    fn living(&self, process: &ProcessName, generation: u64) -> Option<&Group> {
        self.groups
            .get(process)
            .filter(|group| group.generation == generation)
    }

    fn start(&mut self, process: &ProcessName, ctx: &mut Context<Self>) {
        let supervisor = ctx.address();
        let Some(group) = self.groups.get_mut(process) else {
            return;
        };
        if let Err(error) = group.start(&self.works, &supervisor) {
            self.degrade(process, &format!("it cannot be built: {error}"), ctx);
        }
    }

    /// The group stops scaling, and is tried again later.
    fn degrade(&mut self, process: &ProcessName, why: &str, ctx: &mut Context<Self>) {
        let supervisor = ctx.address();
        let Some(group) = self.groups.get_mut(process) else {
            return;
        };
        let retry = group.plan.supervision.degraded_retry;
        let retry_at = self.works.clock.now().mono + retry;
        group.rest(&self.works, &supervisor);
        let reason = format!(
            "{why}; it does not scale until it is tried again, every {} s",
            retry.as_secs_f64()
        );
        error!(process:% = process; "{process} is degraded: {reason}");
        group.memory.commit(|state| {
            state.in_flight = None;
            state.health = Health::Degraded { retry_at };
        });
        group.turn(&self.works, 0, |turn| Some(turn.degraded(&reason)));
        self.arm_retry(process, ctx);
    }

    fn arm_retry(&self, process: &ProcessName, ctx: &mut Context<Self>) {
        let Some(group) = self.groups.get(process) else {
            return;
        };
        if let Health::Degraded { retry_at } = group.memory.read(|state| state.health) {
            let (process, generation) = (process.clone(), group.generation);
            ctx.run_later(self.works.clock.until(retry_at), move |supervisor, ctx| {
                supervisor.retry(&process, generation, ctx);
            });
        }
    }

    fn retry(&mut self, process: &ProcessName, generation: u64, ctx: &mut Context<Self>) {
        let Some(group) = self.living(process, generation) else {
            return;
        };
        info!(process:% = process; "{process} is tried again");
        let now = self.works.clock.now().mono;
        group.memory.commit(|state| {
            state.health = Health::OnTrial;
            state.next_tick = state.next_tick.max(now);
        });
        self.start(process, ctx);
    }

    /// What a fault does to the cycle in which it happened.
    fn close_cycle(&self, fault: &Fault) {
        let Some(group) = self.groups.get(&fault.process) else {
            return;
        };
        let Some(InFlight { cycle, stage, .. }) =
            group.memory.read(|state| state.in_flight.clone())
        else {
            return;
        };
        let survives = matches!(fault.next, Next::Restart(_));
        match (fault.role, stage, survives) {
            (Role::Measure, Stage::Measuring, true) => group.pass_on(
                &self.works,
                unmeasured(group, cycle, fault, self.works.clock.now().wall),
            ),
            (Role::Decide, Stage::Deciding, _)
            | (Role::Scale, Stage::Scaling, _)
            | (_, _, false) => {
                let why = format!("the {} part {}", fault.role, fault.cause);
                group.turn(&self.works, cycle, |turn| Some(turn.lost(&why)));
            }
            (Role::Measure | Role::Decide | Role::Scale | Role::Notify, _, true) => {}
        }
    }

    /// Ends the life of these groups side by side, until `end`.
    fn depart(
        &self,
        leaving: &[(ProcessName, bool)],
        end: Duration,
    ) -> impl Future<Output = ()> + use<> {
        let departures: Vec<_> = leaving
            .iter()
            .filter_map(|(process, for_good)| {
                Some((self.groups.get(process)?.departure(&self.works), *for_good))
            })
            .map(|(departure, for_good)| departure.leave(end, for_good))
            .collect();
        async move {
            join_all(departures).await;
        }
    }

    /// What a reload to these settings would change.
    fn changes(&self, settings: &Settings) -> Changes {
        let everywhere = settings.time_zone != self.settings.time_zone
            || settings.supervision != self.settings.supervision;
        let mut changes = Changes::default();
        for process in &settings.processes {
            match self.groups.get(&process.name) {
                None => changes.added.push(process.name.clone()),
                Some(group) if everywhere || group.settings != *process => {
                    changes.changed.push(process.name.clone());
                }
                Some(_) => {}
            }
        }
        let stays = |name: &ProcessName| {
            settings
                .processes
                .iter()
                .any(|process| process.name == *name)
        };
        changes.removed = self
            .groups
            .keys()
            .filter(|name| !stays(name))
            .cloned()
            .collect();
        changes
    }

    /// Puts new settings in force, once the groups that they concern have left.
    fn adopt(
        &mut self,
        settings: Settings,
        changes: &Changes,
        ctx: &mut Context<Self>,
    ) -> Result<(), BuildError> {
        for name in &changes.removed {
            self.groups.remove(name);
        }
        let mut result = Ok(());
        for process in &settings.processes {
            let taken = if changes.added.contains(&process.name) {
                Group::new(&self.works, &settings, process).map(|group| {
                    self.schedule(&group);
                    self.groups.insert(process.name.clone(), group);
                })
            } else if let Some(group) = self
                .groups
                .get_mut(&process.name)
                .filter(|_| changes.changed.contains(&process.name))
            {
                let taken = group.take_up(&self.works, &settings, process);
                self.groups
                    .get(&process.name)
                    .into_iter()
                    .for_each(|group| self.schedule(group));
                taken
            } else {
                continue;
            };
            result = result.and(taken);
            self.start(&process.name, ctx);
        }
        self.settings = settings;
        result
    }

    /// Whether the settings can be worked by, found out before anything is changed.
    fn rehearse(&self, settings: &Settings, changes: &Changes) -> Result<(), BuildError> {
        let concerned =
            |name: &ProcessName| changes.added.contains(name) || changes.changed.contains(name);
        for process in settings
            .processes
            .iter()
            .filter(|process| concerned(&process.name))
        {
            Plan::new(settings, process)?;
            self.works.measurement(process)?;
            self.works.decision(process)?;
            self.works.notification(process)?;
            self.works.scaling(process)?;
        }
        Ok(())
    }
}

/// The failed result of a measuring part that failed itself.
fn unmeasured(group: &Group, cycle: Cycle, fault: &Fault, at: DateTime<Utc>) -> Measured {
    let error = MeasureError::Faulted(format!("the measuring part {}", fault.cause));
    let measurement = Measurement {
        backend: group.settings.measurement.backend.clone(),
        data: Arc::new(Value::Null),
        success: false,
        error: Some(error.to_string()),
        at,
    };
    let outcome = Outcome::Failed(group.plan.on_failure.unwrap_or(OnFailure::Hold));
    Measured {
        process: fault.process.clone(),
        cycle,
        measurement,
        outcome,
    }
}

impl Actor for SupervisorActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let all: Vec<_> = self.groups.keys().cloned().collect();
        for process in all {
            let running = self.groups.get(&process).is_some_and(Group::is_running);
            let health = self
                .groups
                .get(&process)
                .map(|group| group.memory.read(|state| state.health));
            match health {
                Some(Health::Degraded { .. }) => self.arm_retry(&process, ctx),
                Some(Health::Working | Health::OnTrial) if !running => self.start(&process, ctx),
                Some(Health::Working | Health::OnTrial) | None => {}
            }
        }
    }
}

impl Supervised for SupervisorActor {}

impl Handler<Decided> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, decided: Decided, _: &mut Context<Self>) {
        let Some(group) = self.groups.get(&decided.process) else {
            return;
        };
        let platform = group.platform();
        if !group.turn(&self.works, decided.cycle, |turn| {
            turn.decided(&decided, platform)
        }) {
            debug!(process:% = decided.process, cycle = decided.cycle; "a late decision is ignored");
            return;
        }
        group.log_cycle(&decided);
    }
}

impl Handler<Scaled> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, scaled: Scaled, _: &mut Context<Self>) {
        let Some(group) = self.groups.get(&scaled.process) else {
            return;
        };
        if !group.turn(&self.works, scaled.cycle, |turn| turn.scaled(&scaled)) {
            debug!(process:% = scaled.process, cycle = scaled.cycle; "a late answer to a scale is ignored");
            return;
        }
        group.log_scaled(&scaled);
    }
}

impl Handler<Fault> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, fault: Fault, ctx: &mut Context<Self>) {
        let Some(group) = self.living(&fault.process, fault.generation) else {
            return;
        };
        let what = format!("the {} part {}", fault.role, fault.cause);
        let process = &fault.process;
        warn!(process:% = process, role:% = fault.role; "{process}: {what}");
        match fault.next {
            Next::Restart(backoff) => {
                let reason = format!("{what}; it works again in {:.1} s", backoff.as_secs_f64());
                self.close_cycle(&fault);
                group.turn(&self.works, 0, |turn| {
                    Some(turn.moment(Event::Restarted, &reason))
                });
            }
            Next::Rebuild => {
                self.close_cycle(&fault);
                self.start(process, ctx);
                let reason = format!("{what}, once too often; the whole group was rebuilt");
                if let Some(group) = self.groups.get(process).filter(|group| group.is_running()) {
                    group.turn(&self.works, 0, |turn| {
                        Some(turn.moment(Event::Restarted, &reason))
                    });
                }
            }
            Next::Degrade => {
                self.close_cycle(&fault);
                self.degrade(
                    process,
                    &format!("{what}, too often even after a rebuild"),
                    ctx,
                );
            }
        }
    }
}

impl Handler<Restarted> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, restarted: Restarted, _: &mut Context<Self>) {
        let process = &restarted.process;
        info!(process:% = process, role:% = restarted.role; "{process}: the {} part works again", restarted.role);
    }
}

impl Handler<GetStatus> for SupervisorActor {
    type Result = Vec<Status>;

    fn handle(&mut self, _: GetStatus, _: &mut Context<Self>) -> Vec<Status> {
        self.groups
            .iter()
            .map(|(process, group)| Status::of(process, &group.memory))
            .collect()
    }
}

impl Handler<ReloadRefused> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, refused: ReloadRefused, _: &mut Context<Self>) {
        let reason = format!(
            "the new configuration was refused, the old one stays: {}",
            refused.0
        );
        for group in self.groups.values() {
            group.turn(&self.works, 0, |turn| {
                Some(turn.moment(Event::Restarted, &reason))
            });
        }
    }
}

impl Handler<Reload> for SupervisorActor {
    type Result = ResponseActFuture<Self, Result<Changes, String>>;

    fn handle(&mut self, Reload(settings): Reload, _: &mut Context<Self>) -> Self::Result {
        let changes = self.changes(&settings);
        if let Err(error) = self.rehearse(&settings, &changes) {
            return Box::pin(fut::ready(Err(error.to_string())));
        }
        let other_backend = |name: &ProcessName| {
            let new = settings
                .processes
                .iter()
                .find(|process| process.name == *name);
            let old = self
                .groups
                .get(name)
                .map(|group| &group.settings.scaling.backend);
            new.map(|process| &process.scaling.backend) != old
        };
        let concerned = changes.changed.iter().chain(&changes.removed);
        let leaving: Vec<_> = concerned
            .map(|name| (name.clone(), other_backend(name)))
            .collect();
        let end = self.works.clock.now().mono + self.settings.supervision.shutdown_grace;
        let work = self.depart(&leaving, end);
        Box::pin(work.into_actor(self).map(move |(), supervisor, ctx| {
            supervisor
                .adopt(settings, &changes, ctx)
                .map_err(|error| error.to_string())?;
            Ok(changes)
        }))
    }
}

impl Handler<Shutdown> for SupervisorActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: Shutdown, _: &mut Context<Self>) -> Self::Result {
        let all: Vec<_> = self
            .groups
            .keys()
            .map(|name| (name.clone(), true))
            .collect();
        let end = self.works.clock.now().mono + self.settings.supervision.shutdown_grace;
        let work = self.depart(&all, end);
        Box::pin(
            work.into_actor(self)
                .map(|(), supervisor, _| supervisor.groups.clear()),
        )
    }
}

/// Makes one of the actors of a group fail: for the harness.
#[cfg(feature = "harness")]
#[derive(Debug, actix::Message)]
#[rtype(result = "()")]
pub struct InjectInto {
    /// The process.
    pub process: ProcessName,
    /// Which actor.
    pub role: Role,
    /// How.
    pub fault: crate::supervisor::inject::Injected,
}

#[cfg(feature = "harness")]
impl Handler<InjectInto> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, order: InjectInto, _: &mut Context<Self>) {
        if let Some(group) = self.groups.get(&order.process) {
            group.inject(order.role, order.fault);
        }
    }
}

#[cfg(feature = "harness")]
impl Handler<crate::supervisor::inject::Inject> for SupervisorActor {
    type Result = ();

    #[expect(clippy::panic, reason = "a panic is what is asked for")]
    fn handle(&mut self, _: crate::supervisor::inject::Inject, _: &mut Context<Self>) {
        panic!("injected");
    }
}
