//! Reasons for refusing access, with the texts that the login page shows.

use std::time::Duration;

use rand::rngs::SysError;

use super::password::PasswordError;
use crate::store::StoreError;

/// The reason for which a try to come in, or to change who may, came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The token is unknown, or was revoked.
    #[error("unknown or revoked API token")]
    UnknownToken,
    /// The session ended, or never was.
    #[error("your session has ended")]
    SessionOver,
    /// The password is not the owner's.
    #[error("wrong password")]
    WrongPassword,
    /// The code is not a current one, or was used.
    #[error("wrong or used code; enter the one your app shows now")]
    WrongCode,
    /// The password is right, and a code is asked for.
    #[error("enter the code of your authenticator app")]
    CodeMissing,
    /// The first code of a second factor is not a current one.
    #[error("that code is not current")]
    UnconfirmedCode,
    /// Wrong passwords make the next try wait this long.
    #[error("too many wrong passwords; try again in {} seconds", seconds(*.0))]
    TooManyPasswords(Duration),
    /// Wrong codes make the next try wait this long.
    #[error("too many wrong codes; try again in {} seconds", seconds(*.0))]
    TooManyCodes(Duration),
    /// The queue for hashing is full.
    #[error("too many logins are waiting")]
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
