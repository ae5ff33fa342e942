//! Tables as values: texts by name, and numbers by time of day.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::wanted::wanted;
use super::{BadValue, Written, one};
use crate::decision::schedule::TimeOfDay;

impl Written<'_> {
    /// A table of strings. Its values are secrets, so messages name the keys alone.
    pub(super) fn text_table(self) -> Result<Value, Vec<BadValue>> {
        let Some(table) = self.value.get_ref().as_table() else {
            return Err(one(self.wrong_type()));
        };
        let mut texts = Map::new();
        let mut faults = Vec::new();
        for (key, value) in table {
            match self.part(value).expanded() {
                Ok(expanded) => {
                    texts.insert(key.get_ref().to_string(), Value::from(expanded.text));
                }
                Err(mut bad) => {
                    bad.wrong = format!("`{}`: {}", key.get_ref(), bad.wrong);
                    faults.push(bad);
                }
            }
        }
        if faults.is_empty() {
            Ok(Value::from(texts))
        } else {
            Err(faults)
        }
    }

    /// A whole number, or whole numbers by local time of day.
    pub(super) fn schedule(self, least: i64, most: i64) -> Result<Value, Vec<BadValue>> {
        let Some(table) = self.value.get_ref().as_table() else {
            return self.whole(least, most).map_err(one);
        };
        let mut values = Map::new();
        let mut faults = Vec::new();
        let mut seen: BTreeMap<TimeOfDay, String> = BTreeMap::new();
        for (key, value) in table {
            let written = key.get_ref().to_string();
            match written.parse::<TimeOfDay>() {
                Ok(time) => {
                    if let Some(earlier) = seen.insert(time, written.clone()) {
                        faults.push(BadValue::at(
                            key.span(),
                            format!("\"{written}\" and \"{earlier}\" are the same time of day"),
                            "each time of day once",
                        ));
                    }
                }
                Err(error) => faults.push(BadValue::at(
                    key.span(),
                    format!("{written:?} is not a time of day"),
                    error.to_string(),
                )),
            }
            match self.part(value).whole(least, most) {
                Ok(count) => {
                    values.insert(written, count);
                }
                Err(bad) => faults.push(bad),
            }
        }
        if table.is_empty() {
            faults.push(self.bad("the table is empty", wanted(self.setting.kind)));
        }
        if faults.is_empty() {
            Ok(Value::from(values))
        } else {
            Err(faults)
        }
    }
}
