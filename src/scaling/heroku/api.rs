//! One call to Heroku's Platform API: the request as Heroku's own command line sends it, the retries within the
//! caller's patience, and every failure as a sentence without the key. Used by the app's client beside this file and by
//! `measurement::heroku_service_time`.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use log::warn;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RANGE};
use reqwest::{Client, Response, Url};

use super::access::Access;
use super::patience::Patience;
use super::refusal::{self, About};
use super::retry::{self, HoldOff};
use super::used::Used;
use crate::backend::{BuildError, Site};
use crate::clock::Clock;
use crate::http::retry::jitter;
use crate::http::{Wanted, chain, metered, read_body};

pub use super::ask::{Answer, Ask, Failure};

/// The API of one app, with one key.
pub struct Api {
    access: Access,
    client: Client,
    base: Url,
    authorization: HeaderValue,
    clock: Clock,
    remaining: Cell<Option<u64>>,
    used: Rc<Used>,
    hold_off: RefCell<HoldOff>,
}

/// How often a request is sent at most: a kept connection may turn out to be closed, and so may the next.
const MOST_SENDINGS: u32 = 3;

/// What came of one attempt.
enum Attempt {
    Answered(Answer),
    Failed(Failure),
    Busy {
        trouble: String,
        retry_after: Option<Duration>,
    },
}

impl Api {
    /// The API for these settings. Opens nothing.
    pub fn new(access: &Access, site: &Site) -> Result<Self, BuildError> {
        let base = Url::parse(&access.api_url)
            .ok()
            .filter(|url| !url.cannot_be_a_base())
            .ok_or_else(|| BuildError("api_url is not an http or https URL".to_owned()))?;
        let mut authorization = HeaderValue::from_str(&format!(
            "Bearer {}",
            access.api_key.expose()
        ))
        .map_err(|_bad| {
            BuildError("api_key holds a character that no key has (a line break?)".to_owned())
        })?;
        authorization.set_sensitive(true);
        Ok(Self {
            client: site.http.client(&Wanted {
                tls_ca_file: access.tls_ca_file.clone(),
                fresh_connection: false,
            })?,
            access: access.clone(),
            base,
            authorization,
            clock: site.clock,
            remaining: Cell::new(None),
            used: site.shared.get::<Used>(),
            hold_off: RefCell::default(),
        })
    }

    /// The app's name.
    pub fn app(&self) -> &str {
        &self.access.app_name
    }

    /// The HTTP client, for an address that Heroku tells.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The clock that patience is measured on.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Where the API is, without a password that the URL may hold.
    pub fn shown(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        let port = self
            .base
            .port()
            .map_or_else(String::new, |port| format!(":{port}"));
        let path = self.base.path().trim_end_matches('/');
        format!("{}://{host}{port}{path}", self.base.scheme())
    }

    /// How many calls Heroku's rate limit leaves, as last told.
    pub fn remaining(&self) -> Option<u64> {
        self.remaining.get()
    }

