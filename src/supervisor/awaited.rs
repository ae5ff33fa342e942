//! A scale that was not made: a failure, which is told; or refused by the platform until a release is over, which is tried
//! again in the next cycle, and told when it lasts; or one that is only told, for the process is in the shadow.
//!
//! ```text
//!   422    422    422  …  422        200
//!   ├────── 10 min ───────┤           └─ scaled, and `scale_failed` ended
//!   recorded, not told    scale_failed is told
//! ```

use std::time::Duration;

use crate::model::Count;
use crate::notification::{Event, Phase};
use crate::record::Outcome;
use crate::scaling::ScaleError;
use crate::supervisor::cycle::Turn;
use crate::supervisor::plan::Mode;

/// How long it lasts before it is told: a preboot takes some minutes.
const TOLD_AFTER: Duration = Duration::from_secs(600);

impl Turn<'_> {
    /// The platform did not do it, or has not said that it did.
    pub(super) fn failed(&mut self, from: Count, to: Count, error: &ScaleError) {
        match error {
            ScaleError::Waits(why) => self.awaited(from, to, why),
            ScaleError::Refused(why) => self.not_scaled(from, to, why.clone()),
            ScaleError::Unavailable(why) | ScaleError::Faulted(why) => {
                self.unanswered(from, to, why.clone());
            }
        }
    }

    /// Nobody knows whether it was, or will be, done.
    pub(super) fn unanswered(&mut self, from: Count, to: Count, why: String) {
        self.may_still_be_scaled(from, to);
        self.not_scaled(from, to, why);
    }

    /// The platform refuses for the time being.
    fn awaited(&mut self, from: Count, to: Count, why: &str) {
        let lasted = self.state.settling.refused(self.now.mono);
        if lasted >= TOLD_AFTER {
            let minutes = lasted.as_secs() / 60;
            self.not_scaled(from, to, format!("{why}; so for {minutes} min now"));
            return;
        }
        let reason = format!("{from} -> {to} is {why}");
        let why = why.to_owned();
        self.end(Outcome::Failed { to, why }, Some(from), reason);
    }

    /// The count could not be set.
    pub(super) fn not_scaled(&mut self, from: Count, to: Count, why: String) {
        let reason = format!("the count could not be set from {from} to {to}: {why}");
        let outcome = Outcome::Failed { to, why };
        self.condition(Event::ScaleFailed, Some(reason.clone()), Some(from));
        self.end(outcome, Some(from), reason);
    }

    /// A process in the shadow: what would be done is told and recorded, and waited after as if it had been; nothing is.
    pub(super) fn would(&mut self, from: Count, to: Count, why: &str) {
        self.state.cooldown.start(self.now.mono, self.plan.wait);
        self.state.views.forget();
        let reason = match self.plan.mode {
            Mode::Live | Mode::Shadow => format!("{why}; not done: mode is \"shadow\""),
            Mode::Challenger => why.to_owned(),
        };
        self.tell(Event::Scale, Phase::Moment, Some(from), Some(to), &reason);
        self.end(Outcome::Would { to }, Some(from), reason);
    }
}
