//! What every store promises, for each of them.

use std::time::Duration;

use autoscalebot::orders::{Ended, Kind, Order, OrderId};
use autoscalebot::state::{Batch, First, Limits, MOST_ORDERS, Position, StateStore, Wanted};
use tempfile::TempDir;

use super::{ALL, at, draft, file_store, process, record, records, redis_store, seconds, snapshot};
use crate::servers::redis::RedisServer;

/// Tries a promise with two handles on one file, and two on one Redis.
macro_rules! promise {
    ($name:ident) => {
        #[actix_rt::test]
        async fn $name() {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join("state.db");
            promised::$name(&file_store(&path), &file_store(&path)).await;
            let server = RedisServer::start();
            let url = format!("{}/3", server.url());
            promised::$name(&redis_store(&url), &redis_store(&url)).await;
        }
    };
}

promise!(what_is_saved_is_loaded);
promise!(records_are_found_by_time_and_number);
promise!(a_ledger_can_be_followed);
promise!(a_record_saved_twice_is_there_once);
promise!(what_is_too_old_or_too_much_goes);
promise!(packed_records_are_found_like_loose_ones);
promise!(orders_are_kept_until_they_are_over);
promise!(orders_are_bounded);
promise!(two_programs_write_at_once);

mod promised {
    use super::*;

    pub(super) async fn what_is_saved_is_loaded(one: &dyn StateStore, other: &dyn StateStore) {
        assert_eq!(one.load().await.unwrap(), []);
        assert_eq!(one.orders().await.unwrap(), []);
        let text = "{\"a\": \"ünïcode \u{1F600} \\n\", \"b\": 1}";
        let batch = Batch {
            snapshots: vec![snapshot("celery", 1, "{}"), snapshot("web", 2, text)],
            records: vec![record("web", 2, text)],
        };
        one.save(&batch).await.unwrap();
        let sorted = |mut found: Vec<_>| {
            found.sort_by_key(|snapshot: &autoscalebot::state::Snapshot| snapshot.process.clone());
            found
        };
        for store in [one, other] {
            assert_eq!(sorted(store.load().await.unwrap()), batch.snapshots);
            let found = store.records(&process("web"), ALL).await.unwrap();
            assert_eq!(found, batch.records, "to the letter");
        }
        let newer = Batch {
            snapshots: vec![snapshot("web", 3, "[]")],
            records: Vec::new(),
        };
        other.save(&newer).await.unwrap();
        let found = sorted(one.load().await.unwrap());
        assert_eq!(
            found,
            [snapshot("celery", 1, "{}"), snapshot("web", 3, "[]")]
        );
        one.save(&Batch::default()).await.unwrap();
        assert_eq!((one.remarks(), other.remarks()), (vec![], vec![]));
    }

    pub(super) async fn records_are_found_by_time_and_number(
        one: &dyn StateStore,
        other: &dyn StateStore,
    ) {
        one.save(&records("web", 0..10)).await.unwrap();
        one.save(&records("web-2", 3..5)).await.unwrap();
        for (wanted, expected, because) in [
            (ALL, vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "all"),
            (
                Wanted {
                    first: First::Newest,
                    most: 3,
                    ..ALL
                },
                vec![9, 8, 7],
                "the newest three",
            ),
            (
                Wanted {
                    since: Some(at(4)),
                    until: Some(at(6)),
                    ..ALL
                },
                vec![4, 5, 6],
                "a range has both its ends",
            ),
            (
                Wanted {
                    since: Some(at(4)),
                    most: 2,
                    ..ALL
                },
                vec![4, 5],
                "the oldest two from then on",
            ),
            (
                Wanted {
                    until: Some(at(4)),
                    first: First::Newest,
                    most: 2,
                    ..ALL
                },
                vec![4, 3],
                "the newest two until then",
            ),
            (
                Wanted {
                    since: Some(at(50)),
                    ..ALL
                },
                vec![],
                "none",
            ),
            (Wanted { most: 0, ..ALL }, vec![], "no more than none"),
        ] {
            assert_eq!(seconds(other, "web", wanted).await, expected, "{because}");
        }
        assert_eq!(seconds(other, "web-2", ALL).await, [3, 4]);
        assert!(seconds(other, "mail", ALL).await.is_empty());
    }

