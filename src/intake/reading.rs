//! What measurement backends read: what all sources that feed a process have told of it, and how long ago the last of them
//! spoke. A window ends where the source last spoke, not now: what it has yet to report is no silence.

use std::time::Duration;

use num_traits::ToPrimitive as _;
use serde_json::Value;

use super::Intake;
pub use super::queues::Figure;
use super::sketch::Sketch;
pub use super::state::Routed;
use super::state::{Fed, Web};
use crate::clock::Now;
use crate::model::ProcessName;

/// Something that was told, and how old it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard<T> {
    /// What.
    pub told: T,
    /// How long ago who tells it last spoke.
    pub age: Duration,
}

/// The requests of a window, as the application sees them.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// How long they waited.
    pub queue: Sketch,
    /// How long the application worked on them.
    pub app: Sketch,
    /// How many have come since the program's start.
    pub total: u64,
}

/// What the router told of a window.
#[derive(Clone, Debug, Default)]
pub struct Router {
    /// Of the window.
    pub window: Routed,
    /// How many requests it has told of since the program's start.
    pub total: u64,
    /// The dynos' mean load average, where they tell it.
    pub load: Option<f64>,
    /// The largest part of its memory that a dyno uses, where they tell it.
    pub memory: Option<f64>,
}

/// How busy a process's containers are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Utilisation {
    /// Their mean, in percent.
    pub percent: f64,
    /// How many reported.
    pub reporters: usize,
}

/// A figure of one queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// What it is called.
    pub name: String,
    /// The figure; milliseconds or jobs.
    pub value: f64,
    /// How long ago it came.
    pub age: Duration,
}

impl Intake {
    /// The sources that may feed the process.
    pub fn sources_of(&self, process: &ProcessName) -> Vec<String> {
        let known = self.0.borrow();
        let feeding = known
            .iter()
            .filter(|(_, state)| state.feeds.contains_key(process));
        feeding.map(|(name, _)| name.clone()).collect()
    }

    /// The process's requests of a window, by its adapters.
    pub fn requests(
        &self,
        process: &ProcessName,
        window: Duration,
        now: Now,
    ) -> Option<Heard<Requests>> {
        self.merged(
            process,
            window,
            now,
            |fed| fed.web_heard,
            |all: &mut Requests, fed, to| {
                let mut web = Web::default();
                fed.web.within(window, to).for_each(|slot| web.merge(slot));
                all.queue.merge(&web.queue);
                all.app.merge(&web.app);
                all.total = all.total.saturating_add(fed.requests);
            },
        )
    }

    /// The process's requests of a window, by Heroku's router.
    pub fn routed(
        &self,
        process: &ProcessName,
        window: Duration,
        now: Now,
    ) -> Option<Heard<Router>> {
        self.merged(
            process,
            window,
            now,
            |fed| fed.routed_heard,
            |all: &mut Router, fed, to| {
                fed.routed
                    .within(window, to)
                    .for_each(|slot| all.window.merge(slot));
                all.total = all.total.saturating_add(fed.lines);
                let since = to.saturating_sub(window.max(Duration::from_secs(60)));
                let dynos = || fed.dynos.values().filter(move |dyno| dyno.heard >= since);
                all.load = mean(dynos().filter_map(|dyno| dyno.load)).or(all.load);
                let parts = dynos().filter_map(|dyno| {
                    Some(dyno.memory_mb? / dyno.quota_mb.filter(|most| *most > 0.0)?)
                });
                all.memory = parts.chain(all.memory).reduce(f64::max);
            },
        )
    }

    /// How busy those of the process are that reported in a window.
    pub fn utilisation(
        &self,
        process: &ProcessName,
        window: Duration,
        now: Now,
    ) -> Option<Heard<Utilisation>> {
        let last = |fed: &Fed| fed.containers.values().map(|busy| busy.heard).max();
        let heard = self.merged(process, window, now, last, |all: &mut Vec<f64>, fed, to| {
            let since = to.saturating_sub(window);
            let recent = fed.containers.values().filter(|busy| busy.heard >= since);
            all.extend(recent.map(|busy| busy.percent));
        })?;
        let percent = mean(heard.told.iter().copied())?;
        Some(Heard {
            told: Utilisation {
                percent,
                reporters: heard.told.len(),
            },
            age: heard.age,
        })
    }

    /// A figure of each queue that sources of the process report; of one that several report, the latest.
    pub fn queues(&self, process: &ProcessName, figure: Figure, now: Now) -> Vec<Queue> {
        let mut found: Vec<Queue> = Vec::new();
        for state in self
            .0
            .borrow()
            .values()
            .filter(|state| state.feeds.contains_key(process))
        {
            for name in state.queues.names() {
                let Some(told) = state.queues.figure(name, figure) else {
                    continue;
                };
                let age = now.mono.saturating_sub(told.heard);
                match found.iter_mut().find(|queue| queue.name == name) {
                    Some(queue) if queue.age <= age => {}
                    Some(queue) => (queue.value, queue.age) = (told.value, age),
                    None => found.push(Queue {
                        name: name.to_owned(),
                        value: told.value,
                        age,
                    }),
                }
            }
        }
        found
    }

    /// What was pushed last: the number, and everything that came with it.
    pub fn pushed(&self, process: &ProcessName, now: Now) -> Option<Heard<(f64, Value)>> {
        let known = self.0.borrow();
        let kept = known
            .values()
            .filter_map(|state| state.feeds.get(process)?.pushed.as_ref());
        let last = kept.max_by_key(|kept| kept.heard)?;
        Some(Heard {
            told: (last.value, last.data.clone()),
            age: now.mono.saturating_sub(last.heard),
        })
    }

    /// What the sources of a process have told, each up to when it spoke last. One that fell silent a window before another
    /// spoke is left out.
    fn merged<T: Default>(
        &self,
        process: &ProcessName,
        window: Duration,
        now: Now,
        heard: impl Fn(&Fed) -> Option<Duration>,
        mut merge: impl FnMut(&mut T, &Fed, Duration),
    ) -> Option<Heard<T>> {
        let known = self.0.borrow();
        let feeding = known.values().filter_map(|state| state.feeds.get(process));
        let feeding: Vec<_> = feeding.filter_map(|fed| Some((heard(fed)?, fed))).collect();
        let last = feeding.iter().map(|(heard, _)| *heard).max()?;
        let mut told = T::default();
        for (heard, fed) in feeding {
            if heard + window >= last {
                merge(&mut told, fed, heard);
            }
        }
        Some(Heard {
            told,
            age: now.mono.saturating_sub(last),
        })
    }
}

fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, many) = numbers.fold((0.0, 0_u32), |(sum, many), number| {
        (sum + number, many.saturating_add(1))
    });
    let many = many.to_f64().filter(|many| *many > 0.0)?;
    Some(sum / many)
}
