//! One process's cycles without actors, platform and clock: what was measured and how many there are goes in, the count that
//! the bot would ask for comes out. The histories, the decision backends, the envelope, the cooldowns and the record are
//! those of the running bot ([`panel`](crate::decision::panel), [`cycle`](crate::supervisor::cycle)); whatever is ordered
//! is granted at once.
//!
//! Left out is what belongs to a real platform: drains, orders of people, other process types' counts, limits that the platform
//! tells, failed calls. A process in the shadow is replayed as if it were live.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::backend::BuildError;
use crate::clock::Now;
use crate::decision::panel::Panel;
use crate::measurement::{MeasureError, OnFailure, Sample};
use crate::messages::{Decided, Measured, Scaled};
use crate::model::Count;
use crate::record::CycleRecord;
use crate::scaling::Observed;
use crate::settings::ProcessSettings;
use crate::supervisor::cycle::{Orders, Platform, Turn};
use crate::supervisor::memory::{Memory, State};
use crate::supervisor::metric::Metric;
use crate::supervisor::plan::{Common, Mode, Plan};
use crate::supervisor::works::Works;

/// How far back the monotonic time reaches at the first cycle, so that nothing is taken for the start of the machine.
const PAST: Duration = Duration::from_secs(31 * 86_400);

/// A process that is replayed.
#[derive(Debug)]
pub struct Replay {
    plan: Rc<Plan>,
    memory: Memory,
    panel: Panel,
    platform: Platform,
    start: Option<DateTime<Utc>>,
}

/// What a cycle came to.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// How many there shall be.
    pub desired: Count,
    /// The record, as `why` tells it; `None` when the cycle had none.
    pub record: Option<Arc<CycleRecord>>,
}

impl Replay {
    /// The process of these settings, of which nothing is known yet.
    pub fn new(
        works: &Works,
        common: Common,
        process: &ProcessSettings,
    ) -> Result<Self, BuildError> {
        let mut plan = Plan::new(common, process)?;
        plan.mode = Mode::Live;
        plan.drain = None;
        let plan = Rc::new(plan);
        let memory = Memory::new(State::default());
        let backends = works.decision(process)?;
        let panel = Panel::new(Rc::clone(&plan), memory.clone(), backends).forgetful();
        Ok(Self {
            plan,
            memory,
            panel,
            platform: Platform {
                zero_can_mean_off: true,
                limit: None,
            },
            start: None,
        })
    }

    /// The same, where a count of 0 never means that somebody switched the process off.
    #[must_use]
    pub fn never_off(self) -> Self {
        let platform = Platform {
            zero_can_mean_off: false,
            ..self.platform
        };
        Self { platform, ..self }
    }

    /// How it is measured.
    pub fn metrics(&self) -> &[Metric] {
        &self.plan.metrics
    }

    /// How far its cycles are apart.
    pub fn interval(&self) -> Duration {
        self.plan.interval
    }

    /// One cycle, at a moment not before that of the last: a sample for each of the process's measurements, and how many
    /// processes there are.
    pub async fn step(
        &mut self,
        at: DateTime<Utc>,
        samples: Vec<Result<Sample, MeasureError>>,
        seen: Observed,
    ) -> Replayed {
        let now = self.moment(at);
        let cycle = self.memory.commit(|state| {
            let cycle = state.cycle + 1;
            state.begin(cycle, now.mono, &self.plan);
            cycle
        });
        let pairs = self.plan.metrics.iter().zip(samples);
        let taken = pairs.map(|(metric, sample)| metric.taken(sample, at, |_| OnFailure::Hold));
        let measured = Measured {
            process: self.plan.process.clone(),
            cycle,
            taken: taken.collect(),
        };
        let count = seen.count;
        // The cycle was just begun, so that its measurement is never late.
        let all = self.panel.take_in(&measured, now.mono).unwrap_or_default();
        let decided = self.panel.decide(&measured, all, Ok(seen), now).await;
        self.weigh(&decided, count, now)
    }

    fn weigh(&self, decided: &Decided, count: Count, now: Now) -> Replayed {
        let orders = self.memory.commit(|state| {
            let turn = Turn::new(state, &self.plan, now, decided.cycle);
            let orders = turn.decided(decided, Ok(self.platform))?;
            let Some(scale) = &orders.scale else {
                return Some((count, orders));
            };
            let scaled = Scaled {
                process: scale.process.clone(),
                cycle: scale.cycle,
                from: scale.from,
                to: scale.to,
                result: Ok(scale.to),
            };
            let turn = Turn::new(state, &self.plan, now, decided.cycle);
            Some((scale.to, turn.scaled(&scaled)?))
        });
        let (desired, orders) = orders.unwrap_or((count, Orders::default()));
        Replayed {
            desired,
            record: orders.record,
        }
    }

    fn moment(&mut self, at: DateTime<Utc>) -> Now {
        let start = *self.start.get_or_insert(at);
        let since: TimeDelta = at.signed_duration_since(start);
        Now {
            wall: at,
            mono: PAST.saturating_add(since.to_std().unwrap_or_default()),
        }
    }
}
