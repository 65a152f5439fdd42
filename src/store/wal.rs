//! The write-ahead log of the write connection: cutting off what a failed commit left
//! in it, and folding it into the database.
//!
//! A commit appends its pages to the log as frames and syncs the file. Where that sync
//! fails, SQLite undoes the transaction in memory, but the frames, commit mark included,
//! stay in the file: after a crash, recovery would take them for committed. An alert that
//! was answered "nothing was stored" would be there after all, and its resend a second
//! order. So the file is cut back to what is committed before anyone is answered. That
//! needs no room, changes no page, and waits for no reader.
//!
//! A failed sync tells nothing about what is on disk, and a later one that succeeds
//! nothing about what was written before the failed one: Linux marks the pages clean all
//! the same. So nothing that failed to sync is relied on. The cut is a change of its
//! own, the next commit writes its frames anew, and a log whose folding failed is kept
//! for the next start, which folds all of it again.
//!
//! Folding takes two syncs, and the first commit after it one more than others. So it
//! is done in pauses, by a thread with a connection of its own, and between two commits
//! only where no pause came for too long ([`Folding`]).

use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, ffi};

use super::Folding;
use super::disk_space::{self, DiskSpace};
use super::error::{Result, StoreError};
use super::health::Health;
use super::reserve::Reserve;
use super::writer::Purpose;
use crate::logging::Rarely;
use crate::platform;

/// Time between two attempts to fold a log that a reader still needs.
const BETWEEN_FOLDS: Duration = Duration::from_secs(5);

/// Waits before each attempt to cut the log back. With what comes before them, the
/// answer has to be there within TradingView's 3 seconds.
const ATTEMPTS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(10),
    Duration::from_millis(40),
    Duration::from_millis(150),
    Duration::from_millis(400),
];

/// Length of the log's header and of a frame's, as SQLite's file format has them.
const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

/// The write-ahead log beside a database, in the hands of the one who writes.
pub(super) struct Wal {
    database: PathBuf,
    /// The log. SQLite has its locks on the other files: closing one of those here would
    /// drop them.
    file: File,
    page_size: u64,
    /// True if the file may have frames of a failed commit behind its end.
    is_dirty: bool,
    limits: Folding,
    folding: State,
    /// Frames at which the log is folded without a pause.
    fold_at: u64,
    /// True if the disk is full: a log that is folded begins anew in the room that it has.
    needs_room: bool,
    /// The room before the transaction, where the disk has not plenty.
    room: Option<DiskSpace>,
    /// Room that is held for removals.
    reserve: Reserve,
}

/// The state of folding the log.
#[derive(Debug)]
enum State {
    /// Nothing, until then at least.
    Rests(Instant),
    /// A thread folds it.
    Runs(JoinHandle<rusqlite::Result<bool>>),
    /// Not before the next start: the disk failed.
    Forbidden,
}

impl Default for State {
    fn default() -> Self {
        Self::Rests(Instant::now())
    }
}

impl Wal {
    /// Takes charge of the log of a database.
    ///
    /// # Errors
    ///
    /// What keeps the log from being opened.
    pub(super) fn open(
        database: &Path,
        connection: &Connection,
        limits: Folding,
        mut reserve: Reserve,
    ) -> Result<Self> {
        reserve.keep();
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        // SQLite makes the file when it is first needed.
        frames(connection)?;
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        let opened = File::options().read(true).write(true).open(&path);
        let file = opened.map_err(|source| StoreError::File {
            what: format!("cannot open the write-ahead log {}", path.display()),
            source,
        })?;
        let page_size: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        Ok(Self {
            database: database.to_owned(),
            file,
            page_size: u64::from(page_size),
            is_dirty: false,
            limits,
            folding: State::default(),
            fold_at: limits.at_most,
            needs_room: false,
            room: None,
            reserve,
        })
    }

    /// Notes that a commit failed, and cuts off what it left, before anyone is told.
    pub(super) fn commit_failed(&mut self, connection: &Connection) {
        static NOT_CUT: Rarely = Rarely::new();
        self.is_dirty = true;
        let mut failure = None;
        for wait in ATTEMPTS {
            std::thread::sleep(wait);
            match self.clean(connection) {
                Ok(()) => return,
                Err(error) => failure = Some(error),
            }
        }
        if let Some(error) = failure
            && let Some(unsaid) = NOT_CUT.say()
        {
            tracing::error!(
                %error,
                unsaid,
                "the write-ahead log cannot be cut back after a failed commit; nothing is \
                 stored until it can"
            );
        }
    }

    /// Cuts off what failed commits left, where they left anything.
    ///
    /// # Errors
    ///
    /// What keeps it from being cut off. Nothing may be written then.
    pub(super) fn clean(&mut self, connection: &Connection) -> Result<()> {
        while self.is_dirty {
            if !connection.is_autocommit() {
                connection.execute_batch("ROLLBACK")?;
            }
            // Another process that writes is waited for by the next attempt.
            connection.busy_timeout(Duration::from_millis(50))?;
            let is_cut = self.cut_back(connection);
            connection.busy_timeout(super::LOCK_PATIENCE)?;
            self.is_dirty = !is_cut?;
        }
        Ok(())
    }

