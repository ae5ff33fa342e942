//! Finds out whether a configuration file holds the corpus's secret in the places of secrets only: then no message about
//! the file may show it. A fuzzer moves text about, and what stands in another place is no secret.

use autoscalebot::backend::Registry;
use autoscalebot::settings::schema::{Kind, Setting};
use toml::Value;

/// What stands in the corpus's files in place of a secret.
pub const WRITTEN: &str = "hush-written-7f3a";

/// Misspelt names of secret settings in the corpus: their values are masked too.
const NEAR_MISSES: [&str; 2] = ["api_keey", "api_kay"];

/// How much of a text is secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Secret {
    Nothing,
    /// A URL's password.
    Password,
    All,
}

/// Whether [`WRITTEN`] stands in the file, and nowhere but in secrets.
pub fn only_in_secrets(text: &str, registry: &Registry) -> bool {
    let Ok(document) = text.parse::<toml::Table>() else {
        return false;
    };
    let mut settings: Vec<&Setting> = Vec::new();
    settings.extend(registry.measurement.iter().flat_map(|row| row.settings));
    settings.extend(registry.decision.iter().flat_map(|row| row.settings));
    settings.extend(registry.scaling.iter().flat_map(|row| row.settings));
    settings.extend(registry.notification.iter().flat_map(|row| row.settings));
    let everywhere = text.matches(WRITTEN).count();
    everywhere > 0 && everywhere == inside(&Value::Table(document), Secret::Nothing, &settings)
}

/// How often it stands in secrets inside a value.
fn inside(value: &Value, secret: Secret, settings: &[&Setting]) -> usize {
    match value {
        Value::String(text) => match secret {
            Secret::Nothing => 0,
            Secret::Password => password(text).matches(WRITTEN).count(),
            Secret::All => text.matches(WRITTEN).count(),
        },
        Value::Array(list) => list
            .iter()
            .map(|value| inside(value, secret, settings))
            .sum(),
        Value::Table(table) => {
            let secret = |name: &str| {
                if secret == Secret::All {
                    secret
                } else {
                    of_setting(name, settings)
                }
            };
            let values = table.iter();
            values
                .map(|(name, value)| inside(value, secret(name), settings))
                .sum()
        }
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => 0,
    }
}

/// The same name may mean a secret to one backend alone: then it is none for sure.
fn of_setting(name: &str, settings: &[&Setting]) -> Secret {
    if NEAR_MISSES.contains(&name) {
        return Secret::All;
    }
    let mut found = settings
        .iter()
        .filter(|setting| setting.name == name)
        .map(|setting| {
            if setting.secret || setting.kind == Kind::TextTable {
                Secret::All
            } else if matches!(setting.kind, Kind::Url(_) | Kind::UrlOrPath) {
                Secret::Password
            } else {
                Secret::Nothing
            }
        });
    let first = found.next().unwrap_or(Secret::Nothing);
    if found.all(|other| other == first) {
        first
    } else {
        Secret::Nothing
    }
}

fn password(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
    user.split_once(':').map_or("", |(_, password)| password)
}
