//! The running copies of each process type. They live with the program, not with a backend or an actor, so that a
//! restart, a rebuild and a reload find them as they were.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use log::{error, info};
use tokio::task::JoinSet;

use super::copy::{Condition, Copy, Ground, mind};
use super::keeper::Keeper;
use super::recipe::{Manner, Recipe};
use crate::backend::Site;
use crate::model::{Count, ProcessName};
use crate::scaling::Observed;

/// Every pool of the program, and the one keeper of all.
#[derive(Debug, Default)]
pub struct Pools {
    by_process: RefCell<BTreeMap<ProcessName, Rc<Pool>>>,
    keeper: Rc<Keeper>,
    tickets: Cell<u64>,
}

impl Pools {
    /// The pool of this site's process, made at its first use.
    pub fn pool(&self, site: &Site) -> Rc<Pool> {
        let mut pools = self.by_process.borrow_mut();
        let pool = pools.entry(site.process.clone()).or_insert_with(|| {
            let ground = Ground {
                process: site.process.clone(),
                clock: site.clock,
                program: site.program.clone(),
                keeper: Rc::clone(&self.keeper),
            };
            Rc::new(Pool {
                ground: Rc::new(ground),
                state: RefCell::default(),
                tasks: RefCell::default(),
            })
        });
        Rc::clone(pool)
    }

    /// A number for a new backend, higher than that of every older one.
    pub fn ticket(&self) -> u64 {
        self.tickets.set(self.tickets.get() + 1);
        self.tickets.get()
    }

    /// The process id of the keeper, while there is one.
    pub fn keeper(&self) -> Option<i32> {
        self.keeper.process()
    }
}

/// The copies of one process type.
#[derive(Debug)]
pub struct Pool {
    ground: Rc<Ground>,
    state: RefCell<State>,
    tasks: RefCell<JoinSet<()>>,
}

#[derive(Debug, Default)]
struct State {
    /// The backend that was set up last.
    owner: u64,
    terms: Option<Terms>,
    wanted: Count,
    /// In the order in which they were added. Those told to stop stay until they are gone.
    copies: Vec<Rc<Copy>>,
}

/// How a backend wants its copies.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The platform's name of the process type.
    pub process_type: String,
    /// What they are made of.
    pub recipe: Rc<Recipe>,
    /// How they are stopped.
    pub manner: Manner,
}

impl Pool {
    /// From now on these terms hold. Copies of an equal recipe run on. Copies of another are told to stop, and as many
    /// new ones start at once, under numbers not in use: as with any scale, the old ones finish in the background.
    /// `Err` says why the new copies could not be started; then nothing has changed.
    pub fn take_over(&self, ticket: u64, terms: Terms) -> Result<(), String> {
        self.tend();
        if ticket < self.state.borrow().owner {
            return Ok(());
        }
        let same = |old: &Terms| old.recipe == terms.recipe;
        let changed = self
            .state
            .borrow()
            .terms
            .as_ref()
            .is_some_and(|old| !same(old));
        if changed && self.state.borrow().wanted > 0 {
            terms.recipe.find(std::env::var_os("PATH"))?;
            let process = &self.ground.process;
            info!(process:% = process; "the settings of {process} have changed: its copies are replaced");
            self.shrink(0);
        }
        let mut state = self.state.borrow_mut();
        (state.owner, state.terms) = (ticket, Some(terms));
        drop(state);
        self.tend();
        Ok(())
    }

    /// Wants this many copies from now on. Returns at once; `Err` says why no copy could be started.
    pub fn scale(&self, to: Count) -> Result<(), String> {
        if to > self.state.borrow().wanted
            && let Some(terms) = &self.state.borrow().terms
        {
            terms.recipe.find(std::env::var_os("PATH"))?;
        }
        self.state.borrow_mut().wanted = to;
        self.shrink(to);
        self.tend();
        Ok(())
    }

    /// How many copies are wanted, and how many of those run.
    pub fn count(&self) -> Observed {
        self.tend();
        let state = self.state.borrow();
        let running = |copy: &&Rc<Copy>| copy.is_wanted() && copy.condition() == Condition::Running;
        let ready = state.copies.iter().filter(running).count();
        Observed {
            ready: Count::try_from(ready).ok(),
            ..Observed::unknown(state.wanted)
        }
    }

    /// Stops all copies within `grace`, those included that are stopping already, and waits until nothing is left of
    /// them. A backend older than the last one that was set up stops nothing: the copies are no longer its own.
    pub async fn teardown(&self, ticket: u64, grace: Duration) {
        if ticket >= self.state.borrow().owner {
            self.stop_all(grace).await;
        }
    }

