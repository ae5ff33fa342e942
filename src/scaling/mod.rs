//! Step three: make it so.
//!
//! A scaling backend is one file here that implements [`ScalingBackend`] and has a row in [`BACKENDS`]. It reads the
//! count from the platform and sets it; both are the platform's truth, so that a scale by hand is seen. It lives with
//! the supervisor, not with its actor: a restart, rebuild or reload keeps it as long as its settings stay.

pub mod actor;
pub mod command;
pub mod draining;
pub mod fleet;
pub mod heroku;
pub mod local;
pub mod settling;

use std::sync::Arc;

use async_trait::async_trait;

use crate::backend::Backend;
use crate::drain::settings as drain;
use crate::model::Count;
use crate::scaling::fleet::{Fleet, Phase};
use crate::settings::schema::{Default, Kind, Setting};

/// The room's table.
pub static BACKENDS: &[&Backend<dyn ScalingBackend>] =
    &[&heroku::BACKEND, &local::BACKEND, &command::BACKEND];

/// The settings that every scaling table may have.
pub static SHARED: &[Setting] = &[
    Setting::new(
        "timeout_in_seconds",
        Kind::Seconds,
        Default::Number(10.0),
        "How long all calls of one cycle to the platform may take, retries included.",
    ),
    Setting::new(
        "process_type",
        Kind::Text,
        Default::Derived("the table's name"),
        "The platform's name of the process type (the original's `worker_name`).",
    ),
    drain::DRAIN,
    drain::TIMEOUT,
    drain::NODE_NAME,
    drain::BROKER_URL,
    drain::CA_FILE,
    drain::KEY_PREFIX,
    drain::CONTROL_EXCHANGE,
];

/// Scales one process type.
#[async_trait(?Send)]
pub trait ScalingBackend {
    /// Run once before the first call, and again after a restart. Must be harmless when run again.
    async fn setup(&self) -> Result<(), ScaleError> {
        Ok(())
    }

    /// Run once when scaling ends for good: the process type is no longer managed, the program stops, or a reload has
    /// other settings for it (see [`ScalingBackend::is_taken_over`]). What the backend itself runs (local copies) is stopped within `grace`.
    async fn teardown(&self, _grace: std::time::Duration) {}

    /// Run before each scale.
    async fn heartbeat_start(&self) -> Result<(), ScaleError> {
        Ok(())
    }

    /// The current count.
    async fn count(&self) -> Result<Observed, ScaleError>;

    /// Sets the count and says what the platform made of it.
    async fn scale(&self, to: Count) -> Result<Count, ScaleError>;

    /// Run by `autoscalebot check --live` after the count was read: looks, as far as it can without changing anything,
    /// whether a scale would work.
    async fn look_ahead(&self) -> Result<(), ScaleError> {
        Ok(())
    }

    /// Whether what it runs goes on under a backend of the same name with other settings: a reload that changes them
    /// then leaves out its teardown. `local`'s copies do.
    fn is_taken_over(&self) -> bool {
        false
    }

    /// What this backend scales, as far as it shares calls with others (`heroku my-app`): process types with the same
    /// target tick together, somewhere in the interval. Empty: nothing is shared, and the first cycle begins at once.
    fn target(&self) -> String;

    /// Whether the process type can have been switched off by a person while this program runs. `local` starts at 0
    /// and cannot.
    fn zero_can_mean_off(&self) -> bool {
        true
    }

    /// Those that a scale from what was seen to fewer takes away, by the platform's names (`worker.3`), as far as they
    /// may have work; `None`: nobody knows. What a drain is told.
    fn leaving(&self, _seen: &Observed, _to: Count) -> Option<Vec<String>> {
        None
    }

    /// Whether all that it runs ends when this program does.
    fn ends_with_program(&self) -> bool {
        false
    }

    /// The most that the platform is known to allow at the moment, when it has told (Heroku's 422 with a `limit`).
    fn limit(&self) -> Option<Count> {
        None
    }
}

/// The count as the platform tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// How many are asked for.
    pub count: Count,
    /// How many of them are up; `None`: that is not known.
    pub ready: Option<Count>,
    /// What is known of each of them, where the platform tells.
    pub fleet: Option<Arc<Fleet>>,
}

impl Observed {
    /// A count whose processes all count as ready.
    pub fn ready(count: Count) -> Self {
        Self {
            ready: Some(count),
            ..Self::unknown(count)
        }
    }

    /// A count of which nobody knows how many are up.
    pub fn unknown(count: Count) -> Self {
        Self {
            count,
            ready: None,
            fleet: None,
        }
    }

    /// A count, and these processes. During a release more may be up than are asked for.
    pub fn with(count: Count, fleet: Fleet) -> Self {
        Self {
            count,
            ready: Some(fleet.many(Phase::Up).min(count)),
            fleet: Some(Arc::new(fleet)),
        }
    }

    /// The count for people: `3 asked for, 2 up (1 starting)`.
    pub fn told(&self) -> String {
        let count = self.count;
        let Some(ready) = self.ready else {
            return format!("{count} asked for, and it is not known how many are up");
        };
        let not_up = self.fleet.as_ref().and_then(|fleet| fleet.not_up());
        let not_up = not_up.map_or_else(String::new, |not_up| format!(" ({not_up})"));
        format!("{count} asked for, {ready} up{not_up}")
    }
}

/// Why a count could not be read or set. Each text is for a person and says in plain words what to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScaleError {
    /// The platform refuses; trying again as it is will not help (401, 403, 404, 422).
    #[error("{0}")]
    Refused(String),
    /// The platform could not be reached, did not answer in time, or is in trouble.
    #[error("{0}")]
    Unavailable(String),
    /// The platform refuses for as long as a release is under way; the next cycle tries again.
    #[error("{0}")]
    Waits(String),
    /// The scaling part itself failed and was restarted.
    #[error("{0}")]
    Faulted(String),
}
