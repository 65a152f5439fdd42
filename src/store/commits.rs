//! When events were on disk.
//!
//! No transaction knows when its own commit will be done, so the next one writes
//! that down; until then it is in memory. Of the last events before a crash it is
//! not known.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::error::Result;
use super::sql::{optional_timestamp, to_micros};
use crate::clock::{Clock, SystemClock};
use crate::domain::event::EventId;

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

    /// When an event was on disk, by the machine's clock; `None` where a crash
    /// came before that could be written down.
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
