//! The supervisor's changes from outside: other settings, a refused file, the end.

use std::time::Duration;

use actix::{ActorFutureExt, Context, Handler, ResponseActFuture, WrapFuture, fut};
use futures_util::future::join_all;

use crate::backend::BuildError;
use crate::messages::{Changes, Reload, ReloadRefused, Shutdown};
use crate::model::ProcessName;
use crate::notification::Event;
use crate::settings::Settings;
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::group::Group;

/// Why a reload comes too late.
const STOPPING: &str = "the program is stopping";

impl SupervisorActor {
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

    /// Whether the scaling backend of a process is let go for good under these settings.
    fn lets_go(&self, name: &ProcessName, settings: &Settings) -> bool {
        let mut processes = settings.processes.iter();
        let new = processes.find(|process| process.name == *name);
        let (Some(new), Some(group)) = (new, self.groups.get(name)) else {
            return true;
        };
        let old = &group.settings.scaling;
        new.scaling.backend != old.backend
            || (new.scaling != *old && !group.scaling.is_taken_over())
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
        let processes = settings.processes.iter();
        let reasons: Vec<String> = processes
            .filter(|process| concerned(&process.name))
            .flat_map(|process| self.works.rehearse(settings, process))
            .map(|BuildError(why)| why)
            .collect();
        if reasons.is_empty() {
            Ok(())
        } else {
            Err(BuildError(reasons.join("; ")))
        }
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
        if self.stopping {
            return Box::pin(fut::ready(Err(STOPPING.to_owned())));
        }
        self.works.hide(&settings);
        let changes = self.changes(&settings);
        if let Err(error) = self.rehearse(&settings, &changes) {
            return Box::pin(fut::ready(Err(error.to_string())));
        }
        let concerned = changes.changed.iter().chain(&changes.removed);
        let leaving: Vec<_> = concerned
            .map(|name| (name.clone(), self.lets_go(name, &settings)))
            .collect();
        let end = self.works.clock.now().mono + self.settings.supervision.shutdown_grace;
        let work = self.depart(&leaving, end);
        Box::pin(work.into_actor(self).map(move |(), supervisor, ctx| {
            // Whoever was told to end meanwhile begins nothing new.
            if supervisor.stopping {
                return Err(STOPPING.to_owned());
            }
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
        self.stopping = true;
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
