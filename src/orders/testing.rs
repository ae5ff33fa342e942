//! Orders for the unit tests of this room, at minutes of one hour.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};

use super::{Draft, Kind, Order, OrderId};
use crate::model::ProcessName;

/// So many minutes after 14:00 on a day.
pub(in crate::orders) fn at(minute: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2024, 5, 3, 14, 0, 0).unwrap() + TimeDelta::minutes(minute)
}

/// An order for `web` by `ann`, without a number.
pub(in crate::orders) fn draft(kind: Kind, begins: i64, ends: i64) -> Draft {
    Draft {
        process: ProcessName::new("web").unwrap(),
        kind,
        owner: "ann".into(),
        because: "database migration".into(),
        begins: at(begins),
        ends: at(ends),
    }
}

/// The same with a number.
pub(in crate::orders) fn order(id: u64, kind: Kind, begins: i64, ends: i64) -> Order {
    draft(kind, begins, ends).numbered(OrderId(id))
}
