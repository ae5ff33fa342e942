//! The decision of `once`: the same bounds, the same backend and the same envelope as in the running bot.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::decision::combine::{Say, combine};
use crate::decision::intake::{self, NO_NUMBER};
use crate::decision::missing::{self, Unknown};
use crate::decision::{DecisionBackend, Level, Reading, Situation, Wish};
use crate::envelope::{self, Question};
use crate::measurement::{OnFailure, Sample};
use crate::messages::{Outcome, Silence};
use crate::model::{Bounds, Count};
use crate::scaling::{Observed, ScalingBackend};
use crate::supervisor::desk::fenced;
use crate::supervisor::metric::Metric;
use crate::supervisor::plan::DECISION_DEADLINE;

use super::Trial;

const UNMEASURED: &str = "the measurement failed";

impl Trial<'_> {
    /// Decides once as the running bot would at its first cycle, and says what would be done.
    pub(super) async fn decide(
        &mut self,
        taken: Vec<Result<Sample, OnFailure>>,
        seen: Observed,
        scaling: &dyn ScalingBackend,
    ) {
        let now = self.works.clock.now().wall;
        // As the running bot would: what is found above a maximum that nobody wrote is the maximum.
        let adopted = (!self.plan.max_is_written).then_some(seen.count);
        let bounds = self.plan.bounds(now, adopted);
        let made = self.works.decision(self.process);
        let wish = match self.built("decision", made) {
            Some(backends) => {
                let situation = Situation::new(&self.plan, &seen, bounds, now);
                self.together(&backends, taken, &situation).await
            }
            None => None,
        };
        let answer = envelope::weigh(&Question {
            wish: wish.clone(),
            zero_is_off: self.plan.zero_is_off && scaling.zero_can_mean_off(),
            limit: scaling.limit(),
            unsettled: seen.fleet.as_ref().and_then(|fleet| fleet.unsettled()),
            ..Question::new(seen.count, bounds)
        });
        self.say_bounds(bounds, bounds != self.plan.bounds(now, None));
        let stays = |why: &str| format!("would stay at {}: {why}", seen.count);
        let would = match answer.target {
            Some(to) => format!("would scale {} -> {to}: {}", seen.count, answer.reason),
            None if answer.switched_off || wish.is_some() => stays(&answer.reason),
            None => stays("without a result, nothing is scaled by load"),
        };
        self.say("decision", would);
    }

    fn say_bounds(&mut self, bounds: Bounds, adopted: bool) {
        let note = if adopted {
            "; max_processes is not written, so the count found is the maximum"
        } else {
            ""
        };
        let text = format!("{} to {} now{note}", bounds.min(), bounds.max());
        self.say("bounds", text);
    }

    /// What all measurements come to.
    async fn together(
        &mut self,
        backends: &[Rc<dyn DecisionBackend>],
        taken: Vec<Result<Sample, OnFailure>>,
        situation: &Situation,
    ) -> Option<Wish> {
        let metrics = self.plan.metrics.clone();
        let mut all = Vec::new();
        for ((backend, metric), taken) in backends.iter().zip(&metrics).zip(taken) {
            let value = taken.as_ref().ok().and_then(|sample| sample.number);
            let wish = self
                .wish(backend.as_ref(), metric, taken, situation.clone())
                .await;
            let wish = wish.ok_or_else(|| Silence::Unmeasured(UNMEASURED.to_owned()));
            all.push((metric, wish, value, backend.ceiling()));
        }
        let says = all.iter();
        let says: Vec<Say<'_>> = says
            .map(|(metric, wish, value, max)| Say::new(metric, wish, *value, *max))
            .collect();
        combine(self.plan.combine, situation.count, &says).0.ok()
    }

    /// What the measurement says, as the running bot takes it; `None` when it says nothing.
    fn level(&mut self, metric: &Metric, outcome: Outcome, needs_number: bool) -> Option<Level> {
        match intake::level(outcome, needs_number, metric.on_failure) {
            Ok(level) => Some(level),
            Err(counts_as) => {
                if matches!(outcome, Outcome::Taken(_)) {
                    self.fail("decision", NO_NUMBER);
                }
                (counts_as == OnFailure::TooHigh).then_some(Level::TooHigh)
            }
        }
    }

    async fn wish(
        &mut self,
        backend: &dyn DecisionBackend,
        metric: &Metric,
        taken: Result<Sample, OnFailure>,
        situation: Situation,
    ) -> Option<Wish> {
        let busy = taken.as_ref().ok().and_then(|sample| sample.busy);
        let (outcome, data) = match taken {
            Ok(sample) => (Outcome::Taken(sample.number), sample.data),
            Err(counts_as) => (Outcome::Failed(counts_as), Arc::default()),
        };
        let level = self.level(metric, outcome, backend.needs_number());
        let Some(level) = level.or_else(|| (!backend.needs_measurement()).then_some(Level::None))
        else {
            return blind(metric, situation.count);
        };
        let at = situation.at;
        let situation = Situation {
            history: vec![Reading {
                at,
                level,
                data,
                busy,
            }],
            ..situation
        };
        let work = async {
            backend.setup().await?;
            backend.heartbeat_start().await?;
            backend.decide(&situation).await
        };
        let decided = fenced(DECISION_DEADLINE, work).await;
        fenced(DECISION_DEADLINE, backend.teardown())
            .await
            .unwrap_or_default();
        match decided {
            Some(Ok(wish)) => Some(wish),
            Some(Err(error)) => {
                self.fail("decision", error);
                None
            }
            None => {
                self.fail(
                    "decision",
                    format!("no decision within {} s", DECISION_DEADLINE.as_secs()),
                );
                None
            }
        }
    }
}

/// What is wished for without a result, at the first cycle.
fn blind(metric: &Metric, count: Count) -> Option<Wish> {
    let unknown = Unknown {
        count,
        again: None,
        since: Duration::ZERO,
        window: metric.max_age(1),
        why: UNMEASURED,
    };
    missing::wish(metric.missing, unknown).map(|blind| blind.wish)
}
