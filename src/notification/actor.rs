//! Tells people: sorts each notice by the notifiers' policies and delivers it to those that want it, each at its own
//! pace, so that one that fails or hangs delays neither the others nor anybody else.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture, Supervised, WrapFuture,
};
use async_trait::async_trait;
use log::warn;

use crate::backend::BuildError;
use crate::messages::{Notify, Teardown};
use crate::notification::{Notice, NotificationBackend, NotifyError};
use crate::supervisor::desk::{Desk, fenced};

/// How many notices may wait for one notifier; past it the oldest is dropped, and said.
const QUEUE: usize = 100;

/// How often a teardown looks whether the notices are out.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Notifies the people in charge of one process.
#[derive(Debug)]
pub struct NotifierActor {
    desk: Desk,
    notifiers: Vec<Notifier>,
    /// How many notices are queued or being delivered.
    waiting: Rc<Cell<usize>>,
}

/// One notifier: where it delivers to, and what waits for it.
pub struct Notifier {
    name: String,
    backend: Rc<dyn NotificationBackend>,
    queue: VecDeque<Notice>,
    delivering: bool,
    is_set_up: bool,
}

impl Notifier {
    /// A notifier with nothing to tell.
    pub fn new(name: &str, backend: Rc<dyn NotificationBackend>) -> Self {
        Self {
            name: name.to_owned(),
            backend,
            queue: VecDeque::new(),
            delivering: false,
            is_set_up: false,
        }
    }

    /// In the place of one that cannot be built, so that the others keep theirs: it delivers nothing, and says why.
    pub fn unbuilt(name: &str, why: &BuildError) -> Self {
        Self::new(name, Rc::new(Unbuilt(why.to_string())))
    }

    /// Its backend, with the name.
    pub fn parts(&self) -> (&str, &dyn NotificationBackend) {
        (&self.name, self.backend.as_ref())
    }
}

struct Unbuilt(String);

#[async_trait(?Send)]
impl NotificationBackend for Unbuilt {
    async fn notify(&self, _: &Notice) -> Result<(), NotifyError> {
        Err(NotifyError(self.0.clone()))
    }
}

impl std::fmt::Debug for Notifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notifier")
            .field("name", &self.name)
            .field("waiting", &self.queue.len())
            .finish_non_exhaustive()
    }
}

impl NotifierActor {
    /// An actor that tells these notifiers, in the order of the plan's policies.
    pub fn new(desk: Desk, notifiers: Vec<Notifier>) -> Self {
        Self {
            desk,
            notifiers,
            waiting: Rc::default(),
        }
    }

    /// Whether the notifier at `index` tells this notice now.
    fn admits(&self, index: usize, notice: &Notice) -> bool {
        let plan = &self.desk.plan;
        let Some(policy) = plan.policies.get(index) else {
            return false;
        };
        let now = self.desk.clock.now();
        self.desk.memory.commit(|state| {
            state
                .told
                .resize_with(plan.policies.len(), Default::default);
            state
                .told
                .get_mut(index)
                .is_some_and(|told| policy.admits(told, notice, now, plan.zone))
        })
    }

    fn enqueue(&mut self, index: usize, notice: Notice) {
        let Some(notifier) = self.notifiers.get_mut(index) else {
            return;
        };
        if notifier.queue.len() >= QUEUE && notifier.queue.pop_front().is_some() {
            warn!(process:% = notice.process, backend = notifier.name.as_str(); "dropped the oldest of {QUEUE} waiting notices");
        }
        notifier.queue.push_back(notice);
    }

    /// Delivers the next notice of the notifier at `index`, unless it is delivering one already.
    fn deliver(&mut self, index: usize, ctx: &mut Context<Self>) {
        let Some(notifier) = self.notifiers.get_mut(index) else {
            return;
        };
        if notifier.delivering {
            return;
        }
        // Taken out before it is tried: a notice on which the backend panics is not tried again.
        let Some(notice) = notifier.queue.pop_front() else {
            return;
        };
        notifier.delivering = true;
        let deadline = self
            .desk
            .plan
            .policies
            .get(index)
            .map_or(Duration::from_secs(30), super::policy::Policy::timeout);
        let (desk, backend, is_set_up) = (
            self.desk.clone(),
            Rc::clone(&notifier.backend),
            notifier.is_set_up,
        );
        let work = async move {
            let _busy = desk.busy(deadline);
            let late = NotifyError(format!("not delivered within {} s", deadline.as_secs_f64()));
            let told = fenced(deadline, tell(backend.as_ref(), is_set_up, &notice)).await;
            (notice, told.unwrap_or(Err(late)))
        };
        ctx.spawn(
            work.into_actor(self)
                .map(move |(notice, result), actor, ctx| {
                    actor.delivered(index, &notice, result, ctx);
                }),
        );
    }

    fn delivered(
        &mut self,
        index: usize,
        notice: &Notice,
        result: Result<(), NotifyError>,
        ctx: &mut Context<Self>,
    ) {
        if let Some(notifier) = self.notifiers.get_mut(index) {
            notifier.delivering = false;
            match result {
                Ok(()) => notifier.is_set_up = true,
                // Only logged: a notice about a notice that failed could fail for ever.
                Err(error) => {
                    self.desk.memory.commit(|state| {
                        if let Some(told) = state.told.get_mut(index) {
                            told.forget(notice);
                        }
                    });
                    let process = &self.desk.plan.process;
                    warn!(process:% = process, backend = notifier.name.as_str(); "a notice of {process} was not delivered by {}: {error}", notifier.name);
                }
            }
        }
        self.deliver(index, ctx);
        self.recount();
    }

    fn recount(&self) {
        let waiting = |notifier: &Notifier| notifier.queue.len() + usize::from(notifier.delivering);
        self.waiting.set(self.notifiers.iter().map(waiting).sum());
    }
}

async fn tell(
    backend: &dyn NotificationBackend,
    is_set_up: bool,
    notice: &Notice,
) -> Result<(), NotifyError> {
    if !is_set_up {
        backend.setup().await?;
    }
    backend.heartbeat_start().await?;
    backend.notify(notice).await
}

impl Handler<Notify> for NotifierActor {
    type Result = ();

    fn handle(&mut self, order: Notify, ctx: &mut Context<Self>) {
        for index in 0..self.notifiers.len() {
            if order.only.is_none_or(|only| only == index) && self.admits(index, &order.notice) {
                self.enqueue(index, order.notice.clone());
                self.deliver(index, ctx);
            }
        }
        self.recount();
    }
}

impl Actor for NotifierActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        for index in 0..self.notifiers.len() {
            self.deliver(index, ctx);
        }
        self.recount();
    }
}

impl Supervised for NotifierActor {
    fn restarting(&mut self, _: &mut Context<Self>) {
        for notifier in &mut self.notifiers {
            notifier.delivering = false;
            notifier.is_set_up = false;
        }
    }
}

impl Handler<Teardown> for NotifierActor {
    type Result = ResponseFuture<()>;

    /// What waits is still delivered, as far as the grace allows.
    fn handle(&mut self, teardown: Teardown, _: &mut Context<Self>) -> ResponseFuture<()> {
        let backends: Vec<_> = self
            .notifiers
            .iter()
            .map(|notifier| Rc::clone(&notifier.backend))
            .collect();
        let waiting = Rc::clone(&self.waiting);
        Box::pin(async move {
            let work = async {
                while waiting.get() > 0 {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                for backend in backends {
                    backend.teardown().await;
                }
            };
            fenced(teardown.grace, work).await.unwrap_or_default();
        })
    }
}

crate::supervisor::inject::injectable!(NotifierActor);
