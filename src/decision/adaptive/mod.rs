//! `adaptive`: needs one setting, the target, and learns the rest: how long a request or a job takes, how many a process
//! works on at a time, how long a process boots, how the load moves, and how sure all that is.
//!
//! It looks at whatever the measurement has ([`seen`]): a number alone is a response time in milliseconds, or a queue's
//! length; an object may have `response_time_ms`, `arrivals` (since the last measurement), `utilisation`, `in_flight`,
//! `queue_length` and `busy`. The more there is, the fewer processes are needed: a count of requests with their mean response
//! time tells most, a single probe least. Of how many requests of our own a response time is the mean says `probes`; a number
//! that varies as single responses do is taken for one.
//!
//! What is computed, and why, say the files `web`, `probes`, `jobs`, `forecast`, `capacity`, `lateness` and `boots`; [`policy`]
//! puts it together.

mod boots;
mod capacity;
mod forecast;
mod jobs;
mod lateness;
pub mod policy;
mod probes;
pub mod seen;
mod web;

use std::cell::RefCell;
use std::rc::Rc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::{DecideError, DecisionBackend, Situation, Wish};
use crate::backend::Backend;
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, MOST_SECONDS, Section, Setting};
use policy::{Adaptive, Rules};
use seen::Seen;

/// The row in the room's table.
pub(super) static BACKEND: Backend<dyn DecisionBackend> = Backend {
    name: "adaptive",
    summary: "as many as keep a target: forecasts the load, learns everything else",
    settings: SETTINGS,
    example: "[processes.web.decision]\nbackend = \"adaptive\"\ntarget_response_time_ms = 1000\nmax_processes = 10\n",
    check,
    build: |section, _| {
        let written: Written = section.read()?;
        Ok(Rc::new(Backed {
            rules: written.rules(),
            state: RefCell::default(),
        }))
    },
};

static SETTINGS: &[Setting] = &[
    Setting::new(
        "target_response_time_ms",
        Kind::Number(1.0, 600_000.0),
        Default::Absent,
        "For what answers requests: how long an answer may take. This or target_queue_wait_seconds.",
    ),
    Setting::new(
        "target_queue_wait_seconds",
        Kind::Number(0.1, MOST_SECONDS),
        Default::Absent,
        "For what works off a queue: how long a job may wait before it is begun.",
    ),
    Setting::new(
        "violation_budget",
        Kind::Number(0.0001, 0.5),
        Default::Number(0.01),
        "The part of the requests or jobs that may be later than the target: 0.01 is one in a hundred.",
    ),
    Setting::new(
        "boot_time_in_seconds",
        Kind::Number(0.0, 3600.0),
        Default::Derived("learned from how long it takes until as many are up as were asked for"),
        "How long a process takes from being ordered to being up.",
    ),
];

/// What is to be kept, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// A request takes no longer.
    Response(f64),
    /// A job waits no longer.
    Wait(f64),
}

#[derive(Deserialize)]
struct Written {
    target_response_time_ms: Option<f64>,
    target_queue_wait_seconds: Option<f64>,
    violation_budget: f64,
    boot_time_in_seconds: Option<f64>,
}

impl Written {
    fn rules(&self) -> Rules {
        let response = self
            .target_response_time_ms
            .map(|ms| Goal::Response(ms / 1000.0));
        let wait = self.target_queue_wait_seconds.map(Goal::Wait);
        Rules {
            // `check` sees to it that there is one.
            goal: response.or(wait).unwrap_or(Goal::Response(1.0)),
            budget: self.violation_budget,
            boot: self.boot_time_in_seconds,
        }
    }
}

const RESPONSE: &str = "target_response_time_ms";
const WAIT: &str = "target_queue_wait_seconds";

/// There is one target.
fn check(section: &Section) -> Vec<Fault> {
    match (section.get(RESPONSE), section.get(WAIT)) {
        (Some(_), Some(_)) => vec![Fault::at(
            WAIT,
            format!("{RESPONSE} is written too"),
            "one of the two: the first for what answers requests, the second for what works off a queue",
        )],
        (None, None) => {
            let fault = Fault::at(
                RESPONSE,
                "it is missing, and `adaptive` needs a target",
                format!(
                    "{RESPONSE} = 1000 for what answers requests, or {WAIT} = 30 for what works off a queue"
                ),
            );
            vec![fault.for_want_of(WAIT)]
        }
        (Some(_), None) | (None, Some(_)) => Vec::new(),
    }
}

struct Backed {
    rules: Rules,
    state: RefCell<Adaptive>,
}

#[async_trait(?Send)]
impl DecisionBackend for Backed {
    async fn decide(&self, situation: &Situation) -> Result<Wish, DecideError> {
        let Some(newest) = situation.history.last() else {
            return Err(DecideError::Unusable(
                "there is no result to decide on".to_owned(),
            ));
        };
        let seen = Seen {
            at: seconds(situation.at),
            count: f64::from(situation.count),
            ready: f64::from(situation.ready.unwrap_or(situation.count)),
            ..Seen::of(newest, self.rules.goal)
        };
        let wish = self.state.borrow_mut().decide(&seen, self.rules);
        wish.ok_or_else(|| DecideError::Unusable(self.unknown()))
    }

    fn needs_number(&self) -> bool {
        false
    }

    fn reckons_with_busy(&self) -> bool {
        matches!(self.rules.goal, Goal::Wait(_))
    }

    /// It knows of boots itself, and needs every look.
    fn waits_for_rest(&self) -> bool {
        false
    }

    fn learned(&self) -> Option<Value> {
        serde_json::to_value(&*self.state.borrow()).ok()
    }

    fn recall(&self, learned: &Value) -> Result<(), serde_json::Error> {
        *self.state.borrow_mut() = Adaptive::deserialize(learned)?;
        Ok(())
    }

    fn is_zero(&self, number: Option<f64>, data: &Value) -> bool {
        let is_zero = |name: &str| data.get(name).and_then(Value::as_f64) == Some(0.0);
        number == Some(0.0) || is_zero("queue_length") || is_zero("arrivals")
    }
}

impl Backed {
    fn unknown(&self) -> String {
        let wanted = match self.rules.goal {
            Goal::Response(_) => {
                "a response time in milliseconds, or an object with `response_time_ms`, `arrivals` or `utilisation`"
            }
            Goal::Wait(_) => {
                "a queue's length, or an object with `queue_length` and, at best, `arrivals` and `busy`"
            }
        };
        format!("the measurement says nothing of the load, where there should be {wanted}")
    }
}

/// A moment in seconds.
fn seconds(at: DateTime<Utc>) -> f64 {
    at.signed_duration_since(DateTime::UNIX_EPOCH)
        .as_seconds_f64()
}
