//! Restarts one actor in place: its address, its mailbox and its value stay; its futures and timers go.
//!
//! ```text
//!            ┌──────────── polls ────────────┐
//!            ▼                               │
//!   [working] ── panic, end, past deadline ─▶ [fault] ── Watch says ──▶ restart after t ──▶ [resting] ── t ──▶ [working]
//!                                                └───────────────────▶ give up ─────────▶ ends; the group is rebuilt
//! ```
//!
//! actix's own `Supervisor` survives no panic, knows no delay and no budget. This is a future around actix's public
//! [`ContextFut`], which was made public for supervisors of one's own. Messages that arrive while the actor rests wait
//! in its mailbox. What a panic has half written in the actor's own fields stays so: `restarting` must put them right,
//! and what matters lives in `Memory`.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use actix::dev::ContextFut;
use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Supervised};
use tokio::task::JoinHandle;
use tokio::time::{Sleep, sleep};

use crate::clock::Clock;
use crate::supervisor::caught::caught;

/// How an actor failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// It panicked, with this text.
    Panicked(String),
    /// It said itself that it cannot go on.
    Failed(String),
    /// It ended although nobody told it to.
    Ended,
    /// It was busy past its deadline.
    Stuck,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(text) => write!(f, "panicked: {text}"),
            Self::Failed(text) => write!(f, "failed: {text}"),
            Self::Ended => f.write_str("ended unasked"),
            Self::Stuck => f.write_str("was busy past its deadline"),
        }
    }
}

/// Who is told of faults and says what to do.
pub trait Watch {
    /// The actor failed. `Some`: restart it after this time. `None`: give it up.
    fn fault(&self, cause: Cause) -> Option<Duration>;

    /// The actor works again.
    fn restarted(&self);
}

/// An actor's line to its guard. Clones are the same line.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Rc<Line>);

#[derive(Debug, Default)]
struct Line {
    deadlines: RefCell<Vec<(u64, Duration)>>,
    next: Cell<u64>,
    failed: RefCell<Option<String>>,
}

impl Pulse {
    /// Says that the actor is busy until the token is dropped, and stuck if it still is at `deadline` (monotonic).
    pub fn busy(&self, deadline: Duration) -> Busy {
        let id = self.0.next.get();
        self.0.next.set(id.wrapping_add(1));
        self.0.deadlines.borrow_mut().push((id, deadline));
        Busy {
            pulse: self.clone(),
            id,
        }
    }

    /// Says that the actor cannot go on and is to be restarted.
    pub fn fail<A: Actor<Context = Context<A>>>(
        &self,
        ctx: &mut Context<A>,
        why: impl Into<String>,
    ) {
        *self.0.failed.borrow_mut() = Some(why.into());
        ctx.terminate();
    }

    fn deadline(&self) -> Option<Duration> {
        self.0
            .deadlines
            .borrow()
            .iter()
            .map(|(_, deadline)| *deadline)
            .min()
    }

    fn clear(&self) {
        self.0.deadlines.borrow_mut().clear();
    }
}

/// Work under way, with a deadline.
#[derive(Debug)]
pub struct Busy {
    pulse: Pulse,
    id: u64,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.pulse
            .0
            .deadlines
            .borrow_mut()
            .retain(|(id, _)| *id != self.id);
    }
}

/// Counts the guarded actors that are alive: a test that leaves one behind must fail.
#[derive(Clone, Debug, Default)]
pub struct Census(Rc<Cell<usize>>);

impl Census {
    /// How many are alive.
    pub fn alive(&self) -> usize {
        self.0.get()
    }

    fn enter(&self) -> Present {
        self.0.set(self.0.get() + 1);
        Present(self.clone())
    }
}

struct Present(Census);

impl Drop for Present {
    fn drop(&mut self) {
        self.0.0.set(self.0.0.get().saturating_sub(1));
    }
}

