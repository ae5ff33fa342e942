//! The one supervisor: stands between wish and deed, and under every group. One short handler a message; what to do is
//! said by [`cycle`](super::cycle), how a group is started and stopped by [`group`](super::group).

use std::collections::BTreeMap;

use actix::{Actor, AsyncContext, Context, Handler, Supervised};
use log::debug;

use crate::backend::BuildError;
use crate::messages::{Decided, GetStatus, Scaled};
use crate::model::ProcessName;
use crate::settings::Settings;
use crate::supervisor::group::Group;
use crate::supervisor::memory::Health;
use crate::supervisor::plan::Common;
use crate::supervisor::spread;
use crate::supervisor::status::Status;
use crate::supervisor::works::Works;

/// Supervises all groups.
#[derive(Debug)]
pub struct SupervisorActor {
    pub(super) works: Works,
    /// What all processes have in common; each group has the settings of its own.
    pub(super) common: Common,
    pub(super) groups: BTreeMap<ProcessName, Group>,
    /// The program is ending: no new settings are taken up any more.
    pub(super) stopping: bool,
}

impl SupervisorActor {
    /// A supervisor of the processes of these settings; fails when a backend cannot be built.
    pub fn new(works: Works, settings: Settings) -> Result<Self, BuildError> {
        works.hide(&settings);
        let common = Common::from(&settings);
        let mut groups = BTreeMap::new();
        for process in settings.processes {
            let group = Group::new(&works, common, process)?;
            groups.insert(group.process().clone(), group);
        }
        let supervisor = Self {
            works,
            common,
            groups,
            stopping: false,
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

    pub(super) fn schedule(&self, group: &Group) {
        let now = self.works.clock.now().mono;
        let target = group.scaling.target();
        group.schedule(spread::next_tick(&target, group.plan.interval, now));
    }

    /// The group that a fact is about, unless it is of an earlier life.
    pub(super) fn living(&self, process: &ProcessName, generation: u64) -> Option<&Group> {
        self.groups
            .get(process)
            .filter(|group| group.generation == generation)
    }

    pub(super) fn start(&mut self, process: &ProcessName, ctx: &mut Context<Self>) {
        let supervisor = ctx.address();
        let Some(group) = self.groups.get_mut(process) else {
            return;
        };
        if let Err(error) = group.start(&self.works, &supervisor) {
            self.degrade(process, &format!("it cannot be built: {error}"), ctx);
        }
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
                Some(Health::Degraded { .. }) => self.look_after(&process, ctx),
                Some(Health::Working | Health::OnTrial) if !running => self.start(&process, ctx),
                Some(Health::Working | Health::OnTrial) | None => {}
            }
        }
    }
}

impl Supervised for SupervisorActor {
    /// A reload was broken off, and its departures with it. An end goes on being one.
    fn restarting(&mut self, _: &mut Context<Self>) {
        if !self.stopping {
            self.groups.values_mut().for_each(Group::come_back);
        }
    }
}

impl Handler<Decided> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, decided: Decided, _: &mut Context<Self>) {
        let Some(group) = self.groups.get(&decided.process) else {
            return;
        };
        let (platform, around) = (group.platform(), self.around(&decided.process));
        if !group.turn(&self.works, decided.cycle, |turn| {
            turn.among(around).decided(&decided, platform)
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

impl Handler<GetStatus> for SupervisorActor {
    type Result = Vec<Status>;

    fn handle(&mut self, _: GetStatus, _: &mut Context<Self>) -> Vec<Status> {
        self.groups
            .iter()
            .map(|(process, group)| Status::of(process, &group.memory))
            .collect()
    }
}
