//! A challenger: another decision that is made beside a process's own, on the same measurements and the same count, and is
//! never carried out. It has a memory of its own, so that it waits and remembers as it would if it were followed; what it
//! would do is recorded under a name of its own (`web.challenger`), for `compare` and `why`.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Context, Handler};
use log::{debug, warn};

use crate::backend::BuildError;
use crate::decision::panel::Panel;
use crate::messages::Challenged;
use crate::model::{Count, ProcessName};
use crate::record::CycleRecord;
use crate::settings::ProcessSettings;
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::cycle::{Timing, Turn};
use crate::supervisor::keeping::Kept;
use crate::supervisor::memory::{Memory, State};
use crate::supervisor::plan::{Common, Mode, Plan};
use crate::supervisor::works::Works;

/// What the supervisor holds of a challenger.
#[derive(Debug, Clone)]
pub struct Challenger {
    /// The process with the decisions that are tried.
    settings: ProcessSettings,
    plan: Rc<Plan>,
    pub(super) memory: Memory,
}

impl Challenger {
    /// The process's challenger, if it has one. It goes on from what was kept of it.
    pub fn new(
        works: &Works,
        common: Common,
        process: &ProcessSettings,
    ) -> Result<Option<Self>, BuildError> {
        let Some(settings) = process.challenged() else {
            return Ok(None);
        };
        let mut plan = Plan::new(common, &settings)?;
        plan.mode = Mode::Challenger;
        let mut state = State::default();
        if let Some(kept) = works.kept.get(&process.name.challenger()) {
            kept.clone().restore(&mut state, &plan, works.clock.now());
        }
        Ok(Some(Self {
            settings,
            plan: Rc::new(plan),
            memory: Memory::new(state),
        }))
    }

    /// The challenger under other settings: the same, as far as they are alike.
    pub fn take_up(
        held: Option<Self>,
        works: &Works,
        common: Common,
        process: &ProcessSettings,
    ) -> Result<Option<Self>, BuildError> {
        let new = Self::new(works, common, process)?;
        Ok(match (held, new) {
            (Some(held), Some(new)) if held.settings == new.settings => Some(Self {
                memory: held.memory,
                ..new
            }),
            (_, new) => new,
        })
    }

    /// Those who decide for it in a life of its process; `None`: they cannot be built any more, and the process goes on
    /// without them.
    pub fn sits(&self, works: &Works) -> Option<Panel> {
        let unbuilt = |why: BuildError| {
            let process = &self.plan.process;
            warn!(process:% = process; "{process} is decided without its challenger, which cannot be built: {why}");
        };
        self.panel(works).map_err(unbuilt).ok()
    }

    /// Those who decide for it.
    pub fn panel(&self, works: &Works) -> Result<Panel, BuildError> {
        let backends = works.decision(&self.settings)?;
        let (plan, memory) = (Rc::clone(&self.plan), self.memory.clone());
        Ok(Panel::new(plan, memory, backends))
    }
}

impl State {
    /// Where others set the count: says so when they have, for what was measured was measured of another count. It is waited
    /// after as after a scale of one's own.
    pub fn follow(&mut self, count: Count, now: Duration, plan: &Plan) -> Option<String> {
        if plan.mode != Mode::Challenger {
            return None;
        }
        // Also of a count that was seen before a restart, or while another replica led.
        let before = self.watch.known.replace(count)?;
        if before == count {
            return None;
        }
        self.cooldown.start(now, plan.wait);
        Some(format!("the count was changed from {before} to {count}"))
    }
}

impl Handler<Challenged> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, Challenged { decided }: Challenged, _: &mut Context<Self>) {
        let process = &decided.process;
        // What one of several replicas sees that does not lead is no record of anything.
        if self.works.leadership.since().is_none() {
            return;
        }
        let Some(group) = self.groups.get(process) else {
            return;
        };
        let (platform, around) = (group.platform(), self.around(process));
        let Some(challenger) = &group.challenger else {
            return;
        };
        let (plan, now) = (&challenger.plan, self.works.clock.now());
        let orders = challenger.memory.commit(|state| {
            let turn = Turn::new(state, plan, now, decided.cycle);
            turn.among(around).decided(&decided, platform)
        });
        let Some(record) = orders.and_then(|orders| orders.record) else {
            debug!(process:% = process, cycle = decided.cycle; "a late decision of the challenger is ignored");
            return;
        };
        debug!(process:% = process, cycle = decided.cycle; "the challenger of {process}: {}", record.reason);
        let name: ProcessName = process.challenger();
        let record = Arc::new(CycleRecord {
            process: name.clone(),
            ..Arc::unwrap_or_clone(record)
        });
        self.works.show(&record, Timing::default());
        if let Some(journal) = &self.works.journal {
            let kept = challenger.memory.read(|state| Kept::of(state, plan, now));
            journal.note(Some(kept.snapshot(&name)), [record.kept()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Registry;
    use crate::clock::Clock;
    use crate::settings::{Source, load};
    use crate::supervisor::standby::Watch;

    const CONFIGURATION: &str = r#"
        [processes.web]
        measurement = { backend = "command", command = "x" }
        scaling = { backend = "command", command = "x" }
        challenger = { max_measurement_value = 700 }
    "#;

    fn challenger(works: &Works) -> Challenger {
        let source = Source::new("web.toml", CONFIGURATION);
        let settings = load(&source, &Registry::built_in(), &|_| None).unwrap();
        let challenger = Challenger::new(works, (&settings).into(), &settings.processes[0]);
        challenger.unwrap().unwrap()
    }

    fn works(registry: Registry) -> Works {
        Works::new(registry, Clock::system(), "program".into())
    }

    #[test]
    fn a_count_that_changed_while_it_did_not_decide_is_noticed() {
        let Challenger { plan, .. } = challenger(&works(Registry::built_in()));
        let mut state = State {
            watch: Watch::resumed(Some(2), None),
            ..State::default()
        };
        let now = Duration::from_secs(100);
        let mut follow = |count| state.follow(count, now, &plan);
        let said = follow(3);
        assert_eq!(said.as_deref(), Some("the count was changed from 2 to 3"));
        assert_eq!(follow(3), None, "once");
    }

    #[test]
    fn one_that_cannot_be_built_any_more_is_left_out() {
        let works = works(Registry::built_in());
        let challenger = challenger(&works);
        assert!(challenger.sits(&works).is_some());
        let mut without = works;
        without.registry.decision = Vec::new();
        assert!(challenger.sits(&without).is_none());
    }
}
