//! The notifiers that need no service: the log and the list in memory.

use autoscalebot::model::ProcessName;
use autoscalebot::notification::{Event, Notice, Phase, SHARED, logger, test};
use chrono::DateTime;
use serde_json::json;

use crate::log_capture;
use crate::making::{section, site};

fn notice(event: Event, phase: Phase) -> Notice {
    Notice {
        process: ProcessName::new("web").unwrap(),
        event,
        phase,
        at: DateTime::UNIX_EPOCH,
        cycle: 7,
        from: Some(3),
        to: Some(3),
        direction: None,
        reason: "too slow\nfor long".to_owned(),
    }
}

#[actix::test]
async fn the_logger_logs_at_a_level_by_event() {
    log_capture::start();
    let table = section(SHARED, logger::BACKEND.settings, json!({}));
    let notifier = (logger::BACKEND.build)(&table, &site()).unwrap();
    notifier
        .notify(&notice(Event::AboveMax, Phase::Holds))
        .await
        .unwrap();
    notifier
        .notify(&notice(Event::AboveMax, Phase::Ended))
        .await
        .unwrap();
    notifier
        .notify(&notice(Event::Degraded, Phase::Holds))
        .await
        .unwrap();
    let fields = "process=web";
    assert_eq!(
        log_capture::lines(),
        [
            format!(
                "WARN web: above_max at 3: too slow for long {fields} event=above_max cycle=7 from=3 to=3 phase=holds"
            ),
            format!(
                "INFO web: above_max ended at 3: too slow for long {fields} event=above_max cycle=7 from=3 to=3 phase=ended"
            ),
            format!(
                "ERROR web: degraded at 3: too slow for long {fields} event=degraded cycle=7 from=3 to=3 phase=holds"
            ),
        ]
    );
}

#[actix::test]
async fn the_list_in_memory_is_one_for_all_processes() {
    let site = site();
    let table = section(SHARED, test::BACKEND.settings, json!({}));
    let (one, other) = (
        (test::BACKEND.build)(&table, &site).unwrap(),
        (test::BACKEND.build)(&table, &site).unwrap(),
    );
    let (first, second) = (
        notice(Event::Scale, Phase::Moment),
        notice(Event::AboveMax, Phase::Holds),
    );
    one.notify(&first).await.unwrap();
    other.notify(&second).await.unwrap();
    assert_eq!(test::read(&site.shared), [first, second]);
}
