//! The supervisor's changes from outside: other settings, a refused file, the end.

use std::time::Duration;

use actix::{ActorFutureExt, Context, Handler, ResponseActFuture, WrapFuture, fut};
use futures_util::future::join_all;

use crate::backend::BuildError;
use crate::messages::{Changes, Reload, ReloadRefused, Shutdown, StoreChanged};
use crate::model::ProcessName;
use crate::notification::Event;
use crate::settings::{ProcessSettings, Settings};
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::departure::Terms;
use crate::supervisor::group::Group;
use crate::supervisor::plan::Common;

/// Why a reload comes too late.
const STOPPING: &str = "the program is stopping";

impl SupervisorActor {
    /// Ends the life of these groups side by side, on these terms.
    fn depart(&self, leaving: &[(ProcessName, Terms)]) -> impl Future<Output = ()> + use<> {
        let departures: Vec<_> = leaving
            .iter()
            .filter_map(|(process, terms)| {
                Some((self.groups.get(process)?.departure(&self.works), *terms))
            })
            .map(|(departure, terms)| departure.leave(terms))
            .collect();
        async move {
            join_all(departures).await;
        }
    }

    /// When a departure that begins now must be over.
    fn end_of_grace(&self) -> Duration {
        self.works.clock.now().mono + self.common.supervision.shutdown_grace
    }

    /// What a reload to these settings would change.
    fn changes(&self, settings: &Settings) -> Changes {
        let everywhere = Common::from(settings) != self.common;
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
            self.groups
                .remove(name)
                .map(Group::forget)
                .unwrap_or_default();
        }
        self.common = Common::from(&settings);
        let mut result = Ok(());
        for process in settings.processes {
            let name = process.name.clone();
            if changes.added.contains(&name) || changes.changed.contains(&name) {
                result = result.and(self.take_up(process));
                self.start(&name, ctx);
            }
        }
        result
    }

    /// Works by a process's settings from now on, whether it was there before or not.
    fn take_up(&mut self, settings: ProcessSettings) -> Result<(), BuildError> {
        let name = settings.name.clone();
        let taken = match self.groups.get_mut(&name) {
            Some(group) => group.take_up(&self.works, self.common, settings),
            None => Group::new(&self.works, self.common, settings).map(|group| {
                self.groups.insert(name.clone(), group);
            }),
        };
        self.groups
            .get(&name)
            .into_iter()
            .for_each(|group| self.schedule(group));
        taken
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

impl Handler<StoreChanged> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, StoreChanged(event): StoreChanged, _: &mut Context<Self>) {
        for group in self.groups.values() {
            group.turn(&self.works, 0, |turn| Some(turn.store(&event)));
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
        let terms = |name: &ProcessName| Terms {
            end: self.end_of_grace(),
            for_good: self.lets_go(name, &settings),
            hurried: true,
        };
        let concerned = changes.changed.iter().chain(&changes.removed);
        let leaving: Vec<_> = concerned.map(|name| (name.clone(), terms(name))).collect();
        let work = self.depart(&leaving);
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
        let terms = Terms {
            end: self.end_of_grace(),
            for_good: true,
            hurried: false,
        };
        let all: Vec<_> = self
            .groups
            .keys()
            .map(|name| (name.clone(), terms))
            .collect();
        let work = self.depart(&all);
        Box::pin(work.into_actor(self).map(|(), supervisor, _| {
            let gone = std::mem::take(&mut supervisor.groups);
            gone.into_values().for_each(Group::forget);
        }))
    }
}
