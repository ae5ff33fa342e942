//! How many processes answer in time. Pure.
//!
//! 1. The load, in processes that would be needed if nothing varied: from the rate and what one process can carry
//!    (`capacity`), or from how busy the processes are, or from how long responses take.
//! 2. The forecast of the load for when a process that is ordered now is up (`forecast`).
//! 3. The count for which count + price × chance of being late is least. The price of lateness goes up while more are late
//!    than the budget allows, and down while fewer are: the budget is spent where that saves most.
//! 4. While there is a backlog, enough to work it off within a minute.

use num_traits::ToPrimitive as _;
use serde::{Deserialize, Serialize};

use super::capacity::{Capacity, Server, busiest};
use super::forecast::{Forecast, Forecaster};
use super::lateness::{SOME, late, turned};
use super::probes::Probes;
use super::seen::Seen;

/// How much of a process's capacity is planned for.
const EDGE: f64 = 0.99;

/// The price of lateness, in fleets.
const CHEAPEST: f64 = 0.3;
const DEAREST: f64 = 20.0;
const FIRST_PRICE: f64 = 6.0;

/// A response above this part of the target tells of the past rather than of the rate.
const BACKLOG: f64 = 0.8;

/// Within how many seconds a backlog is to be worked off.
const WORKED_OFF: f64 = 60.0;

/// By how much there are to be more while nothing is known but that there are too few.
const MORE: f64 = 1.5;

/// After how many looks at responses that are late and grow no shorter there are to be more, and how many times as many.
const ENOUGH: u32 = 2;
const GROWS: f64 = 1.25;

/// How busy processes may be while nothing is known of how long they take.
const CAREFUL: f64 = 0.8;

/// How fast the shortest response that was seen is forgotten, in seconds.
const FLOOR_SPAN: f64 = 43_200.0;

/// What is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Web {
    pub(super) capacity: Capacity,
    pub(super) forecaster: Forecaster,
    price: f64,
    /// How long a response takes when nothing waits, where there is nothing but response times.
    floor: Option<f64>,
    probes: Probes,
    ready: f64,
    /// The last response, where requests are counted too.
    response: f64,
    /// How many requests a second a process was taken to carry at the last look, where that is what the load is counted by.
    carried: Option<f64>,
    /// For how many looks in a row responses have been late, and became no shorter.
    grows: u32,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            capacity: Capacity::default(),
            forecaster: Forecaster::default(),
            price: FIRST_PRICE,
            floor: None,
            probes: Probes::default(),
            ready: 0.0,
            response: 0.0,
            carried: None,
            grows: 0,
        }
    }
}

/// The load, and where it was taken from.
struct Load {
    /// In processes.
    processes: f64,
    source: &'static str,
    server: Option<Server>,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Want {
    pub(super) processes: f64,
    pub(super) forecast: Forecast,
    pub(super) source: &'static str,
    pub(super) backlog: bool,
}

impl Web {
    /// What is wanted after this look, `seconds` after the last one, so many seconds ahead. `budget` is the part of the
    /// requests that may be late. `None`: nothing is known of the load.
    pub(super) fn want(
        &mut self,
        seen: &Seen,
        target: f64,
        budget: f64,
        seconds: f64,
        ahead: f64,
    ) -> Option<Want> {
        let stood_still = self.ready.to_bits() == seen.ready.to_bits();
        self.ready = seen.ready;
        if let Some(want) = self.by_probes(seen, target, budget, (seconds, ahead)) {
            return Some(want);
        }
        if seen.arrivals == Some(0.0) && self.capacity.server().is_none() {
            return Some(none_yet(seen));
        }
        let load = self.load(seen, target, seconds, stood_still)?;
        self.count_by(load.server.map(|server| server.rate(target)));
        let response = seen.response_within(seconds);
        let late = match response {
            _ if seen.too_high => 1.0,
            Some(response) => late(response, target),
            None if seen.utilisation.is_some_and(|busy| busy > CAREFUL) => SOME,
            None => 0.0,
        };
        self.price = (self.price * turned(late, budget)).clamp(CHEAPEST, DEAREST);
        let forecast = self
            .forecaster
            .forecast(load.processes, seen.at, seconds, ahead);
        let mut processes = self.cheapest(forecast);
        let backlog = response.is_some_and(|response| response > target);
        if backlog && let Some(drained) = drained(seen, &load, forecast, seconds) {
            processes = processes.max(drained);
        }
        if self.grows >= ENOUGH && seen.ready >= seen.count {
            // Whatever is believed, these are not enough.
            processes = processes
                .max((seen.ready * GROWS).ceil())
                .max(seen.ready + 1.0);
        }
        Some(Want {
            processes,
            forecast,
            source: load.source,
            backlog,
        })
    }

    /// The load is counted in processes that carry so many requests a second. What is learned of that is no change of the load.
    fn count_by(&mut self, carried: Option<f64>) {
        if let (Some(before), Some(now)) = (self.carried, carried) {
            self.forecaster.convert(before / now);
        }
        self.carried = carried;
    }

