//! Tells any program that takes a webhook, after Standard Webhooks (standardwebhooks.com): one signed POST a notice, which
//! the receiver can check with a library of its language. What is sent is `body`'s, how it is signed is `signature`'s.
//!
//! ```text
//! POST /hook
//! webhook-id: msg_0f8a…            the same at each attempt: whoever has seen it has the notice already
//! webhook-timestamp: 1772452800    of this attempt
//! webhook-signature: v1,g0hM9S…    of id, timestamp and body; one for each secret
//!
//! {"type":"scale.performed","timestamp":"2026-03-02T12:00:00.000Z","data":{"process":"web","from":2,"to":3,…}}
//! ```

mod body;
mod signature;

use std::cell::Cell;
use std::rc::Rc;

use async_trait::async_trait;
use log::debug;
use reqwest::header::{
    CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, TRANSFER_ENCODING,
};
use serde::Deserialize;
use uuid::Uuid;

use super::posting::{Answer, Post, TLS_CA_FILE, Verdict};
use super::{Notice, NotificationBackend, NotifyError};
use crate::backend::{Backend, BuildError, Site};
use crate::http;
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, Section, Setting};
use crate::settings::secret::Secret;
use signature::Key;

/// The row in the room's table.
pub static BACKEND: Backend<dyn NotificationBackend> = Backend {
    name: "webhook",
    summary: "any program that takes a signed webhook (Standard Webhooks)",
    settings: &[URL, SIGNING_SECRET, HEADERS, TLS_CA_FILE],
    example: "backend = \"webhook\"\nurl = \"${WEBHOOK_URL}\"\nsigning_secret = \"${WEBHOOK_SECRET}\"\n\
              notify_on_every_scale = true",
    check,
    build,
};

/// A secret as a whole: many receivers know their callers by a token in the path or the query.
const URL: Setting = Setting::secret(
    "url",
    Kind::Url(&["http", "https"]),
    Default::Required,
    "Where each notice is POSTed, as `{\"type\": …, \"timestamp\": …, \"data\": {\"process\", \"event\", \"phase\", \"cycle\", \
     \"from\", \"to\", \"direction\", \"reason\"}}`. The types, in the order of the switches: `measurement.taken`, \
     `scale.performed`, `scale.below_min`, `scale.above_max`, `scale.failed`, `scale.too_rapid`, `supervision.restarted`, \
     `supervision.degraded`, `process.switched_off`, `measurement.failed`, `scale.futile`, `order.changed`, \
     `store.failed`, `scale.draining`, `scale.manual`; `phase` is `moment`, `holds` or `ended`. Any \
     2xx is success; 429, 5xx and a failed connection are tried again within timeout_in_seconds, with the same \
     `webhook-id`; 410 ends it until the bot is started anew. With http, the notice is signed, and everybody on the way \
     can read it.",
);

const SIGNING_SECRET: Setting = Setting::secret(
    "signing_secret",
    Kind::Texts,
    Default::Required,
    "What each notice is signed with, as the receiver has it: `whsec_` and the base64 of 24 to 64 random bytes \
     (`echo whsec_$(openssl rand -base64 32)`). While it is being replaced, a list of the new and the old.",
);

const HEADERS: Setting = Setting::new(
    "headers",
    Kind::TextTable,
    Default::Absent,
    "More headers to send with each notice. Their values are never printed.",
);

struct Webhook {
    post: Post,
    keys: Vec<Key>,
    headers: HeaderMap,
    /// It answered 410.
    gone: Cell<bool>,
}

#[async_trait(?Send)]
impl NotificationBackend for Webhook {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        if self.gone.get() {
            // Told once, below: an error now would be told at every notice.
            debug!(
                "{} wants no more notices (410): not sent",
                self.post.shown()
            );
            return Ok(());
        }
        let id = format!("msg_{}", Uuid::new_v4().simple());
        let body = body::body(notice);
        let stamped = |at: chrono::DateTime<chrono::Utc>| self.stamped(&id, at.timestamp(), &body);
        let judge = |answer: &_| self.judge(answer);
        self.post.deliver(&body, stamped, judge).await
    }
}