/// A guarded actor's task; dropped, it ends the actor.
#[derive(Debug)]
pub struct Life(JoinHandle<()>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts an actor under guard.
#[expect(
    clippy::disallowed_methods,
    reason = "the guard is the actor's task, and its owner holds the Life that ends it"
)]
pub fn spawn<A>(
    clock: Clock,
    census: &Census,
    mailbox: usize,
    watch: Rc<dyn Watch>,
    make: impl FnOnce(&mut Context<A>, Pulse) -> A,
) -> (Addr<A>, Life)
where
    A: Actor<Context = Context<A>> + Supervised,
{
    let pulse = Pulse::default();
    let mut ctx = Context::new();
    ctx.set_mailbox_capacity(mailbox);
    let actor = make(&mut ctx, pulse.clone());
    let addr = ctx.address();
    let guarded = Guarded {
        life: ctx.into_future(actor),
        pulse,
        watch,
        clock,
        rest: None,
        dog: None,
        _present: census.enter(),
    };
    (addr, Life(actix_rt::spawn(guarded)))
}

struct Guarded<A: Actor<Context = Context<A>> + Supervised> {
    life: ContextFut<A, Context<A>>,
    pulse: Pulse,
    watch: Rc<dyn Watch>,
    clock: Clock,
    /// Set while the actor rests before it works again.
    rest: Option<Pin<Box<Sleep>>>,
    /// The deadline that is waited for, with its timer.
    dog: Option<(Duration, Pin<Box<Sleep>>)>,
    _present: Present,
}

impl<A: Actor<Context = Context<A>> + Supervised> Guarded<A> {
    /// Takes a fault to the watch and does as it says; `false` when the actor is given up.
    fn fault(&mut self, cause: Cause) -> bool {
        self.pulse.clear();
        self.dog = None;
        let mut cause = cause;
        loop {
            let Some(rest) = self.watch.fault(cause) else {
                return false;
            };
            match caught(|| self.life.restart()) {
                Ok(true) => {
                    self.rest = Some(Box::pin(sleep(rest)));
                    return true;
                }
                // Nobody has its address any more: it is not missed.
                Ok(false) => return false,
                Err(text) => cause = Cause::Panicked(text),
            }
        }
    }

    /// Polls the actor until it waits (`Pending`) or has failed.
    fn work(&mut self, cx: &mut TaskContext<'_>) -> Poll<Cause> {
        match caught(|| Pin::new(&mut self.life).poll(cx)) {
            Err(text) => Poll::Ready(Cause::Panicked(text)),
            Ok(Poll::Ready(())) => {
                let failed = self.pulse.0.failed.borrow_mut().take();
                Poll::Ready(failed.map_or(Cause::Ended, Cause::Failed))
            }
            Ok(Poll::Pending) => self.watch_deadline(cx),
        }
    }

    fn watch_deadline(&mut self, cx: &mut TaskContext<'_>) -> Poll<Cause> {
        let Some(deadline) = self.pulse.deadline() else {
            self.dog = None;
            return Poll::Pending;
        };
        if self
            .dog
            .as_ref()
            .is_none_or(|(armed, _)| *armed != deadline)
        {
            self.dog = Some((deadline, Box::pin(sleep(self.clock.until(deadline)))));
        }
        match &mut self.dog {
            Some((_, timer)) => timer.as_mut().poll(cx).map(|()| Cause::Stuck),
            None => Poll::Pending,
        }
    }
}

impl<A: Actor<Context = Context<A>> + Supervised> Future for Guarded<A> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            if let Some(rest) = &mut this.rest {
                ready!(rest.as_mut().poll(cx));
                this.rest = None;
                this.watch.restarted();
            }
            let cause = ready!(this.work(cx));
            if !this.fault(cause) {
                return Poll::Ready(());
            }
        }
    }
}

// `ContextFut` is Unpin where its parts are; nothing here is pinned in place.
impl<A: Actor<Context = Context<A>> + Supervised> Unpin for Guarded<A> {}
