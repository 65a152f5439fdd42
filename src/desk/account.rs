//! The password, the second factor and the sessions.

use crate::access;
use crate::store::audit::{self, Act, Actor};
use crate::store::sessions::{self, SessionId};
use crate::store::{Result, WriteContext, account, known_clients, second_factor, tokens};

/// Fate of the tokens when the password changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokensThen {
    /// They go on working.
    Stay,
    /// They are revoked.
    AreRevoked,
}

/// Sets the password, of which `hash` is the stored form. Every session ends.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn set_password(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    hash: &str,
    then: TokensThen,
) -> Result<()> {
    account::set_password(context.connection, hash, actor.at)?;
    audit::note(context.connection, actor, Act::PasswordChange, None)?;
    if then == TokensThen::AreRevoked && tokens::revoke_all(context.connection)? > 0 {
        audit::note(context.connection, actor, Act::TokenRevoke, Some("all"))?;
    }
    Ok(())
}

/// Turns the second factor on with its first code; false where that is wrong.
///
/// # Errors
///
/// [`crate::store::StoreError::Conflict`] where there is nothing to confirm.
pub fn confirm_second_factor(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    code: &str,
    recovery_hashes: &[Vec<u8>],
) -> Result<bool> {
    let is_right =
        access::second_factor::confirm(context.connection, code, recovery_hashes, actor.at)?;
    if is_right {
        audit::note(context.connection, actor, Act::SecondFactorOn, None)?;
    }
    Ok(is_right)
}

/// Turns the second factor off.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn turn_second_factor_off(context: &mut WriteContext<'_>, actor: &Actor) -> Result<()> {
    second_factor::turn_off(context.connection)?;
    audit::note(context.connection, actor, Act::SecondFactorOff, None)
}

/// Ends the session of the one who acts.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn log_out(context: &mut WriteContext<'_>, actor: &Actor, session_hash: &[u8]) -> Result<()> {
    sessions::end_by_hash(context.connection, session_hash)?;
    audit::note(context.connection, actor, Act::Logout, None)
}

/// Ends a session.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is none.
pub fn end_session(context: &mut WriteContext<'_>, actor: &Actor, id: SessionId) -> Result<()> {
    sessions::end(context.connection, id)?;
    audit::note(
        context.connection,
        actor,
        Act::SessionEnd,
        Some(&id.to_string()),
    )
}

/// Notes that the owner knows of the logins from new places up to `newest`.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn acknowledge_logins(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    newest: i64,
) -> Result<()> {
    known_clients::acknowledge(context.connection, newest)?;
    audit::note(context.connection, actor, Act::LoginAcknowledge, None)
}
