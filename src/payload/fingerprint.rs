//! The fingerprint that two copies of one message have in common.
//!
//! TradingView's log shows a message as it was sent, a file may have other line ends and
//! spaces, and what is kept has no key. The fingerprint is what is left. It is stored where a
//! message is not kept any longer, so what it is made of must never change.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// SHA-256 of a message without its key and without the line ends and spaces that a copy may
/// change.
pub type Fingerprint = [u8; 32];

/// The fingerprint of a message whose key is hidden.
#[must_use]
pub fn fingerprint(payload: &[u8]) -> Fingerprint {
    if let Ok(mut fields) = serde_json::from_slice::<Map<String, Value>>(payload) {
        fields.remove("auth_key");
        return Sha256::digest(Value::Object(fields).to_string()).into();
    }
    let mut digest = Sha256::new();
    for solid in payload.split(u8::is_ascii_whitespace) {
        digest.update(solid);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_hexadecimal(payload: &str) -> String {
        crate::text::hex(&fingerprint(payload.as_bytes()))
    }

    #[test]
    fn a_copy_of_a_message_has_its_fingerprint() {
        let kept = fingerprint(br#"{"auth_key":"***","ticker":"AAPL","qty":1.50}"#);
        for copy in [
            r#"{"auth_key":"other","ticker":"AAPL","qty":1.50}"#,
            "{\r\n  \"qty\": 1.50,\r\n  \"ticker\": \"AAPL\"\r\n}",
        ] {
            assert_eq!(fingerprint(copy.as_bytes()), kept, "{copy}");
        }
        for other in [
            r#"{"ticker":"AAPL","qty":1.51}"#,
            r#"{"ticker":"AAPL","qty":"1.50"}"#,
        ] {
            assert_ne!(fingerprint(other.as_bytes()), kept, "{other}");
        }
        assert_eq!(fingerprint(b"buy 1\r\nAAPL"), fingerprint(b"buy 1 AAPL\n"));
    }

    /// Those that were stored would not be found any more.
    #[test]
    fn fingerprints_never_change() {
        assert_eq!(
            in_hexadecimal(r#"{"b":1.50,"a":{"z":"\u00e9","y":[1e5,null]},"auth_key":"***"}"#),
            "6cdab54ebc6d3d9926cf1dc9c26c80b5120fee3cfe9f5334518517adc3c2aa8d"
        );
        assert_eq!(
            in_hexadecimal("buy 1 AAPL"),
            "f11ab1fb6b325cfe18cb31dcd53f6ef1bea61187f149c929f19cc4de02064fbc"
        );
    }
}
