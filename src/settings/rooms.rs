//! The registry as the settings see it: four rooms of rows that differ in nothing but name, settings and check.

use std::borrow::Cow;
use std::fmt;

use super::problem::Fault;
use super::schema::{Section, Setting};
use crate::backend::{Backend, Registry};

/// A backend's row without the type of what it builds.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) settings: &'static [Setting],
    pub(super) example: &'static str,
    pub(super) check: fn(&Section) -> Vec<Fault>,
}

impl<T: ?Sized> From<&'static Backend<T>> for Row {
    fn from(backend: &'static Backend<T>) -> Self {
        Self {
            name: backend.name,
            summary: backend.summary,
            settings: backend.settings,
            example: backend.example,
            check: backend.check,
        }
    }
}

/// One of the four steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Measurement,
    Decision,
    Scaling,
    Notification,
}

impl Step {
    /// All four, in the order of a cycle.
    pub(super) const ALL: [Self; 4] = [
        Self::Measurement,
        Self::Decision,
        Self::Scaling,
        Self::Notification,
    ];

    /// Its name in the file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Measurement => "measurement",
            Self::Decision => "decision",
            Self::Scaling => "scaling",
            Self::Notification => "notification",
        }
    }

    /// The backend of a left-out table.
    pub(super) fn default_backend(self) -> &'static str {
        match self {
            Self::Measurement => "response_time",
            Self::Decision => "consecutive_threshold",
            Self::Scaling => "heroku",
            Self::Notification => "console",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The backends of one step and what they share.
#[derive(Clone)]
pub(super) struct Room {
    pub(super) step: Step,
    pub(super) shared: &'static [Setting],
    /// Checks what the shared settings' schema cannot say.
    pub(super) check: fn(&Section) -> Vec<Fault>,
    pub(super) rows: Vec<Row>,
}

impl Room {
    /// The row of a backend.
    pub(super) fn row(&self, name: &str) -> Option<Row> {
        self.rows.iter().copied().find(|row| row.name == name)
    }

    /// All settings of one of its backends: those shared, but for those that it has itself under the same name, then
    /// its own.
    pub(super) fn settings(&self, row: Row) -> impl Iterator<Item = &'static Setting> {
        let own = row.settings;
        let kept = move |shared: &&Setting| own.iter().all(|setting| setting.name != shared.name);
        self.shared.iter().filter(kept).chain(own)
    }

    /// The setting of one of its backends that has this name.
    pub(super) fn setting(&self, row: Row, name: &str) -> Option<&'static Setting> {
        self.settings(row).find(|setting| setting.name == name)
    }

    /// Every setting of any of its backends.
    pub(super) fn every_setting(&self) -> impl Iterator<Item = &'static Setting> {
        let own = self.rows.iter().flat_map(|row| row.settings);
        self.shared.iter().chain(own)
    }

    /// Whether a table of this name may stand in the step's: a measurement has a decision of its own, if it likes.
    pub(super) fn is_table(&self, name: &str) -> bool {
        self.step == Step::Measurement && name == Step::Decision.name()
    }

    /// A name as the original wrote it, in this program's words.
    pub(super) fn meant_setting<'a>(&self, written: &'a str) -> &'a str {
        match (self.step, written) {
            (Step::Scaling, "worker_name") => "process_type",
            _ => written,
        }
    }
}

/// The four rooms.
pub(super) struct Rooms {
    rooms: [Room; 4],
}

impl Rooms {
    /// The rooms of a registry.
    pub(super) fn new(registry: &Registry) -> Self {
        let room = |step, shared, check, rows| Room {
            step,
            shared,
            check,
            rows,
        };
        Self {
            rooms: [
                room(
                    Step::Measurement,
                    crate::measurement::SHARED,
                    crate::measurement::missing::check,
                    registry
                        .measurement
                        .iter()
                        .map(|row| Row::from(*row))
                        .collect(),
                ),
                room(
                    Step::Decision,
                    crate::decision::SHARED,
                    crate::backend::no_check,
                    registry
                        .decision
                        .iter()
                        .map(|row| Row::from(*row))
                        .collect(),
                ),
                room(
                    Step::Scaling,
                    crate::scaling::SHARED,
                    crate::drain::settings::check,
                    registry.scaling.iter().map(|row| Row::from(*row)).collect(),
                ),
                room(
                    Step::Notification,
                    crate::notification::SHARED,
                    crate::notification::check_shared,
                    registry
                        .notification
                        .iter()
                        .map(|row| Row::from(*row))
                        .collect(),
                ),
            ],
        }
    }

    /// One step's room.
    pub(super) fn of(&self, step: Step) -> &Room {
        let [measurement, decision, scaling, notification] = &self.rooms;
        match step {
            Step::Measurement => measurement,
            Step::Decision => decision,
            Step::Scaling => scaling,
            Step::Notification => notification,
        }
    }

    /// All four, in the order of a cycle.
    pub(super) fn all(&self) -> &[Room] {
        &self.rooms
    }
}

/// A backend's name in this program's form: `ResponseTimeBackend` and `autoscalebot.backends.measurement.ResponseTimeBackend`
/// are `response_time`.
pub(super) fn meant_backend(written: &str) -> Cow<'_, str> {
    let class = written.rsplit('.').next().unwrap_or(written);
    if !class.starts_with(|c: char| c.is_ascii_uppercase()) {
        return Cow::Borrowed(written);
    }
    match class {
        "HerokuScaleBackend" => return Cow::Borrowed("heroku"),
        "DjangoEmailBackend" => return Cow::Borrowed("email"),
        _ => {}
    }
    let mut snake = String::new();
    for letter in class.strip_suffix("Backend").unwrap_or(class).chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    Cow::Owned(snake)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_originals_names_are_known() {
        let rows = [
            ("response_time", "response_time"),
            ("ResponseTimeBackend", "response_time"),
            (
                "autoscalebot.backends.measurement.CeleryRedisQueueSizeBackend",
                "celery_redis_queue_size",
            ),
            ("HerokuBackend", "heroku"),
            ("autoscalebot.backends.scaling.HerokuScaleBackend", "heroku"),
            (
                "autoscalebot.backends.notification.DjangoEmailBackend",
                "email",
            ),
            ("AppDecisionBackend", "app_decision"),
            ("my.own", "my.own"),
            ("", ""),
        ];
        for (written, meant) in rows {
            assert_eq!(meant_backend(written), meant, "{written}");
        }
    }
}