    fn load(&mut self, seen: &Seen, target: f64, seconds: f64, stood_still: bool) -> Option<Load> {
        let ready = seen.ready.max(1.0);
        let response = seen.response_within(seconds);
        let rate = seen.arrivals.map(|arrivals| arrivals / seconds);
        if let (Some(rate), Some(response)) = (rate, response) {
            let rises = response > 0.95 * self.response;
            self.response = response;
            let grows = rises && response > target;
            self.grows = if grows {
                self.grows.saturating_add(1)
            } else {
                0
            };
            if response < BACKLOG * target {
                let counts = stood_still && rate > 0.0;
                self.capacity.learn(response, rate / ready, counts, seconds);
            } else if self.grows >= ENOUGH {
                self.capacity.overloaded(response, rate / ready);
            }
        }
        if let (Some(rate), Some(server)) = (rate, self.capacity.server()) {
            return Some(Load {
                processes: rate / server.rate(target),
                source: "requests and response time",
                server: Some(server),
            });
        }
        if let Some(busy) = seen.utilisation {
            // Of one slot: the service time is what is left of a response without its wait.
            let service = response.map(|response| response * (1.0 - busy));
            let most = service.map_or(CAREFUL, |service| busiest(1.0, target / service.max(1e-6)));
            return Some(Load {
                processes: ready * busy / most,
                source: "utilisation",
                server: None,
            });
        }
        if seen.too_high {
            return Some(Load {
                processes: ready * MORE,
                source: "a failed measurement, which counts as too high",
                server: None,
            });
        }
        if rate.is_some() && response.is_some_and(|response| response >= BACKLOG * target) {
            // What one can carry shows only once there is no backlog.
            return Some(Load {
                processes: ready * MORE,
                source: "requests that pile up, with nothing known of what one process carries",
                server: None,
            });
        }
        Some(self.by_response(response?, ready, target, seconds))
    }

    /// From single responses, or the means of a few, where there is nothing else.
    fn by_probes(
        &mut self,
        seen: &Seen,
        target: f64,
        budget: f64,
        (seconds, ahead): (f64, f64),
    ) -> Option<Want> {
        if seen.arrivals.is_some() || seen.utilisation.is_some() || seen.in_flight.is_some() {
            return None;
        }
        let response = seen.response?;
        let many = self.probes.many(response, seen.probes)?;
        let response = (response / target).max(1e-6);
        let times = (seconds, ahead, target);
        let ready = seen.ready.max(1.0);
        let (processes, forecast) = self.probes.want((response, many), ready, times, budget);
        Some(Want {
            processes,
            forecast,
            source: "single responses",
            backlog: response > 1.0 && many > 1.0,
        })
    }

    /// From the response time alone: the shortest that was seen lately is taken for one without a wait.
    fn by_response(&mut self, response: f64, ready: f64, target: f64, seconds: f64) -> Load {
        let response = response.max(1e-6);
        let known = self.floor.unwrap_or(response);
        let floor = response.min(known * (seconds / FLOOR_SPAN).exp());
        self.floor = Some(floor);
        let busy = 1.0 - floor / response;
        let most = busiest(1.0, target / floor);
        Load {
            processes: ready * (busy / most).max(response / target * 0.5),
            source: "response time",
            server: None,
        }
    }

    /// The count for which count and price are least together.
    fn cheapest(&self, forecast: Forecast) -> f64 {
        let (tail, fleet) = (self.forecaster.tail(), forecast.load / EDGE);
        let cost = |count: f64| {
            let room = (count * EDGE / forecast.load).ln() / forecast.deviation;
            count + self.price * fleet * tail.above(room)
        };
        let first = (0.6 * forecast.load).floor().max(1.0);
        let many = (2.4 * forecast.load + 12.0).to_u32().unwrap_or(0).min(4000);
        let counts = (0..many).map(|more| first + f64::from(more));
        let best = counts.map(|count| (cost(count), count));
        best.min_by(|one, other| one.0.total_cmp(&other.0))
            .map_or(first, |(_, count)| count)
    }
}

/// No request has come yet, so that there is nothing to learn and nothing to do.
fn none_yet(seen: &Seen) -> Want {
    Want {
        processes: seen.count,
        forecast: Forecast {
            load: 0.0,
            deviation: 0.0,
        },
        source: "requests, of which none has come yet",
        backlog: false,
    }
}

/// How many it takes to work a backlog off.
fn drained(seen: &Seen, load: &Load, forecast: Forecast, seconds: f64) -> Option<f64> {
    let server = load.server?;
    let rate = seen.arrivals? / seconds;
    let inside = seen
        .in_flight
        .unwrap_or(rate * seen.response_within(seconds).unwrap_or(0.0));
    let work = inside * server.service / server.slots;
    Some((forecast.load / EDGE + work / WORKED_OFF).ceil())
}
