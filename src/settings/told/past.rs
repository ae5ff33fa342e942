//! Dates in a configuration that are over: nothing is wrong with them, but nobody needs them any more.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use crate::decision::schedule::{Days, LocalTime, Period, Start};
use crate::settings::rooms::{Rooms, Step};
use crate::settings::schema::Kind;
use crate::settings::{ProcessSettings, Settings, Step as Chosen};

/// One sentence for each setting that has dates before today.
pub(super) fn past_dates(settings: &Settings, rooms: &Rooms, now: DateTime<Utc>) -> Vec<String> {
    let today = LocalTime::at(now, settings.time_zone).date;
    let mut told = Vec::new();
    for process in &settings.processes {
        for (step, chosen) in steps(process) {
            let room = rooms.of(step);
            let settings = room.row(&chosen.backend).map(|row| room.settings(row));
            for setting in settings.into_iter().flatten() {
                let value = chosen.section.get(setting.name);
                let dates = value
                    .map(|value| dates(setting.kind, value))
                    .unwrap_or_default();
                let over = dates.into_iter().filter(|date| *date < today);
                let over: Vec<String> = over.map(|date| date.to_string()).collect();
                if !over.is_empty() {
                    let path = format!("processes.{}.{step}.{}", process.name, setting.name);
                    told.push(format!(
                        "`{path}` has dates that are over: {}",
                        over.join(", ")
                    ));
                }
            }
        }
    }
    told
}

fn steps(process: &ProcessSettings) -> impl Iterator<Item = (Step, &Chosen)> {
    let decision = std::iter::once((Step::Decision, &process.decision));
    let notification = process.notification.iter();
    decision.chain(notification.map(|step| (Step::Notification, step)))
}

/// The dates in a schedule or in periods, in order.
fn dates(kind: Kind, value: &Value) -> BTreeSet<NaiveDate> {
    let days: Vec<Days> = match (kind, value) {
        (Kind::Schedule(..), Value::Object(table)) => {
            let starts = table.keys().filter_map(|key| key.parse::<Start>().ok());
            starts.map(|start| start.days).collect()
        }
        (Kind::Periods, Value::Array(list)) => {
            let texts = list.iter().filter_map(Value::as_str);
            let periods = texts.filter_map(|text| text.parse::<Period>().ok());
            periods.map(Period::days).collect()
        }
        _ => Vec::new(),
    };
    let date = |days| match days {
        Days::On(date) => Some(date),
        Days::Every | Days::Week(_) => None,
    };
    days.into_iter().filter_map(date).collect()
}
