//! The owner: the hash of the password, and the link of the first set-up.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::error::Result;
use super::known_clients;
use super::sql::{timestamp, to_micros};

/// The stored hash of the owner's password, where one was set.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
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
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn set_password(connection: &Connection, hash: &str, now: Timestamp) -> Result<()> {
    connection.execute(
        "INSERT INTO account (id, password_hash, updated_at) VALUES (1, ?1, ?2)
         ON CONFLICT (id) DO UPDATE SET password_hash = ?1, updated_at = ?2",
        params![hash, to_micros(now)],
    )?;
    connection.execute_batch("DELETE FROM sessions; DELETE FROM setup_link;")?;
    known_clients::forget_all(connection)
}

/// True if a set-up link is the one printed last and was not used.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn is_setup_link(connection: &Connection, hash: &[u8]) -> Result<bool> {
    let mut select =
        connection.prepare_cached("SELECT 1 FROM setup_link WHERE secret_hash = ?1")?;
    Ok(select.exists([hash])?)
}

/// Keeps a set-up link in the place of the one before.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn put_setup_link(connection: &Connection, hash: &[u8]) -> Result<()> {
    connection.execute(
        "INSERT INTO setup_link (id, secret_hash) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET secret_hash = ?1",
        [hash],
    )?;
    Ok(())
}

/// Time at which the password was set; `None` without one.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn changed_at(connection: &Connection) -> Result<Option<Timestamp>> {
    let sql = "SELECT updated_at FROM account";
    Ok(connection
        .query_row(sql, [], |row| timestamp(row, 0))
        .optional()?)
}
