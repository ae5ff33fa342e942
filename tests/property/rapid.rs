//! Rapid scaling is told exactly when more scales one way than the limit lie within the period.

use std::time::Duration;

use autoscalebot::clock::Now;
use autoscalebot::envelope::Cause;
use autoscalebot::model::Direction;
use autoscalebot::supervisor::ledger::{Ledger, MOST_RECORDS, ScaleRecord};
use autoscalebot::supervisor::rapid::{RapidRule, too_rapid};
use proptest::prelude::*;

use crate::runner::holds;

/// Scales: milliseconds since the one before, and whether it goes up.
fn scales(most: usize) -> impl Strategy<Value = Vec<(u64, bool)>> {
    // Round gaps, so that some scales lie exactly on the edge of the period.
    let gap = prop_oneof![
        Just(0_u64),
        Just(1),
        (1..10_u64).prop_map(|n| n * 1_000),
        0..20_000_u64
    ];
    prop::collection::vec((gap, any::<bool>()), 0..most)
}

fn entered(scales: &[(u64, bool)]) -> Ledger {
    let mut ledger = Ledger::default();
    let mut mono = Duration::ZERO;
    for &(later, up) in scales {
        mono += Duration::from_millis(later);
        let (from, to) = if up { (1, 2) } else { (2, 1) };
        ledger.enter(ScaleRecord {
            at: Now {
                wall: chrono::DateTime::UNIX_EPOCH,
                mono,
            },
            cycle: 1,
            from,
            to,
            direction: Direction::between(from, to).unwrap(),
            cause: Cause::Load,
            reason: String::new(),
        });
    }
    ledger
}

#[test]
fn told_exactly_when() {
    let inputs = (
        scales(60),
        0..8_u32,
        (0..30_u64).prop_map(|n| n * 1_000),
        prop_oneof![Just(0), (0..5_u64).prop_map(|n| n * 1_000), 0..5_000_u64],
    );
    holds(inputs, |(scales, limit, period, later)| {
        let rule = RapidRule {
            limit,
            period: Duration::from_millis(period),
        };
        let ledger = entered(&scales);
        let newest = scales.iter().map(|(gap, _)| gap).sum::<u64>();
        let now = newest + later;

        // Counted once more, backwards and in whole milliseconds.
        let (mut at, mut ups, mut downs) = (newest, 0, 0);
        for (gap, up) in scales.iter().rev() {
            if at + period > now {
                *(if *up { &mut ups } else { &mut downs }) += 1;
            }
            at -= gap;
        }
        let told = too_rapid(ledger.scales(), rule, Duration::from_millis(now));
        prop_assert_eq!(
            told.is_some(),
            ups > limit || downs > limit,
            "{} up, {} down",
            ups,
            downs
        );
        let counted = told.map(|(direction, many)| match direction {
            Direction::Up => many == ups && ups >= downs,
            Direction::Down => many == downs && downs > ups,
        });
        prop_assert_ne!(
            counted,
            Some(false),
            "{:?}: {} up, {} down",
            told,
            ups,
            downs
        );
        Ok(())
    });
}

#[test]
fn the_ledger_keeps_the_newest_and_is_bounded() {
    holds(scales(1_300), |scales| {
        let ledger = entered(&scales);
        let kept = ledger.records().count();
        prop_assert_eq!(kept, scales.len().min(MOST_RECORDS));
        let newest: Vec<bool> = ledger
            .scales()
            .map(|(_, way)| way == Direction::Up)
            .collect();
        let wanted: Vec<bool> = scales[scales.len() - kept..]
            .iter()
            .map(|(_, up)| *up)
            .collect();
        prop_assert_eq!(newest, wanted);
        prop_assert!(
            ledger.scales().is_sorted_by_key(|(at, _)| at),
            "newest last"
        );
        Ok(())
    });
}
