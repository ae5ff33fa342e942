//! Which mail server, and how safely it is spoken to: what an `smtp_url` means. No password ever travels without TLS.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use percent_encoding::percent_decode_str;
use reqwest::Url;

use crate::backend::{BuildError, Shared};
use crate::http::{CaFile, chain, no_certificate};
use crate::settings::secret::Secret;

/// What the server's certificate is checked against.
pub(super) type Tls = TlsParameters;

/// A mail server as its URL describes it.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) credentials: Option<Credentials>,
    /// What must not be quoted from the server's answers.
    pub(super) secrets: Vec<Secret>,
}

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// With the connection.
    Implicit,
    /// By STARTTLS, before anything else is said.
    StartTls,
    /// Never.
    None,
}

/// Why a URL is refused. Neither sentence quotes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadUrl {
    pub(super) wrong: &'static str,
    pub(super) right: &'static str,
}

impl Server {
    pub(super) fn parse(url: &Secret) -> Result<Self, BadUrl> {
        let form = BadUrl {
            wrong: "it is no URL of a mail server",
            right: "smtps://user:password@host:465 or smtp://user:password@host:587, special characters percent-encoded",
        };
        let Ok(url) = Url::parse(url.expose()) else {
            return Err(form);
        };
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return Err(form);
        };
        // An IPv6 address stands in brackets in a URL, and nowhere else.
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let security = security(&url, &host)?;
        let (credentials, secrets) = credentials(&url)?;
        if credentials.is_some() && security == Security::None {
            return Err(BadUrl {
                wrong: "a password would be sent without TLS",
                right: "smtps://…, or smtp://… with ?tls=required, or no user and password",
            });
        }
        let usual = match security {
            Security::Implicit => 465,
            Security::StartTls => 587,
            Security::None => 25,
        };
        Ok(Self {
            port: url.port().unwrap_or(usual),
            host,
            security,
            credentials,
            secrets,
        })
    }

    /// What its certificate is checked against; `None` when it has none to show. The system's certificates are read
    /// once for all notifiers that use the same server.
    pub(super) fn tls(
        &self,
        ca: Option<&Path>,
        shared: &Shared,
    ) -> Result<Option<Tls>, BuildError> {
        if self.security == Security::None {
            return Ok(None);
        }
        let made = shared.get::<Made>();
        let key = (self.host.clone(), ca.map(Path::to_owned));
        if let Some(tls) = made.0.borrow().get(&key) {
            return Ok(Some(tls.clone()));
        }
        let mut builder = TlsParameters::builder(self.host.clone());
        if let Some(file) = ca {
            builder = builder.add_root_certificate(certificates(file)?);
        }
        let tls = builder
            .build()
            .map_err(|error| BuildError(format!("TLS cannot be set up: {}", chain(&error))))?;
        made.0.borrow_mut().insert(key, tls.clone());
        Ok(Some(tls))
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "the mail server [{}]:{}", self.host, self.port)
        } else {
            write!(f, "the mail server {}:{}", self.host, self.port)
        }
    }
}

#[derive(Default)]
struct Made(RefCell<BTreeMap<(String, Option<PathBuf>), Tls>>);

fn security(url: &Url, host: &str) -> Result<Security, BadUrl> {
    let near = matches!(host, "localhost" | "127.0.0.1" | "::1");
    let mut tls = None;
    for (key, value) in url.query_pairs() {
        match (key.as_ref(), value.as_ref()) {
            ("tls", "required") => tls = Some(true),
            ("tls", "none") => tls = Some(false),
            _ => {
                return Err(BadUrl {
                    wrong: "after its `?` stands something unknown",
                    right: "?tls=required or ?tls=none, or nothing",
                });
            }
        }
    }
    match (url.scheme(), tls) {
        ("smtps", Some(false)) => Err(BadUrl {
            wrong: "smtps is TLS, and ?tls=none asks for none",
            right: "smtp://host?tls=none, or smtps://host",
        }),
        ("smtps", _) => Ok(Security::Implicit),
        ("smtp", Some(false)) => Ok(Security::None),
        ("smtp", None) if near => Ok(Security::None),
        ("smtp", _) => Ok(Security::StartTls),
        _ => Err(BadUrl {
            wrong: "its scheme is neither smtp nor smtps",
            right: "smtp://… or smtps://…",
        }),
    }
}

