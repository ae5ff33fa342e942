//! A scale that the platform refuses until a release is over: no failure yet, tried again in the next cycle, and told when
//! it lasts.
//!
//! ```text
//!   422    422    422  …  422        200
//!   ├────── 10 min ───────┤           └─ scaled, and `scale_failed` ended
//!   recorded, not told    scale_failed is told
//! ```

use std::time::Duration;

use crate::model::Count;
use crate::record::Outcome;
use crate::supervisor::cycle::Turn;

/// How long it lasts before it is told: a preboot takes some minutes.
const TOLD_AFTER: Duration = Duration::from_secs(600);

impl Turn<'_> {
    /// The platform refuses for the time being.
    pub(super) fn awaited(&mut self, from: Count, to: Count, why: &str) {
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
}
