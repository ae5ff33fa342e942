//! Tokens: kept as digests, and compared in constant time.

use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq as _;

/// A token's SHA-256: of the same length whatever the token's is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest([u8; 32]);

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Digest {
    /// The digest of a token.
    pub(super) fn of(token: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, token).as_ref());
        Self(bytes)
    }

    /// Whether they are the same; it takes as long when they are not.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// The token of an `Authorization: Bearer …`.
pub(super) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The password of an `Authorization: Basic …`, as a URL's `user:password@` becomes.
pub(super) fn basic(header: &str) -> Option<String> {
    use base64::Engine as _;
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(encoded.trim())
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (_, password) = text.split_once(':')?;
    Some(password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_compared_whole() {
        let of = |text: &str| Digest::of(text.as_bytes());
        assert!(of("secret").is(&of("secret")));
        assert!(!of("secret").is(&of("secre")));
        assert!(!format!("{:?}", of("secret")).contains(char::is_alphanumeric));
    }

    #[test]
    fn headers_are_read() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer abc "), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("abc"), None);
        assert_eq!(basic("Basic dXNlcjpwYXNz").as_deref(), Some("pass"));
        assert_eq!(basic("Basic %%%"), None);
        assert_eq!(basic("Basic dXNlcg=="), None);
    }
}
