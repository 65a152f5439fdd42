//! Issues: what is wrong, from its first moment to its last. What counts as one is decided
//! elsewhere.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::error::Result;
use super::sql::{timestamp, to_micros};

/// Days for which issues that are over are kept.
const KEPT_DAYS: i64 = 90;

/// Microseconds of a day.
const DAY: i64 = 24 * 3600 * 1_000_000;

/// An issue that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Its number.
    pub id: i64,
    /// The matter, as the rules name it.
    pub matter: String,
    /// A line that says it.
    pub title: String,
    /// Times that it happened.
    pub count: i64,
    /// Time at which it began to be known.
    pub opened_at: Timestamp,
    /// Time at which its owner was last told or reminded.
    pub told_at: Timestamp,
}

/// Every issue that is open, oldest first.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn open(connection: &Connection) -> Result<Vec<Issue>> {
    let mut select = connection.prepare_cached(
        "SELECT id, matter, title, count, opened_at, told_at FROM issues WHERE closed_at IS NULL ORDER BY id",
    )?;
    let issues = select.query_map([], |row| {
        Ok(Issue {
            id: row.get(0)?,
            matter: row.get(1)?,
            title: row.get(2)?,
            count: row.get(3)?,
            opened_at: timestamp(row, 4)?,
            told_at: timestamp(row, 5)?,
        })
    })?;
    Ok(issues.collect::<rusqlite::Result<_>>()?)
}

/// Opens an issue.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn insert(
    connection: &Connection,
    matter: &str,
    title: &str,
    count: i64,
    now: Timestamp,
) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO issues (matter, title, count, opened_at, told_at) VALUES (?1, ?2, ?3, ?4, ?4)",
    )?;
    insert.execute(params![matter, title, count, to_micros(now)])?;
    Ok(())
}

/// Notes how often an issue happened, and when its owner was told of it last.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn update(connection: &Connection, id: i64, count: i64, told_at: Timestamp) -> Result<()> {
    let sql = "UPDATE issues SET count = ?2, told_at = ?3 WHERE id = ?1";
    let mut update = connection.prepare_cached(sql)?;
    update.execute(params![id, count, to_micros(told_at)])?;
    Ok(())
}

/// Closes an issue, and forgets those that are long over.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn close(connection: &Connection, id: i64, now: Timestamp) -> Result<()> {
    let now = to_micros(now);
    let sql = "UPDATE issues SET closed_at = ?2 WHERE id = ?1";
    connection.prepare_cached(sql)?.execute([id, now])?;
    let sql = "DELETE FROM issues WHERE closed_at < ?1";
    connection
        .prepare_cached(sql)?
        .execute([now - KEPT_DAYS * DAY])?;
    Ok(())
}
