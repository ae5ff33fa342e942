//! The drain of `check --live`: whether those that a scale down would take away could be spoken to.

use crate::drain::{DrainError, ERRAND, Survey};
use crate::scaling::{Observed, ScalingBackend};
use crate::supervisor::desk::fenced;

use super::Trial;

impl Trial<'_> {
    /// Asks who answers, and looks for all that run among them.
    pub(super) async fn survey(&mut self, seen: &Observed, scaling: &dyn ScalingBackend) {
        let made = self.works.drainer(self.process);
        let Some(drainer) = self.built("drain", made).flatten() else {
            return;
        };
        let Some(names) = scaling.leaving(seen, 0) else {
            let backend = &self.process.scaling.backend;
            self.fail(
                "drain",
                format!("{backend} does not say which processes a scale down takes away"),
            );
            return;
        };
        let late = || {
            Err(DrainError(format!(
                "no answer within {} s",
                ERRAND.as_secs()
            )))
        };
        match fenced(ERRAND, drainer.survey()).await.unwrap_or_else(late) {
            Ok(survey) => self.found(&survey, &names),
            Err(error) => self.fail("drain", error),
        }
    }

    fn found(&mut self, survey: &Survey, names: &[String]) {
        let Survey { asked, found } = survey;
        let nodes: Vec<&str> = found.keys().map(String::as_str).collect();
        let there = if nodes.is_empty() {
            "nobody answers".to_owned()
        } else {
            format!("{} answer", nodes.join(", "))
        };
        let is_there = |name: &&String| found.values().flatten().any(|found| found == *name);
        let silent: Vec<&str> = names
            .iter()
            .filter(|name| !is_there(name))
            .map(String::as_str)
            .collect();
        if silent.is_empty() {
            self.say("drain", format!("{asked}: {there}"));
            return;
        }
        let silent = silent.join(", ");
        self.fail(
            "drain",
            format!(
                "{asked}: {there}, and none of them is {silent}; is drain_node_name what they were started with by `-n`?"
            ),
        );
    }
}
