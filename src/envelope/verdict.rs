//! What the envelope answers: the count to set, why, each rule that had a say, and what would have changed it.

use serde::{Deserialize, Serialize};

use crate::model::Count;

/// What becomes of a wish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The count to set; never the present one.
    pub target: Option<Count>,
    /// What moves it. Load also when nothing moves.
    pub cause: Cause,
    /// Why it moves, or stays; for people.
    pub reason: String,
    /// Each rule that changed something, in order: the first begins where the wish (or the count) was, and the last ends
    /// where the count is to be.
    pub clamps: Vec<Clamp>,
    /// At the maximum and still too high, and why. Known only when there is a wish and no cooldown: without them, `None`
    /// does not mean that it is over.
    pub above_max: Option<String>,
    /// At the minimum and still too low, and why. As for `above_max`.
    pub below_min: Option<String>,
    /// The process is switched off, and left alone.
    pub switched_off: bool,
}

/// What moves a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A wish of the decision backend.
    Load,
    /// The count was outside the bounds.
    Bounds,
    /// The process-hours of the day are used up.
    Budget,
}

impl Cause {
    /// Its name, as in the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Bounds => "bounds",
            Self::Budget => "budget",
        }
    }
}

/// One rule's say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clamp {
    /// Which rule.
    pub rule: Rule,
    /// The count that was on its way before.
    pub from: i64,
    /// The count that it left.
    pub to: i64,
    /// Why, for people.
    pub why: String,
    /// What would have let it through: `the cooldown had ended, in 41.0 s`.
    pub unless: Option<String>,
}

/// The rules, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A count of 0 that is somebody's doing.
    Off,
    /// The bounds in force, and what the platform grants.
    Bounds,
    /// The wait after a scale, in either direction.
    Cooldown,
    /// What people said.
    Pause,
    /// A count that somebody set on the platform.
    Manual,
    /// Whether the measurements can be trusted.
    Trust,
    /// How many at a time.
    Increment,
    /// The wait after a scale in this direction.
    Direction,
    /// The wishes of a while.
    Stabilization,
    /// What the measurement would be with fewer.
    Flap,
    /// Whether more has helped so far.
    Futile,
    /// Scales an hour.
    Rate,
    /// All process types together.
    Total,
    /// Process-hours a day.
    Budget,
    /// Which of several bots leads.
    Standby,
    /// Whether those that go have finished their work; asked by the supervisor, after all others.
    Drain,
}

impl Rule {
    /// Its name, as in the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Bounds => "bounds",
            Self::Cooldown => "cooldown",
            Self::Pause => "pause",
            Self::Manual => "manual",
            Self::Trust => "trust",
            Self::Increment => "increment",
            Self::Direction => "direction",
            Self::Stabilization => "stabilization",
            Self::Flap => "flap",
            Self::Futile => "futile",
            Self::Rate => "rate",
            Self::Total => "total",
            Self::Budget => "budget",
            Self::Standby => "standby",
            Self::Drain => "drain",
        }
    }
}

impl Verdict {
    /// Nothing is done, for this reason.
    pub(super) fn stay(reason: String) -> Self {
        Self {
            target: None,
            cause: Cause::Load,
            reason,
            clamps: Vec::new(),
            above_max: None,
            below_min: None,
            switched_off: false,
        }
    }

    pub(super) fn with(mut self, clamp: Clamp) -> Self {
        self.clamps.push(clamp);
        self
    }

    /// What would have changed it, as far as the rules are concerned: `up to 4, if …`.
    pub fn otherwise(&self, count: Count) -> Vec<String> {
        let held = self.clamps.iter();
        held.filter_map(|clamp| clamp.otherwise(count)).collect()
    }
}

impl Clamp {
    /// What would have let it through: `up to 4, if …`.
    pub fn otherwise(&self, count: Count) -> Option<String> {
        let unless = self.unless.as_ref()?;
        let way = match self.from.cmp(&i64::from(count)) {
            std::cmp::Ordering::Greater => format!("up to {}", self.from),
            std::cmp::Ordering::Less => format!("down to {}", self.from.max(0)),
            std::cmp::Ordering::Equal if self.to == self.from => "evaluated".to_owned(),
            std::cmp::Ordering::Equal => format!("stay at {count}"),
        };
        Some(format!("{way}, if {unless}"))
    }
}
