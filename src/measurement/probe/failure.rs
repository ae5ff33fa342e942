//! What a failed request means: which kind of [`MeasureError`], and a sentence that says what to mend.

use std::error::Error;
use std::io;
use std::sync::Arc;

use reqwest::StatusCode;
use rustls::CertificateError;

use crate::measurement::MeasureError;

/// A status that is not good.
pub(super) fn status(shown: &str, status: StatusCode) -> MeasureError {
    let mend = match status.as_u16() {
        300..=399 => {
            "; redirects are not followed: let measurement_url be the address that answers itself"
        }
        401 | 403 => {
            "; if it wants a key, set `headers`, or a user and password in measurement_url"
        }
        404 | 410 => "; is measurement_url right?",
        _ => "",
    };
    let text = format!("GET {shown}: it answered {status}{mend}");
    if status.is_server_error() {
        MeasureError::ServerError(text)
    } else if status.is_client_error() {
        MeasureError::Unavailable(text)
    } else {
        MeasureError::Unusable(text)
    }
}

/// No answer, or not the whole of one.
pub(super) fn transport(shown: &str, error: reqwest::Error) -> MeasureError {
    // The URL is taken off because it may hold a secret; `shown` says as much as may be said.
    let error = error.without_url();
    let root = root(&error);
    let what = match tls_trouble(&error) {
        Some(tls) => tls,
        None if error.is_connect() => format!("cannot connect: {root}"),
        None => root.to_string(),
    };
    MeasureError::Unavailable(format!("GET {shown}: {what}"))
}

/// When there is a TLS error behind `error`: what it is, and what to do about it where that is known.
pub(crate) fn tls_trouble(error: &(dyn Error + 'static)) -> Option<String> {
    let tls = tls_error(error)?;
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "rustls has dozens of errors, and adds to them"
    )]
    let mend = match tls {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "; if it is signed by a CA of your own, name that in tls_ca_file"
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_status_says_what_to_mend() {
        let cases = [
            (503, "server", ""),
            (500, "server", ""),
            (401, "unavailable", "headers"),
            (404, "unavailable", "measurement_url right?"),
            (302, "unusable", "redirects are not followed"),
            (204, "unusable", ""),
        ];
        for (code, kind, mend) in cases {
            let error = status("http://a.test/m/", StatusCode::from_u16(code).unwrap());
            let is = match &error {
                MeasureError::ServerError(_) => "server",
                MeasureError::Unavailable(_) => "unavailable",
                MeasureError::Unusable(_) => "unusable",
                MeasureError::TimedOut(_) | MeasureError::Faulted(_) => "other",
            };
            assert_eq!(is, kind, "{code}");
            let text = error.to_string();
            assert!(
                text.contains(&format!("http://a.test/m/: it answered {code} ")),
                "{text}"
            );
            assert!(text.contains(mend), "{text}");
        }
    }
}
