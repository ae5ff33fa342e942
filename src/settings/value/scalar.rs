//! Numbers and booleans, bare or as one environment variable.

use std::fmt;

use serde_json::Value;
use toml::de::DeInteger;

use super::wanted::wanted;
use super::{BadValue, Written};
use crate::envelope::Step;
use crate::settings::schema::{Kind, LEAST_SECONDS, MOST_SECONDS};

impl Written<'_> {
    pub(super) fn boolean(self) -> Result<Value, BadValue> {
        if let Some(truth) = self.value.get_ref().as_bool() {
            return Ok(Value::from(truth));
        }
        let (variable, text) = self.variable_alone()?;
        match text.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(Value::from(true)),
            "false" => Ok(Value::from(false)),
            _ => Err(self.unusable(&variable)),
        }
    }

    pub(super) fn whole(self, least: i64, most: i64) -> Result<Value, BadValue> {
        let whole = if let Some(written) = self.value.get_ref().as_integer() {
            integer(written).ok_or_else(|| self.out_of_range("it"))?
        } else {
            let (variable, text) = self.variable_alone()?;
            let read = text.trim().parse::<i64>().ok();
            read.ok_or_else(|| self.unusable(&variable))?
        };
        if (least..=most).contains(&whole) {
            return Ok(Value::from(whole));
        }
        Err(self.out_of_range(whole))
    }

    /// A number of processes at a time, or a percentage.
    pub(super) fn step(self) -> Result<Value, BadValue> {
        if self.value.get_ref().as_integer().is_some() {
            return self.whole(1, crate::decision::MOST_PROCESSES);
        }
        let text = self.text()?;
        match text.parse::<Step>() {
            Ok(Step::Count(many)) => Ok(Value::from(many)),
            Ok(Step::Percent(_) | Step::Most(..)) => Ok(Value::from(text.trim())),
            Err(_) => Err(self.bad(
                "it is no number of processes at a time",
                wanted(self.setting.kind),
            )),
        }
    }

    pub(super) fn number(self, least: f64, most: f64) -> Result<Value, BadValue> {
        let written = self.value.get_ref();
        let digits = match (written.as_integer(), written.as_float()) {
            // Hexadecimal and the like count too, though nobody writes seconds so.
            (Some(whole), _) => Some(integer(whole).map_or(whole.to_string(), |w| w.to_string())),
            (None, Some(float)) => Some(float.as_str().to_owned()),
            (None, None) => None,
        };
        let number = if let Some(digits) = digits {
            digits.replace('_', "").parse().unwrap_or(f64::NAN)
        } else {
            let (variable, text) = self.variable_alone()?;
            let read = text.trim().parse::<f64>().ok();
            read.ok_or_else(|| self.unusable(&variable))?
        };
        if !number.is_finite() {
            return Err(self.bad("it is no finite number", wanted(self.setting.kind)));
        }
        if (least..=most).contains(&number) {
            return Ok(Value::from(number));
        }
        Err(self.out_of_range(number))
    }

    pub(super) fn seconds(self) -> Result<Value, BadValue> {
        self.number(LEAST_SECONDS, MOST_SECONDS)
    }

    /// The variable that a string alone consists of, and its value.
    fn variable_alone(self) -> Result<(String, String), BadValue> {
        let expanded = self.expanded()?;
        match expanded.alone {
            Some(variable) => Ok((variable, expanded.text)),
            None => Err(self.wrong_type()),
        }
    }

    fn unusable(self, variable: &str) -> BadValue {
        let mut kind = self.setting.kind;
        if let Kind::Schedule(least, most) = kind {
            kind = Kind::Whole(least, most);
        }
        let wanted = wanted(kind);
        self.bad(
            format!("the environment variable `{variable}` does not hold {wanted}"),
            format!("{wanted} in `{variable}`"),
        )
    }

    fn out_of_range(self, found: impl fmt::Display) -> BadValue {
        let shown = if self.may_be_quoted() {
            found.to_string()
        } else {
            "the value".to_owned()
        };
        self.bad(
            format!("{shown} is out of range"),
            wanted(self.setting.kind),
        )
    }
}

/// A whole number that fits; `None` for one that is larger than any setting's.
fn integer(written: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(&written.as_str().replace('_', ""), written.radix()).ok()
}
