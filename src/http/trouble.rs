//! What went wrong with a request, in one sentence for a person and without the URL, which may hold a secret.

use std::error::Error;
use std::io;
use std::sync::Arc;

use rustls::CertificateError;

/// No answer, or not the whole of one: why.
pub fn trouble(error: reqwest::Error) -> String {
    let error = error.without_url();
    let root = root(&error);
    match tls_trouble(&error) {
        Some(tls) => tls,
        None if error.is_connect() => format!("cannot connect: {root}"),
        None => root.to_string(),
    }
}

/// When there is a TLS error behind `error`: what it is, and what to do about it where that is known.
pub fn tls_trouble(error: &(dyn Error + 'static)) -> Option<String> {
    let tls = tls_error(error)?;
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "rustls has dozens of errors, and adds to them"
    )]
    let mend = match tls {
        // A bad signature is what another CA of the same name gives.
        rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => "; if it is signed by a CA of your own, name that in tls_ca_file",
        rustls::Error::InvalidMessage(_) => "; does it speak TLS at all?",
        _ => "",
    };
    Some(format!("no TLS connection: {tls}{mend}"))
}

/// The innermost cause: those around it only say that a request failed.
fn root<'e>(error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root
}

fn tls_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let mut next = Some(error);
    while let Some(this) = next {
        if let Some(found) = this.downcast_ref() {
            return Some(found);
        }
        next = beneath(this);
    }
    None
}

/// The error that this one stands for, else its source. A wrapper's source is its content's source, and so skips the
/// content itself.
fn beneath<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    if let Some(shared) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return Some(shared.as_ref());
    }
    if let Some(content) = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        return Some(content);
    }
    error.source()
}
