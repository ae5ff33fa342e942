//! The journal: it never makes anybody wait, forgets nothing that could be written, and tells how its store is.

use std::rc::Rc;
use std::time::Duration;

use actix_rt::System;
use autoscalebot::clock::Clock;
use autoscalebot::harness::{MemoryStore, STORE_TIMEOUT};
use autoscalebot::model::ProcessName;
use autoscalebot::orders::{Draft, Ended, Kind};
use autoscalebot::state::journal::Journal;
use autoscalebot::state::journal::health::StoreEvent;
use autoscalebot::state::journal::pending::MOST_RECORDS;
use autoscalebot::state::{
    First, Limits, Record, Remark, Snapshot, StateStore as _, StoreError, Wanted,
};
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use tokio::sync::mpsc::Receiver;

use crate::seconds;

const LIMITS: Limits = Limits {
    keep_for: Duration::from_secs(7 * 86_400),
    max_records_per_process: 1000,
};

/// A journal on a paused clock, and what it is about.
struct World {
    clock: Clock,
    store: MemoryStore,
    journal: Journal,
    events: Receiver<StoreEvent>,
}

fn story<F: Future<Output = ()>>(tell: impl FnOnce(World) -> F) {
    System::with_tokio_rt(|| {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    })
    .block_on(async {
        let clock = Clock::starting_at(start());
        let store = MemoryStore::default();
        let (journal, events) =
            Journal::start(Rc::new(store.clone()), LIMITS, STORE_TIMEOUT, clock);
        tell(World {
            clock,
            store,
            journal,
            events,
        })
        .await;
    });
}

fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2024, 5, 3, 14, 0, 0).unwrap()
}

fn process(name: &str) -> ProcessName {
    ProcessName::new(name).unwrap()
}

fn snapshot(name: &str, text: &str) -> Snapshot {
    Snapshot {
        process: process(name),
        at: start(),
        text: text.into(),
    }
}

fn record(cycle: u64) -> Record {
    Record {
        process: process("web"),
        at: start() + TimeDelta::seconds(i64::try_from(cycle).unwrap()),
        cycle,
        text: format!("{{\"cycle\": {cycle}}}"),
    }
}

fn away() -> StoreError {
    StoreError::Away("memory: gone".into())
}

impl World {
    fn told(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            told.push(event.to_string());
        }
        told
    }

    async fn cycles(&self) -> Vec<u64> {
        let wanted = Wanted {
            since: None,
            until: None,
            first: First::Oldest,
            most: usize::MAX,
        };
        let found = self.store.records(&process("web"), wanted).await.unwrap();
        found.iter().map(|record| record.cycle).collect()
    }

    /// How long ago a moment was.
    fn since(&self, before: Duration) -> Duration {
        self.clock.now().mono.saturating_sub(before)
    }

    fn text(&self, name: &str) -> String {
        let snapshot = self.store.snapshot(name);
        snapshot.map(|snapshot| snapshot.text).unwrap_or_default()
    }
}

