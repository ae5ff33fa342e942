//! Orders as sentences, in local time: "paused (down) by ann until 14:30: database migration".

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{Kind, Order};

/// An order in force, without its process.
pub fn sentence(order: &Order, now: DateTime<Utc>, zone: Tz) -> String {
    format!(
        "{} by {} until {}: {}",
        what(order.kind),
        order.owner,
        moment(order.over_at(), now, zone),
        order.because
    )
}

/// An order that is over, without its process.
pub fn past(order: &Order, now: DateTime<Utc>, zone: Tz) -> String {
    let end = moment(order.over_at(), now, zone);
    let by = match &order.ended {
        Some(ended) => format!(", ended by {} at {end}", ended.by),
        None => format!(", over since {end}"),
    };
    format!(
        "{} by {}{by}: {}",
        what(order.kind),
        order.owner,
        order.because
    )
}

/// What is ordered.
pub fn what(kind: Kind) -> String {
    match kind {
        Kind::Pause {
            up: true,
            down: false,
        } => "paused (up)".to_owned(),
        Kind::Pause {
            up: false,
            down: true,
        } => "paused (down)".to_owned(),
        Kind::Pause { .. } => "paused".to_owned(),
        Kind::Override {
            min: Some(min),
            max: Some(max),
        } => format!("held at {min} to {max}"),
        Kind::Override {
            min: Some(min),
            max: None,
        } => format!("held at {min} or more"),
        Kind::Override {
            min: None,
            max: Some(max),
        } => format!("held at {max} or fewer"),
        Kind::Override {
            min: None,
            max: None,
        } => "held at its bounds".to_owned(),
        Kind::Scale { count } => format!("scaled to {count}"),
    }
}

/// A moment in local time; with its date unless that is today.
pub fn moment(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    let (at, now) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let form = if at.date_naive() == now.date_naive() {
        "%H:%M"
    } else {
        "%Y-%m-%d %H:%M"
    };
    at.format(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, order};
    use super::super::{Ended, Order};
    use super::*;

    #[test]
    fn orders_are_told_in_a_sentence() {
        let zone = Tz::Europe__Vienna;
        let pause = |up, down| Kind::Pause { up, down };
        let bounds = |min, max| Kind::Override { min, max };
        for (kind, expected) in [
            (
                pause(false, true),
                "paused (down) by ann until 16:30: database migration",
            ),
            (
                pause(true, false),
                "paused (up) by ann until 16:30: database migration",
            ),
            (
                pause(true, true),
                "paused by ann until 16:30: database migration",
            ),
            (
                bounds(Some(8), None),
                "held at 8 or more by ann until 16:30: database migration",
            ),
            (
                bounds(None, Some(3)),
                "held at 3 or fewer by ann until 16:30: database migration",
            ),
            (
                bounds(Some(8), Some(12)),
                "held at 8 to 12 by ann until 16:30: database migration",
            ),
            (
                Kind::Scale { count: 6 },
                "scaled to 6 by ann until 16:30: database migration",
            ),
        ] {
            assert_eq!(sentence(&order(1, kind, 0, 30), at(0), zone), expected);
        }
        let long = order(1, pause(true, true), 0, 24 * 60);
        let told = sentence(&long, at(0), zone);
        assert!(told.contains("until 2024-05-04 16:00:"), "{told}");
    }

    #[test]
    fn an_end_is_told() {
        let scale = order(1, Kind::Scale { count: 6 }, 0, 30);
        assert_eq!(
            past(&scale, at(40), Tz::UTC),
            "scaled to 6 by ann, over since 14:30: database migration"
        );
        let ended = Order {
            ended: Some(Ended {
                at: at(12),
                by: "bob".into(),
            }),
            ..scale
        };
        assert_eq!(
            past(&ended, at(40), Tz::UTC),
            "scaled to 6 by ann, ended by bob at 14:12: database migration"
        );
    }
}
