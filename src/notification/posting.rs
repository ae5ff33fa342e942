//! POSTs a notice to an address that is a secret, again while that is worth it and there is time: what `slack` and
//! `webhook` have in common. They say what is sent ([`Post::deliver`]) and what an answer means ([`Verdict`]).
//!
//! ```text
//! the notifier's timeout_in_seconds ├──────────────────────────────────────────────────┤
//! attempts, with growing waits      ▓▓▓ 1 s ▓▓▓  2 s  ▓▓▓    4 s    ▓▓▓   the next would pass the end: given up
//! ```
//!
//! Who waits here delays nobody: each notifier has a queue of its own (`actor`).

use std::cell::Cell;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use log::debug;
use percent_encoding::percent_decode_str;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Url};

use super::NotifyError;
use crate::backend::{BuildError, Site};
use crate::clock::Clock;
use crate::http::retry::{Backoff, jitter, own_part, retry_after};
use crate::http::{Wanted, read_body, trouble};
use crate::one_line::one_line;
use crate::settings::schema::{Default, Kind, Section, Setting};
use crate::settings::secret::Secret;

/// A CA to trust.
pub(super) const TLS_CA_FILE: Setting = Setting::new(
    "tls_ca_file",
    Kind::Text,
    Default::Absent,
    "A file of CA certificates (PEM) to trust beside the system's.",
);

/// How long one attempt may take, where `timeout_in_seconds` is longer.
const ATTEMPT: Duration = Duration::from_secs(15);

/// The waits between attempts, when none is asked for.
const WAITS: Backoff = Backoff {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(60),
};

/// The longest wait that an answer can ask of us.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// The most characters quoted of an answer.
const MOST: usize = 200;

/// The shortest part of an address that is kept out of a quotation; a shorter one is no secret.
const SHORTEST_SECRET: usize = 4;

/// Where to, how long it may take, and until when the other side wants to be left alone.
pub(super) struct Post {
    client: Client,
    url: Url,
    shown: String,
    /// What is kept out of every quotation, the longest first.
    secrets: Vec<Secret>,
    timeout: Duration,
    clock: Clock,
    not_before: Cell<Duration>,
}

/// What was answered.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// What an answer means. Each sentence is for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has the notice.
    Taken,
    /// It does not take it, and would not the next time.
    Refused(String),
    /// It cannot take it now.
    Later(String),
}

/// Why an attempt failed that is worth another, and how long it asks us to wait.
struct Failed {
    why: String,
    asked: Option<Duration>,
}

impl Post {
    /// A post to the address in `url`, a setting that was found to be an http or https URL. Opens nothing.
    pub(super) fn new(
        section: &Section,
        site: &Site,
        url: &'static str,
        more_secrets: Vec<Secret>,
    ) -> Result<Self, BuildError> {
        let wrong = |why: &str| BuildError(format!("{url}: {why}"));
        let address = Url::parse(section.text(url).unwrap_or_default())
            .map_err(|error| wrong(&error.to_string()))?;
        let timeout = section.number("timeout_in_seconds").unwrap_or(30.0);
        let mut secrets = parts(&address);
        secrets.extend(more_secrets);
        secrets.retain(|secret| secret.expose().len() >= SHORTEST_SECRET);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        Ok(Self {
            // Notices are hours apart: a connection that was kept would be dead when it is needed.
            client: site.http.client(&Wanted {
                tls_ca_file: section.text(TLS_CA_FILE.name).map(PathBuf::from),
                fresh_connection: true,
            })?,
            shown: address.origin().ascii_serialization(),
            url: address,
            secrets,
            timeout: Duration::try_from_secs_f64(timeout)
                .map_err(|error| BuildError(error.to_string()))?,
            clock: site.clock,
            not_before: Cell::new(Duration::ZERO),
        })
    }

