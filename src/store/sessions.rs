//! The owner's sessions. How long one is good is decided in `access`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::error::{Result, StoreError};
use super::sql::{timestamp, to_micros};
use crate::domain::event::{NotAnId, numbered_id};

numbered_id! {
    /// The number of a session, `ses_3` outside.
    SessionId, "ses"
}

/// From where a session is begun.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The address.
    pub address: String,
    /// The browser's name for itself.
    pub user_agent: Option<String>,
}

/// The oldest times that a session is still good with.
#[derive(Debug, Clone, Copy)]
pub struct GoodSince {
    /// The oldest beginning.
    pub created_at: Timestamp,
    /// The oldest last use.
    pub last_seen_at: Timestamp,
}

/// A session as it is stored, without its secret.
#[derive(Debug, Clone)]
pub struct StoredSession {
    /// Its number.
    pub id: SessionId,
    /// SHA-256 of its secret.
    pub hash: Vec<u8>,
    /// Time of the login.
    pub created_at: Timestamp,
    /// Time of its last use, to the minute.
    pub last_seen_at: Timestamp,
    /// From which address it was begun.
    pub address: Option<String>,
    /// In which browser it was begun.
    pub user_agent: Option<String>,
}

/// Forgets the sessions that are over.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn forget_before(connection: &Connection, since: GoodSince, now: Timestamp) -> Result<()> {
    connection.execute(
        "DELETE FROM sessions WHERE created_at < ?1 OR last_seen_at < ?2",
        [to_micros(since.created_at), to_micros(since.last_seen_at)],
    )?;
    // What began while the clock was ahead would be good for that much longer.
    connection.execute(
        "UPDATE sessions SET created_at = min(created_at, ?1), last_seen_at = min(last_seen_at, ?1)
         WHERE created_at > ?1 OR last_seen_at > ?1",
        [to_micros(now)],
    )?;
    Ok(())
}

/// Begins a session.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn begin(connection: &Connection, hash: &[u8], origin: &Origin, now: Timestamp) -> Result<()> {
    connection.execute(
        "INSERT INTO sessions (secret_hash, created_at, last_seen_at, address, user_agent)
         VALUES (?1, ?2, ?2, ?3, ?4)",
        params![hash, to_micros(now), origin.address, origin.user_agent],
    )?;
    Ok(())
}

/// Last use of the session with this hash; `None` if it is no longer good.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn seen_at(
    connection: &Connection,
    hash: &[u8],
    since: GoodSince,
) -> Result<Option<Timestamp>> {
    let mut select = connection.prepare_cached(
        "SELECT last_seen_at FROM sessions WHERE secret_hash = ?1 AND created_at >= ?2 AND last_seen_at >= ?3",
    )?;
    let since = (to_micros(since.created_at), to_micros(since.last_seen_at));
    let seen_at = select.query_row(params![hash, since.0, since.1], |row| timestamp(row, 0));
    Ok(seen_at.optional()?)
}

/// Notes that a session is in use.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn touch(connection: &Connection, hash: &[u8], now: Timestamp) -> Result<()> {
    connection.execute(
        "UPDATE sessions SET last_seen_at = ?2, created_at = min(created_at, ?2) WHERE secret_hash = ?1",
        params![hash, to_micros(now)],
    )?;
    Ok(())
}

/// Ends the session with this hash, where there is one.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn end_by_hash(connection: &Connection, hash: &[u8]) -> Result<()> {
    connection.execute("DELETE FROM sessions WHERE secret_hash = ?1", [hash])?;
    Ok(())
}

/// Every session, oldest first; those that are over are forgotten with the next login.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn list(connection: &Connection) -> Result<Vec<StoredSession>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, secret_hash, created_at, last_seen_at, address, user_agent FROM sessions ORDER BY id",
    )?;
    let sessions = statement.query_map([], |row| {
        Ok(StoredSession {
            id: SessionId(row.get(0)?),
            hash: row.get(1)?,
            created_at: timestamp(row, 2)?,
            last_seen_at: timestamp(row, 3)?,
            address: row.get(4)?,
            user_agent: row.get(5)?,
        })
    })?;
    Ok(sessions.collect::<rusqlite::Result<_>>()?)
}

/// Ends a session.
///
/// # Errors
///
/// [`StoreError::NotFound`], or [`StoreError::Unavailable`].
pub fn end(connection: &Connection, id: SessionId) -> Result<()> {
    let sql = "DELETE FROM sessions WHERE id = ?1";
    match connection.execute(sql, [id.0])? {
        0 => Err(StoreError::NotFound(format!("session {id}"))),
        _ => Ok(()),
    }
}
