//! Putting rows into the outbox, in the transaction of what causes them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::RowId;
use crate::domain::event::EventId;
use crate::store::error::Result;
use crate::store::sql::to_micros;
use crate::store::writer::WriteContext;

/// Rows of a lane that wait at most; messages of little weight make room beyond.
pub const LARGEST_LANE: i64 = 10_000;

/// A row to put into the outbox.
#[derive(Debug, Clone)]
pub struct NewRow {
    /// The lane of its destination.
    pub lane: String,
    /// Kind, which names its sender.
    pub kind: &'static str,
    /// Its subject: a second row of the lane about the same is not put there.
    pub about: String,
    /// The bytes to send.
    pub body: Vec<u8>,
    /// True if the other side takes it once however often it is sent.
    pub repeatable: bool,
    /// True if it is kept in a lane that is full, as what tells of a fault is.
    pub vital: bool,
    /// Not sent before.
    pub due_at: Timestamp,
    /// Not sent from then on.
    pub expires_at: Option<Timestamp>,
    /// The event that it passes on.
    pub event: Option<EventId>,
    /// The webhooks that its alert has come through, the last one this server's, in opaque words
    /// with commas between; empty of what is no alert.
    pub via: String,
}

/// Fate of a row that was to be put into the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It waits.
    Waits(RowId),
    /// The lane had one about the same already.
    Known(RowId),
    /// The lane is full of what matters more. It is counted.
    Dropped,
    /// The destination said that it is gone, and nobody switched it on since.
    Off,
}

/// Puts a row into the outbox at `now`; it is sent once the transaction is committed.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn put(context: &mut WriteContext<'_>, row: &NewRow, now: Timestamp) -> Result<Put> {
    let connection = context.connection;
    let mut known =
        connection.prepare_cached("SELECT id FROM outbox WHERE lane = ?1 AND about = ?2")?;
    let known = known.query_row(params![row.lane, row.about], |row| row.get(0));
    if let Some(id) = known.optional()? {
        return Ok(Put::Known(RowId(id)));
    }
    match make_room(connection, row)? {
        LaneSpace::Free => {}
        LaneSpace::Full => return Ok(Put::Dropped),
        LaneSpace::Off => return Ok(Put::Off),
    }
    let id = insert(connection, row, "waiting", None, now)?;
    context.memory.has_outbox_rows = true;
    Ok(Put::Waits(id))
}

/// Puts a row into the outbox that is never sent by itself, and why: its owner sees it, and can
/// have it sent.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn put_dead(connection: &Connection, row: &NewRow, why: &str, now: Timestamp) -> Result<RowId> {
    insert(connection, row, "dead", Some(why), now)
}

/// Puts a row into the outbox of which nobody knows whether it was sent already, and why.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn put_unknown(
    connection: &Connection,
    row: &NewRow,
    why: &str,
    now: Timestamp,
) -> Result<RowId> {
    insert(connection, row, "unknown", Some(why), now)
}

fn insert(
    connection: &Connection,
    row: &NewRow,
    state: &str,
    note: Option<&str>,
    now: Timestamp,
) -> Result<RowId> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO outbox (lane, kind, about, body, repeatable, vital, put_at, due_at, expires_at, state, note,
             settled_at, event_id, via)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    let id = insert.insert(params![
        row.lane,
        row.kind,
        row.about,
        row.body,
        row.repeatable,
        row.vital,
        to_micros(now),
        to_micros(row.due_at),
        row.expires_at.map(to_micros),
        state,
        note,
        note.map(|_| to_micros(now)),
        row.event.map(|event| event.0),
        row.via,
    ])?;
    Ok(RowId(id))
}

/// The room that a lane has for one more row.
enum LaneSpace {
    Free,
    Full,
    Off,
}

/// Makes room for a row where its lane is full, unless that is full of what matters more.
fn make_room(connection: &Connection, row: &NewRow) -> Result<LaneSpace> {
    let mut lane =
        connection.prepare_cached("SELECT open, is_off FROM outbox_lanes WHERE lane = ?1")?;
    let lane = lane.query_row([&row.lane], |row| Ok((row.get(0)?, row.get(1)?)));
    let (open, is_off) = lane.optional()?.unwrap_or((0, false));
    if is_off {
        return Ok(LaneSpace::Off);
    }
    if open < LARGEST_LANE {
        return Ok(LaneSpace::Free);
    }
    // Without the row that is tried again, the next would be tried at once, and so on with every
    // alert, however long the destination is down.
    let mut delete = connection.prepare_cached(
        "DELETE FROM outbox WHERE id = (
             SELECT id FROM outbox
             WHERE lane = ?1 AND state = 'waiting' AND NOT vital AND failures = 0
             ORDER BY id LIMIT 1)",
    )?;
    let has_room = delete.execute([&row.lane])? > 0;
    if has_room || !row.vital {
        let count = "UPDATE outbox_lanes SET dropped = dropped + 1 WHERE lane = ?1";
        connection.prepare_cached(count)?.execute([&row.lane])?;
    }
    // What tells of a fault is never left out; there are few of those.
    Ok(if has_room || row.vital {
        LaneSpace::Free
    } else {
        LaneSpace::Full
    })
}

/// A row that waits for company, which one more of the same weight may join: its number and
/// its body.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn joinable(
    connection: &Connection,
    lane: &str,
    kind: &str,
    is_vital: bool,
    now: Timestamp,
    due_at: Timestamp,
) -> Result<Option<(RowId, Vec<u8>)>> {
    let mut select = connection.prepare_cached(
        "SELECT id, body FROM outbox
         WHERE lane = ?1 AND state = 'waiting' AND due_at > ?2 AND due_at <= ?3 AND failures = 0 AND kind = ?4
             AND vital = ?5
         ORDER BY due_at LIMIT 1",
    )?;
    let values = params![lane, to_micros(now), to_micros(due_at), kind, is_vital];
    let found = select.query_row(values, |row| Ok((RowId(row.get(0)?), row.get(1)?)));
    Ok(found.optional()?)
}

/// Gives a row that waits another body.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn rewrite(connection: &Connection, row: RowId, body: &[u8]) -> Result<()> {
    let sql = "UPDATE outbox SET body = ?2 WHERE id = ?1 AND state = 'waiting'";
    connection
        .prepare_cached(sql)?
        .execute(params![row.0, body])?;
    Ok(())
}

/// Gives the rows of a kind that wait for a time after `now` another one; what tells of a fault
/// waits for none.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn hold_until(
    context: &mut WriteContext<'_>,
    lane: &str,
    kind: &str,
    now: Timestamp,
    due_at: Timestamp,
) -> Result<()> {
    let mut update = context.connection.prepare_cached(
        "UPDATE outbox SET due_at = ?4
         WHERE lane = ?1 AND kind = ?2 AND state = 'waiting' AND due_at > ?3 AND failures = 0 AND NOT vital",
    )?;
    let values = params![lane, kind, to_micros(now), to_micros(due_at)];
    context.memory.has_outbox_rows |= update.execute(values)? > 0;
    Ok(())
}
