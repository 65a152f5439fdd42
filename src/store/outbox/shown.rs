//! Rows as their owner is shown them: with the number of tries and the last one.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{OutboxRow, RowFilter, RowId, RowState, SELECT, Try, read};
use crate::domain::event::EventId;
use crate::store::error::{Result, StoreError};
use crate::store::sql::{optional_timestamp, timestamp};

/// A row with its tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The row.
    pub row: OutboxRow,
    /// The number of tries.
    pub attempts: u32,
    /// The last one.
    pub last: Option<Try>,
}

/// Rows, newest first, with their last tries.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn list_shown(connection: &Connection, filter: &RowFilter, limit: u32) -> Result<Vec<Listed>> {
    let rows = super::list(connection, filter, limit)?;
    rows.into_iter()
        .map(|row| with_tries(connection, row))
        .collect()
}

/// One row.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is none.
pub fn get(connection: &Connection, id: RowId) -> Result<Listed> {
    let mut select = connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    let row = select.query_row([id.0], read).optional()?;
    let row = row.ok_or_else(|| StoreError::NotFound(format!("row {id} of the outbox")))?;
    with_tries(connection, row)
}

/// The rows that pass an event on, oldest first.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn of_event(connection: &Connection, event: EventId) -> Result<Vec<Listed>> {
    let mut select =
        connection.prepare_cached(&format!("{SELECT} WHERE event_id = ?1 ORDER BY id"))?;
    let rows = select.query_map([event.0], read)?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    rows.into_iter()
        .map(|row| with_tries(connection, row))
        .collect()
}

fn with_tries(connection: &Connection, row: OutboxRow) -> Result<Listed> {
    let mut select = connection.prepare_cached(
        "SELECT began_at, ended_at, outcome, answer, number FROM outbox_tries WHERE row_id = ?1
         ORDER BY number DESC LIMIT 1",
    )?;
    let read = |row: &Row<'_>| {
        let last = Try {
            began_at: timestamp(row, 0)?,
            ended_at: optional_timestamp(row, 1)?,
            outcome: row.get(2)?,
            answer: row.get(3)?,
        };
        Ok((last, row.get(4)?))
    };
    let last = select.query_row([row.id.0], read).optional()?;
    let (last, attempts) = last.unzip();
    Ok(Listed {
        row,
        attempts: attempts.unwrap_or(0),
        last,
    })
}

/// The rows of a lane by their state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LaneCounts {
    /// Rows that wait or are being sent.
    pub waiting: u64,
    /// Rows that were taken.
    pub done: u64,
    /// Rows of which nobody knows whether they were taken.
    pub unknown: u64,
    /// Rows that were not taken.
    pub dead: u64,
    /// Rows that there was no room for.
    pub dropped: u64,
    /// True if the destination said that it is gone, or its owner switched it off.
    pub is_off: bool,
}

/// Counts the rows of a lane.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn counts(connection: &Connection, lane: &str) -> Result<LaneCounts> {
    let mut counts = LaneCounts::default();
    let mut select = connection
        .prepare_cached("SELECT state, count(*) FROM outbox WHERE lane = ?1 GROUP BY state")?;
    let mut rows = select.query([lane])?;
    while let Some(row) = rows.next()? {
        let state: RowState = crate::store::sql::parsed(row, 0)?;
        let count = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
        match state {
            RowState::Waiting | RowState::Sending => counts.waiting += count,
            RowState::Done => counts.done += count,
            RowState::Unknown => counts.unknown += count,
            RowState::Dead => counts.dead += count,
        }
    }
    let sql = "SELECT is_off FROM outbox_lanes WHERE lane = ?1";
    let is_off = connection
        .prepare_cached(sql)?
        .query_row(params![lane], |row| row.get(0));
    counts.is_off = is_off.optional()?.unwrap_or(false);
    counts.dropped = super::dropped(connection, lane)?;
    Ok(counts)
}

/// The rows of a lane that are dead, and those of which nobody knows.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn not_taken(connection: &Connection, lane: &str) -> Result<(u64, u64)> {
    let mut select = connection.prepare_cached(
        "SELECT count(*) FILTER (WHERE state = 'dead'), count(*) FILTER (WHERE state = 'unknown')
         FROM outbox WHERE lane = ?1 AND state IN ('dead', 'unknown')",
    )?;
    let count = |row: &rusqlite::Row<'_>, column| -> rusqlite::Result<u64> {
        Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
    };
    Ok(select.query_row([lane], |row| Ok((count(row, 0)?, count(row, 1)?)))?)
}
