//! What one request brought, parsed: plain values that go from the server's thread to the main one.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::hirefire::Batch;
use super::judoscale::Report;
use super::logplex::Frames;
use super::pushed::Pushed;

/// What of a request's headers the formats need.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `Logplex-Frame-Id`: the same in each repetition.
    pub frame_id: Option<&'a str>,
    /// `Logplex-Drain-Token`: which drain it is.
    pub drain_token: Option<&'a str>,
    /// `Logplex-Msg-Count`: how many messages the body has.
    pub msg_count: Option<&'a str>,
}

/// What one request brought.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// A Judoscale adapter's report.
    Report(Report),
    /// HireFire's queue times.
    Batch(Batch),
    /// Log lines of a drain.
    Frames(Frames),
    /// A number that somebody pushed.
    Pushed(Pushed),
}

/// What is wrong with a body, for whoever sent it. It never repeats the body: that may hold anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

impl Malformed {
    /// With these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// What is wrong with a JSON text: where and what, without the text.
    pub(super) fn json(error: &serde_json::Error) -> Self {
        let kind = match error.classify() {
            serde_json::error::Category::Eof => "it ends too early",
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
                "it is no JSON"
            }
            serde_json::error::Category::Data => "it is not of the form that is wanted",
        };
        Self(format!(
            "{kind} (line {}, column {})",
            error.line(),
            error.column()
        ))
    }
}

/// The longest name of a container or a queue that is kept.
pub(super) const LONGEST_NAME: usize = 128;

/// The largest number of milliseconds or jobs that is believed; beyond it, something else was sent.
pub(super) const MOST: f64 = 1e9;

/// A name short enough to keep.
pub(super) fn name(text: &str) -> Option<String> {
    let is_good = !text.is_empty() && text.len() <= LONGEST_NAME;
    is_good.then(|| text.to_owned())
}

/// A number that can be a time or a count.
pub(super) fn plausible(number: f64) -> Option<f64> {
    (number.is_finite() && (0.0..=MOST).contains(&number)).then_some(number)
}

/// What tells two deliveries apart.
pub(super) fn digest(parts: &[&[u8]]) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// The process type in a container's name: `web.1` (Heroku), `web-1` (Scalingo). Nothing where the name does not say.
pub(super) fn process_type(container: &str) -> Option<&str> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let dotted = container.rsplit_once('.').map(|(process, _)| process);
    let numbered = || {
        let (process, number) = container.rsplit_once('-')?;
        is_number(number).then_some(process)
    };
    dotted
        .or_else(numbered)
        .filter(|process| !process.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_type_of_a_container() {
        for (container, expected) in [
            ("web.1", Some("web")),
            ("my-worker.12", Some("my-worker")),
            ("web.4ed720fa31-ur8z1", Some("web")),
            ("web-1", Some("web")),
            ("urgent-web-10", Some("urgent-web")),
            ("a.b.1", Some("a.b")),
            ("srv-abc", None),
            ("web", None),
            ("-1", None),
            (".1", None),
            ("web-", None),
            ("", None),
        ] {
            assert_eq!(process_type(container), expected, "{container:?}");
        }
    }
}
