//! Noting what came of a try, and what follows for its row.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::{RowId, RowState};
use crate::store::error::{Result, StoreError};
use crate::store::sql::to_micros;
use crate::store::writer::WriteContext;

/// Characters of an answer that are kept.
const LONGEST_ANSWER: usize = 4096;

/// Result of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Done,
    /// It was not taken; it is tried again then.
    Again(Timestamp),
    /// Nobody knows whether it was taken, and it must not be sent twice.
    Unknown,
    /// It was refused, or failed too often.
    Dead,
    /// The destination is gone: the row is dead, and its lane is off.
    Gone,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Again(_) => "again",
            Self::Unknown => "unknown",
            Self::Dead => "dead",
            Self::Gone => "gone",
        }
    }

    /// The state of the row from now on.
    fn state(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Again(_) => "waiting",
            Self::Unknown => "unknown",
            Self::Dead | Self::Gone => "dead",
        }
    }
}

/// Result of the try to send a row.
#[derive(Debug, Clone)]
pub struct Note {
    /// The row.
    pub row: RowId,
    /// The result.
    pub outcome: Outcome,
    /// The other side's answer, or what went wrong, without secrets.
    pub answer: String,
    /// End of the try.
    pub at: Timestamp,
}

/// Notes what came of a try; nothing where the row is not being sent any more.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn note(connection: &Connection, note: &Note) -> Result<()> {
    let (row, at) = (note.row.0, to_micros(note.at));
    let settled_at = match note.outcome {
        Outcome::Again(_) => None,
        _ => Some(at),
    };
    let due_at = match note.outcome {
        Outcome::Again(due_at) => Some(to_micros(due_at)),
        _ => None,
    };
    let is_failure = note.outcome != Outcome::Done;
    let mut update = connection.prepare_cached(
        "UPDATE outbox SET state = ?2, settled_at = ?3, due_at = coalesce(?4, due_at),
             failures = failures + ?5
         WHERE id = ?1 AND state = 'sending'",
    )?;
    let values = params![row, note.outcome.state(), settled_at, due_at, is_failure];
    if update.execute(values)? == 0 {
        return Ok(());
    }
    let answer: String = note.answer.chars().take(LONGEST_ANSWER).collect();
    let mut ended = connection.prepare_cached(
        "UPDATE outbox_tries SET ended_at = ?2, outcome = ?3, answer = ?4
         WHERE row_id = ?1 AND ended_at IS NULL",
    )?;
    ended.execute(params![row, at, note.outcome.as_str(), answer])?;
    if note.outcome == Outcome::Gone {
        let off = "UPDATE outbox_lanes SET is_off = 1
                   WHERE lane = (SELECT lane FROM outbox WHERE id = ?1)";
        connection.prepare_cached(off)?.execute([row])?;
    }
    Ok(())
}

/// Decides about the rows that were being sent when the server ended: what may be repeated
/// waits, the rest is unknown.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn recover(connection: &Connection, now: Timestamp) -> Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE outbox SET state = iif(repeatable, 'waiting', 'unknown'), failures = failures + 1,
             due_at = ?1, settled_at = iif(repeatable, NULL, ?1)
         WHERE state = 'sending'",
    )?;
    update.execute([to_micros(now)])?;
    Ok(())
}

/// Time for which another algohook knows a message again by its id.
const KNOWN_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// Note on a row whose later fate a restore lost.
const RESTORED: &str = "it was waiting when the backup was taken, which has been restored: whether it was sent since, nobody \
     knows";

/// Decides about the rows that a backup has as open. What became of them after it was taken is
/// lost, so what must not be sent twice is unknown.
pub(in crate::store) fn after_restore(connection: &Connection, now: Timestamp) -> Result<()> {
    let before = now.checked_sub(KNOWN_AGAIN).unwrap_or(Timestamp::MIN);
    let sql = "UPDATE outbox SET state = 'unknown', settled_at = ?1, note = ?2
         WHERE state IN ('waiting', 'sending')
             AND (NOT repeatable OR event_id IS NOT NULL AND put_at <= ?3)";
    connection.execute(sql, params![to_micros(now), RESTORED, to_micros(before)])?;
    Ok(())
}

