//! Whether this program may order now: asked where an order is given (the supervisor) and once more where it is carried
//! out (the scaling actor), at each step of a call to the platform. Set by the candidate (`candidate.rs`).

use std::cell::Cell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use super::lease::Tenure;
use crate::clock::Clock;

/// The program's share in leading. Clones are the same share.
#[derive(Clone, Default)]
pub struct Leadership(Option<Rc<Seat>>);

struct Seat {
    clock: Clock,
    held: Cell<Option<Held>>,
    /// Nothing new is begun: the lease is about to be given back.
    retired: Cell<bool>,
    calls: Cell<usize>,
}

#[derive(Clone, Copy)]
struct Held {
    tenure: Tenure,
    /// Since when, on the monotonic clock, on which cycles begin.
    since: Duration,
}

/// This program does not lead, or not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLeading {
    /// Nothing was begun.
    #[error("another replica leads, or may lead by now, so the platform was not asked")]
    Before,
    /// It was, and was broken off.
    #[error(
        "the lease ended before the platform had answered: what it was asked for may still be done"
    )]
    Meanwhile,
}

impl Leadership {
    /// There is no other: it always leads.
    pub fn alone() -> Self {
        Self::default()
    }

    /// There are others: it leads when it is told so.
    pub fn contested(clock: Clock) -> Self {
        Self(Some(Rc::new(Seat {
            clock,
            held: Cell::default(),
            retired: Cell::default(),
            calls: Cell::default(),
        })))
    }

    /// The lease is this program's, with this tenure; or another's.
    pub fn set(&self, tenure: Option<Tenure>) {
        let Some(seat) = &self.0 else { return };
        let before = seat.held.get();
        let since = |tenure: Tenure| match before {
            // With the same token nobody else has led in between.
            Some(held) if held.tenure.token == tenure.token => held.since,
            Some(_) | None => seat.clock.now().mono,
        };
        seat.held.set(tenure.map(|tenure| Held {
            tenure,
            since: since(tenure),
        }));
    }

    /// Nothing new is begun any more; what is under way may end.
    pub fn retire(&self) {
        if let Some(seat) = &self.0 {
            seat.retired.set(true);
        }
    }

    /// Whether no call to the platform is under way.
    pub fn is_idle(&self) -> bool {
        self.0.as_ref().is_none_or(|seat| seat.calls.get() == 0)
    }

    /// Since when (monotonic) it has been leading without a break; `None`: it does not lead.
    pub fn since(&self) -> Option<Duration> {
        match &self.0 {
            None => Some(Duration::ZERO),
            Some(seat) => Some(seat.begin().ok()?.since),
        }
    }

    /// Does the work, a call to the platform, as long as the lease lasts. It is looked at on the boot clock before every
    /// single step of the work, so that a program that was stopped or a machine that was suspended in the middle of it
    /// takes no further step; and the work is dropped when the lease ends. A renewal meanwhile lets it go on.
    pub async fn while_leading<T>(&self, work: impl Future<Output = T>) -> Result<T, NotLeading> {
        let Some(seat) = &self.0 else {
            return Ok(work.await);
        };
        let token = seat.begin()?.tenure.token;
        let _call = seat.call();
        let mut work = pin!(work);
        loop {
            let left = seat.left(token).ok_or(NotLeading::Meanwhile)?;
            let step = poll_fn(|context| match seat.left(token) {
                None => Poll::Ready(Err(NotLeading::Meanwhile)),
                Some(_) => work.as_mut().poll(context).map(Ok),
            });
            // Too late: it is looked again, for it may have been renewed.
            if let Ok(done) = tokio::time::timeout(left, step).await {
                return done;
            }
        }
    }
}

impl Seat {
    fn begin(&self) -> Result<Held, NotLeading> {
        let held = self.held.get().filter(|_| !self.retired.get());
        let now = self.clock.boot();
        held.filter(|held| now < held.tenure.until)
            .ok_or(NotLeading::Before)
    }

    /// How long the lease with this token still lasts; `None`: no longer.
    fn left(&self, token: u64) -> Option<Duration> {
        let tenure = self.held.get()?.tenure;
        let left = tenure.until.saturating_sub(self.clock.boot());
        (tenure.token == token && !left.is_zero()).then_some(left)
    }

