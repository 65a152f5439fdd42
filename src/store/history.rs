//! The identity of the database, by which those who read its events from afar know it.
//!
//! After a restore the numbers of events are given a second time. A reader that goes on from the
//! last number it knows would then pass over all that is new, so a restored database has another
//! identity.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::error::Result;
use super::sql::{timestamp, to_micros};
use crate::domain::event::EventId;

/// The identity.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn id(connection: &Connection) -> Result<String> {
    let mut select = connection.prepare_cached("SELECT id FROM history")?;
    Ok(select.query_row([], |row| row.get(0))?)
}

/// The time of the restore that this history began with; long ago where there was none.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn began_at(connection: &Connection) -> Result<Timestamp> {
    let mut select = connection.prepare_cached("SELECT began_at FROM history")?;
    Ok(select.query_row([], |row| timestamp(row, 0))?)
}

/// The largest number that an event of this history ever had, whether it is still there or not.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn last_number(connection: &Connection) -> Result<EventId> {
    let mut select =
        connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'events'")?;
    let last = select.query_row([], |row| row.get(0)).optional()?;
    Ok(EventId(last.unwrap_or(0)))
}

/// Begins another history at `now`.
pub(super) fn begin(connection: &Connection, now: Timestamp) -> Result<()> {
    let sql = "UPDATE history SET id = lower(hex(randomblob(16))), began_at = ?1";
    connection.execute(sql, [to_micros(now)])?;
    Ok(())
}
