//! State in a file: what a disk can do to it.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use autoscalebot::clock::Clock;
use autoscalebot::orders::Kind;
use autoscalebot::state::journal::Journal;
use autoscalebot::state::{Batch, FileStore, Limits, Remark, StateStore, StoreError};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{ALL, TIMEOUT, draft, file_store, record, records, seconds, snapshot};

/// The files beside a file that were moved aside.
fn moved_aside(path: &Path) -> Vec<String> {
    let folder = fs::read_dir(path.parent().unwrap()).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names
        .filter(|name| {
            name.contains(".damaged-") && !name.ends_with("-wal") && !name.ends_with("-shm")
        })
        .collect()
}

/// Fills a file, closes it well, and yields its size.
async fn filled(path: &Path) -> u64 {
    let store = file_store(path);
    store.save(&records("web", 0..2000)).await.unwrap();
    let batch = Batch {
        snapshots: vec![snapshot("web", 1, "{}"), snapshot("celery", 2, "[]")],
        records: Vec::new(),
    };
    store.save(&batch).await.unwrap();
    store
        .put(&draft(Kind::Scale { count: 6 }, 0, 60))
        .await
        .unwrap();
    drop(store);
    let connection = Connection::open(path).unwrap();
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    connection.query_row(checkpoint, [], |_| Ok(())).unwrap();
    drop(connection);
    fs::metadata(path).unwrap().len()
}

#[actix_rt::test]
async fn a_file_that_is_no_database_is_moved_aside() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let garbage = b"this was a database once ".repeat(1000);
    fs::write(&path, &garbage).unwrap();
    let store = file_store(&path);
    assert_eq!(store.load().await, Ok(vec![]));
    let remarks = store.remarks();
    let [Remark::MovedAside { to, .. }] = remarks.as_slice() else {
        panic!("{remarks:?}");
    };
    assert_eq!(fs::read(to).unwrap(), garbage, "nothing is thrown away");
    assert_eq!(moved_aside(&path).len(), 1);
    store.save(&records("web", 0..3)).await.unwrap();
    assert_eq!(seconds(&store, "web", ALL).await, [0, 1, 2]);
    assert_eq!(store.remarks(), []);
}

#[actix_rt::test]
async fn of_a_damaged_ledger_snapshots_and_orders_are_carried_over() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let size = filled(&path).await;
    let page = 4096;
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    for place in (12 * page..size).step_by(4096) {
        file.write_all_at(&[0xAA; 4096], place).unwrap();
    }
    let store = file_store(&path);
    assert_eq!(seconds(&store, "web", ALL).await, Vec::<i64>::new());
    let remarks = store.remarks();
    let [
        Remark::MovedAside {
            snapshots, orders, ..
        },
    ] = remarks.as_slice()
    else {
        panic!("{remarks:?}");
    };
    assert_eq!((*snapshots, *orders), (2, 1), "{remarks:?}");
    assert_eq!(store.load().await.unwrap().len(), 2);
    assert_eq!(store.orders().await.unwrap().len(), 1);
    let next = store
        .put(&draft(Kind::Scale { count: 7 }, 0, 60))
        .await
        .unwrap();
    assert_eq!(next.id.0, 2, "orders keep their numbers");
    assert_eq!(moved_aside(&path).len(), 1);
}

#[actix_rt::test]
async fn a_file_cut_short_anywhere_opens_or_is_moved_aside() {
    let folder = TempDir::new().unwrap();
    let whole = folder.path().join("whole.db");
    let size = filled(&whole).await;
    for part in [
        0,
        1,
        50,
        99,
        100,
        101,
        4096,
        4097,
        20_000,
        size / 2,
        size - 1,
    ] {
        let path = folder.path().join(format!("cut-{part}.db"));
        fs::copy(&whole, &path).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(part).unwrap();
        let store = file_store(&path);
        let store: &dyn StateStore = &store;
        store.load().await.unwrap();
        store.orders().await.unwrap();
        seconds(store, "web", ALL).await;
        store.save(&records("web", 5000..5003)).await.unwrap();
        let found = seconds(store, "web", ALL).await;
        assert!(found.ends_with(&[5000, 5001, 5002]), "cut at {part}");
    }
}

#[actix_rt::test]
async fn a_file_deleted_under_the_store_is_begun_anew() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let store = file_store(&path);
    store.save(&records("web", 0..3)).await.unwrap();
    for ending in ["", "-wal", "-shm"] {
        fs::remove_file(format!("{}{ending}", path.display())).unwrap();
    }
    store.save(&records("web", 3..5)).await.unwrap();
    assert_eq!(seconds(&file_store(&path), "web", ALL).await, [3, 4]);
}

