//! A fault on order, for the harness: any of the four actors can be made to panic, fail, hang or end at any moment.

#[cfg(feature = "harness")]
use actix::{Context, Handler};

#[cfg(feature = "harness")]
use crate::model::{ProcessName, Role};
#[cfg(feature = "harness")]
use crate::supervisor::actor::SupervisorActor;

/// What to do to an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injected {
    /// Panic inside a handler.
    Panic,
    /// Say that it cannot go on.
    Fail,
    /// Block the mailbox with a future that never ends, under a deadline.
    Hang,
    /// End as if its work were done.
    End,
}

/// To each of the four actors, from the harness only.
#[cfg(feature = "harness")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, actix::Message)]
#[rtype(result = "()")]
pub struct Inject(pub Injected);

/// How long a hang may last before the guard ends it.
#[cfg(feature = "harness")]
pub const HANG_DEADLINE: std::time::Duration = std::time::Duration::from_secs(1);

/// Makes an actor with a `desk` take `Inject`; nothing without the feature `harness`.
macro_rules! injectable {
    ($actor:ty) => {
        #[cfg(feature = "harness")]
        impl Handler<crate::supervisor::inject::Inject> for $actor {
            type Result = ();

            fn handle(
                &mut self,
                order: crate::supervisor::inject::Inject,
                ctx: &mut Context<Self>,
            ) {
                use crate::supervisor::inject::{HANG_DEADLINE, Injected};
                match order.0 {
                    Injected::Panic => panic!("injected"),
                    Injected::Fail => self.desk.pulse.fail(ctx, "injected"),
                    Injected::End => actix::ActorContext::stop(ctx),
                    Injected::Hang => {
                        let busy = self
                            .desk
                            .pulse
                            .busy(self.desk.clock.now().mono + HANG_DEADLINE);
                        let hang = async move {
                            let _busy = busy;
                            std::future::pending::<()>().await;
                        };
                        actix::AsyncContext::wait(ctx, WrapFuture::into_actor(hang, self));
                    }
                }
            }
        }
    };
}
pub(crate) use injectable;

/// Makes one of the actors of a group fail: for the harness.
#[cfg(feature = "harness")]
#[derive(Debug, actix::Message)]
#[rtype(result = "()")]
pub struct InjectInto {
    /// The process.
    pub process: ProcessName,
    /// Which actor.
    pub role: Role,
    /// How.
    pub fault: Injected,
}

#[cfg(feature = "harness")]
impl Handler<InjectInto> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, order: InjectInto, _: &mut Context<Self>) {
        if let Some(group) = self.groups.get(&order.process) {
            group.inject(order.role, order.fault);
        }
    }
}

#[cfg(feature = "harness")]
impl Handler<Inject> for SupervisorActor {
    type Result = ();

    #[expect(clippy::panic, reason = "a panic is what is asked for")]
    fn handle(&mut self, _: Inject, _: &mut Context<Self>) {
        panic!("injected");
    }
}

#[cfg(feature = "harness")]
impl crate::supervisor::group::Group {
    /// Makes one of the actors fail.
    pub fn inject(&self, role: Role, fault: Injected) {
        fn send<A>(member: Option<&crate::supervisor::group::Member<A>>, fault: Injected)
        where
            A: actix::Actor<Context = Context<A>> + Handler<Inject>,
        {
            if let Some(member) = member {
                member.addr.try_send(Inject(fault)).unwrap_or_default();
            }
        }
        match role {
            Role::Measure => send(self.crew.measure.as_ref(), fault),
            Role::Decide => send(self.crew.decide.as_ref(), fault),
            Role::Scale => send(self.crew.scale.as_ref(), fault),
            Role::Notify => send(self.crew.notify.as_ref(), fault),
        }
    }
}
