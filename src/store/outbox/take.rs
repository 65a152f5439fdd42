//! Taking the next row of a lane.
//!
//! A lane keeps its order: while a row is tried again, the ones after it wait, for an exit
//! must not overtake its entry. A row that is only due later, as one that waits for the
//! morning, holds up no other. While a webhook is paused, what its forwards have waits.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, ToSql, params};

use super::{OutboxRow, RowId, SELECT, read};
use crate::store::error::Result;
use crate::store::sql::{timestamp, to_micros};

/// The next step of a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// This row, which counts as being sent from now on.
    Row(Box<OutboxRow>),
    /// Nothing until then.
    At(Timestamp),
    /// Nothing.
    Nothing,
}

/// A lane with rows that wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The lane.
    pub lane: String,
    /// Time at which it has something to do.
    pub due_at: Timestamp,
}

/// The lanes of forwards whose webhook makes no orders, or is gone: none of its orders is sent.
/// Those of all that arrives go on, as what arrives meanwhile does.
const HELD: &str = "SELECT 'fwd_' || f.id FROM forwards f JOIN webhooks w ON w.id = f.webhook_id
     WHERE w.deleted_at IS NOT NULL
         OR f.sends = 'order' AND (w.state <> 'active' OR w.is_archived)";

/// The lanes that have something to do, now or later.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn due(connection: &Connection, now: Timestamp) -> Result<Vec<Waiting>> {
    let mut lanes = connection.prepare_cached(&format!(
        "SELECT lane FROM outbox_lanes WHERE open > 0 AND NOT is_off AND lane NOT IN ({HELD})
         ORDER BY lane"
    ))?;
    let lanes = lanes.query_map([], |row| row.get(0))?;
    let lanes = lanes.collect::<rusqlite::Result<Vec<String>>>()?;
    let mut waiting = Vec::new();
    for lane in lanes {
        if let Some((_, due_at)) = head(connection, &lane, now)? {
            waiting.push(Waiting { lane, due_at });
        }
    }
    Ok(waiting)
}

/// The row of a lane whose turn it is, and when it is due.
type Head = (RowId, Timestamp);

/// The head of a lane: the row that is tried again, else the first that is due, else the one
/// that will be due first. Every alert asks for it, and each of these is found in an index of
/// its own, however many rows wait for the morning.
fn head(connection: &Connection, lane: &str, now: Timestamp) -> Result<Option<Head>> {
    let one = |sql: &str, values: &[&dyn ToSql]| -> Result<Option<Head>> {
        let mut select = connection.prepare_cached(sql)?;
        let head = select.query_row(values, |row| Ok((RowId(row.get(0)?), timestamp(row, 1)?)));
        Ok(head.optional()?)
    };
    if let Some(failed) = one(FAILED, &[&lane])? {
        return Ok(Some(failed));
    }
    match one(FIRST, &[&lane])? {
        Some((_, due_at)) if due_at > now => {
            let due = one(DUE, &[&lane, &to_micros(now)])?;
            due.map_or_else(|| one(NEXT_DUE, &[&lane]), |due| Ok(Some(due)))
        }
        first => Ok(first),
    }
}

const FAILED: &str = "SELECT id, due_at FROM outbox INDEXED BY outbox_failed
    WHERE lane = ?1 AND state = 'waiting' AND failures > 0 ORDER BY id LIMIT 1";

const FIRST: &str = "SELECT id, due_at FROM outbox INDEXED BY outbox_waiting
    WHERE lane = ?1 AND state = 'waiting' ORDER BY id LIMIT 1";

const DUE: &str = "SELECT id, due_at FROM outbox INDEXED BY outbox_due
    WHERE lane = ?1 AND state = 'waiting' AND due_at <= ?2 ORDER BY id LIMIT 1";

const NEXT_DUE: &str = "SELECT id, due_at FROM outbox INDEXED BY outbox_due
    WHERE lane = ?1 AND state = 'waiting' ORDER BY due_at LIMIT 1";

/// Takes the next row of a lane and notes that it is being sent. Rows whose time is over are
/// dead.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn next(connection: &Connection, lane: &str, now: Timestamp) -> Result<Next> {
    if is_held(connection, lane)? {
        return Ok(Next::Nothing);
    }
    if expire(connection, lane, now)? == EXPIRED_AT_ONCE {
        return Ok(Next::At(now));
    }
    let Some((id, due_at)) = head(connection, lane, now)? else {
        return Ok(Next::Nothing);
    };
    if due_at > now {
        return Ok(Next::At(due_at));
    }
    begin(connection, id, now)?;
    let mut row = connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    Ok(Next::Row(Box::new(row.query_row([id.0], read)?)))
}

/// Reports whether nothing of a lane is sent for now, which can begin between two of its rows.
fn is_held(connection: &Connection, lane: &str) -> Result<bool> {
    let mut held = connection.prepare_cached(&format!(
        "SELECT EXISTS (SELECT 1 FROM outbox_lanes WHERE lane = ?1 AND is_off) OR ?1 IN ({HELD})"
    ))?;
    Ok(held.query_row([lane], |row| row.get(0))?)
}

fn begin(connection: &Connection, row: RowId, now: Timestamp) -> Result<()> {
    let update = "UPDATE outbox SET state = 'sending' WHERE id = ?1";
    connection.prepare_cached(update)?.execute([row.0])?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO outbox_tries (row_id, number, began_at)
         SELECT ?1, coalesce(max(number), 0) + 1, ?2 FROM outbox_tries WHERE row_id = ?1",
    )?;
    insert.execute(params![row.0, to_micros(now)])?;
    Ok(())
}

/// Rows that one look at a lane calls too late at most: alerts wait for it.
const EXPIRED_AT_ONCE: usize = 200;

/// Calls rows dead whose time is over; returns how many.
fn expire(connection: &Connection, lane: &str, now: Timestamp) -> Result<usize> {
    let mut update = connection.prepare_cached(
        "UPDATE outbox SET state = 'dead', settled_at = ?2, note = ?4 WHERE id IN (
             SELECT id FROM outbox
             WHERE lane = ?1 AND state = 'waiting' AND expires_at IS NOT NULL AND expires_at <= ?2
             ORDER BY expires_at LIMIT ?3)",
    )?;
    let at_once = i64::try_from(EXPIRED_AT_ONCE).unwrap_or(i64::MAX);
    Ok(update.execute(params![lane, to_micros(now), at_once, TOO_LATE])?)
}

/// Note on a row that was not sent in time.
const TOO_LATE: &str = "it could not be sent within its time";
