//! HTTP for every backend: one user agent, one body limit, no proxy, no redirects followed, one idle connection a host.
//! Deadlines are the caller's, who knows its setting.

mod connecting;
mod headers;
pub mod retry;
mod tls;
mod trouble;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;

use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use rustls::ClientConfig;

use crate::backend::BuildError;

pub use connecting::{Connecting, metered};
pub use headers::headers;
pub use tls::{CaFile, install_tls_provider, no_certificate};
pub use trouble::{tls_trouble, trouble};

/// The most that is read of any answer.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Hands out clients; those with the same TLS and pooling settings are one and the same.
#[derive(Clone, Default)]
pub struct Http {
    clients: Rc<RefCell<BTreeMap<Wanted, Client>>>,
    tls: Rc<RefCell<BTreeMap<Option<PathBuf>, ClientConfig>>>,
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
        let client = self.own_client(wanted)?;
        self.clients
            .borrow_mut()
            .insert(wanted.clone(), client.clone());
        Ok(client)
    }

    /// A client that shares no connection with anybody: for one who times its requests. In a shared pool a request
    /// without a free connection waits for whichever comes first, one of its own or another's that is done, and the
    /// time until another is done is told by nothing.
    pub fn own_client(&self, wanted: &Wanted) -> Result<Client, BuildError> {
        let idle = usize::from(!wanted.fresh_connection);
        Client::builder()
            .user_agent(concat!("autoscalebot/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .no_proxy()
            .connector_layer(connecting::MeterLayer)
            .pool_max_idle_per_host(idle)
            .tls_backend_preconfigured(self.tls(wanted)?)
            .build()
            .map_err(|error| {
                BuildError(format!("the HTTP client cannot be made: {}", chain(&error)))
            })
    }

    fn tls(&self, wanted: &Wanted) -> Result<ClientConfig, BuildError> {
        if let Some(made) = self.tls.borrow().get(&wanted.tls_ca_file) {
            return Ok(made.clone());
        }
        let made = tls::configuration(wanted.tls_ca_file.as_deref())?;
        self.tls
            .borrow_mut()
            .insert(wanted.tls_ca_file.clone(), made.clone());
        Ok(made)
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Http({} clients)", self.clients.borrow().len())
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
