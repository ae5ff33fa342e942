//! What a failed request means: which kind of [`MeasureError`], and a sentence that says what to mend.

use reqwest::StatusCode;

use crate::http::trouble;
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
    MeasureError::Unavailable(format!("GET {shown}: {}", trouble(error)))
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
                MeasureError::Unusable(_) | MeasureError::Implausible(_) => "unusable",
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
