//! The part of the reference that is about the server.

use super::reference::{default_of, line, rule};
use crate::server::settings as server;

const SERVER: &str = "\
# Without this table the bot listens on nothing. What applications already send (Judoscale's and HireFire's adapters,
# Heroku's log drains, anything with curl) is taken in from sources, each with a token of its own.
#[server]
";

/// What the bot serves.
pub(super) fn served() -> String {
    let mut text = rule("server: the page, the API, the metrics, and what applications send");
    text.push_str(SERVER);
    for setting in server::SERVER {
        let shown = match setting.name {
            "token" => "\"${AUTOSCALEBOT_TOKEN}\"".to_owned(),
            "tls_certificate" => "\"/etc/autoscalebot/certificate.pem\"".to_owned(),
            "tls_key" => "\"/etc/autoscalebot/key.pem\"".to_owned(),
            _ => default_of(setting),
        };
        text.push_str(&line(setting, &shown, true));
    }
    text.push_str("\n#[[server.source]]\n");
    for setting in server::SOURCE {
        let shown = match setting.name {
            "name" => "\"shop\"",
            "token" => "\"${SHOP_TOKEN}\"",
            "feeds" => "[\"web\", \"celery\"]",
            _ => "\"web\"",
        };
        text.push_str(&line(setting, shown, true));
    }
    text
}
