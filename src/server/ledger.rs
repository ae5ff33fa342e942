//! The ledger as it is searched: the latest records in memory, or, of one process, all that the store keeps.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::model::ProcessName;
use crate::record::CycleRecord;
use crate::server::front::Refusal;
use crate::server::views::{OutcomeView, RecordView};
use crate::state::{First, StateStore, Wanted};

/// The most records of one answer.
pub const MOST: usize = 500;

/// How many records of the store are read at a time; between two times, others have their turn.
const AT_A_TIME: usize = 250;

/// How many records of the store one question looks through.
const MOST_SEEN: usize = 25_000;

/// What is looked for. All that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Of this process, or of this challenger (`web.challenger`). With it, all that the store keeps is searched; without it, the
    /// latest 2000 records.
    pub process: Option<String>,
    /// With this outcome.
    pub outcome: Option<OutcomeView>,
    /// Moved by this: `load`, `bounds` or `budget`.
    pub cause: Option<String>,
    /// With this text in its reason, in any case of letters.
    pub q: Option<String>,
    /// Not before this time.
    pub since: Option<DateTime<Utc>>,
    /// Not after this time.
    pub until: Option<DateTime<Utc>>,
    /// Before this time: the `next` of the answer before.
    pub before: Option<DateTime<Utc>>,
    /// At most so many, up to 500; 100 if it is not given.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<usize>,
}

/// Records, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LedgerPage {
    /// The records.
    pub records: Vec<RecordView>,
    /// What to give as `before` for those before; null: there are none.
    pub next: Option<DateTime<Utc>>,
}

impl Query {
    /// What is wrong with it.
    pub fn wrong(&self) -> Option<String> {
        let limit = self.limit.filter(|limit| !(1..=MOST).contains(limit))?;
        Some(format!("`limit` is {limit}, and may be 1 to {MOST}"))
    }

    fn limit(&self) -> usize {
        self.limit.unwrap_or(100).clamp(1, MOST)
    }

    /// The latest time that a record may have.
    fn latest(&self) -> Option<DateTime<Utc>> {
        // The store keeps microseconds.
        let before = self
            .before
            .and_then(|at| at.checked_sub_signed(TimeDelta::microseconds(1)));
        match (before, self.until) {
            (Some(before), Some(until)) => Some(before.min(until)),
            (one, other) => one.or(other),
        }
    }

    fn fits(&self, record: &CycleRecord) -> bool {
        let process = self.process.as_deref();
        process.is_none_or(|name| name == record.process.as_str())
            && self.since.is_none_or(|since| since <= record.at)
            && self.latest().is_none_or(|latest| record.at <= latest)
            && self
                .cause
                .as_deref()
                .is_none_or(|name| name == record.cause.name())
            && self
                .q
                .as_deref()
                .is_none_or(|text| has(&record.reason, text))
            && self
                .outcome
                .is_none_or(|outcome| OutcomeView::from(&record.outcome) == outcome)
    }
}

fn has(reason: &str, text: &str) -> bool {
    reason.to_lowercase().contains(&text.to_lowercase())
}

/// Those of these records that are looked for.
pub fn among<'a>(
    newest_first: impl Iterator<Item = &'a Arc<CycleRecord>>,
    query: &Query,
) -> LedgerPage {
    let mut fitting = newest_first.filter(|record| query.fits(record));
    let records: Vec<RecordView> = fitting
        .by_ref()
        .take(query.limit())
        .map(|record| record.as_ref().into())
        .collect();
    let next = fitting
        .next()
        .and(records.last())
        .map(|last| last.decision.at);
    LedgerPage { records, next }
}

