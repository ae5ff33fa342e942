//! Headers that a table gives: `headers = { X-Token = "${TOKEN}" }`.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::settings::problem::Fault;
use crate::settings::schema::Section;

/// The headers of a setting of the kind `TextTable`, each marked as a secret; none when it is not written. The fault
/// names a header, and never its value.
pub fn headers(section: &Section, setting: &str) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    let Some(Value::Object(table)) = section.get(setting) else {
        return Ok(headers);
    };
    for (name, value) in table {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            return Err(Fault::at(
                setting,
                format!("`{}` is not a header's name", name.escape_debug()),
                "letters, digits and `-`, such as `X-Token`",
            ));
        };
        let value = value.as_str().unwrap_or_default();
        let Ok(mut value) = HeaderValue::from_str(value) else {
            return Err(Fault::at(
                setting,
                format!("the value of `{name}` cannot be sent in a header"),
                "visible ASCII characters in one line",
            ));
        };
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}
