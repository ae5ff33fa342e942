//! Any order of facts, deaths and deadlines leaves a process ready for its next tick, with no scale in flight; the count
//! that is ordered never leaves the bounds, and no scale by load is closer to the one before it than the cooldown. A fact
//! of another cycle or stage changes nothing.

use std::sync::Arc;
use std::time::Duration;

use autoscalebot::backend::Registry;
use autoscalebot::clock::Now;
use autoscalebot::decision::Wish;
use autoscalebot::envelope::Cause;
use autoscalebot::measurement::Measurement;
use autoscalebot::messages::{Decided, Grounds, Opinion, Scaled, Silence};
use autoscalebot::scaling::{Observed, ScaleError};
use autoscalebot::settings::{Source, load};
use autoscalebot::supervisor::cycle::{Orders, Platform, Turn};
use autoscalebot::supervisor::memory::{Stage, State};
use autoscalebot::supervisor::plan::Plan;
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use serde_json::Value;

use crate::runner::holds;

const CONFIGURATION: &str = r#"
[processes.web]
measurement = { backend = "command", command = "x", measurement_interval_in_seconds = 10, timeout_in_seconds = 5 }
decision = { min_processes = { "0:00" = 1, "12:00" = 4 }, max_processes = { "0:00" = 6, "12:00" = 9 }, post_scale_wait_time_seconds = 45 }
scaling = { backend = "command", command = "x" }
"#;

/// Something that happens to a process's memory, in any order.
#[derive(Debug, Clone)]
enum Happening {
    Pass(u64),
    Tick,
    Measured {
        cycle: i8,
    },
    Decided {
        cycle: i8,
        count: Option<u32>,
        wish: Option<i64>,
    },
    Scaled {
        cycle: i8,
        works: Option<bool>,
    },
    Died,
}

fn happening() -> impl Strategy<Value = Happening> {
    let cycle = || prop_oneof![9 => Just(0_i8), 1 => -3..=3_i8];
    prop_oneof![
        3 => (1..40_000_u64).prop_map(Happening::Pass),
        3 => Just(Happening::Tick),
        3 => cycle().prop_map(|cycle| Happening::Measured { cycle }),
        4 => (cycle(), prop::option::weighted(0.9, 0..15_u32), prop::option::weighted(0.8, -3..20_i64))
            .prop_map(|(cycle, count, wish)| Happening::Decided { cycle, count, wish }),
        4 => (cycle(), prop::option::weighted(0.9, any::<bool>()))
            .prop_map(|(cycle, works)| Happening::Scaled { cycle, works }),
        1 => Just(Happening::Died),
    ]
}

fn plan() -> Plan {
    let source = Source::new("web.toml", CONFIGURATION);
    let settings = load(&source, &Registry::built_in(), &|_| None)
        .unwrap_or_else(|problems| panic!("{problems}"));
    Plan::new(&settings, &settings.processes[0]).unwrap()
}

fn at(mono: Duration) -> Now {
    let base = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
    Now {
        wall: base + TimeDelta::from_std(mono).unwrap(),
        mono,
    }
}

fn measurement(now: Now) -> Measurement {
    let data = Arc::new(Value::from(1));
    Measurement {
        backend: "command".to_owned(),
        data,
        success: true,
        error: None,
        at: now.wall,
    }
}

/// One process's memory, and what must hold of it.
struct World {
    plan: Plan,
    state: State,
    now: Duration,
}

impl World {
    fn happen(&mut self, happening: &Happening) -> Result<(), TestCaseError> {
        let now = at(self.now);
        let current = self.state.cycle;
        let number = |offset: i8| current.saturating_add_signed(i64::from(offset));
        match happening {
            Happening::Pass(millis) => self.now += Duration::from_millis(*millis),
            Happening::Tick => {
                self.state.begin_cycle(self.now, &self.plan);
                prop_assert!(self.state.next_tick > self.now);
            }
            Happening::Measured { cycle } => self.measured(number(*cycle))?,
            Happening::Decided { cycle, count, wish } => {
                self.decided(now, number(*cycle), *count, *wish)?;
            }
            Happening::Scaled { cycle, works } => self.scaled(now, number(*cycle), *works)?,
            Happening::Died => {
                if self.state.in_flight.is_some() {
                    Turn::new(&mut self.state, &self.plan, now, current).lost("it died");
                    prop_assert_eq!(&self.state.in_flight, &None);
                }
            }
        }
        Ok(())
    }

    /// Whether a fact of this cycle is awaited at this stage.
    fn is_awaited(&self, cycle: u64, stage: Stage) -> bool {
        let running = self.state.in_flight.as_ref();
        cycle == self.state.cycle && running.is_some_and(|running| running.stage == stage)
    }

    /// All that is remembered, in words.
    fn all(&self) -> String {
        format!("{:?}", self.state)
    }

    fn measured(&mut self, cycle: u64) -> Result<(), TestCaseError> {
        let (expected, before) = (self.is_awaited(cycle, Stage::Measuring), self.all());
        let taken = self.state.advance(cycle, Stage::Measuring, Stage::Deciding);
        prop_assert_eq!(taken, expected);
        prop_assert!(taken || self.all() == before, "a late measurement");
        Ok(())
    }

