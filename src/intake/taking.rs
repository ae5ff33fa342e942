//! Takes what a source sent into what is known of it: once, in its time, and only of what the source may feed.
//!
//! The time of a delivery is its arrival. Where it says when each thing was, its clock may differ from ours: what is of the
//! future is of now, and where even the newest is more than 15 s old, which no client is late by itself, all of it is moved
//! so that the newest is of now. Log lines are of when they arrive.

use std::collections::BTreeMap;

use num_traits::ToPrimitive as _;

use super::delivery::{Delivery, process_type};
use super::feeding::{REMEMBERED, whole};
use super::hirefire::Batch;
use super::judoscale::{Metric, Of, Report};
use super::logplex::{Frames, Line};
use super::pushed::Pushed;
use super::queues::Figure;
use super::state::{Fed, Kept, SourceState};
use super::theirs::{Theirs, seconds};
use crate::clock::Now;
use crate::model::ProcessName;

/// How many refusals are told at once, and remembered.
const MOST_REFUSALS: usize = 16;

/// What HireFire's clients send is of this process, unless the source says otherwise.
const WEB: &str = "web";

/// What became of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// How many measured things were taken.
    pub accepted: u64,
    /// Whether it had come before, and so was not taken again.
    pub repeated: bool,
    /// What was not taken, and why.
    pub refused: Vec<(String, String)>,
}

impl Taken {
    /// Nothing was taken.
    pub(super) fn refused(what: &str, why: &str) -> Self {
        let mut taken = Self::default();
        taken.refuse(what.to_owned(), why);
        taken
    }

    fn refuse(&mut self, what: String, why: &str) {
        if self.refused.len() < MOST_REFUSALS {
            self.refused.push((what, why.to_owned()));
        }
    }
}

impl SourceState {
    /// Takes a delivery.
    pub(super) fn take(&mut self, delivery: Delivery, now: Now) -> Taken {
        self.last = Some(now);
        self.queues.forget(now.mono.saturating_sub(REMEMBERED));
        let taken = match delivery {
            Delivery::Report(report) => self.report(report, now),
            Delivery::Batch(batch) => self.batch(&batch, now),
            Delivery::Frames(frames) => self.frames(frames, now),
            Delivery::Pushed(pushed) => self.pushed(pushed, now),
        };
        let counts = &mut self.counts;
        counts.deliveries += 1;
        counts.repeated += u64::from(taken.repeated);
        counts.accepted = counts.accepted.saturating_add(taken.accepted);
        for refusal in &taken.refused {
            counts.refused += 1;
            if !self.refusals.contains(refusal) {
                self.refusals.truncate(MOST_REFUSALS - 1);
                self.refusals.push_front(refusal.clone());
            }
        }
        taken
    }

