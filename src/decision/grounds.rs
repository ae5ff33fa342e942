//! What a decision rests on: how far the measurements can be trusted, and what a smaller count would be measured as. The
//! safety envelope asks for it, and the record of a cycle keeps it.

use std::time::Duration;

use super::judge::Judge;
use super::{Level, Reading, Situation, intake, missing};
use crate::envelope::Projection;
use crate::envelope::doubt::{Evidence, Known, Trust};
use crate::measurement::OnFailure;
use crate::measurement::missing::OnMissing;
use crate::messages::{Outcome, Taken};
use crate::supervisor::views::View;

/// What a wish rests on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grounds {
    /// How far this cycle's measurement can be trusted; `None`: it was not seen, or there are several.
    pub trust: Option<Trust>,
    /// Why a scale down cannot be trusted; empty: it can.
    pub doubts: Vec<String>,
    /// Which of the measurements the wish is of, where there are several.
    pub chosen: usize,
    /// The number of this cycle's measurement.
    pub value: Option<f64>,
    /// How many are being worked on, where this cycle's measurement tells it.
    pub busy: Option<u64>,
    /// The highest number of the window and what it must not exceed, where the decision backend has such thresholds.
    pub projection: Option<Projection>,
    /// What would have led to another wish.
    pub otherwise: Vec<String>,
}

/// What a measurement means to a decision backend.
pub(super) fn level(judge: &Judge<'_>, taken: &Taken) -> Result<Level, OnFailure> {
    let needs_number = judge.backend.needs_number();
    intake::level(taken.outcome, needs_number, judge.metric.on_failure)
}

/// Enters how far a measurement can be trusted. What was measured during the wait after a scale says nothing about the
/// new count, so windows begin after it; that the source was away is remembered all the same.
pub(super) fn weigh_in(
    judge: &Judge<'_>,
    view: &mut View,
    taken: &Taken,
    is_cooling: bool,
    now: Duration,
) -> Trust {
    let (backend, metric) = (judge.backend, judge.metric);
    let level = level(judge, taken);
    let is_zero = match taken.outcome {
        Outcome::Taken(number) => backend.is_zero(number, &taken.measurement.data),
        Outcome::Failed(_) => false,
    };
    let told = match (taken.outcome, taken.busy) {
        (Outcome::Taken(None), _) if backend.needs_number() => Trust::Missing,
        (_, Some(busy))
            if busy > 0 && is_zero && taken.trust.is_sound() && !backend.reckons_with_busy() =>
        {
            Trust::ZeroWhileBusy { busy }
        }
        (Outcome::Taken(_) | Outcome::Failed(_), _) => taken.trust.clone(),
    };
    // Taking a result again is a thing of its own: who has it taken again for scaling down, trusts it as it was.
    let told = match missing::again(view, level, metric.missing, now) {
        Some(known) if known.is_sound && metric.missing.down == OnMissing::LastKnown => {
            let seconds = now.saturating_sub(known.at).as_secs_f64();
            Trust::LastKnown { seconds }
        }
        Some(_) | None => told,
    };
    let trust = view
        .evidence
        .enter(now, told, is_zero, metric.distrust_zero, judge.length);
    if let Ok(level) = level {
        view.evidence.know(Known {
            reading: reading(taken, level),
            at: now,
            is_sound: trust.is_sound(),
        });
    }
    if is_cooling {
        view.evidence.clear();
    }
    trust
}

/// A measurement as it stands in the history.
pub(super) fn reading(taken: &Taken, level: Level) -> Reading {
    Reading {
        at: taken.measurement.at,
        level,
        data: taken.measurement.data.clone(),
        busy: taken.busy,
    }
}

/// What the wish in this situation rests on.
pub(super) fn grounds(
    judge: &Judge<'_>,
    evidence: &Evidence,
    situation: &Situation,
    now: Duration,
) -> Grounds {
    let window = judge.window();
    let max_age = judge.metric.max_age(window);
    let rests_on_it = judge.backend.needs_measurement();
    let doubts = rests_on_it.then(|| evidence.doubts(now, window, max_age));
    Grounds {
        doubts: doubts.unwrap_or_default(),
        projection: judge
            .backend
            .ceiling()
            .filter(|_| judge.projects)
            .and_then(|max| projection(&situation.history, window, max)),
        otherwise: judge.backend.otherwise(situation),
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
