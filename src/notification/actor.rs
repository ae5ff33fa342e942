//! Tells people: sorts each notice by the notifiers' policies and delivers it to those that want it, each at its own
//! pace, so that one that fails or hangs delays neither the others nor anybody else.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::rc::Rc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture, Supervised, WrapFuture,
};
use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::join_all;
use log::{error, warn};

use crate::backend::BuildError;
use crate::messages::{Notify, Teardown};
use crate::notification::outbox::{MOST_WAITING, Outbox};
use crate::notification::{Notice, NotificationBackend, NotifyError};
use crate::supervisor::caught::caught_io;
use crate::supervisor::desk::{Desk, fenced};

/// How often a teardown looks whether the notices are out.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Notifies the people in charge of one process.
#[derive(Debug)]
pub struct NotifierActor {
    desk: Desk,
    notifiers: Vec<Notifier>,
    outbox: Outbox,
}

/// One notifier: where it delivers to.
pub struct Notifier {
    name: String,
    backend: Rc<dyn NotificationBackend>,
    is_set_up: bool,
}

impl Notifier {
    /// A notifier that has not told anything yet.
    pub fn new(name: &str, backend: Rc<dyn NotificationBackend>) -> Self {
        Self {
            name: name.to_owned(),
            backend,
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
            .finish_non_exhaustive()
    }
}

impl NotifierActor {
    /// An actor that tells these notifiers, in the order of the plan's policies, what waits in the outbox and what
    /// comes.
    pub fn new(desk: Desk, notifiers: Vec<Notifier>, outbox: Outbox) -> Self {
        outbox.fit(notifiers.len());
        Self {
            desk,
            notifiers,
            outbox,
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

    fn enqueue(&self, index: usize, notice: Notice) {
        let Some(oldest) = self.outbox.put(index, notice) else {
            return;
        };
        self.forget(index, &oldest);
        self.log_untold(
            index,
            &format!("it was the oldest of {MOST_WAITING} that wait"),
        );
    }

    /// Delivers the next notice of the notifier at `index`, unless it is delivering one already.
    fn deliver(&self, index: usize, ctx: &mut Context<Self>) {
        let Some(notifier) = self.notifiers.get(index) else {
            return;
        };
        let Some(notice) = self.outbox.next(index) else {
            return;
        };
        let deadline = self
            .desk
            .plan
            .policies
            .get(index)
            .map_or(Duration::from_secs(30), super::policy::Policy::timeout);
        let (desk, outbox) = (self.desk.clone(), self.outbox.clone());
        let (backend, is_set_up) = (Rc::clone(&notifier.backend), notifier.is_set_up);
        let work = async move {
            let _busy = desk.busy(deadline);
            let telling = AssertUnwindSafe(tell(backend.as_ref(), is_set_up, &notice));
            match fenced(deadline, telling.catch_unwind()).await {
                Some(Ok(told)) => told,
                Some(Err(panic)) => {
                    // A fault of the actor. A notice on which the backend panics is not put back with the others'.
                    outbox.done(index);
                    resume_unwind(panic)
                }
                None => Err(NotifyError(format!(
                    "not delivered within {} s",
                    deadline.as_secs_f64()
                ))),
            }
        };
        ctx.spawn(work.into_actor(self).map(move |result, actor, ctx| {
            actor.delivered(index, result, ctx);
        }));
    }

    fn delivered(
        &mut self,
        index: usize,
        result: Result<(), NotifyError>,
        ctx: &mut Context<Self>,
    ) {
        let notice = self.outbox.done(index);
        match (result, self.notifiers.get_mut(index)) {
            (Ok(()), Some(notifier)) => notifier.is_set_up = true,
            (Ok(()), None) => {}
            // Only logged: a notice about a notice that failed could fail for ever.
            (Err(error), _) => {
                if let Some(notice) = notice {
                    self.forget(index, &notice);
                }
                self.log_untold(index, &error.0);
            }
        }
        self.deliver(index, ctx);
    }

    /// A condition of which the notifier at `index` was not told after all is told once more while it holds.
    fn forget(&self, index: usize, undelivered: &Notice) {
        self.desk.memory.commit(|state| {
            if let Some(told) = state.told.get_mut(index) {
                told.forget(undelivered);
            }
        });
    }

    fn log_untold(&self, index: usize, why: &str) {
        let process = &self.desk.plan.process;
        let name = self
            .notifiers
            .get(index)
            .map_or("", |notifier| notifier.name.as_str());
        warn!(process:% = process, backend = name; "a notice of {process} was not delivered by {name}: {why}");
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

/// Waits until the notifier at `index` has told what waits, and tears its backend down.
async fn tear_down(desk: Desk, outbox: Outbox, index: usize, backend: Rc<dyn NotificationBackend>) {
    while !outbox.is_empty_for(index) {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    if let Err(text) = caught_io(backend.teardown()).await {
        let process = &desk.plan.process;
        error!(process:% = process; "the teardown hook of a notifier of {process} panicked: {text}");
    }
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
    }
}

impl Actor for NotifierActor {
    type Context = Context<Self>;

    /// At the beginning of a life and after a restart: what was under way before was broken off.
    fn started(&mut self, ctx: &mut Context<Self>) {
        for (index, notice) in self.outbox.recall() {
            self.forget(index, &notice);
            self.log_untold(index, "its delivery was broken off twice");
        }
        for index in 0..self.notifiers.len() {
            self.deliver(index, ctx);
        }
    }
}

impl Supervised for NotifierActor {
    fn restarting(&mut self, _: &mut Context<Self>) {
        for notifier in &mut self.notifiers {
            notifier.is_set_up = false;
        }
    }
}

impl Handler<Teardown> for NotifierActor {
    type Result = ResponseFuture<()>;

    /// What waits is still delivered, as far as the grace allows, by each notifier at its own pace.
    fn handle(&mut self, teardown: Teardown, _: &mut Context<Self>) -> ResponseFuture<()> {
        let all = self.notifiers.iter().enumerate().map(|(index, notifier)| {
            let (desk, outbox) = (self.desk.clone(), self.outbox.clone());
            tear_down(desk, outbox, index, Rc::clone(&notifier.backend))
        });
        let all = join_all(all);
        Box::pin(async move {
            fenced(teardown.grace, all).await.unwrap_or_default();
        })
    }
}

crate::supervisor::inject::injectable!(NotifierActor);
