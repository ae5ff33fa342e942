//! The last part of `check --live`: one test notice to each notifier.

use crate::clock::Clock;
use crate::model::{Cycle, ProcessName};
use crate::notification::{Event, Notice, Phase};
use crate::settings::{ProcessSettings, Settings, Step};
use crate::supervisor::desk::fenced;

use super::Trial;

impl Trial<'_> {
    /// Sends a test notice to each notifier of the process that no process before it has.
    pub(super) async fn notify(&mut self, settings: &Settings) {
        let notice = test_notice(self.process, self.works.clock);
        let steps = self.process.notification.iter();
        for (step, policy) in steps.zip(self.plan.policies.clone()) {
            if let Some(told) = told_before(settings, self.process, step) {
                let text = format!(
                    "{} is shared with {told}, and was tried there",
                    step.backend
                );
                self.say("notification", text);
                continue;
            }
            let made = self.works.notifier(self.process, step);
            let Some(notifier) = self.built("notification", made) else {
                continue;
            };
            let (name, backend) = notifier.parts();
            let work = async {
                backend.setup().await?;
                backend.heartbeat_start().await?;
                backend.notify(&notice).await
            };
            match fenced(policy.timeout(), work).await {
                Some(Ok(())) => self.say("notification", format!("{name} took a test notice")),
                Some(Err(error)) => self.fail("notification", format!("{name}: {error}")),
                None => {
                    let seconds = policy.timeout().as_secs_f64();
                    let text = format!("{name}: no answer within {seconds} s");
                    self.fail("notification", text);
                }
            }
            fenced(policy.timeout(), backend.teardown())
                .await
                .unwrap_or_default();
        }
    }
}

/// The process before this one that has the very same notifier. Most files write one for all processes, and ten mails
/// about one mail server help nobody.
fn told_before<'a>(
    settings: &'a Settings,
    process: &ProcessSettings,
    step: &Step,
) -> Option<&'a ProcessName> {
    let before = settings.processes.iter();
    let mut before = before.take_while(|other| other.name != process.name);
    before
        .find(|other| other.notification.contains(step))
        .map(|other| &other.name)
}

fn test_notice(process: &ProcessSettings, clock: Clock) -> Notice {
    const NO_CYCLE: Cycle = 0;
    Notice {
        process: process.name.clone(),
        event: Event::Measurement,
        phase: Phase::Moment,
        at: clock.now().wall,
        cycle: NO_CYCLE,
        from: None,
        to: None,
        direction: None,
        reason: "a test notice of `autoscalebot check --live`; nothing was scaled".to_owned(),
    }
}
