//! Orders from people: "pause web for two hours", "at least 8 until tonight", "6 now". Plain values; each has an owner, a
//! reason and an end. The state store keeps them, [`together`] says what those in force mean, [`words`] tells them.

pub(crate) mod command;
pub mod lasting;
pub mod news;
pub mod together;
pub mod words;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::{Count, ProcessName};

/// The longest that an order may be in force: 31 days. What is to hold for longer belongs in the configuration.
pub const LONGEST_IN_DAYS: u64 = 31;

/// The most characters of a reason.
pub const MOST_OF_REASON: usize = 300;

/// The most characters of an owner.
pub const MOST_OF_OWNER: usize = 100;

/// An order's number: counts up from 1 over all processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(pub u64);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// Nothing is scaled in these directions.
    Pause {
        /// Nothing is added.
        up: bool,
        /// Nothing is taken away.
        down: bool,
    },
    /// Other bounds than the configuration's.
    Override {
        /// At least so many.
        min: Option<Count>,
        /// At most so many.
        max: Option<Count>,
    },
    /// Exactly so many.
    Scale {
        /// How many.
        count: Count,
    },
}

/// An order as it is given: it has no number yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The process that it is for.
    pub process: ProcessName,
    /// What is ordered.
    #[serde(flatten)]
    pub kind: Kind,
    /// Who gave it.
    pub owner: String,
    /// Why.
    pub because: String,
    /// From when on it is in force.
    pub begins: DateTime<Utc>,
    /// Until when.
    pub ends: DateTime<Utc>,
}

impl Draft {
    /// The order with this number.
    pub fn numbered(self, id: OrderId) -> Order {
        Order {
            id,
            draft: self,
            ended: None,
        }
    }
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// What it says.
    #[serde(flatten)]
    pub draft: Draft,
    /// Its end before its time, if somebody ended it.
    pub ended: Option<Ended>,
}

/// An end before its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: DateTime<Utc>,
    /// Who ended it.
    pub by: String,
}

impl std::ops::Deref for Order {
    type Target = Draft;

    fn deref(&self) -> &Draft {
        &self.draft
    }
}

impl Order {
    /// When it is or was over.
    pub fn over_at(&self) -> DateTime<Utc> {
        match &self.ended {
            Some(ended) => ended.at.min(self.ends),
            None => self.ends,
        }
    }

    /// Whether it is in force: from its beginning on, until just before its end.
    pub fn is_in_force(&self, now: DateTime<Utc>) -> bool {
        self.begins <= now && now < self.over_at()
    }

    /// Whether it will never be in force again.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.over_at() <= now
    }
}

/// The orders that a store need not keep any longer: those that were over before `horizon`, and of the others that are
/// over the oldest, so that no more than `most` are left.
pub fn outlived(
    orders: &[Order],
    horizon: DateTime<Utc>,
    now: DateTime<Utc>,
    most: usize,
) -> Vec<OrderId> {
    let mut over: Vec<&Order> = orders.iter().filter(|order| order.is_over(now)).collect();
    over.sort_by_key(|order| (order.over_at(), order.id));
    let too_many = orders.len().saturating_sub(most);
    let gone = over.into_iter().enumerate();
    gone.filter(|(at, order)| *at < too_many || order.over_at() < horizon)
        .map(|(_, order)| order.id)
        .collect()
}

#[cfg(test)]
pub(in crate::orders) mod testing;

#[cfg(test)]
mod tests {
    use super::testing::{at, draft, order};
    use super::*;

    #[test]
    fn an_order_is_in_force_from_its_beginning_to_its_end() {
        let pause = order(
            1,
            Kind::Pause {
                up: true,
                down: true,
            },
            10,
            20,
        );
        for (minute, expected, because) in [
            (9, false, "before"),
            (10, true, "at its beginning"),
            (19, true, "just before its end"),
            (20, false, "at its end"),
        ] {
            assert_eq!(pause.is_in_force(at(minute)), expected, "{because}");
        }
        let ended = Order {
            ended: Some(Ended {
                at: at(15),
                by: "bob".into(),
            }),
            ..pause
        };
        assert!(ended.is_in_force(at(14)) && !ended.is_in_force(at(15)));
        assert!(ended.is_over(at(15)), "somebody ended it");
    }

    #[test]
    fn its_json_is_flat_and_read_again() {
        let mut first = draft(
            Kind::Override {
                min: Some(8),
                max: None,
            },
            10,
            20,
        )
        .numbered(OrderId(7));
        first.ended = Some(Ended {
            at: at(15),
            by: "bob".into(),
        });
        let text = serde_json::to_string(&first).unwrap();
        for part in [
            r#""id":7"#,
            r#""kind":"override""#,
            r#""min":8"#,
            r#""by":"bob""#,
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), first);
    }

    #[test]
    fn what_was_over_long_ago_goes_and_what_is_in_force_stays() {
        let kind = Kind::Scale { count: 1 };
        let orders = [
            order(1, kind, 0, 10),
            order(2, kind, 0, 20),
            order(3, kind, 0, 90),
            order(4, kind, 0, 30),
        ];
        let gone = |horizon, most| {
            let ids = outlived(&orders, at(horizon), at(60), most);
            ids.into_iter().map(|id| id.0).collect::<Vec<_>>()
        };
        assert_eq!(gone(15, 10), [1], "only the first was over at 15");
        assert_eq!(gone(0, 2), [1, 2], "two too many");
        assert_eq!(gone(0, 0), [1, 2, 4], "never one that is in force");
    }
}