    /// Cuts the file back to what is committed; false where another process committed
    /// meanwhile.
    fn cut_back(&self, connection: &Connection) -> Result<bool> {
        let version = data_version(connection)?;
        let end = match frames(connection)?.committed {
            // The next commit writes a header, too.
            0 => 0,
            frames => LOG_HEADER + frames * (self.page_size + FRAME_HEADER),
        };
        connection.execute_batch("BEGIN IMMEDIATE")?;
        // Now no other process commits.
        let is_cut = data_version(connection).and_then(|now| {
            if now == version {
                self.cut_at(end)?;
            }
            Ok(now == version)
        });
        connection.execute_batch("ROLLBACK")?;
        is_cut
    }

    fn cut_at(&self, end: u64) -> Result<()> {
        let cut = self.file.set_len(end);
        // A header of zeros is not valid, neither the log's nor that of a frame, and a frame
        // is valid only where all before it are.
        let cut = cut.or_else(|_| platform::write_all_at(&self.file, &[0; 32], end));
        cut.and_then(|()| self.file.sync_all())
            .map_err(|source| StoreError::File {
                what: "cannot cut the write-ahead log back".to_owned(),
                source,
            })
    }

    /// Time to wait for a transaction until [`Wal::pause`]; `None` where there is nothing
    /// to do.
    pub(super) fn patience(&self, connection: &Connection) -> Option<Duration> {
        match self.folding {
            _ if self.is_dirty => Some(self.limits.pause),
            State::Forbidden => None,
            State::Runs(_) => Some(self.limits.pause),
            State::Rests(_) if !self.is_worth_folding(connection) => None,
            State::Rests(until) => {
                Some(self.limits.pause.max(until.duration_since(Instant::now())))
            }
        }
    }

    /// Uses a pause to do what is due. Returns true where all of the log is folded, so
    /// that the next commit begins it anew.
    pub(super) fn pause(&mut self, connection: &Connection, health: &Health) -> bool {
        if let Err(error) = self.clean(connection) {
            tracing::debug!(%error, "the write-ahead log cannot be cut back yet");
            return false;
        }
        match std::mem::take(&mut self.folding) {
            State::Runs(thread) if thread.is_finished() => {
                let folded = thread.join().unwrap_or_else(|_| {
                    health.note_panic("folder");
                    Ok(false)
                });
                self.has_folded(connection, &folded)
            }
            State::Rests(until) if until <= Instant::now() && self.is_worth_folding(connection) => {
                self.folding = fold_aside(&self.database);
                false
            }
            other => {
                self.folding = other;
                false
            }
        }
    }

    /// Notes that a transaction had no room.
    pub(super) fn disk_is_full(&mut self) {
        self.needs_room = true;
    }

    /// Makes room for a transaction on a disk that is short of it. Alerts leave the last of
    /// it to others, the owner's deletions above all; those begin with a log that is folded,
    /// so that whatever they take, it can be folded, too.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] where there is no room for an alert.
    pub(super) fn require_room(&mut self, connection: &Connection, purpose: Purpose) -> Result<()> {
        let is_alert = purpose == Purpose::Alert;
        self.room = self.measure(connection)?;
        if purpose == Purpose::Removal
            && self.room.is_some_and(DiskSpace::is_out)
            && self.reserve.give_up()
        {
            self.room = self.measure(connection)?;
        }
        let Some(room) = self.room.filter(|room| room.is_short()) else {
            return Ok(());
        };
        if !is_alert || room.require().is_err() {
            self.needs_room = true;
            self.written(connection);
            self.room = self.measure(connection)?;
        }
        match self.room {
            Some(room) if is_alert => room.require(),
            _ => Ok(()),
        }
    }

