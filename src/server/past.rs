//! What the store knows of the week before the program started, for the charts.

use std::time::Duration;

use actix::{Message, Recipient};
use chrono::{DateTime, TimeDelta, Utc};
use log::warn;

use crate::model::ProcessName;
use crate::record::CycleRecord;
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
    front: &Recipient<Past>,
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use actix::{Actor as _, Context, Handler};

    use super::*;
    use crate::harness::MemoryStore;
    use crate::server::board::Board;
    use crate::server::board::history::Range;
    use crate::server::testing::record;
    use crate::state::{Batch, Record, StoreError};

    /// Takes what is handed over.
    struct Listener {
        board: Rc<RefCell<Board>>,
        sizes: Rc<RefCell<Vec<usize>>>,
    }

    impl actix::Actor for Listener {
        type Context = Context<Self>;
    }

    impl Handler<Past> for Listener {
        type Result = ();

        fn handle(&mut self, Past(records): Past, _: &mut Context<Self>) {
            self.sizes.borrow_mut().push(records.len());
            for record in &records {
                self.board.borrow_mut().remember(record);
            }
        }
    }

    /// A record a minute, the last of them at this second.
    fn minutes(process: &str, many: i64, last: i64) -> impl Iterator<Item = Record> {
        (0..many).map(move |minute| record(process, last - minute * 60, Some(7.0), 2).kept())
    }

    /// What is filled from these records: the board, and how many records came each time.
    fn filled(records: Vec<Record>, failure: Option<StoreError>) -> (Board, Vec<usize>) {
        let (board, sizes) = (Rc::<RefCell<Board>>::default(), Rc::default());
        let listener = Listener {
            board: Rc::clone(&board),
            sizes: Rc::clone(&sizes),
        };
        actix::System::new().block_on(async move {
            let store = MemoryStore::default();
            let batch = Batch {
                records,
                ..Batch::default()
            };
            store.save(&batch).await.unwrap();
            store.fail(failure);
            let names = ["web", "mailer"].map(|name| ProcessName::new(name).unwrap());
            let front = listener.start().recipient();
            fill(&store, &names, now(), &front).await;
        });
        (board.take(), sizes.take())
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(NOW, 0).unwrap()
    }

    const NOW: i64 = 1_000_000_020;

    fn points(board: &Board, process: &str, range: Range) -> usize {
        let name = ProcessName::kept(process).unwrap();
        let history = board.history(&name);
        history.map_or(0, |past| past.points(range, now()).len())
    }

    #[test]
    fn every_page_of_every_process_and_challenger_is_read() {
        let web = minutes("web", 600, NOW);
        let all = web.chain(minutes("web.challenger", 30, NOW));
        let (board, sizes) = filled(all.collect(), None);
        assert_eq!(sizes, [250, 250, 100, 30]);
        assert_eq!(points(&board, "web", Range::Hour), 61, "both ends");
        assert_eq!(points(&board, "web", Range::Day), 300, "2 minutes each");
        assert_eq!(points(&board, "web.challenger", Range::Hour), 30);
        assert_eq!(points(&board, "mailer", Range::Week), 0);
    }

    #[test]
    fn what_is_older_than_a_week_or_cannot_be_read_is_left_out() {
        let mut all: Vec<Record> = minutes("web", 260, NOW).collect();
        all.push(record("web", NOW - 8 * 86_400, Some(7.0), 2).kept());
        for unread in all.iter_mut().take(10) {
            unread.text = "{\"version\":9}".to_owned();
        }
        let (board, sizes) = filled(all, None);
        assert_eq!(sizes, [250, 0], "a page of which nothing can be read");
        assert_eq!(points(&board, "web", Range::Hour), 51);
    }

    #[test]
    fn a_store_that_fails_leaves_the_charts_empty() {
        let failure = StoreError::Away("memory: gone".to_owned());
        let (board, sizes) = filled(minutes("web", 10, NOW).collect(), Some(failure));
        assert_eq!(sizes, [0; 0]);
        assert_eq!(points(&board, "web", Range::Week), 0);
    }
}
