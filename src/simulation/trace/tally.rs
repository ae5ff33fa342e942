//! Counts what a log tells, moment by moment, into the bins of a trace.

use std::collections::BTreeMap;

use super::{LONGEST, Trace, TraceError};

/// How long a log must be for bins of a minute; a shorter one is counted in bins of ten seconds.
const LONG: i64 = 2 * 3600;

/// Counts by the second. Lines may come in any order: a log is written when a request ends.
#[derive(Debug, Default)]
pub(super) struct Tally {
    by_second: BTreeMap<i64, u32>,
}

impl Tally {
    /// One came at this second of the epoch.
    pub(super) fn count(&mut self, second: i64) {
        let many = self.by_second.entry(second).or_default();
        *many = many.saturating_add(1);
    }

    /// The trace of all that were counted. `what` they are is for the error.
    pub(super) fn trace(&self, what: &str) -> Result<Trace, TraceError> {
        let ends = (
            self.by_second.first_key_value(),
            self.by_second.last_key_value(),
        );
        let (Some((first, _)), Some((last, _))) = ends else {
            let wrong = format!("there is no {what} in it");
            return Err(TraceError::whole(wrong, "a log has at least one"));
        };
        let length = last - first + 1;
        if length > i64::from(LONGEST) {
            let wrong = format!("it goes over {} days", length / 86_400);
            let right = format!("cut out at most {}", i64::from(LONGEST) / 86_400);
            return Err(TraceError::whole(wrong, right));
        }
        let bin: u32 = if length >= LONG { 60 } else { 10 };
        let bins = usize::try_from((length - 1) / i64::from(bin) + 1).unwrap_or_default();
        let mut rates = vec![0.0; bins];
        for (second, many) in &self.by_second {
            let place = usize::try_from((second - first) / i64::from(bin)).unwrap_or_default();
            if let Some(rate) = rates.get_mut(place) {
                *rate += f64::from(*many);
            }
        }
        for rate in &mut rates {
            *rate /= f64::from(bin);
        }
        Trace::new(bin, rates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_bins_fit_the_length() {
        let mut tally = Tally::default();
        for second in [1_000_019, 1_000_000, 1_000_001, 1_000_000] {
            tally.count(second);
        }
        let trace = tally.trace("request").unwrap();
        assert_eq!((trace.bin(), trace.rates()), (10, [0.3, 0.1].as_slice()));
        tally.count(1_000_000 + 7200);
        let trace = tally.trace("request").unwrap();
        assert_eq!((trace.bin(), trace.seconds()), (60, 7260));
    }

    #[test]
    fn nothing_and_too_much() {
        let mut tally = Tally::default();
        let error = tally.trace("request").unwrap_err().to_string();
        assert_eq!(error, "there is no request in it; a log has at least one");
        tally.count(0);
        tally.count(86_400 * 500);
        let error = tally.trace("request").unwrap_err().to_string();
        assert_eq!(error, "it goes over 500 days; cut out at most 400");
    }
}
