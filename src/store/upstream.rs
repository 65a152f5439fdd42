//! How far the alerts of another algohook were read.

use rusqlite::{Connection, OptionalExtension, params};

use super::error::Result;
use super::writer::WriteContext;

/// The number of the other's last event that was recorded here; 0 where none was.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn after(connection: &Connection, url: &str) -> Result<i64> {
    let mut select = connection.prepare_cached("SELECT after FROM upstream WHERE url = ?1")?;
    let after = select.query_row([url], |row| row.get(0)).optional()?;
    Ok(after.unwrap_or(0))
}

/// Notes the last event that was recorded, in its transaction.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn set_after(context: &mut WriteContext<'_>, url: &str, after: i64) -> Result<()> {
    let sql = "INSERT INTO upstream (url, after) VALUES (?1, ?2)
               ON CONFLICT (url) DO UPDATE SET after = max(after, ?2)";
    context
        .connection
        .prepare_cached(sql)?
        .execute(params![url, after])?;
    Ok(())
}