    /// The process that something of this name is of.
    fn fed(&mut self, named: Option<&str>) -> Result<(&ProcessName, &mut Fed), &'static str> {
        let own = self.process.as_ref().map(ProcessName::as_str);
        let name = own.or(named).ok_or(
            "its name does not say of which process it is: write `process` in the [[server.source]]",
        )?;
        let found = self
            .feeds
            .iter_mut()
            .find(|(process, _)| process.as_str() == name);
        found.ok_or(
            "the source does not feed it: add it to `feeds` in the [[server.source]], if it may",
        )
    }

    fn report(&mut self, report: Report, now: Now) -> Taken {
        let mut taken = Taken {
            repeated: self.repeats.is_repeat(report.digest, now.mono),
            ..Taken::default()
        };
        let clock = Theirs::of(report.metrics.iter().map(|metric| metric.at), now);
        let (of_queues, of_requests): (Vec<Metric>, Vec<Metric>) = report
            .metrics
            .into_iter()
            .partition(|metric| queue(&metric.of).is_some());
        if !taken.repeated {
            let refused = of_queues
                .iter()
                .filter(|metric| !self.queue(metric, now))
                .count();
            taken.accepted += whole(of_queues.len() - refused);
            if refused > 0 {
                taken.refuse(
                    format!("{refused} figures of queues"),
                    "it has too many queues",
                );
            }
        }
        let reporter = (report.container, report.pid);
        let many = of_requests.len();
        let shown = reporter.0.escape_debug().to_string();
        match self.fed(process_type(&reporter.0)) {
            Ok((_, fed)) => {
                // A report that brings nothing new tells all the same that who sends it is there.
                fed.web_heard = Some(now.mono);
                if !taken.repeated {
                    let old = fed.requests_of(&of_requests, reporter, &clock, now);
                    taken.accepted += whole(many - old);
                    if old > 0 {
                        taken.refuse(
                            format!("{old} metrics of container `{shown}`"),
                            "too old, or of too many processes",
                        );
                    }
                }
            }
            Err(_) if many == 0 && taken.accepted > 0 => {}
            Err(why) => taken.refuse(format!("{many} metrics of container `{shown}`"), why),
        }
        taken
    }

    fn queue(&mut self, metric: &Metric, now: Now) -> bool {
        let Some((name, figure)) = queue(&metric.of) else {
            return true;
        };
        // A clock that is ahead must not make its figures the newest for hours.
        let at = metric.at.min(seconds(now));
        self.queues.take(name, figure, at, metric.value, now.mono)
    }

    fn batch(&mut self, batch: &Batch, now: Now) -> Taken {
        let new = self.remerged.new_of(batch, now.mono);
        let sent = batch.seconds.values().any(|times| !times.is_empty());
        let mut taken = Taken {
            repeated: sent && new.is_empty(),
            ..Taken::default()
        };
        let at = batch
            .seconds
            .keys()
            .filter_map(num_traits::ToPrimitive::to_f64);
        let clock = Theirs::of(at, now);
        let only = self.feeds.keys().next().filter(|_| self.feeds.len() == 1);
        let named = only.map_or(WEB, ProcessName::as_str).to_owned();
        match self.fed(Some(&named)) {
            Ok((_, fed)) => {
                fed.web_heard = Some(now.mono);
                for (second, times) in new {
                    let moment = clock.moment(second.to_f64().unwrap_or_default(), now);
                    taken.accepted += fed.queue_times(&times, moment, now);
                }
            }
            Err(why) => taken.refuse("its queue times".to_owned(), why),
        }
        taken
    }

    fn frames(&mut self, frames: Frames, now: Now) -> Taken {
        let mut taken = Taken {
            repeated: frames
                .id
                .is_some_and(|id| self.repeats.is_repeat(id, now.mono)),
            ..Taken::default()
        };
        let mut refused = BTreeMap::<String, (u64, &'static str)>::new();
        let lines = if taken.repeated {
            Vec::new()
        } else {
            frames.lines
        };
        let before: BTreeMap<ProcessName, u64> = self
            .feeds
            .iter()
            .map(|(process, fed)| (process.clone(), fed.lines))
            .collect();
        for line in lines {
            match self.fed(line.process()) {
                Ok((_, fed)) => taken.accepted += u64::from(fed.line(line, now)),
                Err(why) => {
                    let process = line.process().unwrap_or_default().to_owned();
                    let known = refused.len() < MOST_REFUSALS || refused.contains_key(&process);
                    if known {
                        refused.entry(process).or_insert((0, why)).0 += 1;
                    }
                }
            }
        }
        for (process, (many, why)) in refused {
            taken.refuse(
                format!("{many} lines of process `{}`", process.escape_debug()),
                why,
            );
        }
        // The drain lives, whatever it brings: who has no line in it had no request.
        for (process, fed) in &mut self.feeds {
            fed.routed_heard = Some(now.mono);
            // Queue times are logged by the application: requests without one say that it does not, and not that none waited.
            let requests = before.get(process).copied() != Some(fed.lines);
            if fed.logs_queue_times && !requests {
                fed.web_heard = Some(now.mono);
            }
            if !taken.repeated
                && frames.dropped > 0
                && let Some(slot) = fed.routed.at(now.mono, now.mono)
            {
                slot.dropped = slot.dropped.saturating_add(frames.dropped);
            }
        }
        taken
    }

    fn pushed(&mut self, pushed: Pushed, now: Now) -> Taken {
        // The address names the process: one that the source does not feed is refused, whatever `process` says.
        let Some(fed) = self.feeds.get_mut(&pushed.process) else {
            return Taken::refused(
                &format!("a number of `{}`", pushed.process),
                "the source does not feed it: add it to `feeds` in the [[server.source]], if it may",
            );
        };
        fed.pushed = Some(Kept {
            value: pushed.value,
            data: pushed.data,
            heard: now.mono,
        });
        Taken {
            accepted: 1,
            ..Taken::default()
        }
    }
}

impl Line {
    /// The process that it is of.
    fn process(&self) -> Option<&str> {
        match self {
            Self::Request { process, .. } | Self::Queued { process, .. } => Some(process),
            Self::Runtime { dyno, .. } => process_type(dyno),
        }
    }
}

fn queue(of: &Of) -> Option<(&str, Figure)> {
    match of {
        Of::JobLatency(queue) => Some((queue, Figure::Latency)),
        Of::JobDepth(queue) => Some((queue, Figure::Depth)),
        Of::JobsBusy(queue) => Some((queue, Figure::Busy)),
        Of::RequestQueueTime | Of::RequestTime | Of::Utilisation => None,
    }
}
