//! The second factor of the login: its secret, the codes that were used, the recovery codes.
//! Which code is right is decided in `access`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::error::Result;
use super::sql::to_micros;

/// Used codes that are remembered.
const MOST_USED: i64 = 100;

/// True if the login asks for a code.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn is_on(connection: &Connection) -> Result<bool> {
    let sql = "SELECT 1 FROM second_factor WHERE confirmed_at IS NOT NULL";
    Ok(connection.prepare_cached(sql)?.exists([])?)
}

/// Number of recovery codes that are left.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn recovery_codes_left(connection: &Connection) -> Result<u32> {
    Ok(connection.query_row("SELECT count(*) FROM recovery_codes", [], |row| row.get(0))?)
}

/// The secret, where there is one; it counts once confirmed.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn secret(connection: &Connection) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT secret FROM second_factor";
    Ok(connection.query_row(sql, [], |row| row.get(0)).optional()?)
}

/// Keeps a secret that is to be confirmed, and forgets the codes that were used.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn put_secret(connection: &Connection, secret: &[u8]) -> Result<()> {
    connection.execute(
        "INSERT INTO second_factor (id, secret) VALUES (1, ?1)
         ON CONFLICT (id) DO UPDATE SET secret = ?1",
        [secret],
    )?;
    connection.execute("DELETE FROM used_codes", [])?;
    Ok(())
}

/// Turns the second factor on, with the hashes of its recovery codes.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn confirm(connection: &Connection, recovery_hashes: &[Vec<u8>], now: Timestamp) -> Result<()> {
    connection.execute(
        "UPDATE second_factor SET confirmed_at = ?1",
        [to_micros(now)],
    )?;
    connection.execute("DELETE FROM recovery_codes", [])?;
    for hash in recovery_hashes {
        connection.execute("INSERT INTO recovery_codes (code_hash) VALUES (?1)", [hash])?;
    }
    Ok(())
}

/// The last time step, up to `newest`, whose code was used; 0 where none was.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn last_used(connection: &Connection, newest: i64) -> Result<i64> {
    let sql = "SELECT coalesce(max(step), 0) FROM used_codes WHERE step <= ?1";
    Ok(connection.query_row(sql, [newest], |row| row.get(0))?)
}

/// Notes that the code of a time step was used.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn note_used(connection: &Connection, step: i64) -> Result<()> {
    connection.execute("INSERT INTO used_codes (step) VALUES (?1)", [step])?;
    connection.execute(
        "DELETE FROM used_codes WHERE id <= (SELECT max(id) FROM used_codes) - ?1",
        [MOST_USED],
    )?;
    Ok(())
}

/// Uses up a recovery code; false where it is none (any more).
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn use_recovery_code(connection: &Connection, hash: &[u8]) -> Result<bool> {
    let sql = "DELETE FROM recovery_codes WHERE code_hash = ?1";
    Ok(connection.execute(sql, params![hash])? > 0)
}

/// Turns the second factor off.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn turn_off(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "DELETE FROM second_factor; DELETE FROM recovery_codes; DELETE FROM used_codes;",
    )?;
    Ok(())
}
