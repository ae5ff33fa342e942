//! What a decision rests on: how far the measurements can be trusted, and what a smaller count would be measured as. The
//! safety envelope asks for it, and the record of a cycle keeps it.

use std::time::Duration;

use super::{DecisionBackend, Level, Reading, Situation, intake, missing};
use crate::envelope::Projection;
use crate::envelope::doubt::{Known, Trust};
use crate::measurement::OnFailure;
use crate::measurement::missing::OnMissing;
use crate::messages::{Measured, Outcome};
use crate::supervisor::desk::Desk;
use crate::supervisor::memory::State;
use crate::supervisor::plan::Plan;

/// What a wish rests on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grounds {
    /// How far this cycle's measurement can be trusted; `None`: it was not seen.
    pub trust: Option<Trust>,
    /// Why a scale down cannot be trusted; empty: it can.
    pub doubts: Vec<String>,
    /// The number of this cycle's measurement.
    pub value: Option<f64>,
    /// The highest number of the window and what it must not exceed, where the decision backend has such thresholds.
    pub projection: Option<Projection>,
    /// What would have led to another wish.
    pub otherwise: Vec<String>,
}

/// What a measurement means to a decision backend.
pub(super) fn level(
    measured: &Measured,
    needs_number: bool,
    plan: &Plan,
) -> Result<Level, OnFailure> {
    intake::level(measured.outcome, needs_number, plan.on_failure)
}

/// Enters how far a measurement can be trusted. What was measured during the wait after a scale says nothing about the
/// new count, so windows begin after it; that the source was away is remembered all the same.
pub(super) fn weigh_in(
    state: &mut State,
    measured: &Measured,
    backend: &dyn DecisionBackend,
    plan: &Plan,
    now: Duration,
) -> Trust {
    let level = level(measured, backend.needs_number(), plan);
    let is_zero = match measured.outcome {
        Outcome::Taken(number) => backend.is_zero(number, &measured.measurement.data),
        Outcome::Failed(_) => false,
    };
    let told = match (measured.outcome, measured.busy) {
        (Outcome::Taken(None), _) if backend.needs_number() => Trust::Missing,
        (_, Some(busy)) if busy > 0 && is_zero && measured.trust.is_sound() => {
            Trust::ZeroWhileBusy { busy }
        }
        (Outcome::Taken(_) | Outcome::Failed(_), _) => measured.trust.clone(),
    };
    // Taking a result again is a thing of its own: who has it taken again for scaling down, trusts it as it was.
    let told = match missing::again(state, level, plan, now) {
        Some(known) if known.is_sound && plan.missing.down == OnMissing::LastKnown => {
            let seconds = now.saturating_sub(known.at).as_secs_f64();
            Trust::LastKnown { seconds }
        }
        Some(_) | None => told,
    };
    let trust = state
        .evidence
        .enter(now, told, is_zero, plan.distrust_zero, plan.history_length);
    if let Ok(level) = level {
        state.evidence.know(Known {
            reading: reading(measured, level),
            at: now,
            is_sound: trust.is_sound(),
        });
    }
    if state.cooldown.remaining(now).is_some() {
        state.evidence.clear();
    }
    trust
}

/// A measurement as it stands in the history.
pub(super) fn reading(measured: &Measured, level: Level) -> Reading {
    Reading {
        at: measured.measurement.at,
        level,
        data: measured.measurement.data.clone(),
    }
}

/// What the wish in this situation rests on.
pub(super) fn grounds(
    desk: &Desk,
    backend: &dyn DecisionBackend,
    situation: &Situation,
) -> Grounds {
    let (plan, now) = (&desk.plan, desk.clock.now().mono);
    let window = backend.window().clamp(1, plan.history_length);
    let max_age = plan.max_age(window);
    Grounds {
        doubts: desk
            .memory
            .read(|state| state.evidence.doubts(now, window, max_age)),
        projection: backend
            .ceiling()
            .filter(|_| plan.envelope.flap_projection)
            .and_then(|max| projection(&situation.history, window, max)),
        otherwise: backend.otherwise(situation),
        ..Grounds::default()
    }
}

/// The highest number of the window, and what it must not exceed.
fn projection(history: &[Reading], window: usize, max: f64) -> Option<Projection> {
    let numbers = history
        .iter()
        .rev()
        .filter_map(|reading| match reading.level {
            Level::Number(number) => Some(number),
            Level::TooHigh | Level::None => None,
        });
    let value = numbers.take(window).reduce(f64::max)?;
    Some(Projection { value, max })
}