#[actix_rt::test]
async fn another_programs_database_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("app.db");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("CREATE TABLE users (name TEXT)")
        .unwrap();
    drop(connection);
    let before = fs::read(&path).unwrap();
    let store = file_store(&path);
    let refused = store.load().await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
    assert!(
        refused.to_string().contains("another program's database"),
        "{refused}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(moved_aside(&path).is_empty());

    let newer = folder.path().join("newer.db");
    file_store(&newer).load().await.unwrap();
    let connection = Connection::open(&newer).unwrap();
    connection.pragma_update(None, "user_version", 2).unwrap();
    drop(connection);
    let refused = file_store(&newer).load().await.unwrap_err();
    assert!(refused.to_string().contains("of version 2"), "{refused}");
}

#[actix_rt::test]
async fn a_folder_that_is_missing_or_cannot_be_written_is_an_error() {
    let folder = TempDir::new().unwrap();
    // /proc takes no files in, not even from root.
    for path in [
        folder.path().join("nowhere/state.db"),
        "/proc/state.db".into(),
    ] {
        let store = file_store(&path);
        let refused = store.save(&records("web", 0..1)).await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
        assert!(refused.to_string().contains("its folder"), "{refused}");
    }
    let late = folder.path().join("late/state.db");
    let store = file_store(&late);
    assert!(store.load().await.is_err());
    fs::create_dir(late.parent().unwrap()).unwrap();
    assert_eq!(store.load().await, Ok(vec![]), "it works once it can");
}

#[actix_rt::test]
async fn a_file_that_another_program_holds_is_waited_for_no_longer_than_the_time_out() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let clock = Clock::system();
    let store = FileStore::new(path.clone(), 1000, Duration::from_millis(500), clock);
    store.save(&records("web", 0..3)).await.unwrap();
    let mut holder = Connection::open(&path).unwrap();
    let held = holder
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .unwrap();
    let before = clock.now().mono;
    let refused = store.save(&records("web", 3..5)).await.unwrap_err();
    let took = clock.now().mono.saturating_sub(before);
    assert!(matches!(refused, StoreError::Away(_)), "{refused:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(
        seconds(&store, "web", ALL).await,
        [0, 1, 2],
        "reading goes on"
    );
    drop(held);
    store.save(&records("web", 3..5)).await.unwrap();
    assert_eq!(seconds(&store, "web", ALL).await, [0, 1, 2, 3, 4]);
}

#[actix_rt::test]
async fn a_full_file_takes_a_batch_whole_or_not_at_all() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let store = FileStore::new(path.clone(), 1, TIMEOUT, Clock::system());
    let text = format!("\"{}\"", "x".repeat(1000));
    let mut batches = 0;
    let full = loop {
        let first = batches * 100;
        let batch = Batch {
            snapshots: vec![snapshot("web", batches, "{}")],
            records: (first..first + 100)
                .map(|second| record("web", second, &text))
                .collect(),
        };
        match store.save(&batch).await {
            Ok(()) => batches += 1,
            Err(error) => break error,
        }
        assert!(batches < 100, "1 MB is never full");
    };
    assert!(matches!(full, StoreError::Full(_)), "{full:?}");
    assert!(full.to_string().contains("max_megabytes"), "{full}");
    assert_eq!(
        store.load().await.unwrap(),
        [snapshot("web", batches - 1, "{}")]
    );
    let found = seconds(&store, "web", ALL).await;
    assert_eq!(found, (0..batches * 100).collect::<Vec<_>>());
    assert!(fs::metadata(&path).unwrap().len() <= 1_000_000);
}

#[actix_rt::test]
async fn the_journal_of_a_full_file_goes_on_with_half_of_the_ledger() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let clock = Clock::system();
    let store: Rc<dyn StateStore> = Rc::new(FileStore::new(path.clone(), 1, TIMEOUT, clock));
    let limits = Limits {
        keep_for: Duration::from_secs(100 * 365 * 86_400),
        max_records_per_process: 1000,
    };
    let (journal, mut events) = Journal::start(Rc::clone(&store), limits, TIMEOUT, clock);
    let text = format!("\"{}\"", "x".repeat(1000));
    for second in 0..3000 {
        journal.note(
            Some(snapshot("web", second, "{}")),
            [record("web", second, &text)],
        );
        if second % 100 == 99 {
            // Whether it is full just now or not: nothing is lost by it.
            journal.flush(TIMEOUT).await.unwrap_or_default();
        }
    }
    let flushed = tokio::time::timeout(Duration::from_secs(30), async {
        while journal.flush(TIMEOUT).await.is_err() {}
    });
    flushed.await.unwrap();
    let found = seconds(&*store, "web", ALL).await;
    assert_eq!(found.last(), Some(&2999));
    let (first, many) = (found[0], i64::try_from(found.len()).unwrap());
    assert_eq!(many, 3000 - first, "no hole in it");
    assert_eq!(store.load().await.unwrap(), [snapshot("web", 2999, "{}")]);
    assert!(fs::metadata(&path).unwrap().len() <= 1_000_000);
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.push(event.to_string());
    }
    assert!(
        told.iter().any(|event| event.contains("were let go of")),
        "{told:?}"
    );
    assert!(
        told.last().unwrap().contains("being kept again"),
        "{told:?}"
    );
}
