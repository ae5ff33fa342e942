//! As many as the schedule says: `min_processes` is the count, whatever is measured. For what follows the clock: office hours,
//! a nightly import, a sale.
//!
//! It needs no measurement: without a measurement table of its own, nothing is measured (the measurement backend `none`); and
//! where one is measured all the same, to be told of it, its failures do not matter.

use std::rc::Rc;

use async_trait::async_trait;
use serde_json::Value;

use super::MOST_PROCESSES;
use super::{DecideError, DecisionBackend, Situation, Wish};
use crate::backend::{Backend, no_check};
use crate::settings::schema::{Default, Kind, Setting};

/// The name, by which the settings know that no measurement is needed.
pub const NAME: &str = "schedule_only";

/// The row in the room's table.
pub(super) static BACKEND: Backend<dyn DecisionBackend> = Backend {
    name: NAME,
    summary: "as many as min_processes says at the time; no measurement is needed, and max_processes need not be written",
    settings: &[Setting::new(
        "min_processes",
        Kind::Schedule(0, MOST_PROCESSES),
        Default::Required,
        "How many there are to be: a number, or a table of local times and numbers. max_processes is the same, unless it is \
         written.",
    )],
    example: "[processes.web.decision]\n\
              backend = \"schedule_only\"\n\
              min_processes = { \"0:00\" = 1, \"mon-fri 8:00\" = 5, \"mon-fri 18:00\" = 1 }\n",
    check: no_check,
    build: |_, _| Ok(Rc::new(Rule)),
};

struct Rule;

#[async_trait(?Send)]
impl DecisionBackend for Rule {
    async fn decide(&self, situation: &Situation) -> Result<Wish, DecideError> {
        Ok(Wish {
            desired: situation.bounds.min().into(),
            reason: "so the schedule of min_processes has it".to_owned(),
        })
    }

    fn needs_number(&self) -> bool {
        false
    }

    fn needs_measurement(&self) -> bool {
        false
    }

    fn is_zero(&self, _number: Option<f64>, _data: &Value) -> bool {
        false
    }

    fn waits_for_rest(&self) -> bool {
        false
    }

    fn otherwise(&self, _: &Situation) -> Vec<String> {
        vec!["another count, if min_processes had said so at this time".to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::decision::testing::counted;
    use crate::model::Bounds;

    #[test]
    fn the_minimum_is_the_count() {
        for (counts, levels, min) in [("5", "F", 3), ("5", "", 3), ("1", "-", 4), ("0", "9", 0)] {
            let situation = Situation {
                bounds: Bounds::new(min, 9).unwrap(),
                ..counted(counts, levels)
            };
            let wish = Rule.decide(&situation).now_or_never().unwrap().unwrap();
            assert_eq!(
                wish.desired,
                i64::from(min),
                "{counts}: whatever is measured"
            );
        }
        assert!(
            !Rule.needs_measurement()
                && !Rule.needs_number()
                && !Rule.is_zero(Some(0.0), &Value::Null)
        );
    }
}
