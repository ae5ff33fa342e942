//! Signs after Standard Webhooks, version 1: HMAC-SHA256 of id, timestamp and body. Pure.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::hmac;

use crate::settings::secret::Secret;

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// How many bytes a secret may have.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// As lenient as the receivers' libraries: with or without `=` at the end, whatever the last letter's spare bits are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A secret that is fit to sign with.
#[derive(Debug)] // ring's key shows its algorithm alone
pub(super) struct Key(hmac::Key);

/// Why a secret is refused. Neither sentence quotes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadSecret {
    pub(super) wrong: String,
    pub(super) right: &'static str,
}

impl Key {
    pub(super) fn parse(secret: &Secret) -> Result<Self, BadSecret> {
        let bad = |wrong: String| BadSecret {
            wrong,
            right: "`whsec_` and the base64 of 24 to 64 random bytes; `echo whsec_$(openssl rand -base64 32)` makes one",
        };
        let Some(encoded) = secret.expose().trim().strip_prefix(PREFIX) else {
            return Err(bad(format!("it does not begin with `{PREFIX}`")));
        };
        let Ok(bytes) = LENIENT.decode(encoded) else {
            return Err(bad(format!("what stands after `{PREFIX}` is not base64")));
        };
        if !LENGTHS.contains(&bytes.len()) {
            let length = bytes.len();
            return Err(bad(format!("its base64 is that of {length} bytes")));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The signature as it stands in the header.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let signed = format!("{id}.{timestamp}.{body}");
        let tag = hmac::sign(&self.0, signed.as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_standard_webhooks() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signature = Key::parse(&secret).unwrap().sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_has_a_form_and_a_length() {
        let of = |bytes: usize| format!("{PREFIX}{}", STANDARD.encode(vec![7; bytes]));
        let unpadded = |bytes: usize| of(bytes).trim_end_matches('=').to_owned();
        for (secret, expected, because) in [
            (of(24), None, "the shortest"),
            (of(64), None, "the longest"),
            (of(32), None, "as openssl makes it, with `=` at the end"),
            (unpadded(32), None, "the same without"),
            (
                format!(" {}\n", of(32)),
                None,
                "with blanks of a shell around",
            ),
            (
                format!("{PREFIX}{}", "s3cret7".repeat(7)),
                Some("is not base64"),
                "a length that base64 cannot have",
            ),
            (of(23), Some("that of 23 bytes"), "too short"),
            (of(65), Some("that of 65 bytes"), "too long"),
            (PREFIX.to_owned(), Some("that of 0 bytes"), "nothing"),
            (
                format!("{PREFIX}s3cret-s3cret_s3cret-s3cret_s3cr"),
                Some("is not base64"),
                "another alphabet",
            ),
            (
                "s3cret".to_owned(),
                Some("does not begin with"),
                "no prefix",
            ),
            (String::new(), Some("does not begin with"), "empty"),
        ] {
            let found = Key::parse(&Secret::new(&secret)).err();
            let said = found.map(|bad| bad.wrong);
            assert_eq!(said.is_some(), expected.is_some(), "{because}: {said:?}");
            let said = said.unwrap_or_default();
            assert!(
                said.contains(expected.unwrap_or_default()),
                "{because}: {said}"
            );
            assert!(!said.contains("s3cret"), "{because}: {said}");
        }
    }

    #[test]
    fn a_key_shows_nothing_of_itself() {
        let shown = |bytes: &[u8]| {
            let secret = Secret::new(format!("{PREFIX}{}", STANDARD.encode(bytes)));
            format!("{:?}", Key::parse(&secret).unwrap())
        };
        assert_eq!(shown(&[1; 32]), shown(&[2; 32]));
    }
}