    /// The address as it may be shown: its scheme, host and port alone.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Delivers a JSON body: until it is taken or refused, or there is no time for another attempt. `headers` are asked
    /// for at each attempt, with its time.
    pub(super) async fn deliver(
        &self,
        body: &str,
        headers: impl Fn(DateTime<Utc>) -> HeaderMap,
        judge: impl Fn(&Answer) -> Verdict,
    ) -> Result<(), NotifyError> {
        let until = self.clock.now().mono + own_part(self.timeout);
        self.wait_as_asked(until).await?;
        let mut failed = 0;
        loop {
            let Failed { why, asked } = match self.attempt(body, &headers, &judge, until).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(refused)) => return Err(NotifyError(refused)),
                Err(failed) => failed,
            };
            let pause = self.pause(failed, asked);
            failed += 1;
            if pause >= self.clock.until(until) {
                return Err(NotifyError(self.given_up(&why, failed, asked)));
            }
            debug!("{why}; trying again in {:.1} s", pause.as_secs_f64());
            tokio::time::sleep(pause).await;
        }
    }

    /// What an answer says, for the end of a sentence: on one line, bounded, without secrets. A page of HTML is not
    /// repeated.
    pub(super) fn quote(&self, body: &[u8]) -> String {
        let mut text = String::from_utf8_lossy(body).into_owned();
        // Masked before it is cut, so that no half of a secret remains.
        for secret in &self.secrets {
            text = text.replace(secret.expose(), "***");
        }
        let line = one_line(&text, MOST);
        if line.is_empty() || line.starts_with('<') {
            return String::new();
        }
        format!("; it says: {line}")
    }

    /// The outer error is worth another attempt, the inner one is a refusal.
    async fn attempt(
        &self,
        body: &str,
        headers: impl Fn(DateTime<Utc>) -> HeaderMap,
        judge: impl Fn(&Answer) -> Verdict,
        until: Duration,
    ) -> Result<Result<(), String>, Failed> {
        let wall = self.clock.now().wall;
        let allowed = ATTEMPT.min(self.clock.until(until));
        let sent = tokio::time::timeout(allowed, self.send(body.to_owned(), headers(wall))).await;
        let (answer, asked) = match sent {
            Ok(Ok(answered)) => answered,
            Ok(Err(error)) => return Err(self.failed(&trouble(error))),
            Err(_) => {
                let seconds = (allowed.as_secs_f64() * 10.0).round() / 10.0;
                return Err(self.failed(&format!("no answer within {seconds} s")));
            }
        };
        match judge(&answer) {
            Verdict::Taken => Ok(Ok(())),
            Verdict::Refused(why) => Ok(Err(why)),
            Verdict::Later(why) => Err(Failed { why, asked }),
        }
    }

    async fn send(
        &self,
        body: String,
        headers: HeaderMap,
    ) -> Result<(Answer, Option<Duration>), reqwest::Error> {
        let request = self
            .client
            .post(self.url.clone())
            .headers(headers)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body);
        let response = request.send().await?;
        let status = response.status().as_u16();
        let asked = response.headers().get(RETRY_AFTER);
        let asked = asked
            .and_then(|value| value.to_str().ok())
            .and_then(|value| retry_after(value, self.clock.now().wall));
        // The status decides; what stands in the body only helps the person who reads of it.
        let body = read_body(response).await.unwrap_or_default();
        Ok((Answer { status, body }, asked))
    }

    fn failed(&self, why: &str) -> Failed {
        Failed {
            why: format!("{}: {why}", self.shown),
            asked: None,
        }
    }

    /// How long to wait after a failure. A wait that was asked for counts for the next notices too.
    fn pause(&self, failed: u32, asked: Option<Duration>) -> Duration {
        let Some(asked) = asked else {
            return WAITS.pause(failed, jitter());
        };
        // A zero would make us spin.
        let pause = asked.clamp(WAITS.first, LONGEST_ASKED);
        self.not_before.set(self.clock.now().mono + pause);
        pause
    }

    /// Waits as long as an answer to an earlier notice asked for, unless that is longer than there is time.
    async fn wait_as_asked(&self, until: Duration) -> Result<(), NotifyError> {
        let pause = self.clock.until(self.not_before.get());
        if pause.is_zero() {
            return Ok(());
        }
        if pause >= self.clock.until(until) {
            return Err(NotifyError(format!(
                "{} asked to be left alone for another {:.0} s, which is longer than timeout_in_seconds allows",
                self.shown,
                pause.as_secs_f64().ceil()
            )));
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }

    fn given_up(&self, why: &str, attempts: u32, asked: Option<Duration>) -> String {
        let times = match attempts {
            1 => "once".to_owned(),
            more => format!("{more} times"),
        };
        let seconds = self.timeout.as_secs_f64();
        match asked {
            Some(asked) => format!(
                "{why}; it asks for a wait of {:.0} s, longer than is left of timeout_in_seconds ({seconds} s); it was \
                 tried {times}",
                asked.as_secs_f64()
            ),
            None => format!("{why}; it was tried {times} within timeout_in_seconds ({seconds} s)"),
        }
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Post({})", self.shown)
    }
}

