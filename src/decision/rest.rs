//! A cycle while a release, a restart or a scale up is under way: what was measured is not decided on, as in the wait after
//! a scale, and what has crashed stands in the reason. When that is, [`settling`](crate::scaling::settling) says.

use std::time::Duration;

use crate::decision::Wish;
use crate::decision::judge::Basis;
use crate::messages::Silence;
use crate::scaling::Observed;
use crate::supervisor::memory::State;
use crate::supervisor::plan::Plan;

/// Why what was measured does not count, if the processes have not come to rest. Windows then begin anew; that a source was
/// away, or is, is remembered and acted on all the same.
pub(super) fn look(
    state: &mut State,
    plan: &Plan,
    seen: &Observed,
    now: Duration,
) -> Option<String> {
    let why = state.settling.look(seen, plan.boot_time, now)?;
    state.views.forget();
    Some(why)
}

/// What there is to decide on, while that holds.
pub(super) fn at_rest(basis: Basis, masked: Option<&String>) -> Basis {
    match (masked, basis) {
        (Some(why), Basis::Result) => Basis::Settling(why.clone()),
        // The last known result is one of before.
        (Some(_), Basis::Again(why)) => Basis::Nothing(why),
        (_, basis) => basis,
    }
}

/// The wish, with what has crashed in its reason.
pub(super) fn with_crashed(
    wish: Result<Wish, Silence>,
    seen: Option<&Observed>,
) -> Result<Wish, Silence> {
    let mut wish = wish?;
    let fleet = seen.and_then(|seen| seen.fleet.as_ref());
    if let Some(crashed) = fleet.and_then(|fleet| fleet.crashed()) {
        wish.reason = format!("{}; {crashed}", wish.reason);
    }
    Ok(wish)
}