    pub(super) async fn a_ledger_can_be_followed(one: &dyn StateStore, other: &dyn StateStore) {
        one.save(&records("web", 0..4)).await.unwrap();
        let mut position = Position {
            at: at(1),
            cycle: 1,
        };
        let mut seen = Vec::new();
        for second in 4..8 {
            for found in other.after(&process("web"), position, 2).await.unwrap() {
                position = found.position();
                seen.push(found.cycle);
            }
            one.save(&records("web", second..second + 1)).await.unwrap();
        }
        assert_eq!(seen, [2, 3, 4, 5, 6], "each once, in order");
        // Two cycles of one moment, of which the first was seen.
        let twin = |cycle| {
            let mut twin = record("celery", 5, "{}");
            twin.cycle = cycle;
            twin
        };
        let batch = Batch {
            records: vec![twin(10), twin(9)],
            ..Batch::default()
        };
        one.save(&batch).await.unwrap();
        let position = Position {
            at: at(5),
            cycle: 9,
        };
        let found = other.after(&process("celery"), position, 5).await.unwrap();
        assert_eq!(found, [twin(10)]);
    }

    pub(super) async fn a_record_saved_twice_is_there_once(
        one: &dyn StateStore,
        other: &dyn StateStore,
    ) {
        one.save(&records("web", 0..5)).await.unwrap();
        other.save(&records("web", 3..7)).await.unwrap();
        assert_eq!(seconds(one, "web", ALL).await, [0, 1, 2, 3, 4, 5, 6]);
    }

    pub(super) async fn what_is_too_old_or_too_much_goes(
        one: &dyn StateStore,
        other: &dyn StateStore,
    ) {
        one.save(&records("web", 0..100)).await.unwrap();
        one.save(&records("celery", 90..100)).await.unwrap();
        let limits = |keep_for, max_records_per_process| Limits {
            keep_for: Duration::from_secs(keep_for),
            max_records_per_process,
        };
        let prune = async |keep_for, most| other.prune(limits(keep_for, most), at(100)).await;
        assert_eq!(prune(1000, 100).await, Ok(0));
        assert_eq!(prune(1000, 40).await, Ok(60), "the oldest of many");
        assert_eq!(
            seconds(one, "web", ALL).await,
            (60..100).collect::<Vec<_>>()
        );
        assert_eq!(prune(30, 40).await, Ok(10), "what is older than 30 s");
        assert_eq!(
            seconds(one, "web", ALL).await,
            (70..100).collect::<Vec<_>>()
        );
        assert_eq!(seconds(one, "celery", ALL).await.len(), 10);
        assert_eq!(prune(30, 40).await, Ok(0));
        assert_eq!(prune(0, 40).await, Ok(40));
        assert!(seconds(one, "web", ALL).await.is_empty());
    }

    pub(super) async fn packed_records_are_found_like_loose_ones(
        one: &dyn StateStore,
        other: &dyn StateStore,
    ) {
        one.save(&records("web", 0..5050)).await.unwrap();
        let limits = |max_records_per_process| Limits {
            keep_for: Duration::from_secs(1_000_000),
            max_records_per_process,
        };
        let prune = async |most| one.prune(limits(most), at(6000)).await;
        assert_eq!(prune(6000).await, Ok(0), "packing loses nothing");
        let range = |since, until, first, most| Wanted {
            since: Some(at(since)),
            until: Some(at(until)),
            first,
            most,
        };
        for (wanted, expected) in [
            (ALL, (0..5050).collect::<Vec<_>>()),
            (range(95, 105, First::Oldest, 100), (95..106).collect()),
            (range(95, 4105, First::Oldest, 7), (95..102).collect()),
            (
                range(95, 4105, First::Newest, 7),
                (4099..4106).rev().collect(),
            ),
            (
                range(4895, 5000, First::Newest, 1000),
                (4895..5001).rev().collect(),
            ),
            (
                range(0, 9000, First::Newest, 400),
                (4650..5050).rev().collect(),
            ),
            (range(100, 100, First::Newest, 5), vec![100]),
            (range(6000, 9000, First::Newest, 5), vec![]),
        ] {
            assert_eq!(seconds(other, "web", wanted).await, expected, "{wanted:?}");
        }
        let position = Position {
            at: at(2010),
            cycle: 2010,
        };
        let found = other.after(&process("web"), position, 3).await.unwrap();
        let cycles: Vec<_> = found.iter().map(|record| record.cycle).collect();
        assert_eq!(cycles, [2011, 2012, 2013]);
        // Written again after it was packed, it is still there once.
        one.save(&records("web", 10..20)).await.unwrap();
        assert_eq!(seconds(other, "web", ALL).await.len(), 5050);
        assert_eq!(prune(500).await, Ok(4500), "whole packs go");
        let left = seconds(other, "web", ALL).await;
        assert_eq!((left.len(), left.last()), (560, Some(&5049)), "{left:?}");
        let old = Limits {
            keep_for: Duration::from_secs(1000),
            max_records_per_process: 5000,
        };
        one.prune(old, at(5950)).await.unwrap();
        let left = seconds(other, "web", ALL).await;
        let oldest = left.first().copied().unwrap_or_default();
        assert!(
            (4850..=4950).contains(&oldest),
            "to within a pack: {oldest}"
        );
        assert_eq!((one.remarks(), other.remarks()), (vec![], vec![]));
    }

