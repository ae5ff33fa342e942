//! From a measurement to a wish: takes it into the history, asks the decision backend, and knows what is wished for when
//! there is nothing to ask it about.

use std::time::Duration;

use crate::decision::grounds::{grounds, level, reading};
use crate::decision::intake::NO_NUMBER;
use crate::decision::missing::{self, Unknown};
use crate::decision::{DecideError, DecisionBackend, Level, Situation, Wish};
use crate::measurement::OnFailure;
use crate::messages::{Grounds, Measured, Silence};
use crate::scaling::{Observed, ScaleError};
use crate::supervisor::desk::{Desk, fenced};
use crate::supervisor::memory::State;
use crate::supervisor::plan::{DECISION_DEADLINE, Plan};

/// What there is to decide on.
#[derive(Debug)]
pub(super) enum Basis {
    /// A result.
    Result,
    /// None, and the last known one in its place; why there is none.
    Again(String),
    /// None; why.
    Nothing(String),
    /// It is not looked at during the cooldown, of which so much is left.
    Cooling(Duration),
    /// It does not count before the processes have come to rest; why.
    Settling(String),
}

/// Takes a measurement into the history, as far as it enters it.
pub(super) fn take_in(
    state: &mut State,
    measured: &Measured,
    needs_number: bool,
    plan: &Plan,
    now: Duration,
) -> Basis {
    if let Some(left) = state.cooldown.remaining(now) {
        return Basis::Cooling(left);
    }
    let level = level(measured, needs_number, plan);
    let again = missing::again(state, level, plan, now);
    let again = again.map(|known| missing::repeated(known, measured));
    let counts_as = match level {
        Ok(level) => {
            state.remember(reading(measured, level), plan.history_length);
            return Basis::Result;
        }
        Err(counts_as) => counts_as,
    };
    let why = measured.measurement.error.clone();
    let why = why.unwrap_or_else(|| NO_NUMBER.to_owned());
    if let Some(again) = again {
        state.remember(again, plan.history_length);
        return Basis::Again(why);
    }
    let failed = reading(measured, Level::TooHigh);
    state.fail_measurement(counts_as, failed, plan.history_length);
    match counts_as {
        OnFailure::TooHigh => Basis::Result,
        OnFailure::Hold | OnFailure::Ignore => Basis::Nothing(why),
    }
}

/// Asks the backend, if there is something to ask it about, and says what the wish rests on.
pub(super) async fn wish(
    desk: &Desk,
    backend: &dyn DecisionBackend,
    basis: Basis,
    count: &Result<Observed, ScaleError>,
) -> (Result<Wish, Silence>, Grounds) {
    let nothing = |silence| (Err(silence), Grounds::default());
    match (basis, count) {
        (Basis::Cooling(left), _) => nothing(Silence::Cooling(left)),
        (Basis::Settling(why), _) => nothing(Silence::Settling(why)),
        (Basis::Nothing(why) | Basis::Again(why), Err(_)) => nothing(Silence::Unmeasured(why)),
        (Basis::Result, Err(_)) => nothing(Silence::Uncounted),
        (Basis::Nothing(why), Ok(seen)) => {
            let silence = Silence::Unmeasured(why.clone());
            blind(
                desk,
                backend,
                seen,
                &why,
                (Err(silence), Grounds::default()),
            )
        }
        (Basis::Result, Ok(seen)) => ask(desk, backend, seen).await,
        (Basis::Again(why), Ok(seen)) => {
            let asked = ask(desk, backend, seen).await;
            blind(desk, backend, seen, &why, asked)
        }
    }
}

/// The wish of a cycle without a result. `again` is what the backend wishes by the last known one, or why it wishes nothing.
fn blind(
    desk: &Desk,
    backend: &dyn DecisionBackend,
    seen: &Observed,
    why: &str,
    again: (Result<Wish, Silence>, Grounds),
) -> (Result<Wish, Silence>, Grounds) {
    let (plan, now) = (&desk.plan, desk.clock.now().mono);
    let (again, grounds) = again;
    let unknown = Unknown {
        count: seen.count,
        again: again.as_ref().ok().cloned(),
        since: desk.memory.read(|state| state.evidence.unknown_for(now)),
        window: plan.max_age(backend.window().clamp(1, plan.history_length)),
        why,
    };
    match missing::wish(plan.missing, unknown) {
        // It rests on nothing that was measured, so that there is nothing to doubt or to project.
        Some(blind) if blind.is_floor => (Ok(blind.wish), Grounds::default()),
        Some(blind) => (Ok(blind.wish), grounds),
        None => (again, grounds),
    }
}

async fn ask(
    desk: &Desk,
    backend: &dyn DecisionBackend,
    seen: &Observed,
) -> (Result<Wish, Silence>, Grounds) {
    let plan = &desk.plan;
    let at = desk.clock.now().wall;
    let (up_step, down_step) = plan.steps(seen.count);
    let situation = desk.memory.read(|state| Situation {
        at,
        history: state.history.iter().cloned().collect(),
        count: seen.count,
        ready: seen.ready,
        bounds: plan.bounds(at, state.adopted_max),
        increment: plan.increment,
        up_step,
        down_step,
    });
    let decided = fenced(DECISION_DEADLINE, decide(desk, backend, &situation)).await;
    let late = || {
        DecideError::Failed(format!(
            "no decision within {} s",
            DECISION_DEADLINE.as_secs()
        ))
    };
    let wish = decided
        .unwrap_or_else(|| Err(late()))
        .map_err(|error| Silence::Undecided(error.to_string()));
    let grounds = grounds(desk, backend, &situation);
    (wish, grounds)
}

async fn decide(
    desk: &Desk,
    backend: &dyn DecisionBackend,
    situation: &Situation,
) -> Result<Wish, DecideError> {
    if !desk.is_set_up.get() {
        backend.setup().await?;
        desk.is_set_up.set(true);
    }
    backend.heartbeat_start().await?;
    backend.decide(situation).await
}
