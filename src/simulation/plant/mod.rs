//! The plant: what becomes of requests or jobs where so many processes are ready. One second a step; the state is one
//! number, how much work is in the system.
//!
//! * [`web`]: requests go to the processes by chance, and each process is a queue of its own;
//! * [`queue`]: jobs wait in one queue, and whoever is free takes the next.
//!
//! Both are *fluid*: averages, not single requests, so a second costs a few nanoseconds, and a state between two whole
//! numbers means something. They are within 10 % of single requests and jobs, but where the tests beside them name more: a web
//! process's queue comes too soon on the way up (14 %), and the last of it goes too soon on the way down (half).

pub mod erlang;
pub mod queue;
pub mod table;
#[cfg(test)]
mod testing;
pub mod web;

use std::f64::consts::TAU;

use super::number::needed;

/// What kind of process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Answers requests, which a router spreads by chance. The target is a response time.
    Web,
    /// Works off a queue. The target is a wait.
    Queue,
}

/// How often the service time drifts up and down: once a day, in seconds.
const DRIFT_PERIOD: f64 = 86_400.0;

/// What becomes of work.
#[derive(Debug, Clone, PartialEq)]
pub struct Plant {
    /// Its kind.
    pub kind: Kind,
    /// How many requests or jobs one process works on at a time.
    pub slots: u32,
    /// How long one takes without waiting, in seconds, on average.
    pub service: f64,
    /// By what part that swings over the day: 0.2 is from 20 % less to 20 % more.
    pub drift: f64,
    /// The response time or wait above which a request or job is late, in seconds.
    pub slo: f64,
}

/// What happened in a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// What is in the system at its end.
    pub left: f64,
    /// For how many slot-seconds there was work.
    pub busy: f64,
    /// The expected response time (web) or wait (queue) of what came in it, in seconds.
    pub delay: f64,
}

impl Plant {
    /// Web processes as the scoreboard has them: 0.1 s a request, late after a second.
    pub fn web() -> Self {
        Self {
            kind: Kind::Web,
            slots: 1,
            service: 0.1,
            drift: 0.0,
            slo: 1.0,
        }
    }

    /// Workers whose jobs take so long. Late after 30 s of waiting; where jobs themselves take that long, after 120 s.
    pub fn queue(service: f64) -> Self {
        Self {
            kind: Kind::Queue,
            slots: 1,
            service,
            drift: 0.0,
            slo: if service >= 30.0 { 120.0 } else { 30.0 },
        }
    }

    /// How long a request takes without waiting, at a second of the run.
    pub fn service_at(&self, second: u32) -> f64 {
        if self.drift == 0.0 {
            return self.service;
        }
        let turn = TAU * f64::from(second) / DRIFT_PERIOD;
        self.service * (1.0 + self.drift * turn.sin())
    }

    /// One second: `before` is in the system, `arrivals` come, so many processes are ready, work takes `service` seconds.
    #[inline]
    pub fn step(&self, before: f64, arrivals: f64, ready: f64, service: f64) -> Step {
        match self.kind {
            Kind::Web if self.slots == 1 => web::step(before, arrivals, ready, service),
            Kind::Web => web::step_slots(before, arrivals, ready, service, self.slots),
            Kind::Queue => queue::step(before, arrivals, ready * f64::from(self.slots), service),
        }
    }

    /// The share of its slots that may be busy for good: above it a web process is late; a queue needs a little room to
    /// come down again.
    pub fn most_busy(&self, service: f64) -> f64 {
        match self.kind {
            Kind::Web => erlang::busiest(self.slots, self.slo / service),
            Kind::Queue => 0.95,
        }
    }

    /// The smallest number of processes with which so many Erlang of work are in time, at least 1.
    pub fn demand(&self, erlang: f64, service: f64) -> u32 {
        needed(erlang / (self.most_busy(service) * f64::from(self.slots))).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demand_is_what_keeps_the_target() {
        let four = Plant {
            slots: 4,
            ..Plant::web()
        };
        for (plant, erlang, expected, because) in [
            (Plant::web(), 0.0, 1, "one at least"),
            (
                Plant::web(),
                0.9,
                1,
                "nine tenths busy is a response in ten service times",
            ),
            (Plant::web(), 0.91, 2, "and not more"),
            (Plant::web(), 10.0, 12, "10 / 0.9"),
            (Plant::queue(5.0), 9.5, 10, "a queue may be busier"),
            (four, 10.0, 3, "four slots help each other"),
        ] {
            assert_eq!(plant.demand(erlang, plant.service), expected, "{because}");
        }
    }

    #[test]
    fn service_drifts_with_the_day() {
        let plant = Plant {
            drift: 0.2,
            ..Plant::web()
        };
        for (second, expected) in [(0, 0.1), (21_600, 0.12), (64_800, 0.08)] {
            let service = plant.service_at(second);
            assert!((service - expected).abs() < 1e-9, "{second}: {service}");
        }
    }
}
