//! Reasons for refusing access, with the texts that the login page shows.

use std::time::Duration;

use rand::rngs::SysError;

use super::password::PasswordError;
use crate::store::StoreError;

/// The reason for which a try to come in, or to change who may, came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The token is unknown, or was revoked.
    #[error("this API token is not valid (any more)")]
    UnknownToken,
    /// The session ended, or never was.
    #[error("this session is over")]
    SessionOver,
    /// The password is not the owner's.
    #[error("this is not the password")]
    WrongPassword,
    /// The code is not one of now, or was used.
    #[error("this is not the code")]
    WrongCode,
    /// The password is right, and a code is asked for.
    #[error("the code of the authenticator app is missing")]
    CodeMissing,
    /// The first code of a second factor is not one of now.
    #[error("this is not the code of now")]
    UnconfirmedCode,
    /// Wrong passwords make the next try wait this long.
    #[error("too many wrong passwords; try again in {} seconds", seconds(*.0))]
    TooManyPasswords(Duration),
    /// Wrong codes make the next try wait this long.
    #[error("too many wrong codes; try again in {} seconds", seconds(*.0))]
    TooManyCodes(Duration),
    /// The queue for hashing is full.
    #[error("too many passwords wait to be checked")]
    Busy,
    /// The hashing panicked, which the log tells.
    #[error("the server could not do this; its log says why")]
    Panicked,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(#[from] SysError),
    /// A new password cannot be taken.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whole seconds after which a wait is certainly over.
#[must_use]
pub fn seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_secs()).unwrap_or(u32::MAX - 1) + 1
}