fn credentials(url: &Url) -> Result<(Option<Credentials>, Vec<Secret>), BadUrl> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8().map(String::from);
    match (url.username(), url.password()) {
        ("", None) => Ok((None, Vec::new())),
        ("", Some(_)) | (_, None) => Err(BadUrl {
            wrong: "it has a user without a password, or a password without a user",
            right: "smtp://user:password@host, or smtp://host",
        }),
        (user, Some(password)) => {
            let (Ok(user), Ok(password)) = (decode(user), decode(password)) else {
                return Err(BadUrl {
                    wrong: "user and password are no UTF-8 when their percent-encoding is undone",
                    right: "each special character as the percent-encoding of its UTF-8 form",
                });
            };
            let secrets = vec![Secret::new(&user), Secret::new(&password)];
            Ok((Some(Credentials::new(user, password)), secrets))
        }
    }
}

fn certificates(file: &Path) -> Result<Certificate, BuildError> {
    let CaFile { pem, .. } = CaFile::read(file)?;
    Certificate::from_pem(&pem).map_err(|_unusable| no_certificate(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_when_tls_begins() {
        for (url, security, port, because) in [
            (
                "smtps://u:p@mail.example.com",
                Security::Implicit,
                465,
                "TLS from the start",
            ),
            (
                "smtp://u:p@mail.example.com",
                Security::StartTls,
                587,
                "safe unless said otherwise",
            ),
            (
                "smtp://mail.example.com",
                Security::StartTls,
                587,
                "without a password too",
            ),
            (
                "smtp://mail.example.com:2525?tls=none",
                Security::None,
                2525,
                "said otherwise",
            ),
            (
                "smtp://localhost",
                Security::None,
                25,
                "the machine's own mail server",
            ),
            (
                "smtp://[::1]:2525",
                Security::None,
                2525,
                "the same, by number",
            ),
            (
                "smtp://u:p@localhost?tls=required",
                Security::StartTls,
                587,
                "TLS on request",
            ),
        ] {
            let server = Server::parse(&Secret::new(url)).ok().unwrap();
            assert_eq!(
                (server.security, server.port),
                (security, port),
                "{because}"
            );
        }
    }

    #[test]
    fn a_password_without_tls_is_refused_and_nothing_is_quoted() {
        for (url, wrong) in [
            (
                "smtp://u:hidden@localhost",
                "a password would be sent without TLS",
            ),
            (
                "smtp://u:hidden@mail.example.com?tls=none",
                "a password would be sent without TLS",
            ),
            (
                "smtps://u:hidden@h?tls=none",
                "smtps is TLS, and ?tls=none asks for none",
            ),
            (
                "smtp://u:hidden@h?tls=opportunistic",
                "after its `?` stands something unknown",
            ),
            (
                "smtp://hidden@h",
                "it has a user without a password, or a password without a user",
            ),
            ("http://u:hidden@h", "its scheme is neither smtp nor smtps"),
            ("smtp:hidden", "it is no URL of a mail server"),
            ("hidden", "it is no URL of a mail server"),
        ] {
            let bad = Server::parse(&Secret::new(url)).err().unwrap();
            assert_eq!(bad.wrong, wrong, "{url}");
            assert!(!format!("{bad:?}").contains("hidden"), "{url}");
        }
    }

    #[test]
    fn user_and_password_are_decoded() {
        let server = Server::parse(&Secret::new("smtps://a%40b:p%3Aw%2F%C3%A9@h"))
            .ok()
            .unwrap();
        let expected = Credentials::new("a@b".to_owned(), "p:w/é".to_owned());
        assert_eq!(server.credentials, Some(expected));
    }
}