/// The parts of an address that may be secrets, as they stand in it and decoded.
fn parts(url: &Url) -> Vec<Secret> {
    let mut parts = vec![url.as_str().to_owned(), url.path().to_owned()];
    parts.extend(url.path_segments().into_iter().flatten().map(str::to_owned));
    parts.extend(url.query().map(str::to_owned));
    parts.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
    parts.extend([
        url.username().to_owned(),
        url.password().unwrap_or_default().to_owned(),
    ]);
    let decoded: Vec<String> = parts
        .iter()
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect();
    parts.into_iter().chain(decoded).map(Secret::new).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use serde_json::json;

    use super::*;
    use crate::backend::Shared;
    use crate::http::Http;
    use crate::model::ProcessName;

    fn post(url: &str, seconds: f64) -> Post {
        let table = json!({"url": url, "timeout_in_seconds": seconds});
        let section = Section::new(table.as_object().cloned().unwrap(), Vec::new());
        let site = Site {
            process: ProcessName::new("web").unwrap(),
            clock: Clock::system(),
            http: Http::default(),
            program: PathBuf::new(),
            shared: Shared::default(),
        };
        Post::new(&section, &site, "url", vec![Secret::new("whsec_hunter2")]).unwrap()
    }

    #[test]
    fn an_answer_is_quoted_without_secrets() {
        let post = post(
            "https://me:pa%C3%9F2word@a.test:8443/hooks/T0/hunter2?key=hunter3",
            30.0,
        );
        assert_eq!(post.shown(), "https://a.test:8443");
        assert_eq!(format!("{post:?}"), "Post(https://a.test:8443)");
        for (body, expected) in [
            ("no_service", "; it says: no_service"),
            ("  two\r\nlines ", "; it says: two lines"),
            (
                "no route /hooks/T0/hunter2?key=hunter3 here",
                "; it says: no route ***?*** here",
            ),
            ("hunter3 and hunter2", "; it says: *** and ***"),
            ("paß2word, pa%C3%9F2word", "; it says: ***, ***"),
            ("key whsec_hunter2", "; it says: key ***"),
            ("T0", "; it says: T0"),
            ("", ""),
            ("<!DOCTYPE html><p>secret", ""),
        ] {
            assert_eq!(post.quote(body.as_bytes()), expected, "{body}");
        }
        assert!(post.quote(&[b'x'; 9_000]).chars().count() < 300, "bounded");
    }

    #[test]
    fn a_wait_is_ours_or_as_asked() {
        let seconds = Duration::from_secs;
        let post = post("http://a.test/", 30.0);
        let own = post.pause(2, None);
        assert!((seconds(4)..=seconds(5)).contains(&own), "{own:?}");
        assert!(post.not_before.get().is_zero(), "nothing was asked for");
        for (asked, expected, because) in [
            (7, 7, "as asked"),
            (0, 1, "a zero would make us spin"),
            (u64::MAX, 3600, "up to an hour"),
        ] {
            assert_eq!(
                post.pause(9, Some(seconds(asked))),
                seconds(expected),
                "{because}"
            );
        }
        assert!(post.not_before.get() >= seconds(3600), "and kept in mind");
    }

    #[tokio::test(start_paused = true)]
    async fn one_attempt_does_not_use_up_all_the_time() {
        // It takes connections (the system does), and never says a word.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap();
        let post = post(&format!("http://{address}/hunter2"), 40.0);
        let told = post
            .deliver("{}", |_| HeaderMap::new(), |_| Verdict::Taken)
            .await;
        let text = told.unwrap_err().to_string();
        assert!(text.contains("it was tried 3 times"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
