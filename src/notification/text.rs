//! A notice in words: one line for a terminal or a log, a subject for a mail. The same words in every backend.

use super::{Notice, Phase};
use crate::model::Direction;
use crate::one_line::one_line;

/// The most characters of a notice's line. A reason may quote an answer from elsewhere.
const MOST: usize = 1_000;

impl Notice {
    /// The notice on one line: `web: scale up 2 -> 3: the last 3 results are above 300 ms`.
    pub fn text(&self) -> String {
        let reason = one_line(&self.reason, MOST);
        let line = if reason.is_empty() {
            self.subject()
        } else {
            format!("{}: {reason}", self.subject())
        };
        one_line(&line, MOST)
    }

    /// The line without the reason, and so alike for notices of one kind: `web: scale up 2 -> 3`.
    pub fn subject(&self) -> String {
        let mut line = format!("{}: {}", self.process, self.event);
        if let Some(direction) = self.way() {
            line = format!("{line} {direction}");
        }
        match self.phase {
            Phase::Ended => line.push_str(" ended"),
            Phase::Moment | Phase::Holds => {}
        }
        match (self.from, self.to) {
            (Some(from), Some(to)) if from != to => format!("{line} {from} -> {to}"),
            (_, Some(at)) | (Some(at), None) => format!("{line} at {at}"),
            (None, None) => line,
        }
    }

    /// The direction as given, or as the counts show it.
    pub(super) fn way(&self) -> Option<Direction> {
        let shown = || Direction::between(self.from?, self.to?);
        self.direction.or_else(shown)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::model::{Count, ProcessName};
    use crate::notification::Event;

    fn notice(event: Event, phase: Phase, from: Option<Count>, to: Option<Count>) -> Notice {
        Notice {
            process: ProcessName::new("web").unwrap(),
            event,
            phase,
            at: DateTime::UNIX_EPOCH,
            cycle: 7,
            from,
            to,
            direction: None,
            reason: "because".to_owned(),
        }
    }

    #[test]
    fn the_line_says_process_event_counts_and_reason() {
        use Phase::{Ended, Holds, Moment};
        for (given, expected) in [
            (
                notice(Event::Scale, Moment, Some(2), Some(3)),
                "web: scale up 2 -> 3: because",
            ),
            (
                notice(Event::Scale, Moment, Some(3), Some(1)),
                "web: scale down 3 -> 1: because",
            ),
            (
                notice(Event::AboveMax, Holds, None, Some(3)),
                "web: above_max at 3: because",
            ),
            (
                notice(Event::AboveMax, Holds, Some(3), Some(3)),
                "web: above_max at 3: because",
            ),
            (
                notice(Event::AboveMax, Ended, Some(3), None),
                "web: above_max ended at 3: because",
            ),
            (
                notice(Event::Restarted, Moment, None, None),
                "web: restarted: because",
            ),
            (
                notice(Event::Degraded, Ended, None, None),
                "web: degraded ended: because",
            ),
            (
                Notice {
                    direction: Some(Direction::Up),
                    ..notice(Event::TooRapid, Holds, None, Some(5))
                },
                "web: too_rapid up at 5: because",
            ),
            (
                Notice {
                    direction: Some(Direction::Up),
                    ..notice(Event::TooRapid, Ended, None, Some(5))
                },
                "web: too_rapid up ended at 5: because",
            ),
            (
                Notice {
                    reason: " \n".to_owned(),
                    ..notice(Event::Measurement, Moment, None, Some(2))
                },
                "web: measurement at 2",
            ),
        ] {
            assert_eq!(given.text(), expected);
        }
    }

    #[test]
    fn a_reason_from_elsewhere_stays_on_the_line() {
        let mut given = notice(Event::ScaleFailed, Phase::Holds, None, Some(2));
        given.reason = "the platform said:\r\nBcc: all@example.com\u{1b}[2J".to_owned();
        let expected = "web: scale_failed at 2: the platform said: Bcc: all@example.com [2J";
        assert_eq!(given.text(), expected, "folded, without control characters");
        given.reason = "x".repeat(100_000);
        assert_eq!(given.text().chars().count(), MOST, "bounded");
        assert_eq!(given.subject(), "web: scale_failed at 2", "no reason in it");
    }
}
