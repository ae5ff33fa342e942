//! What a turn has to tell: conditions that begin, last and end, and rapid scaling; and what the log says of it.

use std::time::Duration;

use log::{debug, info, warn};

use crate::decision::schedule::LocalTime;
use crate::messages::{Decided, Notify, Scaled};
use crate::model::{Count, Direction, ProcessName};
use crate::notification::{Event, Notice, Phase};
use crate::one_line::one_line;
use crate::state::journal::health::StoreEvent;
use crate::supervisor::cycle::{MOST_DATA, Orders, Turn};
use crate::supervisor::group::Group;
use crate::supervisor::rapid;

/// Logs what cannot be measured, read or set, once when it begins and once when it ends: whoever has picked no notice
/// of it must find it in the log.
pub(super) fn log_turned(process: &ProcessName, turned: &[(Event, Option<String>)]) {
    for (event, reason) in turned {
        match (event, reason) {
            (Event::ScaleFailed, Some(reason)) => {
                warn!(process:% = process; "{process}: {event}: {reason}");
            }
            // No warning: a probe of an overloaded or just starting application fails now and then.
            (Event::MeasurementFailed, Some(reason)) => {
                info!(process:% = process; "{process}: {event}: {reason}");
            }
            (Event::Drain, Some(how)) => info!(process:% = process; "{process}: {event}: {how}"),
            (Event::MeasurementFailed | Event::ScaleFailed, None) => {
                info!(process:% = process; "{process}: {event} ended");
            }
            // No failures, or logged where they happen.
            (
                Event::AboveMax
                | Event::BelowMin
                | Event::SwitchedOff
                | Event::Measurement
                | Event::Scale
                | Event::TooRapid
                | Event::Restarted
                | Event::Futile
                | Event::Ordered
                | Event::StoreFailed
                | Event::Drain
                | Event::ManualScale
                | Event::Degraded,
                _,
            ) => {}
        }
    }
}

impl Group {
    /// One line a cycle, for who wants to follow.
    pub fn log_cycle(&self, decided: &Decided) {
        let process = self.process();
        let count = decided.count.as_ref().ok().map(|seen| seen.count);
        let data: Vec<String> = decided
            .opinions
            .iter()
            .map(|opinion| one_line(&opinion.measurement.data.to_string(), MOST_DATA))
            .collect();
        let (data, wish) = (data.join(" and "), decided.wish.as_ref());
        let wish = wish.map_or_else(ToString::to_string, |wish| wish.reason.clone());
        debug!(process:% = process, cycle = decided.cycle, count:?; "{process}: measured {data}; {wish}");
    }

    /// The outcome of a scale.
    pub fn log_scaled(&self, scaled: &Scaled) {
        let (process, from, to, cycle) = (self.process(), scaled.from, scaled.to, scaled.cycle);
        match &scaled.result {
            Ok(count) => {
                let reason = self
                    .memory
                    .read(|state| state.last.as_ref().map(|last| last.reason.clone()))
                    .unwrap_or_default();
                info!(process:% = process, cycle, from, to = *count; "scaled {process} from {from} to {count}: {reason}");
            }
            Err(error) => {
                debug!(process:% = process, cycle, from, to; "{process} stays at {from} instead of {to} until the next cycle: {error}");
            }
        }
    }
}