    /// Refuses to commit what could not be folded.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub(super) fn require_folding(&self, connection: &Connection) -> Result<()> {
        self.room
            .map_or(Ok(()), |room| room.require_folding(connection))
    }

    /// Tells whether a transaction should be as small as it can be.
    pub(super) fn is_short_of_room(&self) -> bool {
        self.room.is_some_and(DiskSpace::is_short)
    }

    fn measure(&self, connection: &Connection) -> Result<Option<DiskSpace>> {
        let Some(free) = disk_space::scarce(&self.database) else {
            return Ok(None);
        };
        let frames = frames(connection)?;
        let bytes = |frames: u64| match frames {
            0 => 0,
            frames => LOG_HEADER + frames * (self.page_size + FRAME_HEADER),
        };
        let (committed, folded) = (bytes(frames.committed), bytes(frames.folded));
        DiskSpace::of(&self.database, connection, free, (committed, folded)).map(Some)
    }

    /// Folds the log after a transaction where no pause came for too long, or where it
    /// may be what fills the disk.
    pub(super) fn written(&mut self, connection: &Connection) {
        self.reserve.keep();
        let needs_room = std::mem::take(&mut self.needs_room);
        let (Ok(frames), Ok(room)) = (frames(connection), self.measure(connection)) else {
            return;
        };
        if !matches!(self.folding, State::Rests(_)) {
            return;
        }
        if frames.committed < self.limits.at_most {
            self.fold_at = self.limits.at_most;
        }
        let held = self.reserve.held();
        let is_due = frames.committed >= self.fold_at
            || needs_room
            || room.is_some_and(|room| room.must_fold(held));
        if is_due && frames.folded < frames.committed {
            // Where a reader needs the log, it is tried again after as much again.
            self.fold_at = frames.committed + self.limits.at_most / 4;
            self.has_folded(connection, &fold(connection));
        }
        if matches!(self.measure(connection), Ok(Some(room)) if room.must_cut()) {
            self.cut(connection);
        }
    }

    /// Gives the room of a log that is folded back to the disk, where nobody reads it.
    fn cut(&mut self, connection: &Connection) {
        let is_folded = frames(connection).is_ok_and(|frames| frames.folded == frames.committed);
        if !is_folded || !matches!(self.folding, State::Rests(_)) {
            return;
        }
        let cut = connection.busy_timeout(Duration::ZERO).and_then(|()| {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(true))
        });
        if let Err(error) = connection.busy_timeout(super::LOCK_PATIENCE) {
            tracing::warn!(%error, "the database's patience is lost");
        }
        if cut.is_err() {
            self.has_folded(connection, &cut);
        }
    }

    fn is_worth_folding(&self, connection: &Connection) -> bool {
        let frames = frames(connection);
        frames.is_ok_and(|frames| {
            frames.committed.saturating_sub(frames.folded) >= self.limits.in_pause
        })
    }

    /// Notes what came of folding; returns whether all is folded.
    fn has_folded(&mut self, connection: &Connection, folded: &rusqlite::Result<bool>) -> bool {
        let rest = match folded {
            Ok(true) => Duration::ZERO,
            Ok(false) => BETWEEN_FOLDS,
            Err(error) if is_failed_sync(error) => {
                self.folding = State::Forbidden;
                keep(connection, error);
                return false;
            }
            // Said once while alerts come, each of which may have tried it.
            Err(_) if matches!(self.folding, State::Rests(until) if until > Instant::now()) => {
                return false;
            }
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log cannot be folded into the database yet");
                BETWEEN_FOLDS
            }
        };
        self.folding = State::Rests(Instant::now() + rest);
        matches!(folded, Ok(true))
    }
}

impl Drop for Wal {
    /// Waits until nobody folds, so that the write connection is the last to close: it
    /// folds what is left and removes the file.
    fn drop(&mut self) {
        if let State::Runs(thread) = std::mem::take(&mut self.folding) {
            drop(thread.join());
        }
    }
}

/// Frames of the log.
#[derive(Debug, Clone, Copy)]
struct Frames {
    /// Frames that are committed.
    committed: u64,
    /// Those of them that are in the database, too.
    folded: u64,
}

/// Counts the frames of the log. Not inside a transaction.
fn frames(connection: &Connection) -> Result<Frames> {
    let mut pragma = connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
    let (committed, folded): (i64, i64) =
        pragma.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))?;
    match (u64::try_from(committed), u64::try_from(folded)) {
        (Ok(committed), Ok(folded)) => Ok(Frames { committed, folded }),
        _ => Err(StoreError::Unavailable(
            "the database has no write-ahead log".to_owned(),
        )),
    }
}

/// Number that changes with every commit of another connection.
fn data_version(connection: &Connection) -> Result<i64> {
    let mut pragma = connection.prepare_cached("PRAGMA data_version")?;
    Ok(pragma.query_row([], |row| row.get(0))?)
}

/// Folds the log on a thread with a connection of its own.
fn fold_aside(database: &Path) -> State {
    let database = database.to_owned();
    let thread = std::thread::Builder::new().name("folder".to_owned());
    let started = thread.spawn(move || {
        // SQLite itself has to open the file and close it: where anyone else does, the
        // locks of this process on it are gone.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&database, flags)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        fold(&connection)
    });
    started.map_or_else(
        |_| State::Rests(Instant::now() + BETWEEN_FOLDS),
        State::Runs,
    )
}

/// Folds the log as far as readers let it; returns whether that is all of it.
fn fold(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        let (is_busy, committed, folded): (bool, i64, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(!is_busy && committed == folded)
    })
}

fn is_failed_sync(error: &rusqlite::Error) -> bool {
    error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_FSYNC)
}

/// Keeps the log until the next start. Pages that were written to the database and not
/// synced may be lost, and SQLite counts them as folded; after a start it counts anew.
fn keep(connection: &Connection, error: &rusqlite::Error) {
    tracing::error!(
        %error,
        "the disk failed while the write-ahead log was folded into the database. Alerts are \
         still recorded; the log is folded at the next start. Look after the disk, then \
         restart algohook"
    );
    if let Err(error) = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
        tracing::error!(%error, "the write-ahead log cannot be kept");
    }
}
