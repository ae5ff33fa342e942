//! How these tests make a backend out of a room's row: with the defaults that its settings say, and the test's values.

use std::path::PathBuf;

use autoscalebot::backend::{Shared, Site};
use autoscalebot::clock::Clock;
use autoscalebot::http::Http;
use autoscalebot::model::ProcessName;
use autoscalebot::settings::schema::{Default, Section, Setting};
use serde_json::{Map, Value};

/// A site with a real clock, for the process `web`.
pub(crate) fn site() -> Site {
    Site {
        process: ProcessName::new("web").unwrap(),
        clock: Clock::system(),
        http: Http::default(),
        program: PathBuf::new(),
        shared: Shared::default(),
    }
}

/// A table of these values, and the defaults of the others.
pub(crate) fn section(shared: &[Setting], own: &[Setting], values: Value) -> Section {
    let Value::Object(written) = values else {
        panic!("a table, please");
    };
    let defaults = shared.iter().chain(own);
    let mut all: Map<String, Value> = defaults
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
