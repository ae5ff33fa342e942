//! Tables as values: texts by name, and numbers by local time.

use serde_json::{Map, Value};

use super::wanted::wanted;
use super::{BadValue, Written, one};
use crate::decision::schedule::{Days, Start, Starts};

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

    /// How many at a time, by value.
    pub(super) fn steps(self) -> Result<Value, Vec<BadValue>> {
        let Some(table) = self.value.get_ref().as_table() else {
            return Err(one(self.wrong_type()));
        };
        let mut steps = Map::new();
        let mut values: Vec<f64> = Vec::new();
        let mut faults = Vec::new();
        for (key, value) in table {
            let written = key.get_ref().to_string();
            let number = written.trim().parse::<f64>().ok();
            match number.filter(|number| number.is_finite()) {
                Some(number) if values.contains(&number) => {
                    let wrong = format!("`{written}` is in the table twice");
                    faults.push(BadValue::at(key.span(), wrong, "each value once"));
                }
                Some(number) => values.push(number),
                None => {
                    let wrong = format!("`{written}` is no number");
                    faults.push(BadValue::at(key.span(), wrong, wanted(self.setting.kind)));
                }
            }
            match self.part(value).step() {
                Ok(step) => {
                    steps.insert(written, step);
                }
                Err(bad) => faults.push(bad),
            }
        }
        if table.is_empty() {
            faults.push(self.bad("the table is empty", wanted(self.setting.kind)));
        }
        if faults.is_empty() {
            Ok(Value::from(steps))
        } else {
            Err(faults)
        }
    }

    /// A whole number, or whole numbers by local time.
    pub(super) fn schedule(self, least: i64, most: i64) -> Result<Value, Vec<BadValue>> {
        let Some(table) = self.value.get_ref().as_table() else {
            return self.whole(least, most).map_err(one);
        };
        let mut values = Map::new();
        let mut faults = Vec::new();
        let mut starts = Starts::default();
        let mut all_dated = true;
        for (key, value) in table {
            let written = key.get_ref().to_string();
            let start = written.parse::<Start>();
            all_dated &= matches!(&start, Ok(start) if matches!(start.days, Days::On(_)));
            if let Err(bad) = start.and_then(|start| starts.take(start, &written)) {
                faults.push(BadValue::at(key.span(), bad.wrong, bad.right));
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
        } else if all_dated {
            faults.push(self.bad(
                "every entry has a date, so nothing says what holds on other days",
                "an entry without a date as well, as in `\"0:00\" = 1`",
            ));
        }
        if faults.is_empty() {
            Ok(Value::from(values))
        } else {
            Err(faults)
        }
    }
}
