//! What a measurement says to a decision. Asked by the decision actor in each cycle, and by `once`, so that both decide
//! alike.

use super::Level;
use crate::measurement::OnFailure;
use crate::messages::Outcome;

/// Why a good measurement counts as a failed one.
pub const NO_NUMBER: &str =
    "there is no number in the measurement for the thresholds (see `value_key`)";

/// The level with which a measurement enters the history; a failed one, and one without the number that the decision
/// backend needs, counts as what stands in the error.
pub fn level(
    outcome: Outcome,
    needs_number: bool,
    on_failure: Option<OnFailure>,
) -> Result<Level, OnFailure> {
    match outcome {
        Outcome::Taken(Some(number)) => Ok(Level::Number(number)),
        Outcome::Taken(None) if needs_number => Err(on_failure.unwrap_or(OnFailure::Hold)),
        Outcome::Taken(None) => Ok(Level::None),
        Outcome::Failed(counts_as) => Err(counts_as),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use OnFailure::{Hold, TooHigh};

    #[test]
    fn every_outcome_has_a_level_or_counts_as_a_failure() {
        for (outcome, needs_number, on_failure, expected, because) in [
            (
                Outcome::Taken(Some(5.0)),
                true,
                None,
                Ok(Level::Number(5.0)),
                "a number",
            ),
            (
                Outcome::Taken(None),
                false,
                Some(TooHigh),
                Ok(Level::None),
                "data will do",
            ),
            (
                Outcome::Taken(None),
                true,
                None,
                Err(Hold),
                "no number holds",
            ),
            (
                Outcome::Taken(None),
                true,
                Some(TooHigh),
                Err(TooHigh),
                "unless it counts as this",
            ),
            (
                Outcome::Failed(TooHigh),
                true,
                Some(Hold),
                Err(TooHigh),
                "who measured has said it",
            ),
            (
                Outcome::Failed(Hold),
                false,
                None,
                Err(Hold),
                "without a number too",
            ),
        ] {
            assert_eq!(
                level(outcome, needs_number, on_failure),
                expected,
                "{because}"
            );
        }
    }
}
