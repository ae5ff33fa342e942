//! Takes what is of one process: requests, how busy it is, and lines of the log.

use std::time::Duration;

use super::judoscale::{Metric, Of};
use super::logplex::Line;
use super::state::{Busy, Fed, Runtime};
use super::theirs::Theirs;
use crate::clock::Now;

/// How many processes of one type may report.
const MOST_REPORTERS: usize = 1000;

/// How long a reporter, or a queue, that is silent is remembered.
pub(super) const REMEMBERED: Duration = Duration::from_secs(600);

impl Fed {
    /// Takes what is of requests; how many were not taken.
    pub(super) fn requests_of(
        &mut self,
        metrics: &[Metric],
        reporter: (String, u64),
        clock: &Theirs,
        now: Now,
    ) -> usize {
        let mut refused = 0;
        let mut busy: Option<Busy> = None;
        for metric in metrics {
            let moment = clock.moment(metric.at, now);
            let is_taken = match &metric.of {
                Of::RequestQueueTime => self.queue_times(&[metric.value], moment, now) == 1,
                Of::RequestTime => {
                    let slot = self.web.at(moment, now.mono);
                    slot.map(|slot| slot.app.add(metric.value)).is_some()
                }
                Of::Utilisation => {
                    if busy.is_none_or(|known| metric.at >= known.at) {
                        busy = Some(Busy {
                            percent: metric.value,
                            at: metric.at,
                            heard: now.mono,
                        });
                    }
                    true
                }
                Of::JobLatency(_) | Of::JobDepth(_) | Of::JobsBusy(_) => true,
            };
            refused += usize::from(!is_taken);
        }
        if let Some(busy) = busy {
            refused += usize::from(!self.busy(reporter, busy, now));
        }
        refused
    }

    fn busy(&mut self, reporter: (String, u64), busy: Busy, now: Now) -> bool {
        let before = now.mono.saturating_sub(REMEMBERED);
        if self.containers.len() >= MOST_REPORTERS {
            self.containers.retain(|_, known| known.heard >= before);
        }
        let has_room =
            self.containers.len() < MOST_REPORTERS || self.containers.contains_key(&reporter);
        if has_room {
            self.containers.insert(reporter, busy);
        }
        has_room
    }

    /// Takes queue times of one moment; how many were taken.
    pub(super) fn queue_times(&mut self, times: &[f64], moment: Duration, now: Now) -> u64 {
        let Some(slot) = self.web.at(moment, now.mono) else {
            return 0;
        };
        for time in times {
            slot.queue.add(*time);
        }
        let many = whole(times.len());
        self.requests = self.requests.saturating_add(many);
        many
    }

    pub(super) fn line(&mut self, line: Line, now: Now) -> bool {
        match line {
            Line::Request {
                service_ms,
                connect_ms,
                status,
                code,
                ..
            } => {
                self.lines = self.lines.saturating_add(1);
                let Some(slot) = self.routed.at(now.mono, now.mono) else {
                    return false;
                };
                if let Some(ms) = service_ms {
                    slot.service.add(ms);
                }
                if let Some(ms) = connect_ms {
                    slot.connect.add(ms);
                }
                let class = status.map(|status| usize::from(status / 100).saturating_sub(1));
                if let Some(count) = class.and_then(|class| slot.statuses.get_mut(class)) {
                    *count = count.saturating_add(1);
                }
                if let Some(code) = code {
                    *slot.codes.entry(code).or_default() += 1;
                }
                true
            }
            Line::Queued { ms, .. } => {
                self.logs_queue_times = true;
                self.web_heard = Some(now.mono);
                self.queue_times(&[ms], now.mono, now) == 1
            }
            Line::Runtime {
                dyno,
                load,
                memory_mb,
                quota_mb,
            } => self.runtime(dyno, (load, memory_mb, quota_mb), now),
        }
    }

    fn runtime(
        &mut self,
        dyno: String,
        told: (Option<f64>, Option<f64>, Option<f64>),
        now: Now,
    ) -> bool {
        let before = now.mono.saturating_sub(REMEMBERED);
        if self.dynos.len() >= MOST_REPORTERS {
            self.dynos.retain(|_, known| known.heard >= before);
        }
        if self.dynos.len() >= MOST_REPORTERS && !self.dynos.contains_key(&dyno) {
            return false;
        }
        let known = self.dynos.entry(dyno).or_default();
        *known = Runtime {
            load: told.0.or(known.load),
            memory_mb: told.1.or(known.memory_mb),
            quota_mb: told.2.or(known.quota_mb),
            heard: now.mono,
        };
        true
    }
}

/// A length as a count.
pub(super) fn whole(many: usize) -> u64 {
    u64::try_from(many).unwrap_or(u64::MAX)
}
