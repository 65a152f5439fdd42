//! Progress of reading the alerts of another algohook, and the reason that it fails.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::Result;
use super::sql::{optional_timestamp, to_micros};

/// The place in the other's events up to which they were recorded here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The identity of the other's database; empty where nothing was read yet.
    pub history: String,
    /// The number of the last event of it.
    pub after: i64,
}

/// The place up to which the other's events were recorded here.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn cursor(connection: &Connection, url: &str) -> Result<Cursor> {
    let sql = "SELECT history, after FROM upstream WHERE url = ?1";
    let read = |row: &Row<'_>| {
        Ok(Cursor {
            history: row.get(0)?,
            after: row.get(1)?,
        })
    };
    let mut select = connection.prepare_cached(sql)?;
    let found = select.query_row([url], read).optional()?;
    Ok(found.unwrap_or_default())
}

/// Notes the last event that was recorded, in its transaction.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn set_cursor(connection: &Connection, url: &str, cursor: &Cursor) -> Result<()> {
    // An event of another history can have a smaller number than the last one of the history before.
    let sql = "INSERT INTO upstream (url, history, after) VALUES (?1, ?2, ?3)
               ON CONFLICT (url) DO UPDATE SET history = ?2, after = ?3";
    connection
        .prepare_cached(sql)?
        .execute(params![url, cursor.history, cursor.after])?;
    Ok(())
}

/// Reason that the other's alerts cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The reason, with what to do about it.
    pub why: String,
    /// Time at which it began.
    pub since: Timestamp,
}

/// Reason that the other's alerts cannot be read; `None` where they are.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn failure(connection: &Connection, url: &str) -> Result<Option<Failure>> {
    let sql = "SELECT failure, failed_at FROM upstream WHERE url = ?1";
    let read = |row: &Row<'_>| Ok((row.get(0)?, optional_timestamp(row, 1)?));
    let mut select = connection.prepare_cached(sql)?;
    let found: Option<(Option<String>, _)> = select.query_row([url], read).optional()?;
    Ok(found.and_then(|(why, since)| {
        Some(Failure {
            why: why?,
            since: since?,
        })
    }))
}

/// Notes why the other's alerts cannot be read from `now` on, or that they are; a failure that
/// lasts keeps the time at which it began.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn note_failure(
    connection: &Connection,
    url: &str,
    why: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO upstream (url, after, failure, failed_at) VALUES (?1, 0, ?2, ?3)
               ON CONFLICT (url) DO UPDATE SET failure = ?2,
                   failed_at = iif(?2 IS NULL, NULL, coalesce(failed_at, ?3))";
    connection
        .prepare_cached(sql)?
        .execute(params![url, why, to_micros(now)])?;
    Ok(())
}
