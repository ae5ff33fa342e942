//! Logins of the page: a random number in a cookie, of which only the digest is kept here.

use std::collections::VecDeque;
use std::time::Duration;

use actix_web::cookie::{Cookie, SameSite};
use base64::Engine as _;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::tokens::Digest;

/// The cookie's name.
pub const COOKIE: &str = "autoscalebot_session";

/// How long a login lasts.
pub(super) const LASTS: Duration = Duration::from_secs(12 * 3600);

/// How many there may be; the oldest is over when there are more.
const MOST: usize = 64;

/// The logins that are not over.
#[derive(Debug, Default)]
pub(super) struct Sessions(VecDeque<(Digest, Duration)>);

impl Sessions {
    /// A new login; what is to be in the cookie. `None`: the machine has no random numbers.
    pub(super) fn begin(&mut self, now: Duration) -> Option<String> {
        let mut number = [0; 32];
        SystemRandom::new().fill(&mut number).ok()?;
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(number);
        self.0.push_back((Digest::of(text.as_bytes()), now + LASTS));
        while self.0.len() > MOST {
            self.0.pop_front();
        }
        Some(text)
    }

    /// Whether this cookie's login is not over.
    pub(super) fn knows(&mut self, text: &str, now: Duration) -> bool {
        self.0.retain(|(_, until)| *until > now);
        let asked = Digest::of(text.as_bytes());
        // All are compared, so that the time does not tell which.
        let found = self.0.iter().filter(|(digest, _)| digest.is(&asked));
        found.count() > 0
    }

    /// Ends this cookie's login.
    pub(super) fn end(&mut self, text: &str) {
        let asked = Digest::of(text.as_bytes());
        self.0.retain(|(digest, _)| !digest.is(&asked));
    }
}

/// The cookie of a login. It is `Secure` always: browsers take that from a loopback address too.
pub(in crate::server) fn cookie(text: String) -> Cookie<'static> {
    let seconds = i64::try_from(LASTS.as_secs()).unwrap_or_default();
    Cookie::build(COOKIE, text)
        .path("/")
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Strict)
        .max_age(actix_web::cookie::time::Duration::seconds(seconds))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_ends() {
        let mut sessions = Sessions::default();
        let now = Duration::from_secs(1000);
        let first = sessions.begin(now).unwrap();
        assert!(sessions.knows(&first, now));
        assert!(!sessions.knows("something else", now));
        assert!(!sessions.knows(&first, now + LASTS), "it is over");
        let second = sessions.begin(now).unwrap();
        assert_ne!(first, second);
        sessions.end(&second);
        assert!(!sessions.knows(&second, now), "somebody logged out");
    }

    #[test]
    fn there_are_so_many_at_the_most() {
        let mut sessions = Sessions::default();
        let first = sessions.begin(Duration::ZERO).unwrap();
        for _ in 0..MOST {
            sessions.begin(Duration::ZERO).unwrap();
        }
        assert!(!sessions.knows(&first, Duration::ZERO));
    }

    #[test]
    fn the_cookie_is_for_this_site_alone() {
        let told = cookie("x".to_owned()).to_string();
        for part in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
            assert!(told.contains(part), "{told}");
        }
    }
}
