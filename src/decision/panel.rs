//! Those who decide for one process together: a decision backend for each of its measurements, and what is remembered of
//! each. What they come to, [`combine`](crate::decision::combine) says.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;

use crate::clock::Now;
use crate::decision::combine::{Say, combine};
use crate::decision::joined::joined;
use crate::decision::judge::{Basis, Judge, number};
use crate::decision::rest::{at_rest, with_crashed};
use crate::decision::{DecisionBackend, Situation};
use crate::envelope::doubt::Trust;
use crate::messages::{Decided, Grounds, Measured, Opinion, Taken};
use crate::scaling::{Observed, ScaleError};
use crate::supervisor::desk::fenced;
use crate::supervisor::memory::{Memory, Stage, State};
use crate::supervisor::metric::Metric;
use crate::supervisor::plan::Plan;

/// The decision backends of one process. Clones are the same panel.
#[derive(Clone)]
pub struct Panel {
    plan: Rc<Plan>,
    memory: Memory,
    seats: Rc<[Seat]>,
    /// Whether what the backends learn is to outlive them.
    keeps: bool,
}

impl std::fmt::Debug for Panel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Panel")
            .field("process", &self.plan.process)
            .finish_non_exhaustive()
    }
}

struct Seat {
    backend: Rc<dyn DecisionBackend>,
    is_set_up: Cell<bool>,
}

/// What was taken in of one measurement.
pub(crate) struct TakenIn {
    taken: Taken,
    basis: Basis,
    trust: Trust,
}

impl Panel {
    /// A panel of `backends`, one for each of the plan's measurements.
    pub fn new(plan: Rc<Plan>, memory: Memory, backends: Vec<Rc<dyn DecisionBackend>>) -> Self {
        let seat = |backend| Seat {
            backend,
            is_set_up: Cell::new(false),
        };
        Self {
            plan,
            memory,
            seats: backends.into_iter().map(seat).collect(),
            keeps: true,
        }
    }

    /// The same, but what is learned goes with the backends: for a run that nobody resumes.
    #[must_use]
    pub fn forgetful(self) -> Self {
        Self {
            keeps: false,
            ..self
        }
    }

    /// The backends are set up anew before they are asked again.
    pub(super) fn restart(&self) {
        self.seats.iter().for_each(|seat| seat.is_set_up.set(false));
    }

    /// Lets the backends go.
    pub(super) async fn teardown(&self, grace: Duration) {
        let all = self.seats.iter().map(|seat| seat.backend.teardown());
        fenced(grace, join_all(all)).await.unwrap_or_default();
    }

