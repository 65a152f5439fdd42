//! The room that a nearly full disk has, and what of it is spoken for.
//!
//! A commit takes room in the write-ahead log, and what is in the log takes room in the
//! database once more, when it is folded. A log that fills the disk can never be folded,
//! and nobody could delete anything either. So alerts are refused while there is still room
//! to fold what is in the log, and for the owner to delete something after that.

use std::path::Path;

use rusqlite::Connection;

use super::error::{Result, StoreError};
use super::file::{beside, folder_of, free_bytes};

/// Free bytes above which there is nothing to look at.
const PLENTY: u64 = 512 << 20;

/// Bytes for which alerts wait in company only where the disk has so many to spare.
const FOR_A_GROUP: u64 = 32 << 20;

/// Bytes that a transaction of one alert may take, in the log and in the database, and
/// that the owner has left when alerts are refused: a part of what is free or ours, within
/// limits. Backups leave 8 MB, which is more.
const LEAST: u64 = 256 << 10;
const MOST: u64 = 3 << 20;

/// The room on a disk that has not plenty of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct DiskSpace {
    /// Bytes that are free.
    free: u64,
    /// Bytes by which the database grows when the log is folded.
    owed: u64,
    /// Bytes inside the database that nothing uses.
    unused: u64,
    /// Bytes of the database, what is in the log included.
    pages: u64,
    /// Bytes of the log's file.
    log: u64,
    /// Bytes of the log that are not folded.
    unfolded: u64,
    /// Bytes of the log that the next commit can write over.
    spare: u64,
}

/// Free bytes of a database's disk, where they are not plenty.
pub(super) fn scarce(database: &Path) -> Option<u64> {
    free_bytes(folder_of(database)).filter(|free| *free < PLENTY)
}

impl DiskSpace {
    /// Measures the room that a database has where so many bytes are `free`, of whose log so
    /// many bytes are committed, and so many of those folded.
    ///
    /// # Errors
    ///
    /// What keeps the database from being read.
    pub(super) fn of(
        database: &Path,
        connection: &Connection,
        free: u64,
        (committed, folded): (u64, u64),
    ) -> Result<Self> {
        let size = |path: &Path| path.metadata().map_or(0, |metadata| metadata.len());
        let page_size = pragma(connection, "PRAGMA page_size")?;
        let pages = size_in_pages(connection)?;
        let unused = pragma(connection, "PRAGMA freelist_count")?;
        let log = size(&beside(database, "-wal"));
        let in_use = if committed == folded { 0 } else { committed };
        Ok(Self {
            free,
            owed: pages.saturating_sub(size(database)),
            unused: unused * page_size,
            pages,
            log,
            unfolded: committed.saturating_sub(folded),
            spare: log.saturating_sub(in_use),
        })
    }

    /// Bytes that are kept for one alert, and for the owner.
    fn kept(self) -> u64 {
        ((self.free + self.log) / 8).clamp(LEAST, MOST)
    }

    /// Bytes that have to be free before an alert is stored.
    fn needed(self) -> u64 {
        let kept = self.kept();
        self.owed + kept.saturating_sub(self.unused) + kept.saturating_sub(self.spare)
    }

    /// Refuses an alert for which there is no room.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub(super) fn require(self) -> Result<()> {
        if self.needed() <= self.free {
            return Ok(());
        }
        // Without figures: the same reason is logged once a minute.
        Err(StoreError::Unavailable(
            "database or disk is full: the last room on the disk is kept for deleting. Delete \
             other files on it, or webhooks that are not needed any more"
                .to_owned(),
        ))
    }

    /// Refuses a transaction, which began in this room and is not yet committed, where the
    /// log that it makes could not be folded.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub(super) fn require_folding(self, connection: &Connection) -> Result<()> {
        let grown = size_in_pages(connection)?.saturating_sub(self.pages);
        // The pages that are new, and some that were there.
        let log = grown + grown / 4;
        if grown == 0 || self.owed + grown + log.saturating_sub(self.spare) <= self.free {
            return Ok(());
        }
        Err(StoreError::Unavailable(
            "database or disk is full: there is no room for so much at once".to_owned(),
        ))
    }

    /// Tells whether the owner's deletions may need more room than there is. The log alone
    /// is not counted on: how much of it a deletion writes is not known before.
    pub(super) fn is_out(self) -> bool {
        self.free < LEAST || self.free + self.spare < MOST
    }

    /// Tells whether several alerts may be too much for one transaction.
    pub(super) fn is_short(self) -> bool {
        self.needed() + FOR_A_GROUP > self.free
    }

    /// Tells whether the log has to be folded before it gets larger, where a reserve holds so
    /// many bytes: another program may take all the others before it is.
    pub(super) fn must_fold(self, held: u64) -> bool {
        let is_owed_too_much = held > 0 && self.owed > held / 2;
        self.unfolded > 0
            && (is_owed_too_much || self.unfolded > self.free / 4 || self.require().is_err())
    }

    /// Tells whether a log that is folded takes room that others need more.
    pub(super) fn must_cut(self) -> bool {
        self.log > self.free / 4 && self.log > self.kept()
    }
}

fn size_in_pages(connection: &Connection) -> Result<u64> {
    Ok(pragma(connection, "PRAGMA page_count")? * pragma(connection, "PRAGMA page_size")?)
}

fn pragma(connection: &Connection, sql: &str) -> Result<u64> {
    let mut pragma = connection.prepare_cached(sql)?;
    let value: i64 = pragma.query_row([], |row| row.get(0))?;
    Ok(value.unsigned_abs())
}