async fn sleep(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

#[test]
fn notes_are_written_at_most_once_a_second_and_the_newest_snapshot_counts() {
    story(|world| async move {
        for cycle in 1..=20 {
            let note = snapshot("web", &cycle.to_string());
            world.journal.note(Some(note), [record(cycle)]);
            sleep(0.1).await;
        }
        sleep(2.0).await;
        let batches = world.store.batches();
        assert!(batches.len() <= 4, "{} batches in 2 s", batches.len());
        assert_eq!(world.text("web"), "20");
        assert_eq!(world.cycles().await, (1..=20).collect::<Vec<_>>());
        for batch in &batches {
            assert!(batch.snapshots.len() <= 1, "{batch:?}");
        }
    });
}

#[test]
fn an_intention_is_safe_before_it_is_done() {
    story(|world| async move {
        world.journal.note(Some(snapshot("web", "old")), []);
        sleep(0.01).await;
        let before = world.clock.now().mono;
        world.journal.intend(snapshot("web", "new")).await.unwrap();
        assert_eq!(world.text("web"), "new");
        let took = world.since(before);
        assert!(took < Duration::from_millis(100), "{took:?}");
    });
}

#[test]
fn intentions_at_once_share_a_batch() {
    story(|world| async move {
        let intend = |name: &'static str| world.journal.intend(snapshot(name, "new"));
        let (web, celery, mail) = tokio::join!(intend("web"), intend("celery"), intend("mail"));
        web.and(celery).and(mail).unwrap();
        assert!(world.store.batches().len() <= 2);
    });
}

#[test]
fn an_intention_waits_no_longer_than_the_time_out_and_is_written_later() {
    story(|mut world| async move {
        world.store.hang(true);
        world.journal.note(Some(snapshot("celery", "1")), []);
        sleep(0.5).await;
        // The batch of the note is under way, and its own would come after it.
        let before = world.clock.now().mono;
        let refused = world.journal.intend(snapshot("web", "1")).await;
        assert!(matches!(refused, Err(StoreError::Away(_))), "{refused:?}");
        let took = world.since(before);
        assert!(
            took <= STORE_TIMEOUT + Duration::from_millis(10),
            "{took:?}"
        );

        sleep(3.0).await;
        let before = world.clock.now().mono;
        let refused = world.journal.intend(snapshot("web", "2")).await;
        assert!(refused.is_err());
        let took = world.since(before);
        assert!(
            took <= STORE_TIMEOUT + Duration::from_millis(10),
            "{took:?}"
        );

        world.store.hang(false);
        sleep(15.0).await;
        assert_eq!(
            (world.text("web"), world.text("celery")),
            ("2".into(), "1".into())
        );
        let told = world.told();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("state is not being kept: memory: no answer"));
        assert!(told[1].contains("kept again in memory"));
    });
}

#[test]
fn nobody_waits_for_a_store_that_is_known_to_fail() {
    story(|mut world| async move {
        world.store.fail(Some(away()));
        world.journal.note(Some(snapshot("web", "1")), [record(1)]);
        sleep(20.0).await;
        let before = world.clock.now().mono;
        let mut at_once = 0;
        for n in 0..10 {
            let note = snapshot("web", &n.to_string());
            assert_eq!(world.journal.intend(note).await, Err(away()));
            at_once += u32::from(world.clock.now().mono == before);
        }
        assert_eq!(at_once, 10, "each is refused at once");
        world.store.fail(None);
        sleep(15.0).await;
        assert_eq!(world.text("web"), "9");
        assert_eq!(world.cycles().await, [1], "nothing was lost");
        assert_eq!(world.told().len(), 2);
    });
}

#[test]
fn what_cannot_wait_any_longer_is_dropped_counted_and_told() {
    story(|mut world| async move {
        world.store.fail(Some(away()));
        let many = u64::try_from(MOST_RECORDS).unwrap();
        world.journal.note(None, (1..=many + 7).map(record));
        sleep(5.0).await;
        world.store.fail(None);
        sleep(30.0).await;
        let kept = world.cycles().await;
        assert_eq!((kept.first(), kept.last()), (Some(&8), Some(&(many + 7))));
        let told = world.told();
        assert!(
            told[0].starts_with("7 records of the ledger were dropped"),
            "{told:?}"
        );
        world.journal.note(None, [record(many + 8)]);
        sleep(5.0).await;
        assert_eq!(world.cycles().await.last(), Some(&(many + 8)));
    });
}

#[test]
fn orders_are_known_within_seconds_and_remembered_while_the_store_is_away() {
    story(|world| async move {
        assert!(world.journal.orders().read_at.is_none(), "not known yet");
        assert_eq!(world.journal.load().await.unwrap(), []);
        assert!(world.journal.orders().read_at.is_some());
        let mut watch = world.journal.watch_orders();
        watch.mark_unchanged();
        let draft = Draft {
            process: process("web"),
            kind: Kind::Pause {
                up: true,
                down: true,
            },
            owner: "ann".into(),
            because: "a test".into(),
            begins: start(),
            ends: start() + TimeDelta::hours(1),
        };
        let order = world.store.put(&draft).await.unwrap();
        tokio::time::timeout(seconds(3), watch.changed())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(*world.journal.orders().orders, std::slice::from_ref(&order));

        world.store.fail(Some(away()));
        sleep(60.0).await;
        assert_eq!(*world.journal.orders().orders, std::slice::from_ref(&order));
        world.store.fail(None);
        let ended = Ended {
            at: start(),
            by: "bob".into(),
        };
        assert!(world.store.end(order.id, &ended).await.unwrap());
        tokio::time::timeout(seconds(3), watch.changed())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(world.journal.orders().orders[0].ended, Some(ended));
    });
}

