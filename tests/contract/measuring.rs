//! How these tests make a measurement backend: out of the room's table, its defaults, and the values of the test.

use std::path::PathBuf;
use std::rc::Rc;

use autoscalebot::backend::{Backend, BuildError, Shared, Site};
use autoscalebot::clock::Clock;
use autoscalebot::http::Http;
use autoscalebot::measurement::{BACKENDS, MeasureError, MeasurementBackend, Sample};
use autoscalebot::model::ProcessName;
use autoscalebot::settings::schema::{Default, Section};
use serde_json::{Map, Value};

/// A site with a real clock.
pub(crate) fn site() -> Site {
    Site {
        process: ProcessName::new("web").unwrap(),
        clock: Clock::system(),
        http: Http::default(),
        program: PathBuf::new(),
        shared: Shared::default(),
    }
}

/// The backend of this name, with these settings.
pub(crate) fn backend(name: &str, values: Value) -> Rc<dyn MeasurementBackend> {
    try_backend(name, values).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The same, or why it cannot be made.
pub(crate) fn try_backend(
    name: &str,
    values: Value,
) -> Result<Rc<dyn MeasurementBackend>, BuildError> {
    let row = BACKENDS.iter().find(|row| row.name == name).unwrap();
    let section = section(row, values);
    assert_eq!((row.check)(&section), [], "{name}");
    (row.build)(&section, &site())
}

/// The number that was measured, as JSON, which compares with whole numbers and fractions alike.
#[track_caller]
pub(crate) fn number(measured: Result<Sample, MeasureError>) -> Value {
    measured.unwrap().number.into()
}

/// The same as a figure that is compared with others.
#[track_caller]
pub(crate) fn figure(measured: Result<Sample, MeasureError>) -> f64 {
    measured.unwrap().number.unwrap()
}

fn section(row: &Backend<dyn MeasurementBackend>, values: Value) -> Section {
    let Value::Object(written) = values else {
        panic!("a table, please");
    };
    let mut all: Map<String, Value> = row
        .settings
        .iter()
        .filter_map(|setting| Some((setting.name.to_owned(), default(setting.default)?)))
        .collect();
    let names = written.keys().cloned().collect();
    all.extend(written);
    Section::new(all, names)
}

fn default(default: Default) -> Option<Value> {
    match default {
        Default::Required | Default::Absent | Default::Derived(_) => None,
        Default::Text(text) => Some(text.into()),
        Default::Texts(texts) => Some(texts.to_vec().into()),
        Default::Number(number) => Some(number.into()),
        Default::Whole(whole) => Some(whole.into()),
        Default::Boolean(truth) => Some(truth.into()),
    }
}
