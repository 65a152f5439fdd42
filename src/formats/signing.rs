//! Signatures of Standard Webhooks (standardwebhooks.com): the receiver knows who sent a message
//! and that nobody changed it, and by the id that it came before.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use rand::rngs::SysError;
use sha2::Sha256;

use crate::secrets::random_bytes;

/// Prefix of a secret.
const PREFIX: &str = "whsec_";

/// Random bytes of a secret.
const LENGTH: usize = 32;

/// A new secret: `whsec_` and 32 random bytes as base64.
///
/// # Errors
///
/// The system's, where it gives no random bytes.
pub fn new_secret() -> Result<String, SysError> {
    let mut bytes = [0; LENGTH];
    random_bytes(&mut bytes)?;
    Ok(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// The value of `webhook-signature`: one signature for each secret that is valid.
#[must_use]
pub fn signatures<'a>(
    secrets: impl IntoIterator<Item = &'a str>,
    id: &str,
    at: Timestamp,
    body: &[u8],
) -> String {
    let signed = secrets
        .into_iter()
        .filter_map(|secret| signature(secret, id, at, body));
    signed.collect::<Vec<_>>().join(" ")
}

fn signature(secret: &str, id: &str, at: Timestamp, body: &[u8]) -> Option<String> {
    let key = STANDARD
        .decode(secret.strip_prefix(PREFIX).unwrap_or(secret))
        .ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{}.", at.as_second()).as_bytes());
    mac.update(body);
    Some(format!(
        "v1,{}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that every library of Standard Webhooks has among its tests.
    #[test]
    fn the_vector_of_standard_webhooks_is_signed_alike() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signed = signatures(
            [secret],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn during_a_rotation_both_secrets_sign() {
        let (old, new) = (new_secret().unwrap(), new_secret().unwrap());
        let at = Timestamp::from_second(1).unwrap();
        let one = |secret: &str| signatures([secret], "id", at, b"body");
        let both = signatures([&*new, &*old], "id", at, b"body");
        assert_eq!(both, format!("{} {}", one(&new), one(&old)));
    }
}
