//! One HTTP client for every backend: one user agent, one body limit, no proxy, no redirects followed, one idle
//! connection a host. Deadlines are the caller's, who knows its setting.

mod connecting;
mod headers;
pub mod retry;
mod trouble;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response};

use crate::backend::BuildError;

pub use connecting::{Connecting, metered};
pub use headers::headers;
pub use trouble::{tls_trouble, trouble};

/// The most that is read of any answer.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Hands out clients; those with the same TLS and pooling settings are one and the same.
#[derive(Clone, Default)]
pub struct Http {
    clients: Rc<RefCell<BTreeMap<Wanted, Client>>>,
}

/// What tells two clients apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// A CA certificate (PEM) to trust beside the system's.
    pub tls_ca_file: Option<PathBuf>,
    /// Whether each request opens a connection of its own.
    pub fresh_connection: bool,
}

impl Http {
    /// The client for these wants. Reads the CA file when it is first asked for.
    pub fn client(&self, wanted: &Wanted) -> Result<Client, BuildError> {
        if let Some(client) = self.clients.borrow().get(wanted) {
            return Ok(client.clone());
        }
        let client = build(wanted)?;
        self.clients
            .borrow_mut()
            .insert(wanted.clone(), client.clone());
        Ok(client)
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Http({} clients)", self.clients.borrow().len())
    }
}

/// Makes ring the TLS provider of this program, if none is set yet. [`Http`] and every backend with TLS of its own call
/// it, so that none depends on another having done so; calling it again is harmless.
pub fn install_tls_provider() {
    // An error only says that a provider is set already, which is all that is wanted.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
}

fn build(wanted: &Wanted) -> Result<Client, BuildError> {
    install_tls_provider();
    let idle = usize::from(!wanted.fresh_connection);
    let mut builder = Client::builder()
        .user_agent(concat!("autoscalebot/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .no_proxy()
        .connector_layer(connecting::MeterLayer)
        .pool_max_idle_per_host(idle);
    if let Some(file) = &wanted.tls_ca_file {
        for certificate in certificates(file)? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder
        .build()
        .map_err(|error| BuildError(format!("the HTTP client cannot be made: {}", chain(&error))))
}

fn certificates(file: &Path) -> Result<Vec<Certificate>, BuildError> {
    let at = file.display();
    let pem = std::fs::read(file)
        .map_err(|error| BuildError(format!("tls_ca_file {at} cannot be read: {error}")))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(BuildError(format!(
            "tls_ca_file {at} has no certificate in PEM form"
        ))),
    }
}

/// Reads a body up to [`MOST_BYTES`]; `Err` says why not, without the URL.
pub async fn read_body(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > MOST_BYTES => {
                return Err(format!("the answer is larger than {MOST_BYTES} bytes"));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => return Err(chain(&error.without_url())),
        }
    }
}

/// An error and its causes on one line. Take a `reqwest` error's URL off first (`without_url`): it may hold a secret.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let more = next.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = next.source();
    }
    text
}
