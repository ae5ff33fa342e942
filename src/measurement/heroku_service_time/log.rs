//! The router's lines in one app's log, followed through one log session that all measurements of the app share.
//!
//! ```text
//!   measure(web) ──┐ polls                         ┌─▶ POST log-sessions ─▶ GET logplex_url ─▶ lines ─▶ ended ─┐
//!   measure(api) ──┼──────▶ the one followed run ──┤                                                           │
//!   measure(…)   ──┘                               └──────────── another, after a wait that grows ◀────────────┘
//! ```
//!
//! There is no task that follows the log: whoever waits drives it, and when one of them is dropped the others go on.
//! Between two measurements nobody reads, and Heroku's side waits (or drops old lines, which nobody wants): the lines of
//! a probe that is yet to be sent come after them. Only ids that are waited for are kept, so memory is bounded.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};
use tokio::sync::Notify;

use super::router_line::RouterLine;
use super::session::{Session, follow};
use crate::backend::{BuildError, Site};
use crate::scaling::heroku::access::Access;
use crate::scaling::heroku::api::Failure;
use crate::scaling::heroku::app::App;
use crate::scaling::heroku::patience::Patience;

/// The followed log of one app.
#[derive(Debug)]
pub struct AppLog {
    session: Rc<Session>,
    run: RefCell<Option<Run>>,
    runs: Cell<u64>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub enum Ended {
    /// The session was over: another may be opened.
    Closed,
    /// None could be opened.
    Failed(Failure),
}

#[derive(Clone, Debug)]
struct Run {
    number: u64,
    patience: Rc<Patience>,
    /// Whether Heroku is being asked for a session.
    opening: Rc<Cell<bool>>,
    /// Ends it, for all who wait for it.
    over: Rc<Notify>,
    ended: Shared<LocalBoxFuture<'static, Ended>>,
}

/// The logs of the whole program. Each lives as long as a backend that uses it.
#[derive(Debug, Default)]
pub struct Logs(RefCell<BTreeMap<Access, Weak<AppLog>>>);

impl AppLog {
    /// The one log of this app.
    pub fn shared(access: &Access, site: &Site) -> Result<Rc<Self>, BuildError> {
        let logs = site.shared.get::<Logs>();
        let mut known = logs.0.borrow_mut();
        known.retain(|_, log| log.strong_count() > 0);
        if let Some(log) = known.get(access).and_then(Weak::upgrade) {
            return Ok(log);
        }
        let log = Rc::new(Self {
            session: Rc::new(Session::new(App::shared(access, site)?)),
            run: RefCell::new(None),
            runs: Cell::new(0),
        });
        known.insert(access.clone(), Rc::downgrade(&log));
        Ok(log)
    }

    /// Waits until the log is followed, opening a session where there is none. It gives up only when Heroku refuses
    /// one; `until` is how long a call to Heroku may take.
    pub async fn ready(&self, until: Duration) -> Result<(), Failure> {
        self.drive(until, || self.session.is_followed().then_some(()))
            .await
    }

    /// From now on, the router's line with this id is kept until the returned value is dropped.
    pub fn expect(self: &Rc<Self>, request_id: String) -> Expected {
        self.session.expect(&request_id);
        Expected {
            log: self.clone(),
            request_id,
            run: self.runs.get(),
            heard: self.session.heard(),
        }
    }

    /// What went wrong last with the log session; nothing when it is followed.
    pub fn trouble(&self) -> Option<String> {
        self.session.trouble()
    }

    /// Drives the log until `done` has something, or no session can be opened.
    async fn drive<T>(
        &self,
        until: Duration,
        mut done: impl FnMut() -> Option<T>,
    ) -> Result<T, Failure> {
        loop {
            let mut run = self.join(until);
            let _guard = ForgetOnPanic {
                log: self,
                number: run.number,
            };
            let step = poll_fn(|context| {
                // The log first: what there is to read may be what we wait for, or the end of the session.
                let ended = run.ended.poll_unpin(context);
                match done() {
                    Some(found) => Poll::Ready(Ok(found)),
                    None => ended.map(Err),
                }
            });
            let ended = match step.await {
                Ok(found) => return Ok(found),
                Err(ended) => ended,
            };
            self.forget(run.number);
            if let Ended::Failed(failure) = ended {
                return Err(failure);
            }
        }
    }

    /// The run under way, or a new one.
    fn join(&self, until: Duration) -> Run {
        if let Some(run) = self.run.borrow().as_ref().filter(|run| !self.is_spent(run)) {
            run.patience.extend(until);
            return run.clone();
        }
        self.end();
        self.runs.set(self.runs.get() + 1);
        let (patience, opening) = (Rc::new(Patience::until(until)), Rc::default());
        let over = Rc::new(Notify::new());
        let run = Run {
            number: self.runs.get(),
            ended: run(
                follow(self.session.clone(), patience.clone(), Rc::clone(&opening)),
                over.clone(),
            )
            .boxed_local()
            .shared(),
            patience,
            opening,
            over,
        };
        *self.run.borrow_mut() = Some(run.clone());
        run
    }

    /// Whether all who waited for Heroku to open a session have given up: nobody was there to see it fail.
    fn is_spent(&self, run: &Run) -> bool {
        run.opening.get() && self.session.time_left(&run.patience).is_zero()
    }

    /// Ends the run under way: whoever still waits for it goes on with the next.
    fn end(&self) {
        if let Some(run) = self.run.take() {
            run.over.notify_one();
        }
    }

    /// The run with this number is over; a later one is left alone.
    fn forget(&self, number: u64) {
        let mut current = self.run.borrow_mut();
        if current.as_ref().is_some_and(|run| run.number == number) {
            *current = None;
        }
    }
}

/// A line that is waited for.
#[derive(Debug)]
pub struct Expected {
    log: Rc<AppLog>,
    request_id: String,
    /// The run that was under way when the wait began, and how many lines had come by then.
    run: u64,
    heard: u64,
}

impl Expected {
    /// Waits for the line.
    pub async fn line(&self, until: Duration) -> Result<RouterLine, Failure> {
        self.log
            .drive(until, || self.log.session.found(&self.request_id))
            .await
    }

    /// The line did not come. A connection that died without a word looks just like that, so that the session is given
    /// up, unless it is seen to live: others wait for lines from it, and since this wait began some line has come, or
    /// it was opened.
    pub fn give_up(self) {
        let session = &self.log.session;
        let is_silent = self.log.runs.get() == self.run && session.heard() == self.heard;
        if session.expected() == 1 || is_silent {
            self.log.end();
            session.ended("no line of the router's came");
        }
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.log.session.forget(&self.request_id);
    }
}

/// Follows the log until that ends, or is ended.
async fn run(follow: impl Future<Output = Ended>, over: Rc<Notify>) -> Ended {
    tokio::select! {
        ended = follow => ended,
        () = over.notified() => Ended::Closed,
    }
}

/// A panic while the run is polled leaves it unusable: whoever waits next is to start another.
struct ForgetOnPanic<'a> {
    log: &'a AppLog,
    number: u64,
}

impl Drop for ForgetOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.log.forget(self.number);
        }
    }
}
