//! What the tests of notifiers tell, and what a notifier may not say when it cannot.

use autoscalebot::model::ProcessName;
use autoscalebot::notification::{Event, Notice, NotificationBackend, Phase};

/// A scale of `web` from 2 to 3.
pub(crate) fn notice(reason: &str) -> Notice {
    Notice {
        process: ProcessName::new("web").unwrap(),
        event: Event::Scale,
        phase: Phase::Moment,
        at: "2026-03-02T12:00:00Z".parse().unwrap(),
        cycle: 7,
        from: Some(2),
        to: Some(3),
        direction: None,
        reason: reason.to_owned(),
    }
}

/// What it says when it cannot deliver; in no case a secret, all of which have `hunter2` in them.
pub(crate) async fn failure(notifier: &dyn NotificationBackend) -> String {
    let error = notifier.notify(&notice("slow")).await.unwrap_err();
    let error = error.to_string();
    assert!(!error.contains("hunter2"), "{error}");
    error
}
