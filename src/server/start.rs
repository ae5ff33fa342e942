//! Starts and stops the server: one thread of its own, in the actors' own system.

use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context as _, Result};
use log::info;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::task::JoinSet;

use super::access::{Pass, Porter, admit};
use super::api;
use super::api::error::refused;
use super::settings::{ServerSettings, TlsFiles};
use crate::backend::BuildError;

/// How long a client may take to send a request's head.
const HEAD_WITHIN: Duration = Duration::from_secs(5);

/// How long a connection may be open without a request.
const IDLE_FOR: Duration = Duration::from_secs(15);

/// How many questions may wait for the bot.
pub const MAILBOX: usize = 1024;

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    handle: ServerHandle,
    task: JoinSet<std::io::Result<()>>,
    address: String,
}

impl Server {
    /// Listens, and answers from now on.
    pub fn start(settings: &ServerSettings, pass: Pass) -> Result<Self> {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Porter::new(pass.clone()))
                .configure(api::routes)
                .default_service(web::to(nothing_here))
                .wrap(from_fn(admit))
        })
        .workers(1)
        .worker_max_blocking_threads(2)
        .max_connections(connections(settings.max_connections))
        .client_request_timeout(HEAD_WITHIN)
        .client_disconnect_timeout(Duration::from_secs(1))
        .keep_alive(IDLE_FOR)
        .shutdown_timeout(1)
        .disable_signals();
        let listen = settings.listen.as_str();
        let server = match &settings.tls {
            Some(files) => server.bind_rustls_0_23(listen, tls(files)?),
            None => server.bind(listen),
        };
        let server = server.with_context(|| format!("cannot listen on {listen}"))?;
        let scheme = if settings.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let bound = server.addrs();
        let bound = bound
            .first()
            .map_or_else(|| listen.to_owned(), ToString::to_string);
        let address = format!("{scheme}://{bound}");
        info!("the page is served at {address}/");
        let running = server.run();
        let handle = running.handle();
        let mut task = JoinSet::new();
        task.spawn_local(running);
        Ok(Self {
            handle,
            task,
            address,
        })
    }

    /// Where it is reached.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Answers what is being asked, for a second at the most, and ends.
    pub async fn stop(mut self) {
        self.handle.stop(true).await;
        self.task.join_next().await;
    }
}

/// What no route is for.
async fn nothing_here() -> HttpResponse {
    refused(
        404,
        "there is nothing here; the API is described at /api/v1/openapi.json",
    )
    .into()
}

/// As many as the settings allow, but no more than half of the files that this process may have open.
fn connections(wanted: usize) -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let most = limit
        .current
        .and_then(|files| usize::try_from(files / 2).ok());
    most.map_or(wanted, |most| wanted.min(most)).max(1)
}

/// Certificate and key, read and held together.
pub fn tls(files: &TlsFiles) -> Result<ServerConfig, BuildError> {
    crate::http::install_tls_provider();
    let (chain, key) = (files.certificate.display(), files.key.display());
    let certificates = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| BuildError(format!("tls_certificate {chain} cannot be read: {error}")))?;
    if certificates.is_empty() {
        return Err(BuildError(format!(
            "tls_certificate {chain} has no certificate in PEM form"
        )));
    }
    let secret = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| BuildError(format!("tls_key {key} cannot be read: {error}")))?;
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates, secret)
        .map_err(|error| {
            BuildError(format!(
                "tls_certificate {chain} and tls_key {key} cannot be used: {error}"
            ))
        })
}
