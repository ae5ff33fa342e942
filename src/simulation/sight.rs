//! What a policy sees of the plant: never its state, only what can be measured, over a window of its choice, with the noise
//! that measuring has.

use super::number::place;
use super::plant::erlang;
use super::plant::{Kind, Plant, Step};
use super::random::Random;

/// The longest window, in seconds; a longer one is cut to it.
pub const LONGEST_WINDOW: u32 = 1023;

/// How much measuring errs: the deviation of the logarithm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Of utilisation, response time, and requests in flight.
    pub level: f64,
    /// Of counters: arrivals, a queue's length.
    pub counter: f64,
}

impl Noise {
    /// As the scoreboard has it.
    pub const SCOREBOARD: Self = Self {
        level: 0.05,
        counter: 0.015,
    };
    /// None.
    pub const NONE: Self = Self {
        level: 0.0,
        counter: 0.0,
    };
}

/// Sums since the start.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    busy: f64,
    slots: f64,
    inside: f64,
    delay: f64,
    arrivals: f64,
}

/// Keeps what the last seconds were like.
#[derive(Debug, Clone)]
pub(super) struct Meter {
    /// The sums up to each second, in a ring.
    ring: Vec<Sums>,
    sums: Sums,
    now: u32,
    last: Step,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self {
            ring: vec![Sums::default(); place(LONGEST_WINDOW + 1)],
            sums: Sums::default(),
            now: 0,
            last: Step {
                left: 0.0,
                busy: 0.0,
                delay: 0.0,
            },
        }
    }

    /// One second of so many slots.
    #[inline]
    pub(super) fn push(&mut self, arrivals: f64, slots: f64, step: Step) {
        self.sums.busy += step.busy;
        self.sums.slots += slots;
        self.sums.inside += step.left;
        if arrivals > 0.0 {
            self.sums.delay += arrivals * step.delay.min(1e6);
        }
        self.sums.arrivals += arrivals;
        self.last = step;
        self.now += 1;
        if let Some(place) = self.ring.get_mut(place(self.now & LONGEST_WINDOW)) {
            *place = self.sums;
        }
    }

    /// The sums of the last seconds, and how many there were.
    fn window(&self, seconds: u32) -> (Sums, f64) {
        let seconds = seconds.min(LONGEST_WINDOW).min(self.now);
        let before = self
            .ring
            .get(place((self.now - seconds) & LONGEST_WINDOW))
            .copied()
            .unwrap_or_default();
        let sums = Sums {
            busy: self.sums.busy - before.busy,
            slots: self.sums.slots - before.slots,
            inside: self.sums.inside - before.inside,
            delay: self.sums.delay - before.delay,
            arrivals: self.sums.arrivals - before.arrivals,
        };
        (sums, f64::from(seconds))
    }
}

/// What a policy sees at a tick.
#[derive(Debug)]
pub struct Sight<'a> {
    /// The second of the run.
    pub now: u32,
    /// How many serve.
    pub ready: u32,
    /// How many were ordered.
    pub target: u32,
    pub(super) plant: &'a Plant,
    pub(super) service: f64,
    pub(super) noise: Noise,
    pub(super) meter: &'a Meter,
    pub(super) random: &'a mut Random,
}

