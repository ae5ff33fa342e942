//! The small nouns that every room uses: process name, count, bounds, direction, cycle, role.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How many processes of one type run, or should run.
pub type Count = u32;

/// The number of one pass through measure, decide, scale, notify; counts up from 1 for each process.
pub type Cycle = u64;

/// What follows a process's name in its challenger's.
const CHALLENGER: &str = ".challenger";

/// The name of a managed process type: the key of its table in the configuration file (`web`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProcessName(String);

impl ProcessName {
    /// The longest name that Heroku, and so this program, accepts.
    pub const MAX_LENGTH: usize = 128;

    /// A name of letters, digits, `_` and `-`, as Heroku's process types are.
    pub fn new(name: &str) -> Result<Self, BadProcessName> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > Self::MAX_LENGTH || !name.chars().all(plain) {
            return Err(BadProcessName);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name under which its challenger's records are kept, which no process can have.
    #[must_use]
    pub fn challenger(&self) -> Self {
        Self(format!("{}{CHALLENGER}", self.0))
    }

    /// The process whose challenger has this name; `None`: it is no challenger's.
    pub fn of_challenger(&self) -> Option<Self> {
        let process = self.0.strip_suffix(CHALLENGER)?;
        Some(Self(process.to_owned()))
    }

    /// A name that something is kept under: a process's, or its challenger's.
    pub fn kept(name: &str) -> Result<Self, BadProcessName> {
        match name.strip_suffix(CHALLENGER) {
            Some(process) => Ok(Self::new(process)?.challenger()),
            None => Self::new(name),
        }
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProcessName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that no platform would accept as a process type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a process name has 1 to 128 letters, digits, '_' or '-'")]
pub struct BadProcessName;

/// The least and the most processes that may run at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bounds {
    min: Count,
    max: Count,
}

impl Bounds {
    /// Bounds with `min` not above `max`.
    pub fn new(min: Count, max: Count) -> Result<Self, BadBounds> {
        if min > max {
            return Err(BadBounds { min, max });
        }
        Ok(Self { min, max })
    }

    /// Bounds that only one count satisfies.
    pub fn exactly(count: Count) -> Self {
        Self {
            min: count,
            max: count,
        }
    }

    /// The lower bound.
    pub fn min(self) -> Count {
        self.min
    }

    /// The upper bound.
    pub fn max(self) -> Count {
        self.max
    }

    /// The count nearest to `count` inside the bounds.
    pub fn clamp(self, count: Count) -> Count {
        count.clamp(self.min, self.max)
    }

    /// The count inside the bounds nearest to a wish, which may be negative.
    pub fn clamp_wish(self, wish: i64) -> Count {
        let inside = wish.clamp(i64::from(self.min), i64::from(self.max));
        Count::try_from(inside).unwrap_or(self.max)
    }
}

/// Bounds that no count satisfies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the minimum {min} is above the maximum {max}")]
pub struct BadBounds {
    /// The minimum asked for.
    pub min: Count,
    /// The maximum asked for.
    pub max: Count,
}

/// Which way a scale goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More processes.
    Up,
    /// Fewer processes.
    Down,
}

impl Direction {
    /// The way from one count to another; `None` when they are equal.
    pub fn between(from: Count, to: Count) -> Option<Self> {
        match to.cmp(&from) {
            std::cmp::Ordering::Greater => Some(Self::Up),
            std::cmp::Ordering::Less => Some(Self::Down),
            std::cmp::Ordering::Equal => None,
        }
    }
}

impl Direction {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One of the four actors of a process's group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The `MeasureActor`.
    Measure,
    /// The `DeciderActor`.
    Decide,
    /// The `ScalerActor`.
    Scale,
    /// The `NotifierActor`.
    Notify,
}

impl Role {
    /// All four, in the order of a cycle.
    pub const ALL: [Self; 4] = [Self::Measure, Self::Decide, Self::Scale, Self::Notify];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Measure => "measure",
            Self::Decide => "decide",
            Self::Scale => "scale",
            Self::Notify => "notify",
        })
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenger_is_no_process() {
        let web = ProcessName::new("web").unwrap();
        assert_eq!(ProcessName::new("web.challenger"), Err(BadProcessName));
        assert_eq!(ProcessName::kept("web.challenger"), Ok(web.challenger()));
        assert_eq!(ProcessName::kept("web"), Ok(web));
        assert_eq!(ProcessName::kept(".challenger"), Err(BadProcessName));
    }
}
