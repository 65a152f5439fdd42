//! Times at which events were on disk.
//!
//! No transaction knows when its own commit will be done, so the next one writes
//! that down; until then it is in memory. Of the last events before a crash it is
//! not known.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};

use super::error::Result;
use super::events::{self, Earlier};
use super::sql::{optional_timestamp, timestamp, to_micros};
use crate::clock::{Clock, SystemClock};
use crate::domain::event::EventId;

/// Two transactions have no more alerts than this.
const MOST_UNCONFIRMED: i64 = 256;

/// Microseconds after a commit in which its answers leave, on however busy a machine.
const ANSWERED_WITHIN: i64 = 1_000_000;

/// One commit and the events that it brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Commit {
    first: EventId,
    last: EventId,
    /// Microseconds since 1970 UTC, as the database has them.
    at: i64,
}

/// The newest commit, while the database does not have it; clones are the same one.
#[derive(Debug, Clone)]
pub struct LastCommit {
    newest: Arc<Mutex<Option<Commit>>>,
    clock: SystemClock,
}

impl Default for LastCommit {
    fn default() -> Self {
        Self::by(SystemClock::start())
    }
}

impl LastCommit {
    /// None yet, and the clock that later ones are dated by.
    pub(super) fn by(clock: SystemClock) -> Self {
        let newest = Arc::default();
        Self { newest, clock }
    }

    fn get(&self) -> Option<Commit> {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a transaction is on disk, with the events after `before` up to `last`.
    pub(super) fn note(&self, before: EventId, last: EventId) {
        let commit = (last > before).then(|| Commit {
            first: EventId(before.0 + 1),
            last,
            at: to_micros(self.clock.now()),
        });
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = commit;
    }

    pub(super) fn is_unwritten(&self) -> bool {
        self.get().is_some()
    }

    /// Writes it down, in the transaction that is open.
    pub(super) fn write(&self, connection: &Connection) -> Result<()> {
        let Some(Commit { first, last, at }) = self.get() else {
            return Ok(());
        };
        let mut insert = connection.prepare_cached(
            "INSERT OR REPLACE INTO commits (last_event, first_event, committed_at)
             VALUES (?1, ?2, ?3)",
        )?;
        insert.execute(params![last.0, first.0, at])?;
        Ok(())
    }

    /// Time at which an event was on disk, by the machine's clock; `None` where a crash came before
    /// that could be written down.
    ///
    /// # Errors
    ///
    /// [`super::StoreError`] where the database cannot be read.
    pub fn of(&self, connection: &Connection, event: EventId) -> Result<Option<Timestamp>> {
        // In this order: what memory has no more, the database has already.
        if let Some(commit) = self.get()
            && (commit.first..=commit.last).contains(&event)
        {
            return Ok(Timestamp::from_microsecond(commit.at).ok());
        }
        let mut select = connection.prepare_cached(
            "SELECT CASE WHEN first_event <= ?1 THEN committed_at END FROM commits
             WHERE last_event >= ?1 ORDER BY last_event LIMIT 1",
        )?;
        let found = select.query_row([event.0], |row| optional_timestamp(row, 0));
        Ok(found.optional()?.flatten())
    }
}

/// An event without a time of its own that nobody knows the answer of.
#[derive(Debug)]
pub struct Unconfirmed {
    /// The row of its webhook.
    pub(crate) webhook: i64,
    /// Its time of recording.
    pub(crate) earlier: Earlier,
    /// The message, where it is kept.
    pub(crate) payload: Option<Vec<u8>>,
}

/// Reads what the last commit brought, where no later one confirmed it, and what the one
/// before it did, where the last began so soon that the answers may not have left.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub(super) fn unconfirmed(connection: &Connection) -> Result<Vec<Unconfirmed>> {
    let mut select = connection.prepare(
        "SELECT webhook_id, id, received_at, payload, clock_at, fingerprint FROM events
         WHERE id >= ?1 AND source = 'webhook' AND status = 'processed' AND signal_time IS NULL",
    )?;
    let first = first_unconfirmed(connection)?;
    let unconfirmed = select.query_map([first], |row| {
        let is_kept = row.get_ref(5)? == ValueRef::Null;
        let payload = row.get_ref(3)?.as_bytes().unwrap_or_default();
        Ok(Unconfirmed {
            webhook: row.get(0)?,
            earlier: Earlier {
                event: EventId(row.get(1)?),
                received_at: timestamp(row, 2)?,
                clock_at: optional_timestamp(row, 4)?,
            },
            payload: is_kept.then(|| payload.to_vec()),
        })
    })?;
    Ok(unconfirmed.collect::<rusqlite::Result<_>>()?)
}

/// The first event whose answer may not have left before the end of the last run.
fn first_unconfirmed(connection: &Connection) -> Result<i64> {
    let oldest = events::newest(connection)?.0 - MOST_UNCONFIRMED;
    let mut select = connection.prepare(
        "SELECT first_event, last_event, committed_at FROM commits ORDER BY last_event DESC LIMIT 1",
    )?;
    let confirmed = select.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let (first, last, at): (i64, i64, i64) = confirmed.optional()?.unwrap_or_default();
    let next: Option<i64> = connection.query_row(
        "SELECT min(coalesce(clock_at, received_at)) FROM events WHERE id > ?1",
        [last.max(oldest)],
        |row| row.get(0),
    )?;
    let is_soon = next.is_some_and(|next| next < at.saturating_add(ANSWERED_WITHIN));
    let first = if is_soon { first } else { last + 1 };
    Ok(first.max(oldest + 1))
}
