//! A notice as the JSON that is sent, well below the 20 kB that receivers may count on. Pure.

use chrono::SecondsFormat;
use serde_json::json;

use crate::notification::{Event, Notice};
use crate::one_line::one_line;

/// The most characters of a reason; each is at most four bytes long.
const MOST_OF_A_REASON: usize = 4_000;

/// The body of the POST. All keys are always there; what there is none of is `null`.
pub(super) fn body(notice: &Notice) -> String {
    let told = json!({
        "type": kind(notice.event),
        "timestamp": notice.at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "data": {
            "process": notice.process,
            "event": notice.event,
            "phase": notice.phase,
            "cycle": notice.cycle,
            "from": notice.from,
            "to": notice.to,
            "direction": notice.way(),
            "reason": one_line(&notice.reason, MOST_OF_A_REASON),
        },
    });
    told.to_string()
}

/// The event's name among receivers, in groups that they can pick by a prefix. Documented in the meaning of `url`; never
/// changed, for receivers go by them.
pub(super) fn kind(event: Event) -> &'static str {
    match event {
        Event::Measurement => "measurement.taken",
        Event::Scale => "scale.performed",
        Event::BelowMin => "scale.below_min",
        Event::AboveMax => "scale.above_max",
        Event::ScaleFailed => "scale.failed",
        Event::TooRapid => "scale.too_rapid",
        Event::Restarted => "supervision.restarted",
        Event::Degraded => "supervision.degraded",
        Event::SwitchedOff => "process.switched_off",
        Event::MeasurementFailed => "measurement.failed",
        Event::Futile => "scale.futile",
        Event::Ordered => "order.changed",
        Event::StoreFailed => "store.failed",
        Event::Drain => "scale.draining",
        Event::ManualScale => "scale.manual",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::model::{Direction, ProcessName};
    use crate::notification::Phase;

    fn notice(reason: &str) -> Notice {
        Notice {
            process: ProcessName::new("web").unwrap(),
            event: Event::Scale,
            phase: Phase::Moment,
            at: "2026-03-02T12:00:00.25Z".parse().unwrap(),
            cycle: 7,
            from: Some(2),
            to: Some(3),
            direction: None,
            reason: reason.to_owned(),
        }
    }

    fn parsed(notice: &Notice) -> Value {
        serde_json::from_str(&body(notice)).unwrap()
    }

    #[test]
    fn a_body_has_all_facts() {
        let expected = json!({
            "type": "scale.performed",
            "timestamp": "2026-03-02T12:00:00.250Z",
            "data": {
                "process": "web",
                "event": "scale",
                "phase": "moment",
                "cycle": 7,
                "from": 2,
                "to": 3,
                "direction": "up",
                "reason": "too slow",
            },
        });
        assert_eq!(parsed(&notice("too slow")), expected);
    }

    #[test]
    fn what_there_is_none_of_is_null() {
        let given = Notice {
            event: Event::TooRapid,
            phase: Phase::Holds,
            from: None,
            to: None,
            direction: Some(Direction::Down),
            ..notice("")
        };
        let data = parsed(&given)["data"].take();
        assert_eq!(data["from"], Value::Null);
        assert_eq!(data["to"], Value::Null);
        assert_eq!(data["direction"], "down");
        assert_eq!(data["phase"], "holds");
        assert_eq!(data["reason"], "");
    }

    #[test]
    fn a_body_is_small_whatever_the_reason() {
        for flood in ["x", "\"", "\\", "\u{1}", "€", "\u{1f600}"] {
            let body = body(&notice(&flood.repeat(100_000)));
            assert!(body.len() < 20_000, "{flood}: {} bytes", body.len());
        }
    }

    #[test]
    fn types_are_words_with_a_full_stop_and_all_different() {
        let kinds: BTreeSet<_> = Event::ALL.into_iter().map(kind).collect();
        assert_eq!(kinds.len(), Event::ALL.len());
        for kind in kinds {
            let plain = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.';
            assert!(kind.chars().all(plain) && kind.contains('.'), "{kind}");
        }
    }
}
