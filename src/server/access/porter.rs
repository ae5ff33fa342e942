//! Stands at the door: holds each request against the table of routes before it is served.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName, HeaderValue};

use super::admit::{address, is_this_machine, shown};
use super::attempts::Buckets;
use super::keys::Pass;
use super::sessions::{COOKIE, Sessions};
use super::tokens::Digest;
use super::{Who, who_may};
use crate::server::api::error::{Denied, refused, too_many};

/// How many addresses are told apart.
const MOST_ADDRESSES: usize = 4096;

/// How many logins a minute one address may try.
const LOGINS_A_MINUTE: f64 = 10.0;

/// How many wrong tokens one address may show at once, and how many a second from then on. A token that is long enough is not
/// guessed at that pace; a program whose token was changed is told so, rather than to wait.
const WRONG_AT_ONCE: f64 = 100.0;
const WRONG_A_SECOND: f64 = 1.0;

/// The one on the server's thread.
#[derive(Debug)]
pub struct Porter {
    pub(in crate::server) pass: Pass,
    pub(in crate::server) listeners: Rc<Cell<usize>>,
    sessions: RefCell<Sessions>,
    logins: RefCell<Buckets<IpAddr>>,
    wrong: RefCell<Buckets<IpAddr>>,
    requests: RefCell<Buckets<IpAddr>>,
    deliveries: RefCell<Buckets<String>>,
}

/// Whom a token is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server) enum Holder {
    Server,
    Source(String),
    Nobody,
}

impl Porter {
    /// A porter with these keys.
    pub fn new(pass: Pass) -> Rc<Self> {
        let rate = f64::from(pass.keys.requests_per_second);
        Rc::new(Self {
            listeners: Rc::default(),
            sessions: RefCell::default(),
            logins: RefCell::new(Buckets::new(
                LOGINS_A_MINUTE / 60.0,
                LOGINS_A_MINUTE,
                MOST_ADDRESSES,
            )),
            wrong: RefCell::new(Buckets::new(WRONG_A_SECOND, WRONG_AT_ONCE, MOST_ADDRESSES)),
            requests: RefCell::new(Buckets::new(rate, rate * 2.0, MOST_ADDRESSES)),
            deliveries: RefCell::new(Buckets::new(rate, rate * 2.0, MOST_ADDRESSES)),
            pass,
        })
    }

    /// The porter of a request.
    pub(in crate::server) fn of(request: &HttpRequest) -> Option<Rc<Self>> {
        request.app_data::<Rc<Self>>().cloned()
    }

    fn now(&self) -> Duration {
        self.pass.clock.now().mono
    }

    /// Whom a token is of. All are compared, so that the time does not tell which it is near.
    pub(in crate::server) fn holder(&self, token: &str) -> Holder {
        let shown = Digest::of(token.as_bytes());
        let mut holder = Holder::Nobody;
        if self
            .pass
            .keys
            .server
            .is_some_and(|digest| digest.is(&shown))
        {
            holder = Holder::Server;
        }
        for (digest, name) in &self.pass.keys.sources {
            if digest.is(&shown) {
                holder = Holder::Source(name.clone());
            }
        }
        holder
    }

    /// Whether another wrong token may be shown; asked before a token is looked at.
    fn may_try(&self, request: &HttpRequest) -> Result<(), Denied> {
        let mut wrong = self.wrong.borrow_mut();
        wrong
            .take(&address(request), self.now())
            .map_err(|wait| too_many("too many wrong tokens from this address", wait))
    }

    /// The source that sends this, by the token in its place.
    pub(in crate::server) fn source(
        &self,
        request: &HttpRequest,
        token: Option<&str>,
    ) -> Result<String, Denied> {
        let shown = token.map(str::to_owned).or_else(|| shown(request));
        let Some(shown) = shown else {
            return Err(refused(401, "a source's token is needed"));
        };
        match self.holder(&shown) {
            Holder::Source(name) => {
                let mut deliveries = self.deliveries.borrow_mut();
                match deliveries.take(&name, self.now()) {
                    Ok(()) => Ok(name),
                    Err(wait) => Err(too_many("too many requests of this source", wait)),
                }
            }
            Holder::Server => Err(refused(
                403,
                "this is the server's token, and a source's is needed",
            )),
            Holder::Nobody => {
                self.may_try(request)?;
                Err(refused(401, "this token is no source's"))
            }
        }
    }

