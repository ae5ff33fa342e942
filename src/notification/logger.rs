//! Tells the program's log: a level by event, and the notice's facts as fields.

use std::rc::Rc;

use async_trait::async_trait;
use log::kv::Value;
use log::{Level, Record};

use super::{Event, Notice, NotificationBackend, NotifyError, Phase};
use crate::backend::{Backend, no_check};

/// The row in the room's table.
pub static BACKEND: Backend<dyn NotificationBackend> = Backend {
    name: "logger",
    summary: "the program's log, at a level by event",
    settings: &[],
    example: "backend = \"logger\"\nnotify_on = [\"scale\", \"above_max\"]",
    check: no_check,
    build: |_, _| Ok(Rc::new(Logger)),
};

/// The log target, by which `RUST_LOG` picks the notices alone.
const TARGET: &str = "autoscalebot::notice";

struct Logger;

#[async_trait(?Send)]
impl NotificationBackend for Logger {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        log::logger().log(
            &Record::builder()
                .level(level(notice))
                .target(TARGET)
                .args(format_args!("{}", notice.text()))
                .key_values(&fields(notice))
                .build(),
        );
        Ok(())
    }
}

/// Error: someone must act. Warn: it copes, or lasts until someone acts. Info: it changed, or is over.
fn level(notice: &Notice) -> Level {
    match (notice.phase, notice.event) {
        (Phase::Ended, _)
        | (
            _,
            Event::Measurement | Event::Scale | Event::Ordered | Event::Drain | Event::ManualScale,
        ) => Level::Info,
        (_, Event::ScaleFailed | Event::Degraded | Event::StoreFailed) => Level::Error,
        (
            _,
            Event::BelowMin
            | Event::AboveMax
            | Event::TooRapid
            | Event::Restarted
            | Event::SwitchedOff
            | Event::MeasurementFailed
            | Event::Futile,
        ) => Level::Warn,
    }
}

/// The facts that there are; what there is none of has no field.
fn fields(notice: &Notice) -> Vec<(&'static str, Value<'_>)> {
    let mut fields = vec![
        ("process", Value::from(notice.process.as_str())),
        ("event", Value::from(notice.event.name())),
    ];
    if notice.cycle > 0 {
        fields.push(("cycle", Value::from(notice.cycle)));
    }
    if let Some(from) = notice.from {
        fields.push(("from", Value::from(from)));
    }
    if let Some(to) = notice.to {
        fields.push(("to", Value::from(to)));
    }
    if let Some(direction) = notice.way() {
        fields.push(("direction", Value::from(direction.name())));
    }
    match notice.phase {
        Phase::Moment => {}
        Phase::Holds => fields.push(("phase", Value::from("holds"))),
        Phase::Ended => fields.push(("phase", Value::from("ended"))),
    }
    fields
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::model::ProcessName;

    fn notice(event: Event, phase: Phase) -> Notice {
        Notice {
            process: ProcessName::new("web").unwrap(),
            event,
            phase,
            at: DateTime::UNIX_EPOCH,
            cycle: 7,
            from: Some(2),
            to: Some(3),
            direction: None,
            reason: "because".to_owned(),
        }
    }

    #[test]
    fn the_level_is_for_its_audience() {
        for (event, phase, expected, because) in [
            (
                Event::Scale,
                Phase::Moment,
                Level::Info,
                "something changed",
            ),
            (
                Event::AboveMax,
                Phase::Holds,
                Level::Warn,
                "it lasts until someone acts",
            ),
            (Event::AboveMax, Phase::Ended, Level::Info, "good news"),
            (
                Event::ScaleFailed,
                Phase::Holds,
                Level::Error,
                "someone must act",
            ),
            (
                Event::Degraded,
                Phase::Holds,
                Level::Error,
                "someone must act",
            ),
        ] {
            assert_eq!(level(&notice(event, phase)), expected, "{because}");
        }
    }

    #[test]
    fn only_what_there_is_has_a_field() {
        let shown = |notice: &Notice| {
            let texts: Vec<_> = fields(notice)
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            texts.join(" ")
        };
        let scaled = notice(Event::Scale, Phase::Moment);
        assert_eq!(
            shown(&scaled),
            "process=web event=scale cycle=7 from=2 to=3 direction=up"
        );
        let bare = Notice {
            cycle: 0,
            from: None,
            to: None,
            ..notice(Event::Degraded, Phase::Ended)
        };
        assert_eq!(shown(&bare), "process=web event=degraded phase=ended");
    }
}