    fn call(&self) -> Call<'_> {
        self.calls.set(self.calls.get() + 1);
        Call(self)
    }
}

/// A call under way.
struct Call<'a>(&'a Seat);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.calls.set(self.0.calls.get().saturating_sub(1));
    }
}

impl fmt::Debug for Leadership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("Leadership(alone)"),
            Some(seat) => {
                let tenure = seat.held.get().map(|held| held.tenure);
                write!(f, "Leadership({tenure:?})")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use tokio::time::{advance, sleep};

    fn clock() -> Clock {
        Clock::starting_at(DateTime::UNIX_EPOCH)
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn tenure(token: u64, until: u64) -> Tenure {
        let until = secs(until);
        Tenure { token, until }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_alone_always_leads() {
        let alone = Leadership::alone();
        assert_eq!(alone.since(), Some(Duration::ZERO));
        alone.retire();
        let work = async {
            sleep(secs(1000)).await;
            7
        };
        assert_eq!(alone.while_leading(work).await, Ok(7));
        assert!(alone.is_idle());
    }

    #[tokio::test(start_paused = true)]
    async fn it_leads_since_it_got_its_token() {
        let leadership = Leadership::contested(clock());
        assert_eq!(leadership.since(), None);
        advance(secs(1)).await;
        leadership.set(Some(tenure(1, 10)));
        advance(secs(1)).await;
        leadership.set(Some(tenure(1, 20)));
        assert_eq!(leadership.since(), Some(secs(1)), "a renewal");
        advance(secs(18)).await;
        assert_eq!(leadership.since(), None, "it has ended");
        leadership.set(Some(tenure(1, 30)));
        assert_eq!(leadership.since(), Some(secs(1)), "nobody was in between");
        leadership.set(Some(tenure(3, 30)));
        assert_eq!(leadership.since(), Some(secs(20)), "somebody was");
        leadership.set(None);
        assert_eq!(leadership.since(), None);
        leadership.set(Some(tenure(3, 30)));
        leadership.retire();
        assert_eq!(leadership.since(), None, "it is given back");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_ends_with_the_lease() {
        let leadership = Leadership::contested(clock());
        let begun = Cell::new(false);
        let call = || async {
            begun.set(true);
            sleep(secs(8)).await;
        };
        let refused = leadership.while_leading(call()).await;
        assert_eq!(
            (refused, begun.get()),
            (Err(NotLeading::Before), false),
            "no lease, no step"
        );
        leadership.set(Some(tenure(1, 5)));
        let broken_off = leadership.while_leading(call()).await;
        assert_eq!(
            (broken_off, begun.get()),
            (Err(NotLeading::Meanwhile), true)
        );
        assert_eq!(leadership.0.as_ref().unwrap().clock.boot(), secs(5));
        assert!(leadership.is_idle());
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_lets_it_go_on_and_another_token_does_not() {
        for (token, expected) in [(1, Ok(())), (2, Err(NotLeading::Meanwhile))] {
            let leadership = Leadership::contested(clock());
            leadership.set(Some(tenure(1, 5)));
            let call = leadership.while_leading(sleep(secs(8)));
            let renewal = async {
                sleep(secs(3)).await;
                leadership.set(Some(tenure(token, 20)));
                assert!(!leadership.is_idle());
                leadership.retire();
            };
            let (done, ()) = tokio::join!(call, renewal);
            assert_eq!(done, expected, "token {token}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_step_is_taken_after_the_end_though_the_work_is_woken_first() {
        let leadership = Leadership::contested(clock());
        leadership.set(Some(tenure(1, 5)));
        let steps = Cell::new(0);
        let call = async {
            loop {
                steps.set(steps.get() + 1);
                sleep(secs(4)).await;
            }
        };
        let lead = leadership.while_leading::<()>(call);
        let stop = async {
            sleep(secs(1)).await;
            // As after a SIGSTOP: all timers are due at once.
            advance(secs(60)).await;
        };
        let (done, ()) = tokio::join!(lead, stop);
        assert_eq!((done, steps.get()), (Err(NotLeading::Meanwhile), 1));
    }
}