impl Sight<'_> {
    /// What kind of process it is.
    pub fn kind(&self) -> Kind {
        self.plant.kind
    }

    /// The busy part of what was ready, over the last seconds, from 0 to 1. `None` when nothing was ready.
    pub fn utilisation(&mut self, seconds: u32) -> Option<f64> {
        let (sums, _) = self.meter.window(seconds);
        (sums.slots > 0.0).then(|| (self.level(sums.busy / sums.slots)).min(1.0))
    }

    /// The mean response time (web) or wait (queue) of all that came in the last seconds. `None` when nothing came.
    pub fn delay(&mut self, seconds: u32) -> Option<f64> {
        let (sums, _) = self.meter.window(seconds);
        (sums.arrivals > 0.0).then(|| self.level(sums.delay / sums.arrivals))
    }

    /// How many were in the system on average, waiting or worked on.
    pub fn in_flight(&mut self, seconds: u32) -> f64 {
        let (sums, length) = self.meter.window(seconds);
        self.level(sums.inside / length.max(1.0))
    }

    /// How many came in the last seconds.
    pub fn arrivals(&mut self, seconds: u32) -> f64 {
        let (sums, _) = self.meter.window(seconds);
        self.counter(sums.arrivals)
    }

    /// How many came a second, over the last seconds.
    pub fn rate(&mut self, seconds: u32) -> f64 {
        let (sums, length) = self.meter.window(seconds);
        self.counter(sums.arrivals / length.max(1.0))
    }

    /// How many wait for a free slot, now.
    pub fn queue_length(&mut self) -> f64 {
        let waiting = (self.meter.last.left - f64::from(self.ready * self.plant.slots)).max(0.0);
        self.counter(waiting)
    }

    /// How many are in the system, waiting or worked on, now.
    pub fn in_system(&mut self) -> f64 {
        self.counter(self.meter.last.left)
    }

    /// How many slots are at work, now.
    pub fn busy(&mut self) -> f64 {
        self.counter(self.meter.last.busy)
    }

    /// How long who came last will wait (queue), or a request take on average (web), now.
    pub fn current_delay(&mut self) -> f64 {
        self.level(self.meter.last.delay)
    }

    /// The response time of one request of its own (web), or the wait of one job (queue).
    pub fn ping(&mut self) -> f64 {
        let delay = self.meter.last.delay;
        match self.plant.kind {
            Kind::Queue => delay,
            // In one queue by chance, what a request takes is exponential as a whole.
            Kind::Web if self.plant.slots == 1 => delay * self.random.exponential(),
            Kind::Web => self.ping_slots(delay),
        }
    }

    /// The mean of several pings.
    pub fn pings(&mut self, many: u32) -> f64 {
        let sum: f64 = (0..many).map(|_| self.ping()).sum();
        sum / f64::from(many.max(1))
    }

    /// Service, and with some chance a wait before it.
    fn ping_slots(&mut self, delay: f64) -> f64 {
        let share =
            (self.meter.last.busy / f64::from(self.ready * self.plant.slots)).clamp(0.0, 1.0);
        let waits = erlang::waits(self.plant.slots, share.min(0.999_999));
        let service = self.service * self.random.exponential();
        if waits > 0.0 && self.random.uniform() < waits {
            let wait = (delay - self.service).max(0.0) / waits;
            service + wait * self.random.exponential()
        } else {
            service
        }
    }

    fn level(&mut self, value: f64) -> f64 {
        value * self.random.factor(self.noise.level)
    }

    fn counter(&mut self, value: f64) -> f64 {
        value * self.random.factor(self.noise.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::random::Stream;

    fn meter(seconds: u32) -> Meter {
        let mut meter = Meter::new();
        for second in 0..seconds {
            let busy = f64::from(second % 2);
            meter.push(
                10.0,
                4.0,
                Step {
                    left: 6.0,
                    busy: 2.0 + busy,
                    delay: 0.1 + 0.2 * busy,
                },
            );
        }
        meter
    }

    fn sight<'a>(
        meter: &'a Meter,
        plant: &'a Plant,
        random: &'a mut Random,
        noise: Noise,
    ) -> Sight<'a> {
        Sight {
            now: meter.now,
            ready: 4,
            target: 4,
            plant,
            service: plant.service,
            noise,
            meter,
            random,
        }
    }

    #[test]
    fn windows_are_averages() {
        let (plant, mut random) = (Plant::web(), Random::new(0, Stream::Measuring));
        for seconds in [40, 5000] {
            let meter = meter(seconds);
            let mut sight = sight(&meter, &plant, &mut random, Noise::NONE);
            for (name, value, expected) in [
                ("utilisation", sight.utilisation(20), Some(0.625)),
                ("the last second", sight.utilisation(1), Some(0.75)),
                ("response", sight.delay(10), Some(0.2)),
                ("arrivals", Some(sight.arrivals(7)), Some(70.0)),
                ("rate", Some(sight.rate(7)), Some(10.0)),
                ("in flight", Some(sight.in_flight(30)), Some(6.0)),
                ("waiting", Some(sight.queue_length()), Some(2.0)),
                ("in the system", Some(sight.in_system()), Some(6.0)),
                ("busy", Some(sight.busy()), Some(3.0)),
                ("all there is", Some(sight.rate(600)), Some(10.0)),
            ] {
                let near = value
                    .zip(expected)
                    .is_some_and(|(value, expected)| (value - expected).abs() < 1e-6);
                assert!(near, "{name} after {seconds}: {value:?} for {expected:?}");
            }
        }
        let nothing = Meter::new();
        let mut sight = sight(&nothing, &plant, &mut random, Noise::NONE);
        assert_eq!((sight.utilisation(30), sight.delay(30)), (None, None));
    }

    #[test]
    fn measuring_errs_as_it_is_told() {
        type Draw = fn(&mut Sight<'_>) -> f64;
        let (plant, meter, mut random) =
            (Plant::web(), meter(60), Random::new(0, Stream::Measuring));
        let mut sight = sight(&meter, &plant, &mut random, Noise::SCOREBOARD);
        let mut spread = |draw: fn(&mut Sight<'_>) -> f64| {
            let logs: Vec<f64> = (0..4000).map(|_| draw(&mut sight).ln()).collect();
            let mean = logs.iter().sum::<f64>() / 4000.0;
            (logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / 4000.0).sqrt()
        };
        let draws: [(&str, f64, Draw); 4] = [
            ("utilisation", 0.05, |sight| sight.utilisation(30).unwrap()),
            ("response", 0.05, |sight| sight.delay(30).unwrap()),
            ("arrivals", 0.015, |sight| sight.arrivals(30)),
            ("a ping", 1.283, |sight| sight.ping()),
        ];
        for (name, expected, draw) in draws {
            let spread = spread(draw);
            assert!(
                (spread / expected - 1.0).abs() < 0.08,
                "{name}: {spread} for {expected}"
            );
        }
    }

    #[test]
    fn pings_have_the_mean_of_all_requests() {
        for slots in [1, 4] {
            let plant = Plant {
                slots,
                ..Plant::web()
            };
            let mut meter = Meter::new();
            let mut last = Step {
                left: 0.0,
                busy: 0.0,
                delay: 0.0,
            };
            for _ in 0..600 {
                last = plant.step(last.left, 36.0 * f64::from(slots), 4.0, 0.1);
                meter.push(36.0, 4.0, last);
            }
            let mut random = Random::new(1, Stream::Measuring);
            let mut sight = sight(&meter, &plant, &mut random, Noise::NONE);
            let mean = sight.pings(20_000);
            assert!(
                (mean / last.delay - 1.0).abs() < 0.05,
                "{slots} slots: {mean} for {}",
                last.delay
            );
        }
    }
}
