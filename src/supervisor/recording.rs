//! The record of a cycle: begun when it was decided, and closed when it ends.

use std::sync::Arc;

use crate::clock::Now;
use crate::envelope::{Cause, Clamp, Verdict};
use crate::messages::{Decided, Opinion, Silence};
use crate::model::Cycle;
use crate::one_line::one_line;
use crate::record::{Alone, CycleRecord, Input, MOST_QUOTED, Outcome, Wished};
use crate::supervisor::cycle::{Timing, Turn};
use crate::supervisor::metric::Metric;
use crate::supervisor::plan::Plan;

impl Turn<'_> {
    /// A record of what was seen and wished for in this cycle, before anything is weighed.
    pub(super) fn begin_record(&mut self, decided: &Decided) {
        let bounds = self.bounds();
        let seen = decided.count.as_ref().ok();
        let wish = decided.wish.as_ref().ok();
        let record = CycleRecord {
            count: seen.map(|seen| seen.count),
            ready: seen.and_then(|seen| seen.ready),
            min: bounds.min(),
            max: bounds.max(),
            inputs: inputs(decided, &self.plan.metrics),
            wish: wish.map(|wish| Wished {
                backend: decided_by(self.plan),
                desired: wish.desired,
                reason: wish.reason.clone(),
            }),
            silence: decided.wish.as_ref().err().map(ToString::to_string),
            otherwise: match &decided.wish {
                Ok(_) => decided.grounds.otherwise.clone(),
                Err(silence) => unless(silence).into_iter().collect(),
            },
            ..blank(self.plan, self.cycle, self.now)
        };
        self.state.record = Some(Arc::new(record));
    }

    /// What the envelope made of it.
    pub(super) fn record_verdict(&mut self, verdict: &Verdict) {
        // A maximum may have been adopted since the record was begun.
        let (bounds, manual) = (self.bounds(), self.manual_scale());
        let Some(record) = &mut self.state.record else {
            return;
        };
        let record = Arc::make_mut(record);
        record.clamps.clone_from(&verdict.clamps);
        record.cause = verdict.cause;
        record.manual = manual;
        (record.min, record.max) = (bounds.min(), bounds.max());
        // What else could have been measured mattered only if no rule would have held, or moved, the count all the same.
        let is_by_load = verdict.target.is_some() && verdict.cause == Cause::Load;
        if !verdict.clamps.is_empty() && !is_by_load {
            record.otherwise.clear();
        }
        if let Some(count) = record.count {
            let held = verdict.otherwise(count);
            record.otherwise.splice(0..0, held);
        }
    }

    /// One more rule had its say, after the envelope.
    pub(super) fn record_clamp(&mut self, clamp: Clamp) {
        let Some(record) = &mut self.state.record else {
            return;
        };
        let record = Arc::make_mut(record);
        let otherwise = record.count.and_then(|count| clamp.otherwise(count));
        record.otherwise.splice(0..0, otherwise);
        record.clamps.push(clamp);
    }

    fn timing(&self) -> Timing {
        let running = self.state.in_flight.as_ref();
        let running = running.filter(|running| running.cycle == self.cycle);
        running.map_or_else(Timing::default, |running| Timing {
            late: running.late,
            took: self.now.mono.saturating_sub(running.began),
        })
    }

    /// The cycle is over: the record is closed, and goes to whoever keeps it.
    pub(super) fn close_record(&mut self, outcome: Outcome, reason: &str) {
        let begun = self.state.record.take();
        let begun = begun.filter(|record| record.cycle == self.cycle);
        let mut record = begun.map_or_else(
            || blank(self.plan, self.cycle, self.now),
            Arc::unwrap_or_clone,
        );
        record.outcome = outcome;
        reason.clone_into(&mut record.reason);
        let record = Arc::new(record);
        self.state.closed = Some(Arc::clone(&record));
        self.orders.record = Some(record);
        self.orders.timing = self.timing();
    }
}

/// What would have led to a wish; the envelope itself says it of a cooldown.
fn unless(silence: &Silence) -> Option<String> {
    let unless = match silence {
        Silence::Cooling(_) => return None,
        Silence::Unmeasured(_) => "it had been measured",
        Silence::Settling(_) => "it had settled",
        Silence::Uncounted => "the count had been read",
        Silence::Undecided(_) => "the decision had not failed",
    };
    Some(format!("evaluated, if {unless}"))
}

fn blank(plan: &Plan, cycle: Cycle, now: Now) -> CycleRecord {
    let bounds = plan.bounds(now.wall, None);
    CycleRecord {
        process: plan.process.clone(),
        cycle,
        at: now.wall,
        count: None,
        ready: None,
        min: bounds.min(),
        max: bounds.max(),
        inputs: Vec::new(),
        wish: None,
        silence: None,
        manual: None,
        clamps: Vec::new(),
        cause: Cause::Load,
        outcome: Outcome::Lost,
        reason: String::new(),
        otherwise: Vec::new(),
    }
}

/// Who wishes: the one decision backend, or the rule by which several come to one wish.
fn decided_by(plan: &Plan) -> String {
    match plan.metrics.as_slice() {
        [alone] => alone.decision.clone(),
        several => format!("{} of {}", plan.combine, several.len()),
    }
}

fn inputs(decided: &Decided, metrics: &[Metric]) -> Vec<Input> {
    let pairs = decided.opinions.iter().zip(metrics);
    let several = metrics.len() > 1;
    let inputs = pairs.map(|(opinion, metric)| {
        let mut input = input(opinion);
        if several {
            input.alone = Some(alone(opinion, metric));
        }
        if metric.is_ceiling {
            // It has no say in scaling down.
            input.doubts.clear();
        }
        input
    });
    inputs.collect()
}

fn alone(opinion: &Opinion, metric: &Metric) -> Alone {
    let wish = opinion.wish.as_ref();
    Alone {
        is_ceiling: metric.is_ceiling,
        desired: wish.ok().map(|wish| wish.desired),
        reason: match wish {
            Ok(wish) => wish.reason.clone(),
            // Why not stands beside it.
            Err(Silence::Unmeasured(_)) => "not measured".to_owned(),
            Err(silence) => silence.to_string(),
        },
    }
}

fn input(opinion: &Opinion) -> Input {
    let (measurement, grounds) = (&opinion.measurement, &opinion.grounds);
    let is_the_number = measurement.data.as_f64() == grounds.value;
    let data = (measurement.success && !is_the_number)
        .then(|| one_line(&measurement.data.to_string(), MOST_QUOTED));
    Input {
        backend: measurement.backend.clone(),
        at: measurement.at,
        value: grounds.value,
        data,
        busy: grounds.busy,
        error: measurement
            .error
            .as_ref()
            .map(|error| one_line(error, MOST_QUOTED)),
        trust: grounds.trust.clone(),
        doubts: grounds.doubts.clone(),
        alone: None,
    }
}
