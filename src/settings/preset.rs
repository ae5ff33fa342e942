//! `preset = "hpa"`: a process set up as another autoscaler would have it, by that one's defaults as its source has them.
//!
//! A preset is a piece of configuration that stands behind what is written, in the process's tables or in `[defaults]`, and
//! before this program's own defaults. The decision backend that it names comes before that of `[defaults]`, when the
//! preset stands in the process itself: who asks for a preset asks for its rule.
//!
//! The bounds are the application's, and so in no preset; but for KEDA, whose least is none.

use toml::Spanned;
use toml::de::DeTable;

use super::defaults::Defaults;
use super::presets::{PRESETS, Preset};
use super::process::CHALLENGER;
use super::rooms::{Step, meant_backend};
use super::schema::{Default, Kind, Setting};
use super::table::Walk;
use super::value;
use super::written::{Place, WrittenTable};
use crate::measurement::none;

/// The setting's name.
pub(super) const PRESET: &str = "preset";

/// What else may stand in a process's table, beside the steps.
pub(super) const OF_A_PROCESS: [&str; 2] = [CHALLENGER, PRESET];

const NAMES: [&str; 6] = [
    "hpa",
    "keda",
    "knative",
    "nomad",
    "hirefire",
    "autoscalebot-2012",
];

/// The settings of a process as a whole.
pub(super) static PROCESS: &[Setting] = &[Setting::new(
    PRESET,
    Kind::OneOf(&NAMES),
    Default::Absent,
    "Sets the process up as another autoscaler would: its rule, its defaults, its patience. What is written anywhere in this \
     file wins over it; `autoscalebot check` shows what it has set. It may stand in `[defaults]`, too, for all processes.",
)];

/// Measures a queue's length.
const OF_A_QUEUE: &str = "celery_redis_queue_size";

/// Decides by a queue's length.
const BY_A_QUEUE: &str = "queue_ratio";

/// What stands behind a process's own tables: `[defaults]`, and a preset's tables around them.
pub(super) struct Layers<'a> {
    defaults: &'a Defaults<'a>,
    preset: Option<Laid>,
    /// The choice of the measurement backend that measures nothing.
    nothing: Table,
}

type Table = Spanned<DeTable<'static>>;

/// A chosen preset, read.
struct Laid {
    preset: &'static Preset,
    /// Whether it stands in the process itself.
    is_own: bool,
    measurement: Table,
    decision: Table,
    /// The decision's choice of a backend alone.
    chooser: Table,
}

impl Laid {
    fn new(preset: &'static Preset, is_own: bool, of_a_queue: bool) -> Self {
        let decision = preset
            .queue
            .filter(|_| of_a_queue)
            .unwrap_or(preset.decision);
        let chooser = decision.lines().find(|line| line.starts_with("backend"));
        Self {
            preset,
            is_own,
            measurement: read(preset.measurement),
            decision: read(decision),
            chooser: read(chooser.unwrap_or_default()),
        }
    }

    fn table<'l>(&'l self, table: &'l Table) -> WrittenTable<'l> {
        WrittenTable {
            preset: Some(self.preset.name),
            ..WrittenTable::root(table.get_ref())
        }
    }
}

/// A preset's table.
fn read(text: &'static str) -> Table {
    DeTable::parse_recoverable(text).0
}

impl Layers<'_> {
    /// The preset.
    pub(super) fn preset(&self) -> Option<&'static Preset> {
        self.preset.as_ref().map(|laid| laid.preset)
    }

    /// The tables behind a process's own, the foremost first.
    pub(super) fn of(&self, step: Step) -> Vec<WrittenTable<'_>> {
        let defaults = self.defaults.of(step).cloned();
        let Some(laid) = &self.preset else {
            return defaults.into_iter().collect();
        };
        let (chooser, values) = match step {
            Step::Measurement => (None, &laid.measurement),
            Step::Decision => (Some(&laid.chooser).filter(|_| laid.is_own), &laid.decision),
            Step::Scaling | Step::Notification => return defaults.into_iter().collect(),
        };
        let chooser = chooser.map(|chooser| laid.table(chooser));
        let all = chooser.into_iter().chain(defaults);
        all.chain([laid.table(values)]).collect()
    }

    /// The same for a measurement, of a process that needs none and has written none.
    pub(super) fn of_no_measurement(&self) -> Vec<WrittenTable<'_>> {
        let nothing = WrittenTable::root(self.nothing.get_ref());
        let mut all = vec![nothing];
        all.extend(self.of(Step::Measurement));
        all
    }
}

impl Walk<'_> {
    /// What stands behind a process's own tables.
    pub(super) fn layers<'l>(
        &mut self,
        written: &WrittenTable<'_>,
        defaults: &'l Defaults<'l>,
    ) -> Layers<'l> {
        let own = self.preset(written);
        let is_own = written.find(PRESET).is_some();
        let chosen = own.or(defaults.preset.filter(|_| !is_own));
        let of_a_queue = is_of_a_queue(written, defaults);
        Layers {
            defaults,
            preset: chosen.map(|preset| Laid::new(preset, is_own, of_a_queue)),
            nothing: read(none::CHOICE),
        }
    }

    /// The preset that a table names; a wrong one is told.
    pub(super) fn preset(&mut self, written: &WrittenTable<'_>) -> Option<&'static Preset> {
        let (place, value) = written.find(PRESET)?;
        let setting = PROCESS.first()?;
        match value::read(setting, value, self.environment) {
            Ok(name) => PRESETS.iter().find(|preset| name == preset.name),
            Err(faults) => {
                for bad in faults {
                    let place = Place {
                        span: bad.span,
                        ..place.clone()
                    };
                    self.find(&place, bad.wrong, bad.right);
                }
                None
            }
        }
    }
}

/// Whether the first measurement is a queue's length, or what is written decides by one.
fn is_of_a_queue(written: &WrittenTable<'_>, defaults: &Defaults<'_>) -> bool {
    let named = |step: Step| {
        let own = written.find(step.name()).and_then(|(_, value)| {
            let value = value.get_ref();
            let first = value.as_array().and_then(|list| list.first());
            first.map_or(value, Spanned::get_ref).as_table()
        });
        let own = own.and_then(|table| table.get("backend"));
        let shared = || defaults.of(step)?.table.get("backend");
        let named = own.or_else(shared)?.get_ref().as_str()?;
        Some(meant_backend(named).into_owned())
    };
    let is = |step, backend: &str| named(step).is_some_and(|named| named == backend);
    is(Step::Measurement, OF_A_QUEUE) || is(Step::Decision, BY_A_QUEUE)
}