#[test]
fn a_stop_writes_what_waits() {
    story(|world| async move {
        world.journal.note(Some(snapshot("web", "1")), []);
        sleep(0.1).await;
        world
            .journal
            .note(Some(snapshot("web", "2")), (1..=1200).map(record));
        let before = world.clock.now().mono;
        world.journal.flush(seconds(5)).await.unwrap();
        let took = world.since(before);
        assert!(took < Duration::from_millis(100), "{took:?}");
        assert_eq!(world.text("web"), "2");
        assert_eq!(world.cycles().await.len(), 1200);
        world.journal.flush(seconds(5)).await.unwrap();
    });
}

#[test]
fn a_stop_waits_for_no_store_longer_than_its_grace() {
    story(|world| async move {
        world.store.fail(Some(away()));
        world.journal.note(Some(snapshot("web", "1")), []);
        sleep(8.0).await;
        assert_eq!(world.journal.flush(seconds(5)).await, Err(away()));
        world.store.fail(None);
        world.journal.flush(seconds(5)).await.unwrap();
        assert_eq!(
            world.text("web"),
            "1",
            "the rest after a failure does not count"
        );
        world.store.hang(true);
        world.journal.note(Some(snapshot("web", "2")), []);
        let before = world.clock.now().mono;
        assert!(world.journal.flush(seconds(1)).await.is_err());
        assert_eq!(world.since(before), seconds(1));
    });
}

#[test]
fn a_full_store_lets_go_of_old_records_and_what_is_new_is_kept() {
    story(|mut world| async move {
        world.journal.note(None, (1..=900).map(record));
        sleep(5.0).await;
        world
            .store
            .fail(Some(StoreError::Full("memory: full".into())));
        world
            .journal
            .note(Some(snapshot("web", "1")), [record(901)]);
        sleep(0.5).await;
        world.store.fail(None);
        sleep(10.0).await;
        assert_eq!(world.text("web"), "1");
        let kept = world.cycles().await;
        assert_eq!(
            (kept.len(), kept.last()),
            (501, Some(&901)),
            "half of 1000, and the new one"
        );
        let told = world.told();
        assert!(told[0].contains("memory: full"), "{told:?}");
        assert!(
            told[1].contains("memory was full: the 400 oldest records"),
            "{told:?}"
        );
        assert!(told[2].contains("kept again"), "{told:?}");
    });
}

#[test]
fn what_the_store_remarks_is_told_once() {
    story(|mut world| async move {
        let remark = Remark::LeftOut {
            what: "orders",
            number: 1,
        };
        for _ in 0..3 {
            world.store.remark(remark.clone());
            sleep(3.0).await;
        }
        assert_eq!(
            world.told(),
            ["1 orders could not be read and were left out"]
        );
    });
}

#[test]
fn the_ledger_is_pruned() {
    story(|world| async move {
        world.journal.note(None, (1..=1500).map(record));
        sleep(120.0).await;
        let kept = world.cycles().await;
        assert_eq!((kept.len(), kept.first()), (1000, Some(&501)));
    });
}

#[test]
fn the_tasks_end_with_the_last_handle() {
    story(|world| async move {
        let store = world.store.clone();
        let other = world.journal.clone();
        drop(world);
        other.note(Some(snapshot("web", "1")), []);
        sleep(2.0).await;
        assert_eq!(store.batches().len(), 1, "a clone is enough");
        drop(other);
        sleep(0.1).await;
        store.hang(true);
        let before = store.remarks();
        assert_eq!(before, []);
        sleep(10.0).await;
        assert_eq!(store.batches().len(), 1);
    });
}
