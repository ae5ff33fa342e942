//! `[defaults]`: what every process shares, unless it says otherwise.

use super::preset::PRESET;
use super::presets::Preset;
use super::rooms::Step;
use super::table::{Place, Walk, WrittenTable};
use super::value::{self, BadValue};

/// The `[defaults]` of the file.
#[derive(Default)]
pub(super) struct Defaults<'a> {
    measurement: Option<WrittenTable<'a>>,
    decision: Option<WrittenTable<'a>>,
    scaling: Option<WrittenTable<'a>>,
    /// What sets up each process that has no preset of its own.
    pub(super) preset: Option<&'static Preset>,
    /// Taken as a whole, by processes that have no list of their own.
    pub(super) notification: Option<Vec<WrittenTable<'a>>>,
}

impl<'a> Defaults<'a> {
    /// The table whose settings a process's table of this step is filled up with.
    pub(super) fn of(&self, step: Step) -> Option<&WrittenTable<'a>> {
        match step {
            Step::Measurement => self.measurement.as_ref(),
            Step::Decision => self.decision.as_ref(),
            Step::Scaling => self.scaling.as_ref(),
            Step::Notification => None,
        }
    }
}

impl Walk<'_> {
    /// Reads the `[defaults]`.
    pub(super) fn defaults<'t>(&mut self, root: &WrittenTable<'t>) -> Defaults<'t> {
        let Some(written) = self.table_at(root, "defaults") else {
            return Defaults::default();
        };
        self.known_steps(&written, &[PRESET]);
        let defaults = Defaults {
            preset: self.preset(&written),
            measurement: self.step_table(Step::Measurement, &written),
            decision: self.step_table(Step::Decision, &written),
            scaling: self.step_table(Step::Scaling, &written),
            notification: self.tables_of(Step::Notification, &written),
        };
        let own = defaults.measurement.as_ref();
        if let Some((place, _)) = own.and_then(|table| table.find(Step::Decision.name())) {
            let wrong = "only a process's own measurement has a decision of its own";
            self.find(&place, wrong, "`[defaults.decision]`");
        }
        for step in [Step::Measurement, Step::Decision, Step::Scaling] {
            self.untaken(step, defaults.of(step), false);
        }
        for table in defaults.notification.iter().flatten() {
            self.untaken(Step::Notification, Some(table), false);
        }
        defaults
    }

    /// Tells what is wrong with a table whichever backend takes it: a defaults' table, of which processes see only what
    /// their backends have, or one whose backend is not known. Of the defaults, a variable that is missing is told only
    /// when someone needs it (`missing_too` is false).
    pub(super) fn untaken(
        &mut self,
        step: Step,
        written: Option<&WrittenTable<'_>>,
        missing_too: bool,
    ) {
        self.known_settings(step, written);
        let room = self.rooms.of(step);
        if let Some(written) = written {
            for (key, value) in written.table {
                let name = room.meant_setting(key.get_ref());
                let candidates = room.every_setting().filter(|setting| setting.name == name);
                let read: Vec<_> = candidates
                    .map(|setting| value::read(setting, value, self.environment))
                    .collect();
                if read.iter().any(Result::is_ok) {
                    continue;
                }
                let faults = read.into_iter().find_map(Result::err).unwrap_or_default();
                let told = |bad: &BadValue| missing_too || !bad.only_missing;
                for bad in faults.into_iter().filter(told) {
                    let place = Place {
                        span: bad.span,
                        ..written.place.under(name, key.span())
                    };
                    self.find(&place, bad.wrong, bad.right);
                }
            }
        }
    }

    /// Tells settings that no backend of a step has, and one that is written under two names.
    fn known_settings(&mut self, step: Step, written: Option<&WrittenTable<'_>>) {
        let room = self.rooms.of(step);
        if let Some(written) = written {
            for (key, _) in written.table {
                let name = key.get_ref().as_ref();
                let meant = room.meant_setting(name);
                let known = meant == "backend"
                    || room.is_table(meant)
                    || room.every_setting().any(|setting| setting.name == meant);
                let place = written.place.under(name, key.span());
                if known {
                    self.doubled(room, written, name, &place);
                } else {
                    self.unknown_setting(room, &[], name, &place);
                }
            }
        }
    }
}