    pub(super) async fn orders_are_kept_until_they_are_over(
        one: &dyn StateStore,
        other: &dyn StateStore,
    ) {
        let kinds = [
            Kind::Pause {
                up: false,
                down: true,
            },
            Kind::Override {
                min: Some(8),
                max: None,
            },
            Kind::Scale { count: 6 },
        ];
        let mut given: Vec<Order> = Vec::new();
        for kind in kinds {
            let order = one.put(&draft(kind, 0, 60)).await.unwrap();
            assert_eq!(order.draft, draft(kind, 0, 60));
            given.push(order);
        }
        let ids: Vec<_> = given.iter().map(|order| order.id).collect();
        assert_eq!(ids, [OrderId(1), OrderId(2), OrderId(3)]);
        assert_eq!(other.orders().await.unwrap(), given);

        let ended = Ended {
            at: at(30),
            by: "bob".into(),
        };
        assert_eq!(other.end(OrderId(2), &ended).await, Ok(true));
        assert_eq!(one.end(OrderId(2), &ended).await, Ok(false), "it has ended");
        assert_eq!(
            one.end(OrderId(9), &ended).await,
            Ok(false),
            "there is none"
        );
        given[1].ended = Some(ended);
        assert_eq!(one.orders().await.unwrap(), given);

        let limits = Limits {
            keep_for: Duration::from_secs(10),
            max_records_per_process: 100,
        };
        one.prune(limits, at(45)).await.unwrap();
        let left = other.orders().await.unwrap();
        assert_eq!(
            left,
            [given[0].clone(), given[2].clone()],
            "2 was over at 30"
        );
        one.prune(limits, at(60)).await.unwrap();
        assert_eq!(
            other.orders().await.unwrap().len(),
            2,
            "they are over, but not for long"
        );
        one.prune(limits, at(71)).await.unwrap();
        assert_eq!(other.orders().await.unwrap(), []);
        let next = one.put(&draft(kinds[2], 0, 60)).await.unwrap();
        assert_eq!(next.id, OrderId(4), "a number is never given twice");
    }

    pub(super) async fn orders_are_bounded(one: &dyn StateStore, other: &dyn StateStore) {
        // Over as soon as the clock is asked, which is years later.
        let over = draft(Kind::Scale { count: 1 }, 0, 1);
        let mut lasting = over.clone();
        lasting.begins = chrono::DateTime::<chrono::Utc>::MAX_UTC - chrono::TimeDelta::days(2);
        lasting.ends = lasting.begins + chrono::TimeDelta::days(1);
        for draft in [&over, &lasting] {
            for _ in 0..MOST_ORDERS / 2 {
                one.put(draft).await.unwrap();
            }
        }
        for _ in 0..MOST_ORDERS / 2 {
            other.put(&lasting).await.unwrap();
        }
        let orders = one.orders().await.unwrap();
        assert_eq!(orders.len(), MOST_ORDERS);
        assert!(
            orders.iter().all(|order| order.draft == lasting),
            "those that are over went"
        );
        let refused = one.put(&lasting).await.unwrap_err();
        assert!(refused.to_string().contains("end some first"), "{refused}");
    }

    pub(super) async fn two_programs_write_at_once(one: &dyn StateStore, other: &dyn StateStore) {
        let write = async |store: &dyn StateStore, name: &'static str| {
            for second in 0..50 {
                let batch = Batch {
                    snapshots: vec![snapshot(name, second, "{}")],
                    records: vec![record(name, second, "{}")],
                };
                store.save(&batch).await.unwrap();
                store
                    .put(&draft(Kind::Scale { count: 1 }, 0, 60))
                    .await
                    .unwrap();
            }
        };
        tokio::join!(write(one, "web"), write(other, "celery"));
        for name in ["web", "celery"] {
            let all: Vec<_> = (0..50).collect();
            assert_eq!(seconds(one, name, ALL).await, all, "{name}");
        }
        let ids: Vec<_> = other
            .orders()
            .await
            .unwrap()
            .iter()
            .map(|order| order.id.0)
            .collect();
        assert_eq!(ids, (1..=100).collect::<Vec<_>>());
    }
}
