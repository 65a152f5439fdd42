//! The owner's sessions: listed and ended. How they begin is in `account`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;

use super::error::{Result, StoreError};
use super::sql::timestamp;
use super::writer::WriteContext;
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

/// A session as it is stored, without its secret.
#[derive(Debug, Clone)]
pub struct StoredSession {
    /// Its number.
    pub id: SessionId,
    /// SHA-256 of its secret.
    pub hash: Vec<u8>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// From which address it was begun.
    pub address: Option<String>,
    /// In which browser it was begun.
    pub user_agent: Option<String>,
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
pub fn end(context: &mut WriteContext<'_>, id: SessionId) -> Result<()> {
    let sql = "DELETE FROM sessions WHERE id = ?1";
    match context.connection.execute(sql, [id.0])? {
        0 => Err(StoreError::NotFound(format!("session {id}"))),
        _ => Ok(()),
    }
}
