//! How an actor of a group is born: at its desk, under a guard that judges its faults by the group's budget.

use std::rc::Rc;
use std::time::Duration;

use actix::Addr;

use crate::clock::Clock;
use crate::messages::{Fault, Next, Restarted};
use crate::model::{ProcessName, Role};
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::desk::Desk;
use crate::supervisor::group::{Group, Member};
use crate::supervisor::guard::{self, Cause, Pulse, Watch};
use crate::supervisor::memory::Memory;
use crate::supervisor::restarts::Verdict;
use crate::supervisor::works::Works;
use crate::wire::Wire;

/// How many messages may wait for one of a group's actors; a cycle sends each at most a handful.
const MAILBOX: usize = 64;

/// What the members of a new life have in common.
pub(super) struct Start<'a> {
    pub(super) group: &'a Group,
    pub(super) works: &'a Works,
    pub(super) supervisor: &'a Addr<SupervisorActor>,
}

impl Start<'_> {
    pub(super) fn member<A>(
        &self,
        role: Role,
        counted: bool,
        make: impl FnOnce(Desk) -> A,
    ) -> Member<A>
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
            clock: works.clock,
            faults: Wire::to(self.supervisor, &works.tap),
            restarts: Wire::to(self.supervisor, &works.tap),
        };
        let desk = |pulse: Pulse| {
            Desk::new(
                Rc::clone(&group.plan),
                works.clock,
                group.memory.clone(),
                works.journal.clone(),
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
    clock: Clock,
    faults: Wire<Fault>,
    restarts: Wire<Restarted>,
}

impl Watch for GroupWatch {
    fn fault(&self, cause: Cause) -> Option<Duration> {
        let now = self.clock.now().mono;
        let life = self.group.generation;
        let verdict = if self.counted {
            self.memory.commit(|state| state.judge(life, now))?
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