    /// Asks, again after each 429 and 5xx, until `patience` ends. A wait that would pass its end is not begun; one that a
    /// 429 asked for holds for all calls.
    pub async fn call(&self, ask: &Ask<'_>, patience: &Patience) -> Result<Answer, Failure> {
        let mut failed = 0;
        loop {
            let held = self.hold_off.borrow().left(self.clock.now().mono);
            let (trouble, pause) = match held {
                Some(held) => held,
                None => match self.attempt(ask).await {
                    Attempt::Answered(answer) => return Ok(answer),
                    Attempt::Failed(failure) => return Err(failure),
                    Attempt::Busy {
                        trouble,
                        retry_after,
                    } => {
                        failed += 1;
                        (trouble, retry::pause(failed - 1, retry_after, jitter()))
                    }
                },
            };
            let seconds = pause.as_secs_f64();
            if pause >= self.clock.until(patience.deadline()) {
                return Err(Failure::Unavailable(format!(
                    "{trouble}; the wait of {seconds:.1} s before another attempt is longer than timeout_in_seconds \
                     leaves, so it is asked again at a later measurement"
                )));
            }
            warn!(backend = "heroku"; "{trouble}; asking again in {seconds:.1} s");
            patience.note(&trouble);
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(&self, ask: &Ask<'_>) -> Attempt {
        let response = match self.send(ask).await {
            Ok(response) => response,
            Err(why) => return self.unreachable(&why),
        };
        let status = response.status().as_u16();
        let headers = response.headers();
        let remaining = text(headers, "ratelimit-remaining").and_then(|left| left.parse().ok());
        self.remaining.set(remaining.or(self.remaining.get()));
        self.used.answered(remaining);
        let next_page = text(headers, "next-range").map(str::to_owned);
        let retry_after = text(headers, "retry-after")
            .and_then(|header| retry::retry_after(header, self.clock.now().wall));
        let body = match read_body(response).await {
            Ok(body) => body,
            // The status alone says that another attempt is worth it.
            Err(_broken) if is_busy(status) => Vec::new(),
            Err(broken) => return self.unreachable(&format!("its answer broke off: {broken}")),
        };
        match status {
            200..=299 => Attempt::Answered(Answer {
                body,
                next_page: next_page.filter(|_| status == 206),
            }),
            busy if is_busy(busy) => {
                let trouble = self.busy(busy, &body);
                if busy == 429 {
                    let now = self.clock.now().mono;
                    self.hold_off.borrow_mut().told(&trouble, retry_after, now);
                }
                Attempt::Busy {
                    trouble,
                    retry_after,
                }
            }
            _ => Attempt::Failed(Failure::Refused(refusal::explain(
                status,
                &body,
                &About {
                    app: self.app(),
                    process_type: ask.process_type,
                    key: &self.access.api_key,
                },
            ))),
        }
    }

    /// Sends the request, once more when a kept connection was closed at that very moment: Heroku closes those that
    /// were idle for about as long as the time between two measurements. All that is asked may be repeated, for a new
    /// count is absolute.
    async fn send(&self, ask: &Ask<'_>) -> Result<Response, String> {
        let mut sendings = 0;
        loop {
            sendings += 1;
            let request = self.request(ask)?;
            let (sent, connecting) = metered(self.clock, self.client.execute(request)).await;
            let was_kept = connecting.made == 0;
            match sent {
                Ok(response) => return Ok(response),
                Err(error)
                    if was_kept
                        && error.is_request()
                        && !error.is_connect()
                        && sendings < MOST_SENDINGS => {}
                Err(error) => return Err(chain(&error.without_url())),
            }
        }
    }

    fn request(&self, ask: &Ask<'_>) -> Result<reqwest::Request, String> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .pop_if_empty()
                .extend(["apps", self.app()])
                .extend(ask.path);
        }
        let mut request = reqwest::Request::new(ask.method.clone(), url);
        let headers = request.headers_mut();
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("application/vnd.heroku+json; version=3"),
        );
        headers.insert(AUTHORIZATION, self.authorization.clone());
        if let Some(page) = &ask.page {
            let page = HeaderValue::from_str(page)
                .map_err(|_bad| "Heroku named a next page that cannot be asked for".to_owned())?;
            headers.insert(RANGE, page);
        }
        if let Some(body) = &ask.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.to_string().into());
        }
        Ok(request)
    }

    fn unreachable(&self, why: &str) -> Attempt {
        Attempt::Failed(Failure::Unavailable(format!(
            "Heroku at {} cannot be reached: {why}",
            self.shown()
        )))
    }

    fn busy(&self, status: u16, body: &[u8]) -> String {
        let quote = refusal::quote(body, &self.access.api_key);
        if status == 429 {
            return format!("Heroku's rate limit for this key's account is used up (429){quote}");
        }
        format!("Heroku is in trouble ({status}){quote}")
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("api_url", &self.shown())
            .field("app", &self.app())
            .field("remaining", &self.remaining.get())
            .finish_non_exhaustive()
    }
}

fn is_busy(status: u16) -> bool {
    status == 429 || (500..=599).contains(&status)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
