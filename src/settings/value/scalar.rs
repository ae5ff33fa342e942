//! Numbers and booleans, bare or as one environment variable.

use std::fmt;

use serde_json::Value;
use toml::de::DeInteger;

use super::wanted::wanted;
use super::{BadValue, Written};
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
        let whole = match self.value.get_ref().as_integer() {
            Some(written) => integer(written).ok_or_else(|| self.out_of_range("it"))?,
            None => {
                let (variable, text) = self.variable_alone()?;
                text.trim()
                    .parse()
                    .or(Err(()))
                    .map_err(|()| self.unusable(&variable))?
            }
        };
        if (least..=most).contains(&whole) {
            return Ok(Value::from(whole));
        }
        Err(self.out_of_range(whole))
    }

    pub(super) fn number(self, least: f64, most: f64) -> Result<Value, BadValue> {
        let written = self.value.get_ref();
        let bare = match (written.as_integer(), written.as_float()) {
            (Some(whole), _) => Some(whole.to_string().replace('_', "").parse::<f64>()),
            (_, Some(float)) => Some(float.as_str().replace('_', "").parse::<f64>()),
            (None, None) => None,
        };
        let number = match bare {
            Some(Ok(number)) => number,
            // Not decimal: 0x10.
            Some(Err(_)) => written
                .as_integer()
                .and_then(integer)
                .and_then(|whole| i32::try_from(whole).ok())
                .map_or(f64::NAN, f64::from),
            None => {
                let (variable, text) = self.variable_alone()?;
                text.trim()
                    .parse()
                    .or(Err(()))
                    .map_err(|()| self.unusable(&variable))?
            }
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
        let kind = match self.setting.kind {
            Kind::Schedule(least, most) => Kind::Whole(least, most),
            other => other,
        };
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
