//! What everybody's TLS has in common: the provider, the certificates of a `tls_ca_file`, and the configuration that
//! all HTTP clients with the same file share.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;

use super::chain;
use crate::backend::BuildError;

/// Makes ring the TLS provider of this program, if none is set yet. [`Http`](super::Http) and every backend with TLS of
/// its own call it, so that none depends on another having done so; calling it again is harmless.
pub fn install_tls_provider() {
    // An error only says that a provider is set already, which is all that is wanted.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
}

/// A `tls_ca_file` that was read and found to hold at least one certificate.
#[derive(Debug)]
pub struct CaFile {
    /// The file's bytes.
    pub pem: Vec<u8>,
    /// Its certificates.
    pub certificates: Vec<CertificateDer<'static>>,
}

impl CaFile {
    /// Reads the file. Found here what is wrong with it: a first connection would only say that nothing is trusted.
    pub fn read(file: &Path) -> Result<Self, BuildError> {
        let at = file.display();
        let pem = std::fs::read(file)
            .map_err(|error| BuildError(format!("tls_ca_file {at} cannot be read: {error}")))?;
        match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
            Ok(certificates) if !certificates.is_empty() => Ok(Self { pem, certificates }),
            Ok(_) | Err(_) => Err(no_certificate(file)),
        }
    }
}

/// The error about a `tls_ca_file` that holds nothing to trust.
pub fn no_certificate(file: &Path) -> BuildError {
    BuildError(format!(
        "tls_ca_file {} has no certificate in PEM form",
        file.display()
    ))
}

/// What `reqwest` would make by itself for a client that trusts the system's certificates and these. Made once for many
/// clients: it holds all of the system's certificates, which take 105 kB and 2 ms, and the rest of a client 2 kB.
pub(super) fn configuration(tls_ca_file: Option<&Path>) -> Result<ClientConfig, BuildError> {
    install_tls_provider();
    let failed = |error: rustls::Error| {
        BuildError(format!("the HTTP client cannot be made: {}", chain(&error)))
    };
    let own = tls_ca_file.map(CaFile::read).transpose()?;
    let own = own.map(|file| file.certificates).unwrap_or_default();
    let provider = CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
    let verifier = Verifier::new_with_extra_roots(own, provider.clone()).map_err(failed)?;
    let mut configuration = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(configuration)
}
