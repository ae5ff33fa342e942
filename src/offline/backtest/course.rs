//! The past on a grid of seconds: what came and how many ran in each recorded interval, so that the simulator can play it
//! again. Pure.

use super::load::Load;
use super::look::Look;
use crate::simulation::figures::Moment;
use crate::simulation::number::{place, whole};
use crate::simulation::plant::Kind;
use crate::simulation::trace::{Trace, TraceError};

/// For so many seconds what is not known is taken to be as it was; what is not known for longer is left out.
pub const HELD: u32 = 300;

/// One recorded interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// What came a second.
    pub rate: f64,
    /// How many processes were asked for.
    pub count: f64,
    /// The response time or wait in seconds, where it is known.
    pub delay: Option<f64>,
    /// Whether it counts: it was measured, or not long ago.
    pub counts: bool,
}

/// The past.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// How many seconds a bin has.
    pub bin: u32,
    /// Without a hole.
    pub bins: Vec<Bin>,
    /// In how many of them nothing was measured, but not long before.
    pub held: usize,
}

/// What was paid, and what came of it, over the bins that count.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    /// Seconds of processes.
    pub seconds: f64,
    /// How many requests or jobs came of which it is known whether they were late.
    pub known: f64,
    /// How many of them were late.
    pub late: f64,
    /// How often the count changed.
    pub scales: u32,
    last: Option<f64>,
}

impl Course {
    /// Lays the looks on a grid of so many seconds; the first ends the first bin.
    pub fn new(looks: &[Look], load: &Load, bin: u32, kind: Kind) -> Self {
        let last = looks.last().map_or(0.0, |look| look.at);
        let bins = whole((last / f64::from(bin)).round()) + 1;
        let mut known: Vec<Option<Bin>> = vec![None; place(bins)];
        for ((look, rate), delay) in looks.iter().zip(&load.rates).zip(&load.delays) {
            let at = place(whole((look.at / f64::from(bin)).round()));
            let bin = rate.zip(look.count).map(|(rate, count)| Bin {
                rate,
                count,
                delay: *delay,
                counts: true,
            });
            if let (Some(known), Some(bin)) = (known.get_mut(at), bin) {
                *known = Some(bin);
            }
        }
        let mut course = Self {
            bin,
            bins: Vec::with_capacity(known.len()),
            held: 0,
        };
        course.hold(&known);
        if kind == Kind::Queue {
            course.whole_jobs();
        }
        course
    }

    /// Fills the holes.
    fn hold(&mut self, known: &[Option<Bin>]) {
        let longest = (HELD / self.bin).max(2);
        let mut last: Option<Bin> = None;
        let mut since = 0;
        for bin in known {
            since = if bin.is_some() { 0 } else { since + 1 };
            last = bin.or(last);
            let counts = last.is_some() && since <= longest;
            self.held += usize::from(counts && since > 0);
            let unknown = Bin {
                rate: 0.0,
                count: 0.0,
                delay: None,
                counts,
            };
            self.bins
                .push(last.map_or(unknown, |last| Bin { counts, ..last }));
        }
    }

    /// Jobs come as a whole: parts of one are kept until they are one.
    fn whole_jobs(&mut self) {
        let (mut kept, length) = (0.0, f64::from(self.bin));
        for bin in &mut self.bins {
            let jobs: f64 = bin.rate * length + kept;
            bin.rate = jobs.round() / length;
            kept = jobs - jobs.round();
        }
    }

    /// The load, second by second.
    pub fn trace(&self) -> Result<Trace, TraceError> {
        Trace::new(self.bin, self.bins.iter().map(|bin| bin.rate).collect())
    }

    /// How many seconds count.
    pub fn seconds(&self) -> f64 {
        let many = self.bins.iter().filter(|bin| bin.counts).count();
        crate::simulation::number::length(many) * f64::from(self.bin)
    }

    /// How many do not.
    pub fn left_out(&self) -> f64 {
        let all = crate::simulation::number::length(self.bins.len());
        all * f64::from(self.bin) - self.seconds()
    }

    /// What really was.
    pub fn sums(&self, late_after: f64) -> Sums {
        let mut sums = Sums::default();
        let length = f64::from(self.bin);
        for bin in self.bins.iter().filter(|bin| bin.counts) {
            sums.count(bin.count, length);
            if let Some(delay) = bin.delay {
                sums.come(bin.rate * length, delay > late_after);
            }
        }
        sums
    }

    /// A second of a simulated run.
    pub fn add(&self, sums: &mut Sums, moment: &Moment, late_after: f64) {
        let bin = self.bins.get(place(moment.now / self.bin));
        if bin.is_some_and(|bin| bin.counts) {
            sums.count(f64::from(moment.target), 1.0);
            sums.come(moment.arrivals, moment.delay > late_after);
        }
    }
}

impl Sums {
    fn count(&mut self, count: f64, seconds: f64) {
        self.seconds += count * seconds;
        let before = self.last.replace(count).unwrap_or(count);
        self.scales += u32::from((before - count).abs() > 0.5);
    }

    fn come(&mut self, many: f64, late: bool) {
        self.known += many;
        if late {
            self.late += many;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offline::backtest::load::Basis;
    use crate::offline::backtest::service::Service;

    /// Looks a minute apart with these rates, two processes, and then three.
    fn course(rates: &[Option<f64>], kind: Kind) -> Course {
        let look = |(at, _): (u32, _)| Look {
            at: 60.0 * f64::from(at) + 2.0 * f64::from(at % 3),
            count: Some(if at < 3 { 2.0 } else { 3.0 }),
            ..Look::default()
        };
        let looks: Vec<Look> = (0..).zip(rates).map(look).collect();
        let load = Load {
            from: Basis::Arrivals,
            service: Service {
                seconds: 0.1,
                because: "",
            },
            delays: rates
                .iter()
                .map(|rate| rate.map(|rate| rate / 10.0))
                .collect(),
            rates: rates.to_vec(),
            likely: 0.0,
            busy: 0.5,
        };
        Course::new(&looks, &load, 60, kind)
    }

    #[test]
    fn holes_are_held_for_a_while_and_then_left_out() {
        let mut rates = vec![None, Some(1.0), Some(2.0)];
        rates.extend([None; 8]);
        rates.extend([Some(30.0), None, Some(4.0)]);
        let course = course(&rates, Kind::Web);
        let counts: Vec<bool> = course.bins.iter().map(|bin| bin.counts).collect();
        let (yes, no) = (true, false);
        assert_eq!(
            counts,
            [
                no, yes, yes, yes, yes, yes, yes, yes, no, no, no, yes, yes, yes
            ],
            "five minutes, and nothing before the first"
        );
        assert!((course.bins[9].rate - 2.0).abs() < 1e-9);
        assert_eq!((course.held, course.left_out()), (6, 240.0));
        let sums = course.sums(1.0);
        // Seven bins of two processes and three of three; the two of 30 a second were late.
        assert!((sums.seconds - 60.0 * 23.0).abs() < 1e-9, "{sums:?}");
        assert!((sums.late - 3600.0).abs() < 1e-9, "{sums:?}");
        assert_eq!(sums.scales, 1);
    }

    #[test]
    fn jobs_come_as_a_whole() {
        let course = course(&[Some(0.01); 10], Kind::Queue);
        let jobs: Vec<f64> = course.bins.iter().map(|bin| bin.rate * 60.0).collect();
        assert!(
            jobs.iter().all(|many| (many - many.round()).abs() < 1e-9),
            "{jobs:?}"
        );
        assert!((jobs.iter().sum::<f64>() - 6.0).abs() < 1e-9, "{jobs:?}");
    }
}
