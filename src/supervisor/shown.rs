//! How each process stands, for people: answered by the supervisor from what it holds, and from the last record.

use std::rc::Rc;

use actix::{Context, Handler, Message, Recipient};
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::clock::Now;
use crate::messages::Recorded;
use crate::model::{Count, Direction, ProcessName};
use crate::orders::together::{in_force, together};
use crate::orders::{Kind, Order, words};
use crate::record::{CycleRecord, Input, Outcome};
use crate::server::views::{
    ClampView, CooldownView, DecisionView, HealthView, MeasuredView, MeasurementView, OrderView,
    OutcomeView, Overview, ProcessView, RecordView,
};
use crate::settings::MetricSteps;
use crate::supervisor::actor::SupervisorActor;
use crate::supervisor::group::Group;
use crate::supervisor::memory::{Health, State};
use crate::supervisor::metric::Metric;
use crate::supervisor::plan::{Mode, Plan};

/// To `SupervisorActor`: how does every process stand?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "Overview")]
pub struct GetOverview;

/// To `SupervisorActor`: how does this process stand?
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "Option<ProcessView>")]
pub struct GetProcess(pub ProcessName);

impl Handler<GetProcess> for SupervisorActor {
    type Result = actix::MessageResult<GetProcess>;

    fn handle(&mut self, GetProcess(name): GetProcess, _: &mut Context<Self>) -> Self::Result {
        let (now, orders) = (self.works.clock.now(), self.orders_known());
        let group = self.groups.get(&name);
        actix::MessageResult(group.map(|group| shown(group, &orders, now)))
    }
}

/// To `SupervisorActor`: show how the cycles end to this one too from now on.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct ShowTo(pub Recipient<Recorded>);

impl Handler<ShowTo> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, ShowTo(audience): ShowTo, _: &mut Context<Self>) {
        self.works.audience.push(audience);
    }
}

impl SupervisorActor {
    fn orders_known(&self) -> Rc<Vec<Order>> {
        let journal = self.works.journal.as_ref();
        journal
            .map(|journal| journal.orders().orders)
            .unwrap_or_default()
    }
}

impl Handler<GetOverview> for SupervisorActor {
    type Result = actix::MessageResult<GetOverview>;

    fn handle(&mut self, _: GetOverview, _: &mut Context<Self>) -> Self::Result {
        let (now, orders) = (self.works.clock.now(), self.orders_known());
        let processes = self.groups.values();
        actix::MessageResult(Overview {
            now: now.wall,
            time_zone: self.common.time_zone.name().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            leads: self.works.leadership.since().is_some(),
            has_store: self.works.journal.is_some(),
            processes: processes.map(|group| shown(group, &orders, now)).collect(),
        })
    }
}

fn shown(group: &Group, orders: &[Order], now: Now) -> ProcessView {
    let (plan, process) = (&group.plan, group.process());
    let challenger = group.challenger.as_ref();
    let challenger = challenger.and_then(|one| one.memory.read(|state| state.closed.clone()));
    group.memory.read(|state| {
        let record = state.closed.as_deref();
        let planned = plan.bounds(now.wall, state.adopted_max);
        let bounds = together(orders, process, now.wall).bounds(planned);
        let metrics = plan.metrics.iter().zip(group.settings.metrics());
        ProcessView {
            name: process.to_string(),
            health: health(state, plan),
            mode: match plan.mode {
                Mode::Live => "live",
                Mode::Shadow | Mode::Challenger => "shadow",
            },
            scaled_by: group.settings.scaling.backend.clone(),
            interval_seconds: plan.interval.as_secs_f64(),
            count: state.present(),
            ready: record.and_then(|record| record.ready),
            min: bounds.min(),
            max: bounds.max(),
            cooldown: cooldown(state, plan, now),
            measurements: metrics
                .enumerate()
                .map(|(place, (metric, steps))| measured(metric, steps, record, place, now.wall))
                .collect(),
            decided: record.map(DecisionView::from),
            challenger: challenger.as_deref().map(DecisionView::from),
            orders: in_force(orders, process, now.wall)
                .into_iter()
                .map(|order| ordered(order, now.wall, plan.zone))
                .collect(),
            skipped: state.skipped,
            restarts: state.faults,
        }
    })
}

fn health(state: &State, plan: &Plan) -> HealthView {
    let is_off = || {
        let at = state.last.as_ref().and_then(|last| last.count);
        plan.zero_is_off
            && at == Some(0)
            && state
                .conditions
                .contains_key(&crate::notification::Event::SwitchedOff)
    };
    match state.health {
        Health::Degraded { .. } => HealthView::Degraded,
        Health::Working | Health::OnTrial if is_off() => HealthView::SwitchedOff,
        Health::Working | Health::OnTrial => HealthView::Working,
    }
}

