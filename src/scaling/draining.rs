//! The scaling actor's part in a drain: it knows which processes go, and has the drainer speak to them. One errand at a
//! time: what is given back may not overtake what is taken away.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use log::{debug, warn};

use super::actor::ScalerActor;
use super::{Observed, ScalingBackend};
use crate::clock::Clock;
use crate::cluster::leadership::{Leadership, NotLeading};
use crate::drain::progress::{Debt, Look};
use crate::drain::{DrainError, Drainer, ERRAND, Held};
use crate::messages::{Drain, Drained, GiveBack, GivenBack};
use crate::model::Count;
use crate::supervisor::desk::fenced;
use crate::supervisor::memory::Stage;
use crate::wire::Wire;

/// How long it may take to write down that nothing is owed to those who have gone.
pub(super) const FORGETTING: Duration = Duration::from_secs(2);

/// How often a teardown looks whether the errand under way has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Who drains, and who is told.
#[derive(Clone)]
pub struct Drains {
    drainer: Rc<dyn Drainer>,
    is_out: Rc<Cell<bool>>,
    looked: Wire<Drained>,
    given_back: Wire<GivenBack>,
}

impl std::fmt::Debug for Drains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drains")
            .field("is_out", &self.is_out)
            .finish_non_exhaustive()
    }
}

/// An errand under way.
struct Out(Rc<Cell<bool>>);

impl Drop for Out {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Drains {
    /// Drains by `drainer`, and tells the supervisor.
    pub fn new(
        drainer: Rc<dyn Drainer>,
        looked: Wire<Drained>,
        given_back: Wire<GivenBack>,
    ) -> Self {
        Self {
            drainer,
            is_out: Rc::default(),
            looked,
            given_back,
        }
    }

    fn go_out(&self) -> Option<Out> {
        let was_out = self.is_out.replace(true);
        (!was_out).then(|| Out(Rc::clone(&self.is_out)))
    }

    /// Sees to it that exactly these are drained, in good time and while this program leads.
    async fn hold(&self, names: &[String], leadership: &Leadership) -> Result<Held, String> {
        let Some(_out) = self.go_out() else {
            return Err("the last errand to them has not ended".to_owned());
        };
        let work = leadership.while_leading(self.drainer.hold(names));
        let done: Option<Result<Result<Held, DrainError>, NotLeading>> = fenced(ERRAND, work).await;
        match done {
            Some(Ok(held)) => held.map_err(|error| error.to_string()),
            Some(Err(error)) => Err(error.to_string()),
            None => Err(format!("no end within {} s", ERRAND.as_secs())),
        }
    }

    async fn look(
        &self,
        backend: &dyn ScalingBackend,
        seen: &Observed,
        to: Count,
        leadership: &Leadership,
    ) -> Look {
        let Some(names) = backend.leaving(seen, to) else {
            return Look::Unnamed;
        };
        match self.hold(&names, leadership).await {
            Ok(held) => Look::Seen(held),
            Err(why) => Look::Failed(names, why),
        }
    }

    /// Gives all back.
    async fn give_back(&self, leadership: &Leadership) -> Result<(), String> {
        let held = self.hold(&[], leadership).await?;
        if held.owed.is_empty() {
            return Ok(());
        }
        Err(format!("no word from {}", held.owed.join(", ")))
    }

    /// Those who were drained have gone. What cannot be written down now is found out at the next cycle.
    pub(super) async fn forget(&self, names: &[String]) {
        if names.is_empty() {
            return;
        }
        let Some(_out) = self.go_out() else { return };
        match fenced(FORGETTING, self.drainer.forget(names)).await {
            Some(Ok(())) => {}
            Some(Err(error)) => debug!("what was owed to the drained is not forgotten: {error}"),
            None => debug!("what was owed to the drained is not forgotten in time"),
        }
    }

    /// The end of this life: what was taken away is given back, within `grace`.
    async fn leave(
        &self,
        leadership: &Leadership,
        grace: Duration,
        clock: Clock,
    ) -> Result<(), String> {
        let end = clock.now().mono + grace;
        while self.is_out.get() && !clock.until(end).is_zero() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let left = fenced(clock.until(end), self.give_back(leadership)).await;
        left.unwrap_or_else(|| Err("no time was left".to_owned()))
    }
}

impl Handler<Drain> for ScalerActor {
    type Result = ();

    fn handle(&mut self, order: Drain, ctx: &mut Context<Self>) {
        let current =
            |state: &crate::supervisor::memory::State| state.is_at(order.cycle, Stage::Draining);
        let Some(drains) = self
            .drains
            .clone()
            .filter(|_| self.desk.memory.read(current))
        else {
            debug!(process:% = order.process, cycle = order.cycle; "a late order to drain is ignored");
            return;
        };
        let (desk, backend) = (self.desk.clone(), Rc::clone(&self.backend));
        let leadership = self.leadership.clone();
        let work = async move {
            let _busy = desk.busy(ERRAND);
            let look = drains
                .look(backend.as_ref(), &order.seen, order.to, &leadership)
                .await;
            let Drain { process, cycle, .. } = order;
            drains.looked.tell(Drained {
                process,
                cycle,
                look,
            });
        };
        ctx.spawn(work.into_actor(self).map(|(), _, _| ()));
    }
}

impl Handler<GiveBack> for ScalerActor {
    type Result = ();

    fn handle(&mut self, order: GiveBack, ctx: &mut Context<Self>) {
        let Some(drains) = self.drains.clone() else {
            return;
        };
        let (desk, leadership) = (self.desk.clone(), self.leadership.clone());
        let work = async move {
            let _busy = desk.busy(ERRAND);
            let GiveBack { process, cycle } = order;
            let result = drains.give_back(&leadership).await;
            drains.given_back.tell(GivenBack {
                process,
                cycle,
                result,
            });
        };
        ctx.spawn(work.into_actor(self).map(|(), _, _| ()));
    }
}

impl ScalerActor {
    /// This life ends: whoever was drained takes work again, unless all that runs ends with it.
    pub(super) fn undrain(
        &self,
        grace: Duration,
        for_good: bool,
    ) -> impl Future<Output = ()> + use<> {
        let ends_too = for_good && self.backend.ends_with_program();
        let owes = |state: &crate::supervisor::memory::State| {
            state.draining.is_some() || state.debt == Debt::Work
        };
        let owes = self.desk.memory.read(owes) && !ends_too;
        let drains = self.drains.clone().filter(|_| owes);
        let (desk, leadership) = (self.desk.clone(), self.leadership.clone());
        async move {
            let Some(drains) = drains else { return };
            let given_back = drains
                .leave(&leadership, grace.min(ERRAND), desk.clock)
                .await;
            desk.memory.commit(|state| {
                state.draining = None;
                state.debt = Debt::Unknown;
            });
            if let Err(why) = given_back {
                let process = &desk.plan.process;
                warn!(process:% = process; "those of {process} that were drained could not be told to take work again ({why}); the next run tries it");
            }
        }
    }
}
