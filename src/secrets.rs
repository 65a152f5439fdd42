//! Secrets, from the operating system's random source, and how they are kept.

use rand::TryRng;
use rand::rngs::{SysError, SysRng};
use sha2::{Digest, Sha256};

use crate::domain::webhook::random_letters;

/// Random letters of a token, session or setup link: 40 x log2(62) = 238 bits.
const LETTERS: usize = 40;

/// Fills bytes from the operating system's random source.
///
/// # Errors
///
/// The operating system's, where it has no randomness to give.
pub fn random_bytes(bytes: &mut [u8]) -> Result<(), SysError> {
    SysRng.try_fill_bytes(bytes)
}

/// A new secret: a prefix that tells what it is for, and 40 random letters and digits.
///
/// # Errors
///
/// As [`random_bytes`].
pub fn new_secret(prefix: &str) -> Result<String, SysError> {
    Ok(format!(
        "{prefix}{}",
        random_letters(LETTERS, random_bytes)?
    ))
}

/// The stored form of a secret. It has too many random bits to be guessed, so a
/// plain hash keeps it; passwords are hashed slowly, in `store::account`.
#[must_use]
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
