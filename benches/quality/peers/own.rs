//! The program itself: a decision backend with its defaults, through the production histories, envelope and cooldowns.

use autoscalebot::backend::Registry;
use autoscalebot::clock::Clock;
use autoscalebot::offline::simulated::{Simulated, Visible};
use autoscalebot::offline::subject::Subject;
use autoscalebot::simulation::plant::{Kind, Plant};
use autoscalebot::simulation::policy::Policy;
use chrono::{DateTime, Utc};

/// `adaptive`, given the target alone, which sees this of the plant.
pub(super) fn adaptive(plant: &Plant, visible: Visible) -> Option<Box<dyn Policy>> {
    let target = match plant.kind {
        Kind::Web => format!("target_response_time_ms = {}", plant.slo * 1000.0),
        Kind::Queue => format!("target_queue_wait_seconds = {}", plant.slo),
    };
    own("adaptive", &target, visible)
}

/// A decision backend with these settings.
fn own(policy: &str, settings: &str, visible: Visible) -> Option<Box<dyn Policy>> {
    let registry = Registry::built_in();
    let subject = Subject::bare(policy, settings, &registry).ok()?;
    let (replay, signals) = subject.replay(&registry, Clock::system()).ok()?;
    let seen = signals.into_iter().map(|signal| (visible, signal));
    let start: DateTime<Utc> = DateTime::UNIX_EPOCH;
    Some(Box::new(Simulated::new(
        replay,
        seen.collect(),
        start,
        |_, _| {},
    )))
}
