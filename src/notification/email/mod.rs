//! Tells the admins by mail: one message a notice, one connection a message.
//!
//! Notices are hours or weeks apart, so that a connection kept between them would be dead when it is needed. What the
//! mail says is `letter`'s, who carries it and how safely is `server`'s, the conversation is `delivery`'s.

mod delivery;
mod letter;
mod server;

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use serde::Deserialize;
use serde_json::Value;

use super::{Notice, NotificationBackend, NotifyError};
use crate::backend::{Backend, BuildError, Site};
use crate::one_line::one_line;
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, Section, Setting};
use crate::settings::secret::Secret;
use letter::Letterhead;
use server::{Server, Tls};

/// The row in the room's table.
pub static BACKEND: Backend<dyn NotificationBackend> = Backend {
    name: "email",
    summary: "the admins, by SMTP",
    settings: SETTINGS,
    example: "backend = \"email\"\nsmtp_url = \"${SMTP_URL}\"\nto = [\"ops@example.com\"]",
    check,
    build,
};

static SETTINGS: &[Setting] = &[
    // A secret as a whole: with some providers the user name is the key.
    Setting::secret(
        "smtp_url",
        Kind::Url(&["smtp", "smtps"]),
        Default::Required,
        "The mail server. `smtps://user:password@host` speaks TLS from the start (port 465); \
         `smtp://user:password@host` begins TLS by STARTTLS (port 587), and sends nothing when the server offers none; \
         `smtp://localhost` and `smtp://host?tls=none` speak without TLS (port 25), which is refused with a password: \
         none is ever sent without TLS (`smtp://user:password@localhost` needs `?tls=required`). Special \
         characters in user and password are percent-encoded.",
    ),
    Setting::new(
        "to",
        Kind::Texts,
        Default::Required,
        "Who is told: addresses, each as `ops@example.com` or `Ops <ops@example.com>`.",
    ),
    Setting::new(
        "from",
        Kind::Text,
        Default::Derived("`autoscalebot@` and the host's name"),
        "The sender's address.",
    ),
    Setting::new(
        "subject_prefix",
        Kind::Text,
        Default::Text("[autoscalebot] "),
        "What each subject begins with.",
    ),
    Setting::new(
        "tls_ca_file",
        Kind::Text,
        Default::Absent,
        "A file of CA certificates (PEM) to trust for this server, beside the system's.",
    ),
];

struct Email {
    server: Server,
    tls: Option<Tls>,
    letterhead: Letterhead,
    timeout: Duration,
}

#[async_trait(?Send)]
impl NotificationBackend for Email {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let letter = self.letterhead.letter(notice)?;
        let delivery = delivery::deliver(&self.server, self.tls.as_ref(), &letter, self.timeout);
        match tokio::time::timeout(self.timeout, delivery).await {
            Ok(outcome) => outcome.map_err(NotifyError),
            Err(_) => Err(NotifyError(format!(
                "{} did not take the mail within {} s",
                self.server,
                self.timeout.as_secs_f64()
            ))),
        }
    }
}

#[derive(Deserialize)]
struct Wanted {
    smtp_url: Secret,
    to: Vec<String>,
    from: Option<String>,
    subject_prefix: String,
    tls_ca_file: Option<PathBuf>,
    timeout_in_seconds: f64,
}

fn build(section: &Section, site: &Site) -> Result<Rc<dyn NotificationBackend>, BuildError> {
    let wanted: Wanted = section.read()?;
    let server = Server::parse(&wanted.smtp_url).map_err(|bad| BuildError(bad.wrong.to_owned()))?;
    let to = wanted.to.iter().map(|text| address(text));
    let from = match &wanted.from {
        Some(text) => address(text)?,
        None => letter::default_sender()?,
    };
    let tls = server.tls(wanted.tls_ca_file.as_deref(), &site.shared)?;
    Ok(Rc::new(Email {
        letterhead: Letterhead {
            from,
            to: to.collect::<Result<_, _>>()?,
            subject_prefix: wanted.subject_prefix,
        },
        timeout: Duration::try_from_secs_f64(wanted.timeout_in_seconds)
            .map_err(|error| BuildError(error.to_string()))?,
        server,
        tls,
    }))
}

fn check(section: &Section) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(url) = section.text("smtp_url")
        && let Err(bad) = Server::parse(&Secret::new(url))
    {
        faults.push(Fault::at("smtp_url", bad.wrong, bad.right));
    }
    let recipients = section.get("to").and_then(Value::as_array);
    if recipients.is_some_and(Vec::is_empty) {
        faults.push(Fault::at("to", "it is empty", "at least one address"));
    }
    let texts = recipients.into_iter().flatten().filter_map(Value::as_str);
    let written = texts.map(|text| ("to", text));
    for (setting, text) in written.chain(section.text("from").map(|text| ("from", text))) {
        if address(text).is_err() {
            let right = "an address such as \"ops@example.com\" or \"Ops <ops@example.com>\"";
            let shown = section.shown(setting, &format!("\"{}\"", one_line(text, 100)));
            let wrong = format!("{shown} is no mail address");
            faults.push(Fault::at(setting, wrong, right));
        }
    }
    faults
}

/// An address that any mail server takes: in ASCII, a foreign domain in its `xn--` form.
fn address(text: &str) -> Result<Mailbox, BuildError> {
    match text.parse::<Mailbox>() {
        Ok(mailbox) if mailbox.email.to_string().is_ascii() => Ok(mailbox),
        Ok(_) | Err(_) => Err(BuildError(format!("\"{text}\" is no mail address"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn faults_are_found_before_the_first_mail() {
        for (url, to, from, expected) in [
            (
                "smtps://u:p@mail.example.com",
                json!(["a@b.c"]),
                "x@y.z",
                vec![],
            ),
            (
                "smtp://localhost",
                json!(["Ops <a@b.c>"]),
                "Bot <x@y.z>",
                vec![],
            ),
            (
                "smtp://localhost",
                json!([]),
                "x@y.z",
                vec!["to: it is empty"],
            ),
            (
                "smtp://localhost",
                json!(["a@b.c", "nobody", "a@b.c, d@e.f"]),
                "x",
                vec![
                    "to: \"nobody\" is no mail address",
                    "to: \"a@b.c, d@e.f\" is no mail address",
                    "from: \"x\" is no mail address",
                ],
            ),
            (
                "smtp://user:hidden@localhost",
                json!(["a@b.c\r\nBcc: d@e.f"]),
                "x@y.z",
                vec![
                    "smtp_url: a password would be sent without TLS",
                    "to: \"a@b.c Bcc: d@e.f\" is no mail address",
                ],
            ),
        ] {
            let table = json!({"smtp_url": url, "to": to, "from": from});
            let section = Section::new(table.as_object().cloned().unwrap(), Vec::new());
            let found: Vec<_> = check(&section)
                .iter()
                .map(|fault| format!("{}: {}", fault.setting, fault.wrong))
                .collect();
            assert_eq!(found, expected);
        }
    }
}
