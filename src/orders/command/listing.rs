//! The orders in force and those that ended lately, as text and as JSON.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::model::ProcessName;
use crate::orders::{Order, words};

/// How long ago is lately.
const LATELY_IN_HOURS: i64 = 24;

/// What is listed, the newest first.
pub(super) struct Listed<'a> {
    in_force: Vec<&'a Order>,
    over: Vec<&'a Order>,
}

impl<'a> Listed<'a> {
    pub(super) fn new(
        orders: &'a [Order],
        process: Option<&ProcessName>,
        now: DateTime<Utc>,
    ) -> Self {
        let lately = TimeDelta::hours(LATELY_IN_HOURS);
        let mut mine: Vec<&Order> = orders
            .iter()
            .filter(|order| process.is_none_or(|process| order.process == *process))
            .filter(|order| now.signed_duration_since(order.over_at()) < lately)
            .collect();
        mine.sort_by_key(|order| std::cmp::Reverse(order.id));
        let (over, in_force) = mine.into_iter().partition(|order| order.is_over(now));
        Self { in_force, over }
    }

    pub(super) fn text(&self, now: DateTime<Utc>, zone: Tz) -> String {
        let line =
            |order: &Order, told: String| format!("{}: {told} ({})\n", order.process, order.id);
        let mut lines = Vec::new();
        if self.in_force.is_empty() {
            lines.push("no order is in force\n".to_owned());
        }
        for order in &self.in_force {
            lines.push(line(order, words::sentence(order, now, zone)));
        }
        if !self.over.is_empty() {
            lines.push(format!("\nended in the last {LATELY_IN_HOURS} hours\n"));
        }
        for order in &self.over {
            lines.push(line(order, words::past(order, now, zone)));
        }
        lines.concat()
    }

    /// One object a line.
    pub(super) fn json(&self) -> String {
        let mut lines = Vec::new();
        for (is_in_force, orders) in [(true, &self.in_force), (false, &self.over)] {
            for order in orders {
                let mut object = serde_json::to_value(order).unwrap_or_default();
                if let Some(fields) = object.as_object_mut() {
                    fields.insert("in_force".to_owned(), is_in_force.into());
                }
                lines.push(format!("{object}\n"));
            }
        }
        lines.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::Kind;
    use crate::orders::testing::{at, order};

    #[test]
    fn what_is_in_force_comes_first_and_what_ended_long_ago_not_at_all() {
        let scale = Kind::Scale { count: 6 };
        let orders = [
            order(1, scale, -3000, -2000),
            order(2, scale, 0, 10),
            order(3, scale, 0, 90),
            order(4, scale, 20, 80),
        ];
        let listed = Listed::new(&orders, None, at(30));
        let expected = "\
web: scaled to 6 by ann until 15:20: database migration (#4)
web: scaled to 6 by ann until 15:30: database migration (#3)

ended in the last 24 hours
web: scaled to 6 by ann, over since 14:10: database migration (#2)
";
        assert_eq!(listed.text(at(30), Tz::UTC), expected);
        let json = listed.json();
        assert_eq!(json.lines().count(), 3);
        let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
        assert_eq!(
            (&first["id"], &first["in_force"]),
            (&4.into(), &true.into())
        );
        let celery = ProcessName::new("celery").unwrap();
        let none = Listed::new(&orders, Some(&celery), at(30));
        assert_eq!(none.text(at(30), Tz::UTC), "no order is in force\n");
        assert_eq!(none.json(), "");
    }
}