    fn judge<'a>(&'a self, seat: &'a Seat, metric: &'a Metric) -> Judge<'a> {
        Judge {
            process: &self.plan.process,
            metric,
            backend: seat.backend.as_ref(),
            is_set_up: &seat.is_set_up,
            length: self.plan.history_length,
            projects: self.plan.envelope.flap_projection,
        }
    }

    fn judges(&self) -> impl Iterator<Item = Judge<'_>> {
        let pairs = self.seats.iter().zip(&self.plan.metrics);
        pairs.map(|(seat, metric)| self.judge(seat, metric))
    }

    /// Takes the measurements into the histories, and the cycle on to its decision; `None` when they are late.
    pub(crate) fn take_in(&self, measured: &Measured, now: Duration) -> Option<Vec<TakenIn>> {
        self.memory.commit(|state| {
            let current = state.advance(measured.cycle, Stage::Measuring, Stage::Deciding);
            current.then(|| self.enter(state, measured, now))
        })
    }

    fn enter(&self, state: &mut State, measured: &Measured, now: Duration) -> Vec<TakenIn> {
        let cooling = state.cooldown.remaining(now);
        let pairs = self.judges().zip(&measured.taken).enumerate();
        let all = pairs.map(|(place, (judge, taken))| {
            let (basis, trust) = judge.take_in(state.views.of(place), taken, cooling, now);
            TakenIn {
                taken: taken.clone(),
                basis,
                trust,
            }
        });
        all.collect()
    }

    /// Takes in for a cycle of others: those of the process itself, beside whom a challenger decides.
    pub(super) fn accompany(&self, measured: &Measured, now: Duration) -> Option<Vec<TakenIn>> {
        let begin = |state: &mut State| state.begin(measured.cycle, now, &self.plan);
        self.memory.commit(begin);
        self.take_in(measured, now)
    }

    /// What is wished for, out of what was taken in and the count.
    pub(crate) async fn decide(
        &self,
        measured: &Measured,
        all: Vec<TakenIn>,
        count: Result<Observed, ScaleError>,
        now: Now,
    ) -> Decided {
        let seen = count.as_ref().ok();
        let waiting = self.waiting();
        let masked = seen.and_then(|seen| {
            let look = |state: &mut State| {
                let changed = state.follow(seen.count, now.mono, &self.plan);
                let masked = state.settling.look(seen, self.plan.boot_time, now.mono);
                let masked = masked.or(changed);
                if masked.is_some() {
                    // Windows begin anew; that a source was away, or is, is remembered and acted on all the same.
                    for place in &waiting {
                        state.views.of(*place).forget();
                    }
                }
                masked
            };
            self.memory.commit(look)
        });
        let situation = seen.map(|seen| self.situation(seen, now));
        let mut views = self.memory.read(|state| state.views.clone());
        let judged = self.judges().zip(all).enumerate();
        let asked = judged.map(|(place, (judge, taken_in))| {
            let view = std::mem::take(views.of(place));
            let waits = judge.backend.waits_for_rest();
            let basis = at_rest(taken_in.basis, masked.as_ref().filter(|_| waits));
            let situation = situation.as_ref();
            async move {
                let (wish, grounds) = judge.wish(view, basis, situation, now.mono).await;
                let grounds = Grounds {
                    trust: Some(taken_in.trust),
                    value: number(&taken_in.taken),
                    busy: taken_in.taken.busy,
                    ..grounds
                };
                Opinion {
                    measurement: taken_in.taken.measurement,
                    wish,
                    grounds,
                }
            }
        });
        let opinions = join_all(asked).await;
        self.keep_learned();
        self.together(measured, opinions, count)
    }

    /// What the backends have learned goes where it outlives them.
    fn keep_learned(&self) {
        if !self.keeps {
            return;
        }
        let learned = self.seats.iter().map(|seat| seat.backend.learned());
        let learned: Vec<Option<Value>> = learned.collect();
        if learned.iter().all(Option::is_none) {
            return;
        }
        self.memory.commit(|state| {
            for (place, learned) in learned.into_iter().enumerate() {
                state.views.of(place).learned = learned.map(Arc::new);
            }
        });
    }

    /// Which measurements are kept from their decision while the processes have not come to rest.
    fn waiting(&self) -> Vec<usize> {
        let seats = self.seats.iter().enumerate();
        let waiting = seats.filter(|(_, seat)| seat.backend.waits_for_rest());
        waiting.map(|(place, _)| place).collect()
    }

    fn situation(&self, seen: &Observed, now: Now) -> Situation {
        let adopted = self.memory.read(|state| state.adopted_max);
        let bounds = self.plan.bounds(now.wall, adopted);
        Situation::new(&self.plan, seen, bounds, now.wall)
    }

    fn together(
        &self,
        measured: &Measured,
        opinions: Vec<Opinion>,
        count: Result<Observed, ScaleError>,
    ) -> Decided {
        let pairs = self.judges().zip(&opinions);
        let says = pairs.map(|(judge, opinion)| {
            let (value, max) = (opinion.grounds.value, judge.backend.ceiling());
            Say::new(judge.metric, &opinion.wish, value, max)
        });
        let says: Vec<Say<'_>> = says.collect();
        let seen = count.as_ref().ok();
        let how = self.plan.combine;
        let now = seen.map_or(0, |seen| seen.count);
        let (wish, chosen) = combine(how, now, &says);
        let grounds = match opinions.as_slice() {
            [alone] => alone.grounds.clone(),
            several => joined(how, &says, several, chosen, now),
        };
        Decided {
            process: measured.process.clone(),
            cycle: measured.cycle,
            wish: with_crashed(wish, seen),
            opinions,
            count,
            grounds,
        }
    }
}