/// The wait after a scale holds both ways; a longer one in one direction only that.
fn cooldown(state: &State, plan: &Plan, now: Now) -> CooldownView {
    let both = state.cooldown.remaining(now.mono).unwrap_or_default();
    let last = state.ledger.scales().last();
    let left = |direction| {
        let until = last.map(|(at, _)| at.saturating_add(plan.envelope.wait(direction)));
        let own = until.map(|until| until.saturating_sub(now.mono));
        own.unwrap_or_default().max(both).as_secs_f64()
    };
    CooldownView {
        up_seconds: left(Direction::Up),
        down_seconds: left(Direction::Down),
    }
}

fn measured(
    metric: &Metric,
    steps: MetricSteps<'_>,
    record: Option<&CycleRecord>,
    place: usize,
    now: DateTime<Utc>,
) -> MeasurementView {
    let input = record.and_then(|record| record.inputs.get(place));
    let decided = |names: &[&str]| {
        let section = &steps.decision.section;
        names.iter().find_map(|name| section.number(name))
    };
    let age = input.map(|input| now.signed_duration_since(input.at));
    MeasurementView {
        name: metric.name.clone(),
        backend: steps.measurement.backend.clone(),
        value: input.and_then(|input| input.value),
        data: input.and_then(|input| input.data.clone()),
        busy: input.and_then(|input| input.busy),
        error: input.and_then(|input| input.error.clone()),
        at: input.map(|input| input.at),
        age_seconds: age.map(|age| (age.as_seconds_f64()).max(0.0)),
        trust: input.and_then(trust),
        doubts: input.map(|input| input.doubts.clone()).unwrap_or_default(),
        unit: crate::measurement::unit::unit(
            &steps.measurement.backend,
            &steps.measurement.section,
        ),
        low: decided(&["min_measurement_value"]),
        high: decided(&[
            "max_measurement_value",
            "target_response_time_ms",
            "target_value",
        ]),
    }
}

/// Its name in the record.
fn trust(input: &Input) -> Option<String> {
    let told = serde_json::to_value(input.trust.as_ref()?).ok()?;
    let name = told.get("trust").and_then(Value::as_str)?;
    Some(name.to_owned())
}

/// An order as it is shown.
pub(crate) fn ordered(order: &Order, now: DateTime<Utc>, zone: chrono_tz::Tz) -> OrderView {
    OrderView {
        id: order.id.0,
        process: order.process.to_string(),
        kind: match order.kind {
            Kind::Pause { .. } => "pause",
            Kind::Override { .. } => "override",
            Kind::Scale { .. } => "scale",
        }
        .to_owned(),
        words: words::sentence(order, now, zone),
        owner: order.owner.clone(),
        because: order.because.clone(),
        begins: order.begins,
        ends: order.over_at(),
    }
}

impl From<&CycleRecord> for DecisionView {
    fn from(record: &CycleRecord) -> Self {
        let (outcome, to) = (OutcomeView::from(&record.outcome), aim(&record.outcome));
        Self {
            at: record.at,
            cycle: record.cycle,
            backend: record.wish.as_ref().map(|wish| wish.backend.clone()),
            desired: record.wish.as_ref().map(|wish| wish.desired),
            outcome,
            to,
            cause: record.cause.name().to_owned(),
            reason: record.reason.clone(),
            clamps: record
                .clamps
                .iter()
                .map(|clamp| ClampView {
                    rule: clamp.rule.name().to_owned(),
                    from: clamp.from,
                    to: clamp.to,
                    why: clamp.why.clone(),
                })
                .collect(),
            otherwise: record.otherwise.clone(),
        }
    }
}

impl From<&CycleRecord> for RecordView {
    fn from(record: &CycleRecord) -> Self {
        let inputs = record.inputs.iter();
        Self {
            process: record.process.to_string(),
            count: record.count,
            measured: inputs
                .map(|input| MeasuredView {
                    name: input.backend.clone(),
                    value: input.value,
                })
                .collect(),
            decision: record.into(),
        }
    }
}

impl From<&Outcome> for OutcomeView {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Held => Self::Held,
            Outcome::Ordered { .. } => Self::Ordered,
            Outcome::Scaled { .. } => Self::Scaled,
            Outcome::Draining { .. } => Self::Draining,
            Outcome::Would { .. } => Self::Would,
            Outcome::Failed { .. } => Self::Failed,
            Outcome::Uncounted => Self::Uncounted,
            Outcome::Lost => Self::Lost,
        }
    }
}

/// The count that was set, or was to be.
fn aim(outcome: &Outcome) -> Option<Count> {
    match outcome {
        Outcome::Ordered { to }
        | Outcome::Scaled { to }
        | Outcome::Draining { to }
        | Outcome::Would { to }
        | Outcome::Failed { to, .. } => Some(*to),
        Outcome::Held | Outcome::Uncounted | Outcome::Lost => None,
    }
}