    async fn stop_all(&self, grace: Duration) {
        // A part of the grace is for the kill at its end.
        let end = self.ground.clock.now().mono + grace.saturating_sub((grace / 10).min(KILLING));
        let held = self.copies();
        let stopping = {
            let mut state = self.state.borrow_mut();
            state.wanted = 0;
            let signal = state.manner();
            for copy in &state.copies {
                copy.stop(
                    signal.signal,
                    end.min(self.ground.clock.now().mono + signal.grace),
                );
            }
            std::mem::take(&mut *self.tasks.borrow_mut())
        };
        // Should this future be dropped meanwhile, the tasks are dropped with it, and each kills what it minds.
        self.finish(stopping).await;
        // Another teardown that was begun before (a reload's) may mind the copies; they are then on their way all the
        // same, and to return while they live would be their death: after the last teardown the program ends.
        while held.iter().any(|copy| copy.condition() != Condition::Gone)
            && !self.ground.clock.until(end + KILLING).is_zero()
        {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        self.state.borrow_mut().forget_gone();
        self.ground.keeper.rest().await;
    }

    async fn finish(&self, mut tasks: JoinSet<()>) {
        while let Some(ended) = tasks.join_next().await {
            self.lament(ended);
        }
    }

    /// Forgets who is gone, and brings the copies up to the number wanted. A copy whose task has failed is replaced.
    fn tend(&self) {
        let mut tasks = self.tasks.borrow_mut();
        while let Some(ended) = tasks.try_join_next() {
            self.lament(ended);
        }
        let mut state = self.state.borrow_mut();
        state.forget_gone();
        let Some(terms) = state.terms.clone() else {
            return;
        };
        while state.running() < state.wanted {
            let number = state.free_number();
            let copy = Rc::new(Copy::new(
                number,
                &terms.process_type,
                Rc::clone(&terms.recipe),
            ));
            tasks.spawn_local(mind(Rc::clone(&copy), Rc::clone(&self.ground)));
            state.copies.push(copy);
        }
    }

    /// Tells the newest copies to stop, until at most `most` go on.
    fn shrink(&self, most: Count) {
        let state = self.state.borrow();
        let manner = state.manner();
        let end = self.ground.clock.now().mono.saturating_add(manner.grace);
        for copy in state.beyond(most) {
            copy.stop(manner.signal, end);
        }
    }

    /// The names of the copies that a scale to `to` stops. One that waits to be started again has no work.
    pub fn leaving(&self, to: Count) -> Vec<String> {
        let state = self.state.borrow();
        let works = |copy: &&Rc<Copy>| copy.condition() == Condition::Running;
        state
            .beyond(to)
            .filter(works)
            .map(|copy| copy.name())
            .collect()
    }

    fn lament(&self, ended: Result<(), tokio::task::JoinError>) {
        if let Err(failure) = ended {
            let process = &self.ground.process;
            error!(process:% = process; "the task of a copy of {process} failed, and the copy is replaced: {failure}");
        }
    }

    /// The copies that have not gone yet, in the order in which they were added.
    pub fn copies(&self) -> Vec<Rc<Copy>> {
        let state = self.state.borrow();
        let here = |copy: &&Rc<Copy>| copy.condition() != Condition::Gone;
        state.copies.iter().filter(here).cloned().collect()
    }
}

/// How much of a teardown's grace is kept for the kill, at most.
const KILLING: Duration = Duration::from_millis(500);

/// How often a teardown looks whether the copies that another one minds are gone.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

impl State {
    fn forget_gone(&mut self) {
        self.copies
            .retain(|copy| copy.condition() != Condition::Gone);
    }

    /// The newest copies, but for the `most` that go on.
    fn beyond(&self, most: Count) -> impl Iterator<Item = &Rc<Copy>> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let wanted = self.copies.iter().filter(|copy| copy.is_wanted());
        wanted.skip(most)
    }

    fn running(&self) -> Count {
        let running = self.copies.iter().filter(|copy| copy.is_wanted()).count();
        Count::try_from(running).unwrap_or(Count::MAX)
    }

    /// The smallest that nobody has, those that are stopping included: no two processes ever share a name.
    fn free_number(&self) -> u32 {
        let taken = |number: &u32| self.copies.iter().any(|copy| copy.number == *number);
        (1..u32::MAX)
            .find(|number| !taken(number))
            .unwrap_or(u32::MAX)
    }

    fn manner(&self) -> Manner {
        self.terms
            .as_ref()
            .map_or(Manner::DEFAULT, |terms| terms.manner)
    }
}