impl Webhook {
    /// The headers of one attempt.
    fn stamped(&self, id: &str, timestamp: i64, body: &str) -> HeaderMap {
        let signatures: Vec<String> = self
            .keys
            .iter()
            .map(|key| key.sign(id, timestamp, body))
            .collect();
        let mut headers = self.headers.clone();
        for (name, value) in [
            ("webhook-id", id),
            ("webhook-timestamp", &timestamp.to_string()),
            ("webhook-signature", &signatures.join(" ")),
        ] {
            // All of them are plain ASCII.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        headers
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let (status, shown) = (answer.status, self.post.shown());
        let said = self.post.quote(&answer.body);
        match status {
            200..=299 => Verdict::Taken,
            410 => {
                self.gone.set(true);
                Verdict::Refused(format!(
                    "{shown} wants no more notices (410 Gone), so none is sent there until the bot is started anew; \
                     take this table out, or put the receiver's new address into url{said}"
                ))
            }
            429 => Verdict::Later(format!("{shown} takes no more for now (429){said}")),
            500..=599 => Verdict::Later(format!("{shown} is in trouble ({status}){said}")),
            _ => Verdict::Refused(format!(
                "{shown} refuses the notice ({status}){}{said}",
                mend(status)
            )),
        }
    }
}

/// What to do about a status, where that is known.
fn mend(status: u16) -> &'static str {
    match status {
        300..=399 => ": redirects are not followed; let url be the address that answers itself",
        400 | 401 | 403 => {
            ": does it know this signing_secret, and is its clock right? If it wants a token, set headers"
        }
        404 | 405 => ": is url right?",
        _ => "",
    }
}

#[derive(Deserialize)]
struct Wanted {
    signing_secret: Vec<Secret>,
}

fn build(section: &Section, site: &Site) -> Result<Rc<dyn NotificationBackend>, BuildError> {
    let Wanted { signing_secret } = section.read()?;
    let keys = signing_secret.iter().map(Key::parse);
    let headers = headers(section)
        .map_err(|fault| BuildError(format!("{}: {}", fault.setting, fault.wrong)))?;
    let values = headers.values().filter_map(|value| value.to_str().ok());
    let mut secrets: Vec<Secret> = values.map(Secret::new).collect();
    let keys = keys
        .collect::<Result<_, _>>()
        .map_err(|bad| BuildError(format!("{}: {}", SIGNING_SECRET.name, bad.wrong)))?;
    secrets.extend(signing_secret);
    Ok(Rc::new(Webhook {
        post: Post::new(section, site, URL.name, secrets)?,
        keys,
        headers,
        gone: Cell::new(false),
    }))
}

fn check(section: &Section) -> Vec<Fault> {
    let mut faults = Vec::new();
    let secrets = section
        .get(SIGNING_SECRET.name)
        .and_then(|value| value.as_array());
    if secrets.is_some_and(Vec::is_empty) {
        let right = "at least one secret";
        faults.push(Fault::at(SIGNING_SECRET.name, "it is empty", right));
    }
    for secret in secrets
        .into_iter()
        .flatten()
        .filter_map(|value| value.as_str())
    {
        if let Err(bad) = Key::parse(&Secret::new(secret)) {
            faults.push(Fault::at(SIGNING_SECRET.name, bad.wrong, bad.right));
        }
    }
    faults.extend(headers(section).err());
    faults
}

/// The headers of the table, none of which may be one that is set here.
fn headers(section: &Section) -> Result<HeaderMap, Fault> {
    let headers = http::headers(section, HEADERS.name)?;
    let ours = [CONTENT_TYPE, CONTENT_LENGTH, TRANSFER_ENCODING, HOST];
    for name in headers.keys() {
        if ours.contains(name) || name.as_str().starts_with("webhook-") {
            return Err(Fault::at(
                HEADERS.name,
                format!("`{name}` is set by the webhook itself"),
                "headers of other names",
            ));
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::notification::Event;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[track_caller]
    fn faults(values: Value) -> Vec<String> {
        let section = Section::new(values.as_object().cloned().unwrap(), Vec::new());
        let faults = check(&section).into_iter();
        faults
            .map(|fault| format!("{}: {}", fault.setting, fault.wrong))
            .collect()
    }

    #[test]
    fn faults_are_found_before_the_first_notice() {
        for (secrets, headers, expected) in [
            (
                json!([SECRET]),
                json!({"Authorization": "Bearer hunter2"}),
                vec![],
            ),
            (json!([SECRET, SECRET]), json!({}), vec![]),
            (json!([]), json!({}), vec!["signing_secret: it is empty"]),
            (
                json!([SECRET, "hunter2"]),
                json!({"Webhook-Id": "hunter2"}),
                vec![
                    "signing_secret: it does not begin with `whsec_`",
                    "headers: `webhook-id` is set by the webhook itself",
                ],
            ),
            (
                json!([SECRET]),
                json!({"content-type": "hunter2"}),
                vec!["headers: `content-type` is set by the webhook itself"],
            ),
            (
                json!([SECRET]),
                json!({"X-Token": "hunter2\n"}),
                vec!["headers: the value of `x-token` cannot be sent in a header"],
            ),
        ] {
            let found = faults(json!({"signing_secret": secrets, "headers": headers}));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_reference_names_every_type_in_order() {
        let mut at = 0;
        for event in Event::ALL {
            let name = format!("`{}`", body::kind(event));
            let found = URL.meaning[at..].find(&name);
            at += found
                .unwrap_or_else(|| panic!("{name} is not in the meaning of url, or out of order"));
        }
    }
}
