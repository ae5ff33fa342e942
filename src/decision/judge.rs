//! One measurement's decision: takes the measurement into the history, asks the decision backend, and knows what is wished
//! for when there is nothing to ask it about.

use std::cell::Cell;
use std::time::Duration;

use log::warn;
use serde_json::Value;

use crate::decision::grounds::{grounds, level, reading, weigh_in};
use crate::decision::intake::NO_NUMBER;
use crate::decision::missing::{self, Unknown};
use crate::decision::{DecideError, DecisionBackend, Level, Situation, Wish};
use crate::envelope::doubt::Trust;
use crate::measurement::OnFailure;
use crate::messages::{Grounds, Outcome, Silence, Taken};
use crate::model::{Count, ProcessName};
use crate::supervisor::desk::fenced;
use crate::supervisor::metric::Metric;
use crate::supervisor::plan::DECISION_DEADLINE;
use crate::supervisor::views::View;

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

/// What one measurement is decided by.
pub(super) struct Judge<'a> {
    pub(super) process: &'a ProcessName,
    pub(super) metric: &'a Metric,
    pub(super) backend: &'a dyn DecisionBackend,
    /// Whether the backend's `setup` has succeeded.
    pub(super) is_set_up: &'a Cell<bool>,
    /// How many results are kept.
    pub(super) length: usize,
    /// Whether a smaller count is projected.
    pub(super) projects: bool,
}

impl Judge<'_> {
    /// How many results a scale down rests on.
    pub(super) fn window(&self) -> usize {
        self.backend.window().clamp(1, self.length)
    }

    /// Takes a measurement into the history, as far as it enters it; and says how far it can be trusted. `cooling` is what is
    /// left of the wait after a scale.
    pub(super) fn take_in(
        &self,
        view: &mut View,
        taken: &Taken,
        cooling: Option<Duration>,
        now: Duration,
    ) -> (Basis, Trust) {
        let trust = weigh_in(self, view, taken, cooling.is_some(), now);
        let basis = match cooling {
            Some(left) => Basis::Cooling(left),
            None => self.enter(view, taken, now),
        };
        (basis, trust)
    }

    fn enter(&self, view: &mut View, taken: &Taken, now: Duration) -> Basis {
        let level = level(self, taken);
        let again = missing::again(view, level, self.metric.missing, now);
        let again = again.map(|known| missing::repeated(known, taken));
        let counts_as = match level {
            Ok(level) => {
                view.remember(reading(taken, level), self.length);
                return Basis::Result;
            }
            Err(counts_as) => counts_as,
        };
        let why = taken.measurement.error.clone();
        let why = why.unwrap_or_else(|| NO_NUMBER.to_owned());
        if let Some(again) = again {
            view.remember(again, self.length);
            return Basis::Again(why);
        }
        let failed = reading(taken, Level::TooHigh);
        view.fail_measurement(counts_as, failed, self.length);
        match counts_as {
            OnFailure::TooHigh => Basis::Result,
            OnFailure::Hold | OnFailure::Ignore => Basis::Nothing(why),
        }
    }

    /// Asks the backend, if there is something to ask it about, and says what the wish rests on. `situation` has no history
    /// yet; `None`: the count could not be read.
    pub(super) async fn wish(
        &self,
        view: View,
        basis: Basis,
        situation: Option<&Situation>,
        now: Duration,
    ) -> (Result<Wish, Silence>, Grounds) {
        let nothing = |silence| (Err(silence), Grounds::default());
        match (basis, situation) {
            (Basis::Cooling(left), _) => nothing(Silence::Cooling(left)),
            (Basis::Settling(why), _) => nothing(Silence::Settling(why)),
            (Basis::Nothing(why) | Basis::Again(why), None) => nothing(Silence::Unmeasured(why)),
            (Basis::Result, None) => nothing(Silence::Uncounted),
            (Basis::Nothing(_), Some(situation)) if !self.backend.needs_measurement() => {
                self.ask(view, situation, now).await
            }
            (Basis::Nothing(why), Some(situation)) => {
                let silence = Silence::Unmeasured(why.clone());
                let since = view.evidence.unknown_for(now);
                self.blind(situation.count, since, &why, nothing(silence))
            }
            (Basis::Result, Some(situation)) => self.ask(view, situation, now).await,
            (Basis::Again(why), Some(situation)) => {
                let since = view.evidence.unknown_for(now);
                let asked = self.ask(view, situation, now).await;
                self.blind(situation.count, since, &why, asked)
            }
        }
    }

    /// The wish of a cycle without a result. `again` is what the backend wishes by the last known one, or why it wishes nothing.
    fn blind(
        &self,
        count: Count,
        since: Duration,
        why: &str,
        (again, grounds): (Result<Wish, Silence>, Grounds),
    ) -> (Result<Wish, Silence>, Grounds) {
        let unknown = Unknown {
            count,
            again: again.as_ref().ok().cloned(),
            since,
            window: self.metric.max_age(self.window()),
            why,
        };
        match missing::wish(self.metric.missing, unknown) {
            // It rests on nothing that was measured, so that there is nothing to doubt or to project.
            Some(blind) if blind.is_floor => (Ok(blind.wish), Grounds::default()),
            Some(blind) => (Ok(blind.wish), grounds),
            None => (again, grounds),
        }
    }

    async fn ask(
        &self,
        view: View,
        situation: &Situation,
        now: Duration,
    ) -> (Result<Wish, Silence>, Grounds) {
        let situation = Situation {
            history: view.history.into(),
            ..situation.clone()
        };
        let decided = fenced(
            DECISION_DEADLINE,
            self.decide(&situation, view.learned.as_deref()),
        )
        .await;
        let late = || {
            DecideError::Failed(format!(
                "no decision within {} s",
                DECISION_DEADLINE.as_secs()
            ))
        };
        let wish = decided
            .unwrap_or_else(|| Err(late()))
            .map_err(|error| Silence::Undecided(error.to_string()));
        let grounds = grounds(self, &view.evidence, &situation, now);
        (wish, grounds)
    }

    async fn decide(
        &self,
        situation: &Situation,
        learned: Option<&Value>,
    ) -> Result<Wish, DecideError> {
        if !self.is_set_up.get() {
            self.backend.setup().await?;
            if let Some(Err(why)) = learned.map(|learned| self.backend.recall(learned)) {
                let process = self.process;
                warn!(process:% = process; "{process} learns anew: what its decision had learned before cannot be read by it ({why})");
            }
            self.is_set_up.set(true);
        }
        self.backend.heartbeat_start().await?;
        self.backend.decide(situation).await
    }
}

/// The number of a measurement.
pub(super) fn number(taken: &Taken) -> Option<f64> {
    match taken.outcome {
        Outcome::Taken(number) => number,
        Outcome::Failed(_) => None,
    }
}
