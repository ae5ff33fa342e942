//! A certificate authority of the test's own, and a certificate for this machine signed by it.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

/// The files, in a directory that goes with it.
pub(crate) struct Tls {
    dir: TempDir,
}

impl Tls {
    /// A new authority, and a certificate for `localhost` and `127.0.0.1`.
    pub(crate) fn new() -> Self {
        autoscalebot::http::install_tls_provider();
        let ca_key = KeyPair::generate().expect("a key");
        let mut ca = CertificateParams::new(Vec::new()).expect("parameters");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        // OpenSSL takes a certificate that has its issuer's name for one that signed itself.
        ca.distinguished_name
            .push(DnType::CommonName, "the tests' authority");
        let ca_certificate = ca.self_signed(&ca_key).expect("a CA");
        let issuer = Issuer::new(ca, ca_key);
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let key = KeyPair::generate().expect("a key");
        let mut server = CertificateParams::new(names).expect("parameters");
        server.use_authority_key_identifier_extension = true;
        let certificate = server.signed_by(&key, &issuer).expect("a certificate");

        let dir = TempDir::new().expect("a directory");
        let tls = Self { dir };
        std::fs::write(tls.ca_file(), ca_certificate.pem()).expect("ca.pem");
        std::fs::write(tls.certificate_file(), certificate.pem()).expect("cert.pem");
        std::fs::write(tls.key_file(), key.serialize_pem()).expect("key.pem");
        tls
    }

    pub(crate) fn ca_file(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    pub(crate) fn certificate_file(&self) -> PathBuf {
        self.dir.path().join("cert.pem")
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.dir.path().join("key.pem")
    }

    /// For a server in this process.
    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        let certificate = CertificateDer::from_pem_file(self.certificate_file()).expect("cert.pem");
        let key = PrivateKeyDer::from_pem_file(self.key_file()).expect("key.pem");
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key);
        Arc::new(config.expect("a TLS server"))
    }
}