/// Those of the store. It looks through so many at the most: `next` then goes on from there.
pub async fn in_store(store: &dyn StateStore, query: &Query) -> Result<LedgerPage, Refusal> {
    let name = query.process.clone().unwrap_or_default();
    let process = ProcessName::kept(&name).map_err(|_bad| Refusal::Unknown(name))?;
    let mut until = query.latest();
    let mut records = Vec::new();
    let mut seen = 0;
    loop {
        let wanted = Wanted {
            since: query.since,
            until,
            first: First::Newest,
            most: AT_A_TIME,
        };
        let found = store.records(&process, wanted).await;
        let found = found.map_err(|error| Refusal::Store(error.to_string()))?;
        let oldest = found.last().map(|record| record.at);
        let all = found.len() < AT_A_TIME;
        for record in found {
            let read = serde_json::from_str::<CycleRecord>(&record.text);
            if let Some(record) = read.ok().filter(|record| query.fits(record)) {
                if records.len() == query.limit() {
                    let next = records.last().map(|last: &RecordView| last.decision.at);
                    return Ok(LedgerPage { records, next });
                }
                records.push(RecordView::from(&record));
            }
        }
        seen += AT_A_TIME;
        if all {
            return Ok(LedgerPage {
                records,
                next: None,
            });
        }
        if seen >= MOST_SEEN {
            return Ok(LedgerPage {
                records,
                next: oldest,
            });
        }
        until = oldest.and_then(|at| at.checked_sub_signed(TimeDelta::microseconds(1)));
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::MemoryStore;
    use crate::server::testing::record;
    use crate::state::Batch;

    fn all() -> Vec<Arc<CycleRecord>> {
        let of = |second: i64| {
            let name = if second % 2 == 0 { "web" } else { "celery" };
            let mut record = record(name, second, Some(1.0), 2);
            if second % 3 == 0 {
                record.reason = "The last 3 results".to_owned();
            }
            Arc::new(record)
        };
        (0..30).rev().map(of).collect()
    }

    #[test]
    fn it_is_filtered_and_paged() {
        let all = all();
        let seconds = |query: &Query| {
            let page = among(all.iter(), query);
            let seconds: Vec<i64> = page
                .records
                .iter()
                .map(|record| record.decision.at.timestamp())
                .collect();
            (seconds, page.next.map(|at| at.timestamp()))
        };
        let mut query = Query {
            process: Some("web".to_owned()),
            q: Some("LAST 3".to_owned()),
            limit: Some(3),
            ..Query::default()
        };
        assert_eq!(seconds(&query), (vec![24, 18, 12], Some(12)));
        query.before = DateTime::from_timestamp(12, 0);
        assert_eq!(seconds(&query), (vec![6, 0], None));
        query.since = DateTime::from_timestamp(3, 0);
        assert_eq!(seconds(&query), (vec![6], None));
        query.outcome = Some(OutcomeView::Scaled);
        assert_eq!(seconds(&query), (vec![], None));
    }

    /// The seconds that the store is found to have for this, and where the next page begins.
    fn stored(many: i64, query: &Query) -> (Vec<i64>, Option<i64>) {
        let store = MemoryStore::default();
        let all = (0..many).map(|second| {
            let mut record = record("web", second, Some(1.0), 2);
            if second % 300 == 0 {
                record.reason = "The last 3 results".to_owned();
            }
            let mut kept = record.kept();
            if second == 600 {
                kept.text = "{}".to_owned();
            }
            kept
        });
        let batch = Batch {
            records: all.collect(),
            ..Batch::default()
        };
        let page = actix_rt::System::new().block_on(async {
            store.save(&batch).await.unwrap();
            in_store(&store, query).await.unwrap()
        });
        let seconds = page.records.iter();
        let seconds = seconds.map(|record| record.decision.at.timestamp());
        (seconds.collect(), page.next.map(|at| at.timestamp()))
    }

    #[test]
    fn the_store_is_searched_page_by_page() {
        let mut query = Query {
            process: Some("web".to_owned()),
            q: Some("last 3".to_owned()),
            limit: Some(2),
            ..Query::default()
        };
        // 600 cannot be read, and is left out.
        assert_eq!(stored(1501, &query), (vec![1500, 1200], Some(1200)));
        query.before = DateTime::from_timestamp(1200, 0);
        assert_eq!(stored(1501, &query), (vec![900, 300], Some(300)));
        query.before = DateTime::from_timestamp(300, 0);
        assert_eq!(stored(1501, &query), (vec![0], None));
        query.since = DateTime::from_timestamp(1, 0);
        assert_eq!(stored(1501, &query), (vec![], None));
        let all = Query {
            process: query.process,
            limit: Some(MOST),
            ..Query::default()
        };
        let (seconds, next) = stored(600, &all);
        let newest: Vec<i64> = (100..600).rev().collect();
        assert_eq!((seconds, next), (newest, Some(100)));
    }
}
