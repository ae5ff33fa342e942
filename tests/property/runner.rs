//! Runs a property over generated inputs. The inputs come from a seed that is always the same, unless `PROPTEST_RNG_SEED`
//! names another (`random` for a new one each time); `PROPTEST_CASES` says how many. A failure shows the smallest input
//! found and the seed that finds it again.

use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseResult, TestError, TestRunner};

/// The seed while none is named.
const SEED: u64 = 20_240_229;

/// How many inputs while nobody says: about a second for the slowest property in a debug build.
const CASES: u32 = 512;

/// Checks that `property` holds for what `inputs` generates.
#[track_caller]
pub(crate) fn holds<S>(inputs: S, property: impl Fn(S::Value) -> TestCaseResult)
where
    S: Strategy,
    S::Value: Debug,
{
    let wanted = std::env::var("PROPTEST_RNG_SEED").ok();
    let seed = match wanted.as_deref() {
        Some("random") => {
            u64::from_ne_bytes(*uuid::Uuid::new_v4().as_bytes().first_chunk().unwrap())
        }
        Some(text) => text
            .parse()
            .expect("PROPTEST_RNG_SEED is a number, or `random`"),
        None => SEED,
    };
    let by_environment = Config::default();
    let cases = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => by_environment.cases,
        None => CASES,
    };
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None, // the seed says all; no files beside the tests
        max_shrink_time: 10_000,   // milliseconds
        ..by_environment
    };
    match TestRunner::new(config).run(&inputs, property) {
        Ok(()) => {}
        Err(TestError::Fail(reason, smallest)) => panic!(
            "{reason}\nthe smallest input found: {smallest:#?}\nfind it again with PROPTEST_RNG_SEED={seed} PROPTEST_CASES={cases}"
        ),
        Err(TestError::Abort(reason)) => panic!("no verdict: {reason} (PROPTEST_RNG_SEED={seed})"),
    }
}
