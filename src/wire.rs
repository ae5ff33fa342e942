//! The way a message goes: to the narrowest address, past whoever records it.

use std::any::Any;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, MailboxError, Message, Recipient};
use log::warn;

use crate::messages::{
    Challenged, Decided, Drain, Drained, Fault, GetCount, GiveBack, GivenBack, Measured, Notify,
    Restarted, Scale, Scaled,
};
use crate::model::ProcessName;

/// A message that names its process; what a recorder files it under. As an `Any` it can be asked for what else it says.
pub trait Addressed: Any + fmt::Display {
    /// The process that it is about.
    fn process(&self) -> &ProcessName;
}

macro_rules! addressed {
    ($($message:ty: $($field:ident).+),+ $(,)?) => {
        $(impl Addressed for $message {
            fn process(&self) -> &ProcessName {
                &self.$($field).+
            }
        })+
    };
}

addressed! {
    Measured: process, GetCount: process, Decided: process, Challenged: decided.process, Scale: process, Scaled: process,
    Notify: notice.process, Fault: process, Restarted: process,
    Drain: process, Drained: process, GiveBack: process, GivenBack: process,
}

/// Sees every message that a wire carries, before it is delivered: the harness's recorder.
#[derive(Clone, Default)]
pub struct Tap(Option<See>);

type See = Rc<dyn Fn(&dyn Addressed)>;

impl Tap {
    /// A tap that hands every message to `see`.
    pub fn new(see: impl Fn(&dyn Addressed) + 'static) -> Self {
        Self(Some(Rc::new(see)))
    }

    fn see(&self, message: &dyn Addressed) {
        if let Some(see) = &self.0 {
            see(message);
        }
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Tap(on)"
        } else {
            "Tap(off)"
        })
    }
}

/// The way to whoever handles `M`: the narrowest address, which any actor, or a test's recorder, can stand behind.
#[derive(Debug)]
pub struct Wire<M: Message + Send>
where
    M::Result: Send,
{
    to: Recipient<M>,
    tap: Tap,
}

impl<M: Message + Send> Clone for Wire<M>
where
    M::Result: Send,
{
    fn clone(&self) -> Self {
        Self {
            to: self.to.clone(),
            tap: self.tap.clone(),
        }
    }
}

impl<M> Wire<M>
where
    M: Message + Send + Addressed + 'static,
    M::Result: Send,
{
    /// A wire to an actor.
    pub fn to<A>(actor: &Addr<A>, tap: &Tap) -> Self
    where
        A: Actor + Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        Self {
            to: actor.clone().recipient(),
            tap: tap.clone(),
        }
    }

    /// Sends and does not wait. A message that cannot be delivered (the mailbox is full, the actor is gone) is logged
    /// as dropped; the cycle that it belonged to ends by its deadline.
    pub fn tell(&self, message: M) {
        self.tap.see(&message);
        if let Err(error) = self.to.try_send(message) {
            let full = matches!(error, actix::dev::SendError::Full(_));
            let message = error.into_inner();
            let process = message.process();
            let why = if full {
                "the mailbox is full"
            } else {
                "its actor is gone"
            };
            warn!(process:% = process; "dropped a message of {process}: {why}: {message}");
        }
    }

    /// Sends and waits for the answer, at most this long; `None` when there is none, because the time is up or the
    /// actor failed meanwhile.
    pub async fn ask(&self, message: M, deadline: Duration) -> Option<M::Result> {
        self.tap.see(&message);
        match tokio::time::timeout(deadline, self.to.send(message)).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(MailboxError::Closed | MailboxError::Timeout)) | Err(_) => None,
        }
    }
}