    /// Begins a login, if the token is the server's; what is to be in the cookie.
    pub(in crate::server) fn log_in(
        &self,
        request: &HttpRequest,
        token: &str,
    ) -> Result<String, Denied> {
        let mut logins = self.logins.borrow_mut();
        logins
            .take(&address(request), self.now())
            .map_err(|wait| too_many("too many logins from this address", wait))?;
        if !self.is_from_here(request) {
            return Err(refused(403, "this comes from another site"));
        }
        if self.holder(token) != Holder::Server {
            return Err(refused(401, "this is not the server's token"));
        }
        let begun = self.sessions.borrow_mut().begin(self.now());
        begun.ok_or_else(|| refused(503, "no login can be begun now"))
    }

    /// Ends a login.
    pub(in crate::server) fn log_out(&self, request: &HttpRequest) {
        if let Some(cookie) = request.cookie(COOKIE) {
            self.sessions.borrow_mut().end(cookie.value());
        }
    }

    fn may_ask(&self, request: &HttpRequest) -> Result<(), Denied> {
        if self.pass.keys.server.is_none() {
            return self.is_near(request);
        }
        if let Some(token) = shown(request) {
            return match self.holder(&token) {
                Holder::Server => Ok(()),
                Holder::Source(_) => Err(refused(
                    403,
                    "this is a source's token, and the server's is needed",
                )),
                Holder::Nobody => {
                    self.may_try(request)?;
                    Err(refused(401, "this is not the server's token"))
                }
            };
        }
        let cookie = request.cookie(COOKIE);
        let knows = |text: &str| self.sessions.borrow_mut().knows(text, self.now());
        if !cookie.is_some_and(|cookie| knows(cookie.value())) {
            return Err(refused(401, "the server's token is needed"));
        }
        if request.method().is_safe() || self.is_meant(request) {
            return Ok(());
        }
        Err(refused(
            403,
            "this comes from another site, or without the header `X-Autoscalebot: 1`",
        ))
    }

    /// A browser sends the cookie by itself; this header, and its own origin, only our page makes it send.
    fn is_meant(&self, request: &HttpRequest) -> bool {
        let own = HeaderName::from_static("x-autoscalebot");
        request.headers().contains_key(own) && self.is_from_here(request)
    }

    #[expect(clippy::unused_self, reason = "it is the porter who asks")]
    fn is_from_here(&self, request: &HttpRequest) -> bool {
        let text = |name| {
            request
                .headers()
                .get(name)
                .and_then(|value: &HeaderValue| value.to_str().ok())
        };
        let Some(origin) = text(header::ORIGIN) else {
            return true;
        };
        let host = origin.split_once("://").map(|(_, host)| host);
        host.is_some() && host == text(header::HOST)
    }

    /// Without a token, only whoever asks for this machine by a name that no other site can have.
    fn is_near(&self, request: &HttpRequest) -> Result<(), Denied> {
        if !is_this_machine(request) {
            return Err(refused(
                403,
                "without a token the bot answers only to a loopback address or `localhost`",
            ));
        }
        if request.method().is_safe() || self.is_from_here(request) {
            return Ok(());
        }
        Err(refused(403, "this comes from another site"))
    }

    pub(super) fn admitted(&self, request: &HttpRequest) -> Result<(), Denied> {
        let who = who_may(
            request.method().as_str(),
            request.match_pattern().as_deref(),
        );
        if who != Who::Intake {
            let mut requests = self.requests.borrow_mut();
            requests
                .take(&address(request), self.now())
                .map_err(|wait| too_many("too many requests from this address", wait))?;
        }
        match who {
            // A source's token is where its format has it: its handler looks.
            Who::Anybody | Who::Intake => Ok(()),
            Who::Server => self.may_ask(request),
        }
    }
}
