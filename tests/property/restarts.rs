//! Never more restarts in a window than the budget, never two rebuilds in one, and no restart while degraded.

use std::time::Duration;

use autoscalebot::supervisor::restarts::{Policy, Restarts, Verdict};
use proptest::prelude::*;

use crate::runner::holds;

/// What happens, after so many milliseconds: a fault, or (where the group is degraded) a retry that works.
type Happening = (u64, bool);

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let gap = prop_oneof![3 => 0..2_000_u64, 1 => 0..30_000_u64, 1 => Just(10_000_u64)];
    prop::collection::vec((gap, prop::bool::weighted(0.1)), 1..120)
}

fn policies() -> impl Strategy<Value = Policy> {
    (0..9_u32, 1..30_u64).prop_map(|(max_restarts, seconds)| Policy {
        max_restarts,
        window: Duration::from_secs(seconds),
    })
}

/// The verdicts with their times, apart by recoveries: what a recovery forgives is no longer held against the group.
fn lives(policy: Policy, happenings: &[Happening]) -> Vec<Vec<(Duration, Verdict)>> {
    let mut restarts = Restarts::new(policy);
    let (mut now, mut lives) = (Duration::ZERO, vec![vec![]]);
    let mut degraded = false;
    for &(later, works) in happenings {
        now += Duration::from_millis(later);
        if works && degraded {
            restarts.recovered();
            degraded = false;
            assert_eq!(
                restarts,
                Restarts::new(policy),
                "nothing is held against it"
            );
            lives.push(vec![]);
        } else {
            let verdict = restarts.record(now, degraded);
            degraded = verdict == Verdict::Degrade;
            lives.last_mut().unwrap().push((now, verdict));
        }
    }
    lives
}

fn is_restart(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Restart { .. })
}

#[test]
fn never_more_restarts_in_a_window_than_the_budget() {
    holds((policies(), happenings()), |(policy, happenings)| {
        for life in lives(policy, &happenings) {
            // Between two rebuilds, any window holds the budget at most.
            for budget in life.split(|(_, verdict)| *verdict == Verdict::Rebuild) {
                let restarts: Vec<Duration> = budget
                    .iter()
                    .filter(|(_, verdict)| is_restart(verdict))
                    .map(|(at, _)| *at)
                    .collect();
                for (nth, from) in restarts.iter().enumerate() {
                    let within = restarts[nth..]
                        .iter()
                        .filter(|at| at.saturating_sub(*from) <= policy.window)
                        .count();
                    prop_assert!(
                        within <= usize::try_from(policy.max_restarts).unwrap(),
                        "{within} from {from:?}"
                    );
                }
            }
        }
        Ok(())
    });
}

#[test]
fn each_step_of_the_ladder_in_its_turn() {
    holds((policies(), happenings()), |(policy, happenings)| {
        for life in lives(policy, &happenings) {
            let mut rebuilt: Option<Duration> = None;
            let mut since: Vec<Duration> = Vec::new();
            let mut degraded = false;
            for (at, verdict) in life {
                let in_window = |then: &Duration| at.saturating_sub(*then) <= policy.window;
                let so_far =
                    u32::try_from(since.iter().filter(|then| in_window(then)).count()).unwrap();
                let spent = so_far >= policy.max_restarts;
                let wanted = if degraded {
                    Verdict::Degrade
                } else if !spent {
                    let doubled = Duration::from_millis(100) * 2_u32.pow(so_far);
                    since.push(at);
                    Verdict::Restart {
                        backoff: doubled.min(Duration::from_secs(5)),
                    }
                } else if rebuilt.as_ref().is_some_and(in_window) {
                    degraded = true;
                    Verdict::Degrade
                } else {
                    rebuilt = Some(at);
                    since.clear();
                    Verdict::Rebuild
                };
                prop_assert_eq!(verdict, wanted, "at {:?}", at);
            }
        }
        Ok(())
    });
}
