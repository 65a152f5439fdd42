//! The secret of a token. Only its hash is kept; the scope is the identity's.

use rand::rngs::SysError;

use crate::secrets;

/// Prefix of every token, so that one is recognised where it leaks.
pub const PREFIX: &str = "aht_";

/// A secret for a new token.
///
/// # Errors
///
/// The system's, where it gives no random bytes.
pub fn new_secret() -> Result<String, SysError> {
    secrets::new_secret(PREFIX)
}
