//! One log session after the other: opening it, reading its lines, and why it ended. Driven by `log`, which shares it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{Method, Response, Url};
use serde_json::{Value, json};

use super::lines::Lines;
use super::log::Ended;
use super::router_line::{RouterLine, parse_router_line};
use crate::http::chain;
use crate::scaling::heroku::api::{Ask, Failure};
use crate::scaling::heroku::app::App;
use crate::scaling::heroku::patience::Patience;
use crate::scaling::heroku::retry;

/// How many old lines a session begins with. Opened before a probe is sent, it needs none.
const NO_HISTORY: u32 = 1;

/// And when it replaces one that ended while a line was waited for, which may have passed meanwhile: the most there are.
const ALL_HISTORY: u32 = 1500;

/// How long the log's address may take to answer before the probe is sent all the same: a quiet log may show its first
/// byte only with its first line, and that is the probe's own.
const QUIET: Duration = Duration::from_secs(3);

/// A session that lasted this long was a good one: the next is opened without a wait.
const LASTING: Duration = Duration::from_secs(30);

/// What outlives a single session of an app's log.
#[derive(Debug)]
pub struct Session {
    app: Rc<App>,
    followed: Cell<bool>,
    opened_at: Cell<Option<Duration>>,
    openings: Cell<u32>,
    expected: RefCell<BTreeMap<String, Option<RouterLine>>>,
    /// How many lines that were waited for have come.
    heard: Cell<u64>,
    trouble: RefCell<Option<String>>,
}

impl Session {
    /// No session yet.
    pub fn new(app: Rc<App>) -> Self {
        Self {
            app,
            followed: Cell::new(false),
            opened_at: Cell::new(None),
            openings: Cell::new(0),
            expected: RefCell::default(),
            heard: Cell::new(0),
            trouble: RefCell::default(),
        }
    }

    /// Whether lines would arrive now.
    pub fn is_followed(&self) -> bool {
        self.followed.get()
    }

    /// Keeps the line with this id.
    pub fn expect(&self, request_id: &str) {
        self.expected
            .borrow_mut()
            .insert(request_id.to_owned(), None);
    }

    /// How many lines are waited for.
    pub fn expected(&self) -> usize {
        self.expected.borrow().len()
    }

    /// How many lines that were waited for have come so far.
    pub fn heard(&self) -> u64 {
        self.heard.get()
    }

    /// The line with this id, once it has come.
    pub fn found(&self, request_id: &str) -> Option<RouterLine> {
        self.expected.borrow().get(request_id).cloned().flatten()
    }

    /// The line with this id is no longer wanted.
    pub fn forget(&self, request_id: &str) {
        self.expected.borrow_mut().remove(request_id);
    }

    /// The session is over, because of `trouble`.
    pub fn ended(&self, trouble: &str) {
        self.followed.set(false);
        *self.trouble.borrow_mut() = Some(trouble.to_owned());
    }

    /// How long this patience still lasts.
    pub fn time_left(&self, patience: &Patience) -> Duration {
        self.app.api().clock().until(patience.deadline())
    }

    /// What went wrong last; nothing while the log is followed.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.borrow().clone()
    }

    fn follows(&self) {
        self.followed.set(true);
        *self.trouble.borrow_mut() = None;
    }

    fn hear(&self, line: &str) {
        let Some(line) = parse_router_line(line) else {
            return;
        };
        let mut expected = self.expected.borrow_mut();
        if let Some(place) = line
            .request_id
            .as_ref()
            .and_then(|id| expected.get_mut(id))
            .filter(|place| place.is_none())
        {
            *place = Some(line);
            self.heard.set(self.heard.get().saturating_add(1));
        }
    }

    /// How long to wait before another session is opened, so that sessions that end at once are not opened in a rush.
    fn pause(&self) -> Duration {
        let Some(opened_at) = self.opened_at.get() else {
            return Duration::ZERO;
        };
        let clock = self.app.api().clock();
        if clock.now().mono.saturating_sub(opened_at) >= LASTING {
            self.openings.set(0);
            return Duration::ZERO;
        }
        let earlier = self.openings.get().saturating_sub(1);
        clock.until(opened_at + retry::pause(earlier, None, 0.0))
    }

    async fn open(&self, patience: &Patience) -> Result<Url, Failure> {
        let lines = if self.expected() == 0 {
            NO_HISTORY
        } else {
            ALL_HISTORY
        };
        let ask = Ask {
            method: Method::POST,
            path: &["log-sessions"],
            // `dyno`, as Heroku's own command line sends it; the published schema calls it `dyno_name`.
            body: Some(json!({"lines": lines, "tail": true, "source": "heroku", "dyno": "router"})),
            page: None,
            process_type: None,
        };
        let answer = self.app.api().call(&ask, patience).await?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        body.get("logplex_url")
            .and_then(Value::as_str)
            .and_then(|url| Url::parse(url).ok())
            .ok_or_else(|| {
                Failure::Unavailable(
                    "Heroku opened a log session, but told no usable address of it".to_owned(),
                )
            })
    }

    /// Asks for the log. The address is a secret (whoever has it reads the log), so that no error may show it.
    async fn connect(&self, url: Url) -> Result<Response, String> {
        let request = self
            .app
            .api()
            .client()
            .get(url)
            .header(ACCEPT, HeaderValue::from_static("text/event-stream"));
        let mut asked = pin!(request.send());
        let answered = match tokio::time::timeout(QUIET, asked.as_mut()).await {
            Ok(answered) => answered,
            Err(_quiet) => {
                self.follows();
                asked.await
            }
        };
        let response = answered.map_err(|error| chain(&error.without_url()))?;
        match response.status().as_u16() {
            200..=299 => Ok(response),
            403 | 404 => Err("the session had expired".to_owned()),
            status => Err(format!("its address answered {status}")),
        }
    }

    async fn read(&self, mut response: Response) -> String {
        let mut lines = Lines::default();
        loop {
            match response.chunk().await {
                Ok(Some(bytes)) => lines.feed(&bytes, |line| self.hear(line)),
                Ok(None) => return "Heroku ended the session".to_owned(),
                Err(error) => return chain(&error.without_url()),
            }
        }
    }
}

/// Opens a session, within the patience of those who wait for it, and reads it to its end. `opening` is set while
/// Heroku is asked for one.
pub async fn follow(
    session: Rc<Session>,
    patience: Rc<Patience>,
    opening: Rc<Cell<bool>>,
) -> Ended {
    session.followed.set(false);
    tokio::time::sleep(session.pause()).await;
    let (clock, shown) = (*session.app.api().clock(), session.app.api().shown());
    let begun_at = clock.now().mono;
    session.opened_at.set(Some(begun_at));
    session
        .openings
        .set(session.openings.get().saturating_add(1));
    opening.set(true);
    let opened = patience.bound(&clock, session.open(&patience)).await;
    opening.set(false);
    let url = match opened {
        Some(Ok(url)) => url,
        Some(Err(failure)) => return Ended::Failed(failure),
        None => {
            let waited = clock.now().mono.saturating_sub(begun_at);
            let waited =
                Duration::from_millis(u64::try_from(waited.as_millis()).unwrap_or(u64::MAX));
            return Ended::Failed(Failure::Unavailable(patience.spent(&shown, waited)));
        }
    };
    let trouble = match session.connect(url).await {
        Ok(response) => {
            session.follows();
            session.read(response).await
        }
        Err(trouble) => trouble,
    };
    session.ended(&trouble);
    Ended::Closed
}
