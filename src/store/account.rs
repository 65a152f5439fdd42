//! The owner: password, sessions, and the link of the first set-up.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::conflict::Conflict;
use super::error::{Result, StoreError};
use super::known_clients;
use super::sessions::Origin;
use super::sql::{timestamp, to_micros};
use super::writer::WriteContext;

/// Characters that a password has at least.
pub const SHORTEST_PASSWORD: usize = 10;

/// A session ends this long after its last request.
const IDLE_EXPIRY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A session ends this long after it began.
const ABSOLUTE_EXPIRY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// argon2id with 19 MiB and two passes: OWASP's least, and what a Raspberry Pi does in a second.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Bytes that are asked for at a time. Of what is larger than 32 MiB glibc keeps nothing
/// once it is given back; of the 19 MiB that are needed it would keep a copy for every
/// thread that ever hashed. What is not touched takes no memory.
const RESERVED: usize = 33 * 1024 * 1024;

/// The stored form of a password. Slow on purpose: not for the writer's thread.
///
/// # Errors
///
/// [`StoreError::Conflict`] where the password is too short.
pub fn hash_password(password: &str, salt: &[u8]) -> Result<String> {
    if password.chars().count() < SHORTEST_PASSWORD {
        return Err(Conflict::PasswordTooShort(SHORTEST_PASSWORD).into());
    }
    stored_form(password, salt).map_err(StoreError::unusable("the password cannot be hashed"))
}

fn stored_form(
    password: &str,
    salt: &[u8],
) -> std::result::Result<String, argon2::password_hash::Error> {
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

/// True if a password is the one of a stored hash. Slow on purpose.
#[must_use]
pub fn is_password(password: &str, stored: &str) -> bool {
    is_hash_of(password, stored).unwrap_or(false)
}

fn is_hash_of(
    password: &str,
    stored: &str,
) -> std::result::Result<bool, argon2::password_hash::Error> {
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
) -> std::result::Result<Output, argon2::password_hash::Error> {
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

/// The stored hash of the owner's password, where one was set.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn password_hash(connection: &Connection) -> Result<Option<String>> {
    Ok(connection
        .query_row("SELECT password_hash FROM account", [], |row| row.get(0))
        .optional()?)
}

/// Sets the owner's password; ends every session and the set-up link, and forgets the
/// browsers and addresses that logged in before.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn set_password(context: &mut WriteContext<'_>, hash: &str, now: Timestamp) -> Result<()> {
    context.connection.execute(
        "INSERT INTO account (id, password_hash, updated_at) VALUES (1, ?1, ?2)
         ON CONFLICT (id) DO UPDATE SET password_hash = ?1, updated_at = ?2",
        params![hash, to_micros(now)],
    )?;
    context
        .connection
        .execute_batch("DELETE FROM sessions; DELETE FROM setup_link;")?;
    known_clients::forget_all(context)
}

/// Sets the first password for one who has the set-up link.
///
/// # Errors
///
/// [`StoreError::Conflict`] where the link is not the one printed last, or was used.
pub fn set_up(
    context: &mut WriteContext<'_>,
    link_hash: &[u8],
    password_hash: &str,
    now: Timestamp,
) -> Result<()> {
    check_setup_link(context.connection, link_hash)?;
    set_password(context, password_hash, now)
}

/// Checks whether a set-up link is the one printed last and was not used.
///
/// # Errors
///
/// [`StoreError::Conflict`] where it is not.
pub fn check_setup_link(connection: &Connection, link_hash: &[u8]) -> Result<()> {
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM setup_link WHERE secret_hash = ?1")?;
    if statement.exists([link_hash])? {
        return Ok(());
    }
    Err(if password_hash(connection)?.is_some() {
        Conflict::SetupLinkUsed.into()
    } else {
        Conflict::SetupLinkReplaced.into()
    })
}

/// Makes a new set-up link where no password is set yet; false where one is.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn replace_setup_link(context: &mut WriteContext<'_>, link_hash: &[u8]) -> Result<bool> {
    if password_hash(context.connection)?.is_some() {
        return Ok(false);
    }
    context.connection.execute(
        "INSERT INTO setup_link (id, secret_hash) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET secret_hash = ?1",
        [link_hash],
    )?;
    Ok(true)
}

/// Begins a session and forgets those that are over.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn begin_session(
    context: &mut WriteContext<'_>,
    hash: &[u8],
    origin: &Origin,
    now: Timestamp,
) -> Result<()> {
    context.connection.execute(
        "DELETE FROM sessions WHERE created_at < ?1 OR last_seen_at < ?2",
        [
            to_micros(now - ABSOLUTE_EXPIRY),
            to_micros(now - IDLE_EXPIRY),
        ],
    )?;
    // What began while the clock was ahead would be good for that much longer.
    context.connection.execute(
        "UPDATE sessions SET created_at = min(created_at, ?1), last_seen_at = min(last_seen_at, ?1)
         WHERE created_at > ?1 OR last_seen_at > ?1",
        [to_micros(now)],
    )?;
    context.connection.execute(
        "INSERT INTO sessions (secret_hash, created_at, last_seen_at, address, user_agent)
         VALUES (?1, ?2, ?2, ?3, ?4)",
        params![hash, to_micros(now), origin.address, origin.user_agent],
    )?;
    Ok(())
}

/// When the session with this hash was last seen, where it is still good.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn session_seen_at(
    connection: &Connection,
    hash: &[u8],
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let mut statement = connection.prepare_cached(
        "SELECT last_seen_at FROM sessions WHERE secret_hash = ?1 AND created_at >= ?2 AND last_seen_at >= ?3",
    )?;
    let since = (
        to_micros(now - ABSOLUTE_EXPIRY),
        to_micros(now - IDLE_EXPIRY),
    );
    let seen_at = statement.query_row(params![hash, since.0, since.1], |row| timestamp(row, 0));
    Ok(seen_at.optional()?)
}

/// When the password was set, where there is one.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn changed_at(connection: &Connection) -> Result<Option<Timestamp>> {
    let sql = "SELECT updated_at FROM account";
    Ok(connection
        .query_row(sql, [], |row| timestamp(row, 0))
        .optional()?)
}

/// Notes that a session is in use.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn touch_session(context: &mut WriteContext<'_>, hash: &[u8], now: Timestamp) -> Result<()> {
    context.connection.execute(
        "UPDATE sessions SET last_seen_at = ?2, created_at = min(created_at, ?2) WHERE secret_hash = ?1",
        params![hash, to_micros(now)],
    )?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn end_session(context: &mut WriteContext<'_>, hash: &[u8]) -> Result<()> {
    context
        .connection
        .execute("DELETE FROM sessions WHERE secret_hash = ?1", [hash])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use argon2::Argon2;
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    use super::*;

    #[test]
    fn a_stored_password_is_what_argon2_makes_of_it() {
        let stored = hash_password("a long password", &[7; 16]).unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        let theirs = Argon2::default().hash_password_with_salt(b"a long password", &[7; 16]);
        assert_eq!(stored, theirs.unwrap().to_string());
        let verified = Argon2::default().verify_password(b"a long password", stored.as_str());
        assert!(verified.is_ok());
        assert!(is_password("a long password", &stored));
        assert!(!is_password("another password", &stored));
        assert!(!is_password("a long password", "not a hash"));
    }
}
