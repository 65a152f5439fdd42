//! Runs of the server, so that its downtimes are known.
//!
//! A stop is noted at the stop. A crash notes nothing: what is known of its time is that the
//! last commit came before it.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::error::Result;
use super::sql::{optional_timestamp, timestamp, to_micros};

/// Runs that are kept.
const KEPT: i64 = 10_000;

/// A time between two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Downtime {
    /// The stop, or the last commit of a run that ended without one.
    pub from: Timestamp,
    /// The next start.
    pub to: Timestamp,
    /// True if it ended by a stop: then all of the time is known.
    pub was_stopped: bool,
}

/// Notes a start.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn note_start(connection: &Connection, now: Timestamp) -> Result<()> {
    // Both are indexed; the newest event may be one of a file, which is older.
    let last_commit: Option<i64> = connection
        .query_row(
            "SELECT max(at) FROM (SELECT max(committed_at) AS at FROM (SELECT committed_at FROM commits
                 ORDER BY last_event DESC LIMIT 1)
             UNION ALL SELECT received_at FROM (SELECT received_at FROM events
                 WHERE source IN ('webhook', 'test') ORDER BY id DESC LIMIT 1)
             UNION ALL SELECT started_at FROM (SELECT started_at FROM runs ORDER BY id DESC LIMIT 1))",
            [],
            |row| row.get(0),
        )
        .optional()?
        .flatten();
    connection.execute(
        "INSERT INTO runs (started_at, last_commit) VALUES (?1, ?2)",
        params![to_micros(now), last_commit],
    )?;
    connection.execute(
        "DELETE FROM runs WHERE id <= (SELECT max(id) FROM runs) - ?1",
        [KEPT],
    )?;
    Ok(())
}

/// Notes the stop of the run that began last.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn note_stop(connection: &Connection, now: Timestamp) -> Result<()> {
    connection.execute(
        "UPDATE runs SET stopped_at = ?1 WHERE id = (SELECT max(id) FROM runs)",
        [to_micros(now)],
    )?;
    Ok(())
}

/// The times between two runs, oldest first.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn downtimes(connection: &Connection) -> Result<Vec<Downtime>> {
    let mut select = connection
        .prepare_cached("SELECT started_at, last_commit, stopped_at FROM runs ORDER BY id")?;
    let runs = select.query_map([], |row| {
        Ok((
            timestamp(row, 0)?,
            optional_timestamp(row, 1)?,
            optional_timestamp(row, 2)?,
        ))
    })?;
    let runs: Vec<_> = runs.collect::<rusqlite::Result<_>>()?;
    let between = runs.windows(2).filter_map(|pair| {
        let [(begun, _, stopped), (to, last_commit, _)] = pair else {
            return None;
        };
        let from = stopped.or(*last_commit).unwrap_or(*begun).max(*begun);
        (from < *to).then_some(Downtime {
            from,
            to: *to,
            was_stopped: stopped.is_some(),
        })
    });
    Ok(between.collect())
}