    fn decided(
        &mut self,
        now: Now,
        cycle: u64,
        count: Option<u32>,
        wish: Option<i64>,
    ) -> Result<(), TestCaseError> {
        let cooling = self.state.cooldown.remaining(now.mono);
        let decided = Decided {
            process: self.plan.process.clone(),
            cycle,
            opinions: vec![Opinion {
                measurement: measurement(now),
                wish: Err(Silence::Uncounted),
                grounds: Grounds::default(),
            }],
            count: count
                .map(Observed::ready)
                .ok_or_else(|| ScaleError::Unavailable("down".to_owned())),
            // A wish may come during the cooldown too: whoever asked for it need not have known of it.
            wish: match (wish, cooling) {
                (Some(desired), _) => Ok(Wish {
                    desired,
                    reason: "generated".to_owned(),
                }),
                (None, Some(left)) => Err(Silence::Cooling(left)),
                (None, None) => Err(Silence::Uncounted),
            },
            grounds: Grounds::default(),
        };
        let (expected, before) = (self.is_awaited(cycle, Stage::Deciding), self.all());
        let platform = Platform {
            zero_can_mean_off: true,
            limit: None,
        };
        let orders =
            Turn::new(&mut self.state, &self.plan, now, cycle).decided(&decided, Ok(platform));
        prop_assert_eq!(orders.is_some(), expected);
        prop_assert!(expected || self.all() == before, "a late decision");
        self.recomputed(orders.as_ref())?;
        if let Some(order) = orders.and_then(|orders| orders.scale) {
            let bounds = self.plan.bounds(now.wall, self.state.adopted_max);
            prop_assert_eq!(
                bounds.clamp(order.to),
                order.to,
                "{} is outside the bounds",
                order.to
            );
            prop_assert_ne!(order.from, order.to);
            let outside = bounds.clamp(order.from) != order.from;
            prop_assert!(
                cooling.is_none() || outside,
                "a scale by load during the cooldown"
            );
            let by_bounds = self
                .state
                .in_flight
                .as_ref()
                .and_then(|running| running.order.as_ref())
                .map(|order| order.cause);
            prop_assert_eq!(by_bounds == Some(Cause::Bounds), outside);
        }
        Ok(())
    }

    /// The record alone leads to the count that was ordered, or kept.
    fn recomputed(&self, orders: Option<&Orders>) -> Result<(), TestCaseError> {
        let Some(orders) = orders else { return Ok(()) };
        let (record, reached) = match (&orders.scale, &orders.record) {
            (Some(order), None) => (self.state.record.clone(), Some(order.to)),
            (None, Some(record)) => (Some(record.clone()), record.count),
            odd => return Err(TestCaseError::fail(format!("one of the two: {odd:?}"))),
        };
        let record = record.expect("it is begun when it is decided");
        prop_assert_eq!(record.recomputed(), reached.map(i64::from), "{:?}", record);
        prop_assert!(
            !record.reason.is_empty() || orders.scale.is_some(),
            "{record:?}"
        );
        Ok(())
    }

    fn scaled(&mut self, now: Now, cycle: u64, works: Option<bool>) -> Result<(), TestCaseError> {
        let running = self.state.in_flight.as_ref();
        let order = running.and_then(|running| running.order.clone());
        // Without an order it is the answer to one that was given up.
        let (from, to) = order.map_or((1, 2), |order| (order.from, order.to));
        let result = match works {
            Some(true) => Ok(to),
            Some(false) => Err(ScaleError::Refused("no".to_owned())),
            // The platform left it as it was.
            None => Ok(from),
        };
        let process = self.plan.process.clone();
        let scaled = Scaled {
            process,
            cycle,
            from,
            to,
            result,
        };
        let (expected, before) = (self.is_awaited(cycle, Stage::Scaling), self.all());
        let orders = Turn::new(&mut self.state, &self.plan, now, cycle).scaled(&scaled);
        prop_assert_eq!(orders.is_some(), expected);
        prop_assert!(expected || self.all() == before, "a late answer");
        Ok(())
    }
}

#[test]
fn any_order_of_facts_leaves_the_process_ready() {
    holds(prop::collection::vec(happening(), 1..120), |happenings| {
        let mut world = World {
            plan: plan(),
            state: State::default(),
            now: Duration::ZERO,
        };
        for happening in &happenings {
            world.happen(happening)?;
        }
        let scales: Vec<_> = world.state.ledger.records().cloned().collect();
        for pair in scales.windows(2) {
            let apart = pair[1].at.mono.saturating_sub(pair[0].at.mono);
            prop_assert!(
                pair[1].cause == Cause::Bounds || apart >= Duration::from_secs(45),
                "{pair:?}"
            );
        }
        // Whatever was lost: a cycle's deadline later the next tick begins a new one.
        world.now += world.plan.cycle_deadline();
        let before = world.state.cycle;
        prop_assert_eq!(
            world.state.begin_cycle(world.now, &world.plan),
            Some(before + 1)
        );
        prop_assert!(
            world.state.is_at(before + 1, Stage::Measuring),
            "no scale is in flight"
        );
        Ok(())
    });
}
