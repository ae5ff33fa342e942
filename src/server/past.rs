//! What the store knows of the week before the program started, for the charts.

use std::time::Duration;

use actix::{Addr, Message};
use chrono::{DateTime, TimeDelta, Utc};
use log::warn;

use crate::model::ProcessName;
use crate::record::CycleRecord;
use crate::server::front::FrontActor;
use crate::state::{First, StateStore, Wanted};

/// How far back.
const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// How many records are read at a time; between two times, others have their turn.
const AT_A_TIME: usize = 250;

/// Cycles of the past, the oldest first.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub(super) struct Past(pub(super) Vec<CycleRecord>);

/// Reads the past of every process and its challenger, and hands it over.
pub(super) async fn fill(
    store: &dyn StateStore,
    names: &[ProcessName],
    now: DateTime<Utc>,
    front: &Addr<FrontActor>,
) {
    let challengers = names.iter().map(ProcessName::challenger);
    for process in names.iter().cloned().chain(challengers) {
        let mut wanted = Wanted::since(now, WEEK, AT_A_TIME);
        loop {
            let found = match store.records(&process, wanted).await {
                Ok(found) => found,
                Err(error) => {
                    warn!(process:% = process; "the chart of {process} begins anew: {error}");
                    break;
                }
            };
            let Some(last) = found.last().map(|record| record.at) else {
                break;
            };
            let is_all = found.len() < AT_A_TIME;
            // What another version wrote and this one cannot read is a gap in the chart.
            let read = found
                .iter()
                .filter_map(|record| serde_json::from_str(&record.text).ok());
            if front.send(Past(read.collect())).await.is_err() || is_all {
                break;
            }
            wanted.since = last.checked_add_signed(TimeDelta::microseconds(1));
            debug_assert_eq!(wanted.first, First::Oldest);
        }
    }
}
