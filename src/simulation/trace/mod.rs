//! A trace: how many requests or jobs come a second, over time.
//!
//! It is a row of bins of one length. Where it comes from is a file here each: [`csv`], [`access_log`], [`router_log`],
//! [`prometheus`], and for those who have none the [`generator`]. [`read`] tells the formats apart.

pub mod access_log;
pub mod csv;
pub mod generator;
pub mod prometheus;
pub mod read;
pub mod router_log;
mod tally;

use super::number::{length, place, whole};

/// The longest trace, in seconds: 400 days. More is a wrong unit, and would take long to find out.
pub const LONGEST: u32 = 400 * 86_400;

/// The longest bin in which the rate is held; in a longer one it goes straight from centre to centre.
const HELD: u32 = 60;

/// Rates over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    bin: u32,
    rates: Vec<f64>,
}

/// What is wrong with a trace, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}{wrong}; {right}")]
pub struct TraceError {
    /// Where: `line 7: `, or nothing when it is about the whole.
    place: String,
    wrong: String,
    right: String,
}

impl TraceError {
    /// About the whole.
    pub fn whole(wrong: impl Into<String>, right: impl Into<String>) -> Self {
        let (place, wrong, right) = (String::new(), wrong.into(), right.into());
        Self {
            place,
            wrong,
            right,
        }
    }

    /// About one line, counted from 1.
    pub fn line(line: usize, wrong: impl Into<String>, right: impl Into<String>) -> Self {
        Self {
            place: format!("line {line}: "),
            ..Self::whole(wrong, right)
        }
    }
}

impl Trace {
    /// Bins of so many seconds with these rates a second.
    pub fn new(bin: u32, rates: Vec<f64>) -> Result<Self, TraceError> {
        if bin == 0 || rates.is_empty() {
            let right = "a trace has at least one bin of at least a second";
            return Err(TraceError::whole("there is nothing in it", right));
        }
        if let Some(rate) = rates
            .iter()
            .find(|rate| !(**rate >= 0.0 && rate.is_finite()))
        {
            let right = "a rate is a number of at least 0, a second";
            return Err(TraceError::whole(format!("{rate} is no rate"), right));
        }
        if length(rates.len()) * f64::from(bin) > f64::from(LONGEST) {
            let wrong = format!("{} bins of {bin} s are too many", rates.len());
            let right = format!("a trace has at most {} days", LONGEST / 86_400);
            return Err(TraceError::whole(wrong, right));
        }
        Ok(Self { bin, rates })
    }

    /// How long a bin is, in seconds.
    pub fn bin(&self) -> u32 {
        self.bin
    }

    /// The rates, one a bin.
    pub fn rates(&self) -> &[f64] {
        &self.rates
    }

    /// How long it is, in seconds.
    pub fn seconds(&self) -> u32 {
        u32::try_from(self.rates.len()).map_or(LONGEST, |bins| bins * self.bin)
    }

    /// The mean rate.
    pub fn mean(&self) -> f64 {
        self.rates.iter().sum::<f64>() / length(self.rates.len())
    }

    /// The rate in a second: held within bins of up to a minute, straight between the centres of longer ones.
    pub fn rate(&self, second: u32) -> f64 {
        if self.bin <= HELD {
            return self.bin_rate(second / self.bin);
        }
        let bins = (f64::from(second) + 0.5) / f64::from(self.bin) - 0.5;
        let (before, part) = (whole(bins), (bins - bins.floor()).clamp(0.0, 1.0));
        if bins <= 0.0 {
            return self.bin_rate(0);
        }
        let (from, to) = (
            self.bin_rate(before),
            self.bin_rate(before.saturating_add(1)),
        );
        from + (to - from) * part
    }

    /// Every second's rate.
    pub fn by_second(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.seconds()).map(|second| self.rate(second))
    }

    /// A bin's rate; past the end the last one's.
    fn bin_rate(&self, bin: u32) -> f64 {
        let last = self.rates.len().saturating_sub(1);
        self.rates.get(place(bin).min(last)).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_bins_hold_and_long_ones_slope() {
        let short = Trace::new(60, vec![1.0, 3.0]).unwrap();
        let long = Trace::new(120, vec![1.0, 3.0]).unwrap();
        for (trace, second, expected, because) in [
            (&short, 0, 1.0, "held from the start"),
            (&short, 59, 1.0, "to the end of the bin"),
            (&short, 60, 3.0, "then the next"),
            (&short, 500, 3.0, "past the end the last"),
            (&long, 0, 1.0, "before the first centre nothing is known"),
            (&long, 59, 1.0, "the same"),
            (
                &long,
                119,
                2.0 - 1.0 / 120.0,
                "half way between the centres",
            ),
            (&long, 239, 3.0, "after the last centre"),
        ] {
            let rate = trace.rate(second);
            assert!(
                (rate - expected).abs() < 1e-9,
                "{second}: {rate}: {because}"
            );
        }
        assert_eq!((long.seconds(), long.by_second().count()), (240, 240));
    }

    #[test]
    fn what_is_no_trace_is_refused() {
        for (bin, rates, expected) in [
            (60, vec![], "there is nothing in it"),
            (0, vec![1.0], "there is nothing in it"),
            (60, vec![1.0, -1.0], "-1 is no rate"),
            (60, vec![f64::NAN], "NaN is no rate"),
            (LONGEST, vec![1.0, 1.0], "2 bins of 34560000 s are too many"),
        ] {
            let error = Trace::new(bin, rates).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