impl Turn<'_> {
    /// What was measured, and what could not be.
    pub(super) fn tell_measurement(&mut self, decided: &Decided) {
        let failed = decided.opinions.iter().filter_map(|opinion| {
            let measurement = &opinion.measurement;
            let why = measurement
                .error
                .as_ref()
                .filter(|_| !measurement.success)?;
            Some(format!("{}: {why}", measurement.backend))
        });
        let failed: Vec<String> = failed.collect();
        if failed.len() < decided.opinions.len()
            && self
                .plan
                .policies
                .iter()
                .any(|policy| policy.picks(Event::Measurement))
        {
            let measured = decided.opinions.iter().filter_map(|opinion| {
                let measurement = &opinion.measurement;
                // The data may be a whole document of the application's.
                let data = one_line(&measurement.data.to_string(), MOST_DATA);
                let told = || format!("{} measured {data}", measurement.backend);
                measurement.success.then(told)
            });
            let reason = measured.collect::<Vec<_>>().join(", ");
            let count = decided.count.as_ref().ok().map(|seen| seen.count);
            self.tell(Event::Measurement, Phase::Moment, None, count, &reason);
        }
        let reason = (!failed.is_empty()).then(|| failed.join("; "));
        self.condition(Event::MeasurementFailed, reason, None);
    }

    /// Something to tell that is no condition of a cycle.
    pub fn moment(mut self, event: Event, reason: &str) -> Orders {
        self.tell(event, Phase::Moment, None, None, reason);
        self.orders
    }

    /// The store fails, works again, or has something to tell.
    pub fn store(mut self, event: &StoreEvent) -> Orders {
        let text = event.to_string();
        match event {
            StoreEvent::Failed { .. } => self.condition(Event::StoreFailed, Some(text), None),
            StoreEvent::WorksAgain { .. } => self.condition(Event::StoreFailed, None, None),
            StoreEvent::Remarked(_)
            | StoreEvent::Shortened { .. }
            | StoreEvent::Dropped { .. }
            | StoreEvent::TooLarge { .. } => {
                self.tell(Event::StoreFailed, Phase::Moment, None, None, &text);
            }
        }
        self.orders
    }

    /// The group stops, or has stopped, scaling.
    pub fn degraded(mut self, reason: &str) -> Orders {
        self.condition(Event::Degraded, Some(reason.to_owned()), None);
        self.orders
    }

    /// It still does: whom the notice of it did not reach is told now.
    pub fn still_degraded(self) -> Orders {
        match self.state.conditions.get(&Event::Degraded).cloned() {
            Some(reason) => self.degraded(&reason),
            None => self.orders,
        }
    }

    /// Rapid scaling is judged by each notifier's own numbers.
    pub(super) fn watch_rapid(&mut self, count: Option<Count>) {
        let local = LocalTime::at(self.now.wall, self.plan.zone);
        for (index, policy) in self
            .plan
            .policies
            .iter()
            .enumerate()
            .filter(|(_, policy)| policy.picks(Event::TooRapid))
        {
            let rule = policy.rapid_rule(local);
            let found = rapid::too_rapid(self.state.ledger.scales(), rule, self.now.mono);
            let (phase, reason) = match (found, self.state.rapid.remove(&index)) {
                (Some((direction, scales)), _) => {
                    let reason = rapid_reason(direction, scales, rule.period);
                    self.state.rapid.insert(index, reason.clone());
                    (Phase::Holds, reason)
                }
                (None, Some(reason)) => (Phase::Ended, reason),
                (None, None) => continue,
            };
            let direction = found.map(|(direction, _)| direction);
            let notice = Notice {
                direction,
                ..self.notice(Event::TooRapid, phase, None, count, &reason)
            };
            self.orders.notices.push(Notify {
                notice,
                only: Some(index),
            });
        }
    }

    /// A condition holds, for this reason, or does not.
    pub(super) fn condition(&mut self, event: Event, holds: Option<String>, count: Option<Count>) {
        match holds {
            Some(reason) => {
                self.tell(event, Phase::Holds, None, count, &reason);
                let before = self.state.conditions.insert(event, reason.clone());
                if before.is_none() {
                    self.orders.turned.push((event, Some(reason)));
                }
            }
            None => {
                if let Some(reason) = self.state.conditions.remove(&event) {
                    self.tell(event, Phase::Ended, None, count, &reason);
                    self.orders.turned.push((event, None));
                }
            }
        }
    }

    pub(super) fn tell(
        &mut self,
        event: Event,
        phase: Phase,
        from: Option<Count>,
        to: Option<Count>,
        reason: &str,
    ) {
        let notice = self.notice(event, phase, from, to, reason);
        self.orders.notices.push(Notify { notice, only: None });
    }

    pub(super) fn notice(
        &self,
        event: Event,
        phase: Phase,
        from: Option<Count>,
        to: Option<Count>,
        reason: &str,
    ) -> Notice {
        Notice {
            process: self.plan.process.clone(),
            event,
            phase,
            at: self.now.wall,
            cycle: self.cycle,
            from,
            to,
            direction: from
                .zip(to)
                .and_then(|(from, to)| Direction::between(from, to)),
            reason: reason.to_owned(),
        }
    }
}

fn rapid_reason(direction: Direction, scales: u32, period: Duration) -> String {
    format!(
        "{scales} scales {direction} within {} min",
        period.as_secs() / 60
    )
}
