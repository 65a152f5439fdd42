//! Codes that change every 30 seconds (RFC 6238), and how an app is given their secret.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// Bytes of a secret, as RFC 4226 recommends.
pub const SECRET_BYTES: usize = 20;

/// Seconds that a code is shown for.
pub const STEP: i64 = 30;

/// The newest step whose code may be shown at `now`: the clock of a phone may be a step off.
#[must_use]
pub fn newest_step(now: Timestamp) -> i64 {
    now.as_second() / STEP + 1
}

/// The step whose code this is, among those that may be shown at `now` and are later than
/// `used`.
#[must_use]
pub fn step_of(secret: &[u8], code: &str, used: i64, now: Timestamp) -> Option<i64> {
    let newest = newest_step(now);
    let is_right = |step: &i64| {
        let right = code_at(secret, *step);
        right.as_bytes().ct_eq(code.as_bytes()).into()
    };
    let mut steps = (newest - 2..=newest).filter(|step| *step > used);
    steps.find(is_right)
}

/// The code of one step: RFC 4226 with six digits.
#[must_use]
pub fn code_at(secret: &[u8], step: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else {
        // A key of HMAC may have any length.
        return String::new();
    };
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 15);
    let number = digest[offset..offset + 4]
        .iter()
        .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

/// Base32 of RFC 4648, without padding: 20 bytes are 32 letters.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for five in bytes.chunks(5) {
        let bits = five
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte))
            << (8 * (5 - five.len()));
        let letters = (five.len() * 8).div_ceil(5);
        for letter in 0..letters {
            let index = bits >> (35 - 5 * letter) & 31;
            text.push(char::from(LETTERS[usize::try_from(index).unwrap_or(0)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        let secret = b"12345678901234567890";
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(secret, time / STEP), code);
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, text) in [
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foobar", "MZXW6YTBOI"),
            ("", ""),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }
}
