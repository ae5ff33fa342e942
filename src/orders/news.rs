//! Which orders have begun and ended since it was last told. Called whenever the known orders are looked at; what is
//! already told is part of a process's snapshot, so that a restart repeats nothing and forgets nothing.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Order, OrderId};
use crate::model::ProcessName;

/// The orders of one process whose beginning was told and whose end was not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Announced(BTreeMap<OrderId, Order>);

/// What is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It is in force now.
    Begun(Order),
    /// It is no longer in force.
    Over(Order),
}

impl Announced {
    /// What has changed for a process; from now on it counts as told. An order that nobody saw in force is not told.
    pub fn news(
        &mut self,
        orders: &[Order],
        process: &ProcessName,
        now: DateTime<Utc>,
    ) -> Vec<News> {
        let mut news = Vec::new();
        for (id, told) in std::mem::take(&mut self.0) {
            let known = orders.iter().find(|order| order.id == id);
            // One that the store has lost is over when it said it would be.
            let order = known.cloned().unwrap_or(told);
            if order.is_over(now) {
                news.push(News::Over(order));
            } else {
                self.0.insert(id, order);
            }
        }
        for order in super::together::in_force(orders, process, now) {
            if let Entry::Vacant(place) = self.0.entry(order.id) {
                place.insert(order.clone());
                news.push(News::Begun(order.clone()));
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, order};
    use super::super::{Ended, Kind};
    use super::*;

    fn told(announced: &mut Announced, orders: &[Order], minute: i64) -> Vec<String> {
        let web = ProcessName::new("web").unwrap();
        let news = announced.news(orders, &web, at(minute));
        news.iter()
            .map(|news| match news {
                News::Begun(order) => format!("{} begun", order.id),
                News::Over(order) => format!("{} over", order.id),
            })
            .collect()
    }

    #[test]
    fn each_beginning_and_end_is_told_once() {
        let kind = Kind::Scale { count: 6 };
        let mut orders = vec![order(1, kind, 0, 30), order(2, kind, 10, 40)];
        let mut announced = Announced::default();
        assert_eq!(told(&mut announced, &orders, 5), ["#1 begun"]);
        assert!(told(&mut announced, &orders, 6).is_empty());
        assert_eq!(told(&mut announced, &orders, 10), ["#2 begun"]);
        let kept = serde_json::to_string(&announced).unwrap();
        announced = serde_json::from_str(&kept).unwrap();
        assert_eq!(told(&mut announced, &orders, 30), ["#1 over"]);
        orders[1].ended = Some(Ended {
            at: at(31),
            by: "bob".into(),
        });
        assert_eq!(told(&mut announced, &orders, 32), ["#2 over"]);
        assert!(told(&mut announced, &orders, 50).is_empty());
        let unseen = [order(3, kind, 33, 35)];
        assert!(
            told(&mut announced, &unseen, 50).is_empty(),
            "nobody saw it"
        );
    }

    #[test]
    fn an_order_that_the_store_lost_is_over_at_its_time() {
        let mut announced = Announced::default();
        let pause = order(
            1,
            Kind::Pause {
                up: true,
                down: true,
            },
            0,
            30,
        );
        assert_eq!(told(&mut announced, &[pause], 5), ["#1 begun"]);
        assert!(told(&mut announced, &[], 10).is_empty());
        assert_eq!(told(&mut announced, &[], 30), ["#1 over"]);
    }
}
