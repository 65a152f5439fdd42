//! The outbox: rows that wait to be sent to the outside.
//!
//! A row is put here in the transaction of what caused it, so that one is never there without
//! the other. A try is noted before it is made: one that a crash cut off is found as
//! `sending`, and whether it may be repeated is the row's own word, for nobody knows whether
//! it arrived.

mod clock;
mod put;
mod settle;
mod shown;
mod take;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::error::Result;
use super::sql::{optional_timestamp, parsed, timestamp};
use crate::domain::event::{EventId, NotAnId, numbered_id, text_enum};

pub(super) use settle::after_restore;

pub use clock::{follow_clock, step};

pub use put::{
    LARGEST_LANE, NewRow, Put, hold_until, joinable, put, put_dead, put_unknown, rewrite,
};
pub use settle::{
    Note, Outcome, forget_settled, note, recover, remove, remove_lane, send_again, send_all_again,
    switch,
};
pub use shown::{LaneCounts, Listed, counts, get, list_shown, not_taken, of_event};
pub use take::{Next, Waiting, due, next};

numbered_id! {
    /// Number of a row, `out_12` outside.
    RowId, "out"
}

/// Answer of a try that the stop of the server cut off.
pub const CUT_OFF: &str = "the server stopped before the receiver answered";

text_enum! {
    /// State of a row.
    RowState, "state" {
        /// It waits for its first try, or for the next.
        Waiting = "waiting",
        /// It is being sent.
        Sending = "sending",
        /// It was taken.
        Done = "done",
        /// It was sent, and nobody knows whether it was taken; it is not sent again by itself.
        Unknown = "unknown",
        /// It was refused, came too late, or failed too often.
        Dead = "dead",
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its number.
    pub id: RowId,
    /// The lane of its destination.
    pub lane: String,
    /// Kind, which names its sender.
    pub kind: String,
    /// Its subject; the same for every try, so that a receiver can know it again.
    pub about: String,
    /// The bytes to send.
    pub body: Vec<u8>,
    /// True if the other side takes it once however often it is sent.
    pub repeatable: bool,
    /// Its state.
    pub state: RowState,
    /// Time at which it was put here.
    pub put_at: Timestamp,
    /// Time of the next try.
    pub due_at: Timestamp,
    /// Time after which it is of no use.
    pub expires_at: Option<Timestamp>,
    /// Tries that failed since it was put here, or put here again.
    pub failures: u32,
    /// Time at which it was done with.
    pub settled_at: Option<Timestamp>,
    /// The event that it passes on.
    pub event: Option<EventId>,
    /// Reason that it is dead without having been sent.
    pub note: Option<String>,
    /// The webhooks that its alert has come through, as [`NewRow::via`].
    pub via: String,
}

/// One try to send a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// Its start.
    pub began_at: Timestamp,
    /// Its end; `None` where it is under way or was cut off.
    pub ended_at: Option<Timestamp>,
    /// Its result.
    pub outcome: Option<String>,
    /// The other side's answer, or what went wrong.
    pub answer: Option<String>,
}

/// Filter of a list of rows.
#[derive(Debug, Clone, Default)]
pub struct RowFilter {
    /// A lane.
    pub lane: Option<String>,
    /// A state.
    pub state: Option<RowState>,
    /// Rows before this one.
    pub before: Option<RowId>,
}

const SELECT: &str = "SELECT id, lane, kind, about, body, repeatable, state, put_at, due_at,
    expires_at, failures, settled_at, event_id, note, via FROM outbox";

fn read(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    Ok(OutboxRow {
        id: RowId(row.get(0)?),
        lane: row.get(1)?,
        kind: row.get(2)?,
        about: row.get(3)?,
        body: row.get(4)?,
        repeatable: row.get(5)?,
        state: parsed(row, 6)?,
        put_at: timestamp(row, 7)?,
        due_at: timestamp(row, 8)?,
        expires_at: optional_timestamp(row, 9)?,
        failures: row.get(10)?,
        settled_at: optional_timestamp(row, 11)?,
        event: row.get::<_, Option<i64>>(12)?.map(EventId),
        note: row.get(13)?,
        via: row.get(14)?,
    })
}

/// Rows, newest first.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn list(connection: &Connection, filter: &RowFilter, limit: u32) -> Result<Vec<OutboxRow>> {
    let mut select = connection.prepare_cached(&format!(
        "{SELECT} WHERE (?1 IS NULL OR lane = ?1) AND (?2 IS NULL OR state = ?2)
             AND (?3 IS NULL OR id < ?3)
         ORDER BY id DESC LIMIT ?4"
    ))?;
    let values = params![
        filter.lane,
        filter.state.map(RowState::as_str),
        filter.before.map(|before| before.0),
        limit
    ];
    let rows = select.query_map(values, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The tries to send a row, in their order.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn tries(connection: &Connection, row: RowId) -> Result<Vec<Try>> {
    let mut select = connection.prepare_cached(
        "SELECT began_at, ended_at, outcome, answer FROM outbox_tries WHERE row_id = ?1
         ORDER BY number",
    )?;
    let read = |row: &Row<'_>| {
        Ok(Try {
            began_at: timestamp(row, 0)?,
            ended_at: optional_timestamp(row, 1)?,
            outcome: row.get(2)?,
            answer: row.get(3)?,
        })
    };
    let tries = select.query_map([row.0], read)?;
    Ok(tries.collect::<rusqlite::Result<_>>()?)
}

/// Rows that a lane had no room for.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn dropped(connection: &Connection, lane: &str) -> Result<u64> {
    let sql = "SELECT coalesce(sum(dropped), 0) FROM outbox_lanes WHERE lane = ?1";
    let dropped: i64 = connection
        .prepare_cached(sql)?
        .query_row([lane], |row| row.get(0))?;
    Ok(u64::try_from(dropped).unwrap_or(0))
}
