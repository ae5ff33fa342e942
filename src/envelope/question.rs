//! What the envelope looks at: plain values, put together by the supervisor from what it holds.

use std::fmt;
use std::time::Duration;

use num_traits::ToPrimitive as _;
use serde::{Deserialize, Deserializer, de};

use crate::decision::Wish;
use crate::model::{Bounds, Count, ProcessName};

/// What is to be weighed.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The count on the platform.
    pub count: Count,
    /// The bounds now in force: the schedule's, or what people put in their place.
    pub bounds: Bounds,
    /// Which of the two people put in the schedule's place.
    pub ordered: Ordered,
    /// What is wished for, if it could be decided.
    pub wish: Option<Wish>,
    /// How long the wait after a scale still lasts.
    pub cooling: Option<Duration>,
    /// Whether a count of 0 under a minimum of 1 or more means that someone switched the process off.
    pub zero_is_off: bool,
    /// The most that the platform grants, once it has said so.
    pub limit: Option<Count>,
    /// What people said must not be done.
    pub paused: Paused,
    /// The count is one that somebody set on the platform.
    pub respected: Option<Respected>,
    /// Why a scale down cannot be trusted; empty: it can.
    pub doubts: Vec<String>,
    /// What is under way among the processes: a release, a restart, a boot.
    pub unsettled: Option<String>,
    /// How many at a time.
    pub up_step: Option<Step>,
    /// How many at a time.
    pub down_step: Option<Step>,
    /// How long the waits of one direction still last.
    pub waits: Waits,
    /// The wishes of a while.
    pub stabilized: Stabilized,
    /// What the measurement would be with fewer.
    pub projection: Option<Projection>,
    /// Why more is no help.
    pub futile: Option<String>,
    /// Scales an hour.
    pub rate: Option<Rate>,
    /// All process types together.
    pub total: Option<Total>,
    /// Process-hours a day.
    pub budget: Option<Budget>,
    /// Why this replica of the bot sets nothing: another leads.
    pub stands_by: Option<String>,
}

impl Question {
    /// A count within these bounds, with nothing wished for and no rule in force.
    pub fn new(count: Count, bounds: Bounds) -> Self {
        Self {
            count,
            bounds,
            ordered: Ordered::default(),
            wish: None,
            cooling: None,
            zero_is_off: false,
            limit: None,
            paused: Paused::default(),
            respected: None,
            doubts: Vec::new(),
            unsettled: None,
            up_step: None,
            down_step: None,
            waits: Waits::default(),
            stabilized: Stabilized::default(),
            projection: None,
            futile: None,
            rate: None,
            total: None,
            budget: None,
            stands_by: None,
        }
    }
}

/// The bounds that people ordered, in a sentence each: `held at 6 or more by ann until 14:30: sale`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ordered {
    /// What made the minimum.
    pub min: Option<String>,
    /// What made the maximum.
    pub max: Option<String>,
}

/// What people said must not be done, in a sentence each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paused {
    /// Nothing goes up: `paused by ann until 14:30: the database is moved`.
    pub up: Option<String>,
    /// Nothing goes down.
    pub down: Option<String>,
}

/// A count that somebody set on the platform, and that is left alone for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Respected {
    /// In a sentence: `changed from 2 to 5 by hand, which is respected until 14:03`.
    pub why: String,
    /// How long still.
    pub left: Duration,
}

/// How many processes a scale may add or remove.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// So many.
    Count(Count),
    /// So many of a hundred of those that there are, rounded up.
    Percent(f64),
    /// The more of the two.
    Most(f64, Count),
}

impl Step {
    /// How many that is; at least one.
    pub fn of(self, count: Count) -> Count {
        match self {
            Self::Count(many) => many.max(1),
            Self::Percent(percent) => {
                let many = (f64::from(count) * percent / 100.0).ceil();
                many.to_u32().unwrap_or(Count::MAX).max(1)
            }
            Self::Most(percent, many) => Self::Percent(percent).of(count).max(many),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(many) => write!(f, "{many}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Most(percent, many) => write!(f, "{percent}% or {many}"),
        }
    }
}

impl std::str::FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = format!("{text:?} is neither a number nor a percentage such as \"50%\"");
        if let Some((one, other)) = text.split_once(" or ") {
            return match (one.parse()?, other.parse()?) {
                (Self::Percent(percent), Self::Count(many))
                | (Self::Count(many), Self::Percent(percent)) => Ok(Self::Most(percent, many)),
                _ => Err(wrong),
            };
        }
        match text.trim().strip_suffix('%') {
            Some(percent) => {
                let Ok(percent) = percent.trim().parse::<f64>() else {
                    return Err(wrong);
                };
                if percent > 0.0 && percent <= 1000.0 {
                    Ok(Self::Percent(percent))
                } else {
                    Err(format!("{percent}% is not above 0% and at most 1000%"))
                }
            }
            None => match text.trim().parse::<Count>() {
                Ok(0) => Err("0 processes at a time is no step".to_owned()),
                Ok(many) => Ok(Self::Count(many)),
                Err(_) => Err(wrong),
            },
        }
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Count(Count),
            Text(String),
        }
        match Written::deserialize(from)? {
            Written::Count(many) => Ok(Self::Count(many)),
            Written::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

/// How long the waits of one direction still last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// `scale_up_cooldown_seconds`.
    pub up: Option<Duration>,
    /// `scale_down_cooldown_seconds`.
    pub down: Option<Duration>,
}

/// The wishes of a while, for each direction that has a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stabilized {
    /// The lowest wish within the window for scaling up.
    pub lowest: Option<i64>,
    /// The highest wish within the window for scaling down.
    pub highest: Option<i64>,
    /// How long until the window for scaling down has been seen in full.
    pub warming: Option<Duration>,
}

/// The measurement, and what it must not exceed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projection {
    /// The highest number of the window.
    pub value: f64,
    /// What a scale up begins above.
    pub max: f64,
}

impl Projection {
    /// What the measurement would be if the same load were spread over `to` processes instead of `from`.
    pub fn at(self, from: Count, to: Count) -> f64 {
        if self.value <= 0.0 {
            return self.value;
        }
        self.value * f64::from(from) / f64::from(to)
    }
}

/// Scales an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many there may be.
    pub most: u32,
    /// How many there were within the last hour.
    pub made: u32,
    /// When the oldest of them is an hour old.
    pub free_in: Duration,
}

/// All process types together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// How many there may be.
    pub most: Count,
    /// How many of the other process types there are.
    pub others: u64,
    /// A process type of higher priority that was held back by this rule, and waits.
    pub first: Option<ProcessName>,
}

/// Process-hours a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// How many there may be.
    pub allowed_hours: f64,
    /// How many were used since midnight.
    pub used_hours: f64,
    /// How many the minimum needs until midnight.
    pub reserved_hours: f64,
}

impl Budget {
    /// Whether nothing is left at all.
    pub fn is_used_up(self) -> bool {
        self.used_hours >= self.allowed_hours
    }

    /// Whether all that is left is needed for the minimum.
    pub fn is_spent(self) -> bool {
        self.used_hours + self.reserved_hours >= self.allowed_hours
    }
}
