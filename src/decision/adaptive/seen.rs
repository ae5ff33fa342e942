//! What `adaptive` looks at: the fields of a measurement that are there, whatever backend took it.

use num_traits::ToPrimitive as _;
use serde_json::Value;

use super::Goal;
use crate::decision::{Level, Reading};

/// No number is larger.
const MOST: f64 = 1e9;

/// One look. Times are in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// When.
    pub at: f64,
    /// How many processes are asked for.
    pub count: f64,
    /// How many of them are up.
    pub ready: f64,
    /// How long a request takes.
    pub response: Option<f64>,
    /// Of how many requests of our own that is the mean, where it is said.
    pub probes: Option<f64>,
    /// How many requests or jobs came since the last look.
    pub arrivals: Option<f64>,
    /// How many jobs wait.
    pub queue: Option<f64>,
    /// How many slots are at work.
    pub busy: Option<f64>,
    /// The busy part of the slots, from 0 to 1.
    pub utilisation: Option<f64>,
    /// How many requests are being worked on or wait.
    pub in_flight: Option<f64>,
    /// Nothing was measured, and that counts as too much.
    pub too_high: bool,
}

impl Seen {
    /// What a reading says. A number alone is a response time in milliseconds, or how many jobs wait.
    pub(super) fn of(reading: &Reading, goal: Goal) -> Self {
        let field = |name: &str| {
            let number = reading.data.get(name).and_then(Value::as_f64);
            number.filter(|number| number.is_finite() && *number >= 0.0)
        };
        let mut seen = Self {
            response: field("response_time_ms").map(|ms| ms / 1000.0),
            probes: field("probes").filter(|many| *many >= 1.0),
            arrivals: field("arrivals"),
            queue: field("queue_length"),
            busy: field("busy").or(reading.busy.and_then(|busy| busy.to_f64())),
            utilisation: field("utilisation").map(|part| part.min(1.0)),
            in_flight: field("in_flight"),
            too_high: reading.level == Level::TooHigh,
            ..Self::default()
        };
        let number = match reading.level {
            Level::Number(number) if !reading.data.is_object() || !seen.is_known() => Some(number),
            Level::Number(_) | Level::TooHigh | Level::None => None,
        };
        match goal {
            Goal::Response(_) => seen.response = seen.response.or(number.map(|ms| ms / 1000.0)),
            Goal::Wait(_) => seen.queue = seen.queue.or(number),
        }
        seen
    }

    /// Without numbers that nobody has.
    pub(super) fn sane(&self) -> Self {
        let sane = |number: Option<f64>| number.map(|number| number.clamp(0.0, MOST));
        Self {
            response: sane(self.response),
            arrivals: sane(self.arrivals),
            queue: sane(self.queue),
            busy: sane(self.busy),
            utilisation: sane(self.utilisation).map(|part| part.min(1.0)),
            in_flight: sane(self.in_flight),
            probes: sane(self.probes),
            ..*self
        }
    }

    /// Whether it says anything of the load.
    pub(super) fn is_known(&self) -> bool {
        let fields = [
            self.response,
            self.arrivals,
            self.queue,
            self.busy,
            self.utilisation,
            self.in_flight,
        ];
        self.too_high || fields.iter().any(Option::is_some)
    }
}
