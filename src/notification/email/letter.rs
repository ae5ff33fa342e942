//! What a mail says: its headers and its text. Pure, and always plain ASCII on the wire.

use chrono::DateTime;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{Address, error::Error};
use uuid::Uuid;

use super::super::{Notice, NotifyError, Phase};
use crate::backend::BuildError;
use crate::one_line::one_line;

/// The most characters of a subject.
const MOST: usize = 200;

/// What all letters of a notifier have in common.
pub(super) struct Letterhead {
    pub(super) from: Mailbox,
    pub(super) to: Vec<Mailbox>,
    pub(super) subject_prefix: String,
}

/// A mail, ready to send.
pub(super) struct Letter {
    pub(super) from: Address,
    pub(super) to: Vec<Address>,
    pub(super) bytes: Vec<u8>,
}

impl Letterhead {
    pub(super) fn letter(&self, notice: &Notice) -> Result<Letter, NotifyError> {
        let bad = |error: Error| NotifyError(format!("the mail cannot be written: {error}"));
        let to: Vec<Address> = self
            .to
            .iter()
            .map(|mailbox| mailbox.email.clone())
            .collect();
        let from = self.from.email.clone();
        let envelope = Envelope::new(Some(from.clone()), to.clone()).map_err(bad)?;
        let subject = one_line(
            &format!("{}{}", self.subject_prefix, notice.subject()),
            MOST,
        );
        let id = format!("<{}@{}>", Uuid::new_v4(), from.domain());
        // The header's time is the notice's own: that of the event, not of its delivery. No mail is older than 1970.
        let at = notice.at.max(DateTime::UNIX_EPOCH);
        let mut builder = Message::builder()
            .from(self.from.clone())
            .subject(subject)
            .message_id(Some(id))
            .date(at.into())
            .header(ContentType::TEXT_PLAIN)
            // No out-of-office answers, please (RFC 3834).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .envelope(envelope);
        for mailbox in &self.to {
            builder = builder.to(mailbox.clone());
        }
        let message = builder.body(body(notice)).map_err(bad)?;
        Ok(Letter {
            from,
            to,
            bytes: message.formatted(),
        })
    }
}

/// `autoscalebot@` and this host's name, or `localhost` when that is no domain.
pub(super) fn default_sender() -> Result<Mailbox, BuildError> {
    let name = rustix::system::uname();
    let host = name.nodename().to_str().unwrap_or_default();
    let address = Address::new("autoscalebot", host)
        .or_else(|_| Address::new("autoscalebot", "localhost"))
        .map_err(|error| BuildError(format!("no sender's address: {error}")))?;
    Ok(Mailbox::new(None, address))
}

/// The notice's line, then each fact on a line of its own; what there is none of is left out.
fn body(notice: &Notice) -> String {
    let name = notice.event.name();
    let event = match notice.phase {
        Phase::Moment => name.to_owned(),
        Phase::Holds => format!("{name} (lasts; you are told when it ends)"),
        Phase::Ended => format!("{name} (has ended)"),
    };
    let count = match (notice.from, notice.to) {
        (Some(from), Some(to)) if from != to => Some(format!("{from} -> {to}")),
        (_, Some(at)) | (Some(at), None) => Some(at.to_string()),
        (None, None) => None,
    };
    let facts = [
        ("Process", Some(notice.process.to_string())),
        ("Event", Some(event)),
        (
            "Time",
            Some(notice.at.format("%Y-%m-%d %H:%M:%S UTC").to_string()),
        ),
        ("Count", count),
        ("Direction", notice.way().map(|way| way.to_string())),
        (
            "Reason",
            Some(one_line(&notice.reason, 10_000)).filter(|reason| !reason.is_empty()),
        ),
        (
            "Cycle",
            (notice.cycle > 0).then(|| notice.cycle.to_string()),
        ),
    ];
    let mut text = format!("{}\r\n\r\n", notice.text());
    for (name, fact) in facts {
        if let Some(fact) = fact {
            text = format!("{text}{:<11}{fact}\r\n", format!("{name}:"));
        }
    }
    let host = rustix::system::uname();
    let version = env!("CARGO_PKG_VERSION");
    let place = one_line(&host.nodename().to_string_lossy(), 100);
    format!("{text}\r\n-- \r\nautoscalebot {version} on {place}\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ProcessName;
    use crate::notification::Event;

    fn letter(reason: &str, prefix: &str) -> String {
        let head = Letterhead {
            from: "bot@example.com".parse().unwrap(),
            to: vec![
                "Ops <ops@example.com>".parse().unwrap(),
                "b@example.com".parse().unwrap(),
            ],
            subject_prefix: prefix.to_owned(),
        };
        let notice = Notice {
            process: ProcessName::new("web").unwrap(),
            event: Event::Scale,
            phase: Phase::Moment,
            at: "2026-03-02T12:00:00Z".parse().unwrap(),
            cycle: 7,
            from: Some(2),
            to: Some(3),
            direction: None,
            reason: reason.to_owned(),
        };
        String::from_utf8(head.letter(&notice).unwrap().bytes).unwrap()
    }

    #[test]
    fn the_letter_has_all_facts() {
        let text = letter("too slow", "[autoscalebot] ");
        for line in [
            "From: bot@example.com",
            "To: Ops <ops@example.com>, b@example.com",
            "Subject: [autoscalebot] web: scale up 2 -> 3",
            "Date: Mon, 02 Mar 2026 12:00:00 +0000",
            "Auto-Submitted: auto-generated",
            "web: scale up 2 -> 3: too slow",
            "Process:   web",
            "Event:     scale",
            "Time:      2026-03-02 12:00:00 UTC",
            "Count:     2 -> 3",
            "Direction: up",
            "Reason:    too slow",
            "Cycle:     7",
        ] {
            assert!(
                text.split("\r\n").any(|found| found == line),
                "{line} in {text}"
            );
        }
    }

    #[test]
    fn a_letter_is_ascii_and_takes_no_header_from_elsewhere() {
        let text = letter(
            "zu langsam: größer\r\nBcc: d@e.f\r\n\r\n.\r\nQUIT",
            "ä\r\nBcc: x@y.z ",
        );
        assert!(text.is_ascii(), "no server needs 8BITMIME: {text}");
        let (headers, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!headers.contains("\r\nBcc"), "{headers}");
        assert!(!text.contains("\r\n.\r\n"), "{text}");
    }

    #[test]
    fn there_is_always_a_sender() {
        let sender = default_sender().unwrap().email;
        assert_eq!(sender.user(), "autoscalebot");
    }
}
