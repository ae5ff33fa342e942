//! A cycle while a release, a restart or a scale up is under way: what was measured is not decided on, as in the wait after
//! a scale, and what has crashed stands in the reason. When that is, [`settling`](crate::scaling::settling) says.

use crate::decision::Wish;
use crate::decision::wishing::Basis;
use crate::messages::Silence;
use crate::scaling::{Observed, ScaleError};
use crate::supervisor::desk::Desk;

/// What there is to decide on, as far as the processes have come to rest. When a result does not count, windows begin anew;
/// that the source was away, or is, is remembered and acted on all the same.
pub(super) fn at_rest(desk: &Desk, basis: Basis, count: &Result<Observed, ScaleError>) -> Basis {
    let Ok(seen) = count else {
        return basis;
    };
    let (boot, now) = (desk.plan.boot_time, desk.clock.now().mono);
    let masked = desk.memory.commit(|state| {
        let why = state.settling.look(seen, boot, now)?;
        state.history.clear();
        state.evidence.clear();
        Some(why)
    });
    match (masked, basis) {
        (Some(why), Basis::Result) => Basis::Settling(why),
        // The last known result is one of before.
        (Some(_), Basis::Again(why)) => Basis::Nothing(why),
        (_, basis) => basis,
    }
}

/// The wish, with what has crashed in its reason.
pub(super) fn with_crashed(
    wish: Result<Wish, Silence>,
    count: &Result<Observed, ScaleError>,
) -> Result<Wish, Silence> {
    let mut wish = wish?;
    let fleet = count.as_ref().ok().and_then(|seen| seen.fleet.as_ref());
    if let Some(crashed) = fleet.and_then(|fleet| fleet.crashed()) {
        wish.reason = format!("{}; {crashed}", wish.reason);
    }
    Ok(wish)
}
