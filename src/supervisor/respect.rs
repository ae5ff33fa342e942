//! A change of the count by hand, once it was noticed: told with what follows, and respected until its end, which the
//! envelope, the record and `status` are told of. It is kept with the rest of the state, so that it outlives the program.
//!
//! ```text
//!   noticed           until
//!      ├─ respected ────┤      respect_manual_scale_for_seconds; 0: it is only told
//!      ├─ respected ─┤         a number that people ordered since replaces it
//!                    order
//! ```

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::envelope::Respected;
use crate::model::Count;
use crate::notification::{Event, Phase};
use crate::orders::words::{self, moment};
use crate::record::ManualScale;
use crate::supervisor::cycle::{Platform, Turn};
use crate::supervisor::keeping::Moved;

/// The latest change by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The count before.
    pub from: Count,
    /// The count that somebody set.
    pub to: Count,
    /// When it was noticed.
    pub at: DateTime<Utc>,
    /// Until when it is respected (monotonic).
    pub until: Duration,
}

impl Changed {
    /// The same on another program's clock.
    #[must_use]
    pub fn moved(self, moved: Moved) -> Self {
        Self {
            until: moved.time(self.until),
            ..self
        }
    }
}

impl Turn<'_> {
    /// Takes it up, and tells it.
    pub(super) fn changed_by_hand(&mut self, from: Count, to: Count, platform: Platform) {
        self.state.watch.on_its_way = None;
        if to == 0 && self.means_off(platform) && self.bounds().min() > 0 {
            // Told as `switched_off`, and left alone for longer than any other count.
            self.state.manual = None;
            return;
        }
        self.state.manual = Some(Changed {
            from,
            to,
            at: self.now.wall,
            until: self.now.mono.saturating_add(self.plan.respect_manual),
        });
        let reason = format!(
            "someone changed the count on the platform; {}",
            self.what_follows(to)
        );
        let moment = Phase::Moment;
        self.tell(Event::ManualScale, moment, Some(from), Some(to), &reason);
    }

    /// What becomes of a count that somebody has set.
    fn what_follows(&self, count: Count) -> String {
        let (now, zone, bounds) = (self.now.wall, self.plan.zone, self.bounds());
        let standing = self.standing();
        if let (Some(order), Some(_)) = (&standing.scale, standing.exactly()) {
            return format!("the order wins: {}", words::sentence(order, now, zone));
        }
        let respected = self.respected_until().map(|until| {
            let until = moment(until, now, zone);
            format!("respected until {until}")
        });
        let inside = bounds.clamp(count);
        if inside != count {
            let bound = if inside < count { "maximum" } else { "minimum" };
            let then = respected.map(|respected| format!(", {respected}"));
            let then = then.unwrap_or_default();
            return format!("the {bound} of {inside} holds all the same{then}");
        }
        match (respected, &standing.pause) {
            (Some(respected), _) => respected,
            (None, Some(pause)) => format!(
                "the decisions may correct it as far as people let them: {}",
                words::sentence(pause, now, zone)
            ),
            (None, None) => "the next decision may correct it".to_owned(),
        }
    }

    /// Lets go of a change that is not respected any more: its time is over, or people have ordered a number since.
    pub(super) fn let_go(&mut self) {
        let Some(changed) = self.state.manual else {
            return;
        };
        let standing = self.standing();
        let mut numbers = [&standing.scale, &standing.over].into_iter().flatten();
        let is_replaced = numbers.any(|order| order.begins > changed.at);
        if is_replaced || self.respected_until().is_none() {
            self.state.manual = None;
        }
    }

    /// Until when what somebody did is respected, if it is.
    fn respected_until(&self) -> Option<DateTime<Utc>> {
        let left = self.respected_for()?;
        let left = TimeDelta::from_std(left).ok()?;
        self.now.wall.checked_add_signed(left)
    }

    fn respected_for(&self) -> Option<Duration> {
        // Whoever has set it to 0 since, respects no more.
        let changed = self
            .state
            .manual
            .filter(|_| !self.plan.respect_manual.is_zero())?;
        let left = changed.until.checked_sub(self.now.mono)?;
        (!left.is_zero()).then_some(left)
    }

    /// What the envelope is told of it.
    pub(super) fn respected(&self) -> Option<Respected> {
        let changed = self.state.manual?;
        let (left, now, zone) = (self.respected_for()?, self.now.wall, self.plan.zone);
        let until = moment(self.respected_until()?, now, zone);
        let Changed { from, to, .. } = changed;
        Some(Respected {
            why: format!("changed by hand from {from} to {to}, which is respected until {until}"),
            left,
        })
    }

    /// What the record of this cycle says of it.
    pub(super) fn manual_scale(&self) -> Option<ManualScale> {
        let Changed { from, to, at, .. } = self.state.manual?;
        Some(ManualScale {
            from,
            to,
            at,
            until: self.respected_until(),
        })
    }
}
