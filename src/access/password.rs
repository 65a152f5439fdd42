//! The stored form of a password: argon2id, slow on purpose.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use rand::rngs::SysError;

use crate::secrets;

/// Characters that a password has at least.
pub const SHORTEST: usize = 10;

/// argon2id with 19 MiB and two passes: OWASP's least, and what a Raspberry Pi does in a second.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Bytes that are asked for at a time. Of what is larger than 32 MiB glibc keeps nothing
/// once it is given back; of the 19 MiB that are needed it would keep a copy for every
/// thread that ever hashed. What is not touched takes no memory.
const RESERVED: usize = 33 * 1024 * 1024;

/// Rule that a new password breaks.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// It is too short.
    #[error("a password must have at least {SHORTEST} characters")]
    TooShort,
    /// The hash could not be made.
    #[error("the password cannot be hashed: {0}")]
    Unusable(argon2::password_hash::Error),
}

/// A salt for a new password: random bytes that make equal passwords look different.
///
/// # Errors
///
/// The system's, where it gives no random bytes.
pub fn new_salt() -> Result<[u8; 16], SysError> {
    let mut salt = [0; 16];
    secrets::random_bytes(&mut salt)?;
    Ok(salt)
}

/// The stored form of a password. Slow: not for the writer's thread.
///
/// # Errors
///
/// [`PasswordError`], where the password is too short.
pub fn to_stored(password: &str, salt: &[u8]) -> Result<String, PasswordError> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordError::TooShort);
    }
    stored_form(password, salt).map_err(PasswordError::Unusable)
}

fn stored_form(password: &str, salt: &[u8]) -> Result<String, argon2::password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None)?;
    let stored = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(Salt::new(salt)?),
        hash: Some(hashed(password, salt, params, Params::DEFAULT_OUTPUT_LEN)?),
    };
    Ok(stored.to_string())
}

/// True if a password is the one of a stored hash. Slow.
#[must_use]
pub fn is_right(password: &str, stored: &str) -> bool {
    is_hash_of(password, stored).unwrap_or(false)
}

fn is_hash_of(password: &str, stored: &str) -> Result<bool, argon2::password_hash::Error> {
    let stored = PasswordHash::new(stored)?;
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
        return Ok(false);
    };
    let params = Params::try_from(&stored)?;
    // Compared in constant time.
    Ok(hashed(password, salt, params, expected.len())? == *expected)
}

fn hashed(
    password: &str,
    salt: &[u8],
    params: Params,
    length: usize,
) -> Result<Output, argon2::password_hash::Error> {
    let count = params.block_count();
    let mut memory = Vec::with_capacity(count.max(RESERVED / Block::SIZE));
    memory.resize(count, Block::new());
    let mut output = [0; Output::MAX_LENGTH];
    let output = output
        .get_mut(..length)
        .ok_or(argon2::password_hash::Error::OutputSize)?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
        password.as_bytes(),
        salt,
        &mut *output,
        &mut memory[..],
    )?;
    Ok(Output::new(output)?)
}

#[cfg(test)]
mod tests {
    use argon2::Argon2;
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    use super::*;

    #[test]
    fn a_stored_password_is_what_argon2_makes_of_it() {
        let stored = to_stored("a long password", &[7; 16]).unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        let theirs = Argon2::default().hash_password_with_salt(b"a long password", &[7; 16]);
        assert_eq!(stored, theirs.unwrap().to_string());
        let verified = Argon2::default().verify_password(b"a long password", stored.as_str());
        assert!(verified.is_ok());
        assert!(is_right("a long password", &stored));
        assert!(!is_right("another password", &stored));
        assert!(!is_right("a long password", "not a hash"));
    }
}
