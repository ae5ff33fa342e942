//! What the supervisor does about a fault: closes the cycle in which it happened, tells it, rebuilds the group when its
//! restarts are used up, and lets it rest when even that does not help.

use std::sync::Arc;

use actix::{AsyncContext, Context, Handler};
use chrono::{DateTime, Utc};
use log::{error, info, warn};
use serde_json::Value;

use crate::envelope::doubt::Trust;
use crate::measurement::{MeasureError, Measurement, OnFailure};
use crate::messages::{Fault, Measured, Next, Outcome, Restarted, Taken};
use crate::model::{Cycle, ProcessName, Role};
use crate::notification::Event;
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::group::Group;
use crate::supervisor::memory::{Health, InFlight, Stage};
use crate::supervisor::restarts::FIRST_BACKOFF;

impl SupervisorActor {
    /// The group stops scaling, and is tried again later.
    pub(super) fn degrade(&mut self, process: &ProcessName, why: &str, ctx: &mut Context<Self>) {
        let supervisor = ctx.address();
        let Some(group) = self.groups.get_mut(process) else {
            return;
        };
        let retry = group.plan.supervision.degraded_retry;
        let retry_at = self.works.clock.now().mono + retry;
        group.rest(&self.works, &supervisor);
        let cycle = group
            .memory
            .read(|state| state.in_flight.as_ref().map(|running| running.cycle));
        if let Some(cycle) = cycle {
            group.turn(&self.works, cycle, |turn| Some(turn.lost(why)));
        }
        let reason = format!(
            "{why}; it does not scale until it is tried again, every {} s",
            retry.as_secs_f64()
        );
        error!(process:% = process; "{process} is degraded: {reason}");
        self.undrain(process, ctx);
        let Some(group) = self.groups.get(process) else {
            return;
        };
        group
            .memory
            .commit(|state| state.health = Health::Degraded { retry_at });
        group.turn(&self.works, 0, |turn| Some(turn.degraded(&reason)));
        self.look_after(process, ctx);
    }

    /// While a group is degraded, it is told of at its interval, for whom an earlier notice did not reach, and it is
    /// tried again in the end.
    pub(super) fn look_after(&self, process: &ProcessName, ctx: &mut Context<Self>) {
        let Some(group) = self.groups.get(process) else {
            return;
        };
        if let Health::Degraded { retry_at } = group.memory.read(|state| state.health) {
            let (process, generation) = (process.clone(), group.generation);
            let wait = self.works.clock.until(retry_at).min(group.plan.interval);
            ctx.run_later(wait, move |supervisor, ctx| {
                supervisor.look_again(&process, generation, ctx);
            });
        }
    }

    fn look_again(&mut self, process: &ProcessName, generation: u64, ctx: &mut Context<Self>) {
        let Some(group) = self.living(process, generation) else {
            return;
        };
        let Health::Degraded { retry_at } = group.memory.read(|state| state.health) else {
            return; // a process of this name that was removed meant this timer, not the one that was added since
        };
        if self.works.clock.until(retry_at).is_zero() {
            self.retry(process, ctx);
        } else {
            group.turn(&self.works, 0, |turn| Some(turn.still_degraded()));
            self.look_after(process, ctx);
        }
    }

    fn retry(&mut self, process: &ProcessName, ctx: &mut Context<Self>) {
        let Some(group) = self.groups.get(process) else {
            return;
        };
        info!(process:% = process; "{process} is tried again");
        group.memory.commit(|state| state.health = Health::OnTrial);
        self.schedule(group);
        self.start(process, ctx);
    }

    /// What a fault does to the cycle in which it happened.
    fn close_cycle(&self, fault: &Fault) {
        let Some(group) = self.groups.get(&fault.process) else {
            return;
        };
        let Some(InFlight { cycle, stage, .. }) =
            group.memory.read(|state| state.in_flight.clone())
        else {
            return;
        };
        let survives = matches!(fault.next, Next::Restart(_));
        match (fault.role, stage, survives) {
            (Role::Measure, Stage::Measuring, true) => group.pass_on(
                &self.works,
                unmeasured(group, cycle, fault, self.works.clock.now().wall),
            ),
            (Role::Decide, Stage::Deciding, _)
            | (Role::Scale, Stage::Draining | Stage::Scaling, _)
            | (_, _, false) => {
                let why = format!("the {} part {}", fault.role, fault.cause);
                group.turn(&self.works, cycle, |turn| Some(turn.lost(&why)));
            }
            (Role::Measure | Role::Decide | Role::Scale | Role::Notify, _, true) => {}
        }
    }
}

/// The failed result of a measuring part that failed itself.
fn unmeasured(group: &Group, cycle: Cycle, fault: &Fault, at: DateTime<Utc>) -> Measured {
    let error = MeasureError::Faulted(format!("the measuring part {}", fault.cause));
    let taken = group.plan.metrics.iter().map(|metric| Taken {
        measurement: Measurement {
            backend: metric.name.clone(),
            data: Arc::new(Value::Null),
            success: false,
            error: Some(error.to_string()),
            at,
        },
        outcome: Outcome::Failed(metric.on_failure.unwrap_or(OnFailure::Hold)),
        trust: Trust::SourceDown,
        busy: None,
    });
    Measured {
        process: fault.process.clone(),
        cycle,
        taken: taken.collect(),
    }
}

impl Handler<Fault> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, fault: Fault, ctx: &mut Context<Self>) {
        let Some(group) = self.living(&fault.process, fault.generation) else {
            return;
        };
        let what = format!("the {} part {}", fault.role, fault.cause);
        let process = &fault.process;
        warn!(process:% = process, role:% = fault.role; "{process}: {what}");
        match fault.next {
            Next::Restart(backoff) => {
                let reason = format!("{what}; it works again in {:.1} s", backoff.as_secs_f64());
                self.close_cycle(&fault);
                // A notifier that panics at every notice would panic at this one too, and so on until the group is degraded.
                let again = fault.role == Role::Notify && backoff > FIRST_BACKOFF;
                if !again {
                    group.turn(&self.works, 0, |turn| {
                        Some(turn.moment(Event::Restarted, &reason))
                    });
                }
            }
            Next::Rebuild => {
                // In this order, so that it is the new life's notifiers that are told of the cycle's end.
                self.start(process, ctx);
                self.close_cycle(&fault);
                let reason = format!("{what}, once too often; the whole group was rebuilt");
                if let Some(group) = self.groups.get(process).filter(|group| group.is_running()) {
                    group.turn(&self.works, 0, |turn| {
                        Some(turn.moment(Event::Restarted, &reason))
                    });
                }
            }
            Next::Degrade => {
                self.degrade(
                    process,
                    &format!("{what}, too often even after a rebuild"),
                    ctx,
                );
            }
        }
    }
}

impl Handler<Restarted> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, restarted: Restarted, _: &mut Context<Self>) {
        let process = &restarted.process;
        info!(process:% = process, role:% = restarted.role; "{process}: the {} part works again", restarted.role);
    }
}
