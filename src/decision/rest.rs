//! A cycle while a release, a restart or a scale up is under way: what was measured is not decided on, as in the wait after
//! a scale, and what has crashed stands in the reason. When that is, [`settling`](crate::scaling::settling) says.

use crate::decision::Wish;
use crate::messages::Silence;
use crate::scaling::{Observed, ScaleError};
use crate::supervisor::desk::Desk;

/// Whether what was measured in this cycle counts, as far as the processes have come to rest. When it does not, windows
/// begin anew; that the source was away, or is, is remembered all the same.
pub(super) fn at_rest(desk: &Desk, count: &Result<Observed, ScaleError>) -> Result<(), Silence> {
    let Ok(seen) = count else {
        return Ok(());
    };
    let (boot, now) = (desk.plan.boot_time, desk.clock.now().mono);
    desk.memory.commit(|state| {
        let Some(why) = state.settling.look(seen, boot, now) else {
            return Ok(());
        };
        state.history.clear();
        state.evidence.clear();
        Err(Silence::Settling(why))
    })
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