/// Has a row that is dead or unknown sent again, whatever its time is.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is no such row to be sent again.
pub fn send_again(context: &mut WriteContext<'_>, row: RowId, now: Timestamp) -> Result<()> {
    let sql = format!("{WAIT_AGAIN} WHERE id = ?2 AND state IN ('dead', 'unknown') AND {SENDABLE}");
    let mut update = context.connection.prepare_cached(&sql)?;
    if update.execute(params![to_micros(now), row.0])? == 0 {
        return Err(not_found(row, "dead or unknown, with a message to send"));
    }
    context.memory.has_outbox_rows = true;
    Ok(())
}

const WAIT_AGAIN: &str = "UPDATE outbox SET state = 'waiting', failures = 0, due_at = ?1,
    expires_at = NULL, settled_at = NULL, note = NULL";

/// All rows but those for which no message could be made: their note says why.
const SENDABLE: &str = "(length(body) > 0 OR note IS NULL)";

/// Has rows of a state, of one lane or of all, sent again; returns how many.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn send_all_again(
    context: &mut WriteContext<'_>,
    lane: Option<&str>,
    state: RowState,
    now: Timestamp,
) -> Result<usize> {
    let sql = format!(
        "{WAIT_AGAIN} WHERE state = ?3 AND state IN ('dead', 'unknown') AND (?2 IS NULL OR lane = ?2) AND {SENDABLE}"
    );
    let mut update = context.connection.prepare_cached(&sql)?;
    let count = update.execute(params![to_micros(now), lane, state.as_str()])?;
    context.memory.has_outbox_rows |= count > 0;
    Ok(count)
}

/// Removes a lane with the rows that wait in it. What was sent stays, and while one is being
/// sent so does the lane.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn remove_lane(connection: &Connection, lane: &str) -> Result<()> {
    for sql in [
        "DELETE FROM outbox WHERE lane = ?1 AND state = 'waiting'",
        "DELETE FROM outbox_lanes WHERE lane = ?1 AND open = 0",
    ] {
        connection.prepare_cached(sql)?.execute([lane])?;
    }
    Ok(())
}

/// Removes a row that is not being sent.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is none.
pub fn remove(connection: &Connection, row: RowId) -> Result<()> {
    let sql = "DELETE FROM outbox WHERE id = ?1 AND state <> 'sending'";
    match connection.prepare_cached(sql)?.execute([row.0])? {
        0 => Err(not_found(row, "not being sent")),
        _ => Ok(()),
    }
}

/// Switches a lane on or off; its rows wait meanwhile.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn switch(context: &mut WriteContext<'_>, lane: &str, is_on: bool) -> Result<()> {
    let sql = "INSERT INTO outbox_lanes (lane, is_off) VALUES (?1, ?2)
               ON CONFLICT (lane) DO UPDATE SET is_off = ?2";
    let mut update = context.connection.prepare_cached(sql)?;
    update.execute(params![lane, !is_on])?;
    context.memory.has_outbox_rows |= is_on;
    Ok(())
}

/// Rows that one part of a clean-up removes.
const AT_ONCE: i64 = 200;

/// Removes a part of the rows that were done with before `before`; true where there is more.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn forget_settled(connection: &Connection, before: Timestamp) -> Result<bool> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM outbox WHERE id IN (
             SELECT id FROM outbox WHERE settled_at < ?1 LIMIT ?2)",
    )?;
    Ok(delete.execute(params![to_micros(before), AT_ONCE])? > 0)
}

fn not_found(row: RowId, which: &str) -> StoreError {
    StoreError::NotFound(format!("row {} of the outbox that is {which}", row.0))
}
