//! Giving room back, and what was deleted with it: the database is written anew without
//! the pages that hold nothing.
//!
//! Without a server the new file is made beside the old one and takes its place when it was
//! read again. A server keeps its file: there SQLite rewrites it in place, which keeps
//! alerts waiting, so it is given up where it takes longer than they can wait.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use rusqlite::Connection;

use super::conflict::Conflict;
use super::error::{Result, StoreError};
use super::file::{beside, make_private_file, remove_if_there, rename};
use super::soundness::{self, Depth};
use super::{backup, connect, existing};

/// How long a database may be held beside a server: an alert waits for two seconds.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Tries to find a moment in which nobody writes.
const TRIES: u32 = 20;

/// Bytes of the database before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
}

/// Writes the database of a data directory anew while no server has it.
///
/// # Errors
///
/// [`StoreError::NoRoom`], [`StoreError::Unsound`], or what keeps the file from being
/// written; the database is as it was then.
pub fn compact(data_dir: &Path) -> Result<Compacted> {
    let path = existing(data_dir)?;
    let connection = connect(&path)?;
    backup::require_room("the database written anew", &connection, data_dir)?;
    let before = size(&path);
    hold_with_empty_log(&connection, &path)?;
    let new = beside(&path, ".partial");
    let written = write_anew(&path, &new)
        // The log is empty, so that either file is whole without it, whatever ends this.
        .and_then(|()| remove_if_there(&beside(&path, "-wal")))
        .and_then(|()| remove_if_there(&beside(&path, "-shm")))
        .and_then(|()| rename(&new, &path));
    if written.is_err() {
        remove_if_there(&new)?;
    }
    drop(connection);
    written?;
    let after = size(&path);
    Ok(Compacted { before, after })
}

/// Keeps every other process from writing, with everything in the database and nothing in
/// its log. Another command that waits for this finds the file replaced, and stores nothing.
fn hold_with_empty_log(connection: &Connection, path: &Path) -> Result<()> {
    for _ in 0..TRIES {
        fold(connection)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        if beside(path, "-wal").metadata().map_or(0, |log| log.len()) == 0 {
            return Ok(());
        }
        // Somebody wrote in between.
        connection.execute_batch("ROLLBACK")?;
    }
    Err(StoreError::Busy)
}

fn write_anew(path: &Path, new: &Path) -> Result<()> {
    remove_if_there(new)?;
    make_private_file(new)?;
    let source = backup::open_to_read(path)?;
    source.execute("VACUUM INTO ?1", [new.to_string_lossy()])?;
    match soundness::fault_of(&backup::open_to_read(new)?, Depth::Full)? {
        Some(why) => Err(StoreError::Damaged(why).of_file(path)),
        None => Ok(()),
    }
}

/// Writes the database anew in place, while a server has it; gives up where that takes
/// longer than alerts can wait.
///
/// # Errors
///
/// [`StoreError::Conflict`] where it takes too long, else as [`compact`].
pub fn compact_beside_server(data_dir: &Path) -> Result<Compacted> {
    let path = existing(data_dir)?;
    let connection = connect(&path)?;
    // The copy, and the log that the copy goes through.
    backup::require_room("the database written anew", &connection, data_dir)?;
    backup::require_room(
        "the database written anew",
        &connection,
        &std::env::temp_dir(),
    )?;
    let before = size(&path);
    let written = within(&connection, PATIENCE, || connection.execute_batch("VACUUM"));
    match written {
        Err(error)
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) =>
        {
            return Err(Conflict::TooLargeToCompact.into());
        }
        written => written?,
    }
    fold(&connection)?;
    let after = size(&path);
    Ok(Compacted { before, after })
}

/// Does some work of a connection, and interrupts it where it takes too long.
fn within<T>(connection: &Connection, time: Duration, work: impl FnOnce() -> T) -> T {
    let interrupt = connection.get_interrupt_handle();
    let (done, is_done) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if is_done.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Timeout) {
                interrupt.interrupt();
            }
        });
        let worked = work();
        drop(done);
        worked
    })
}

/// Folds the log into the database and empties it, so that what was deleted is not in it
/// either.
///
/// # Errors
///
/// [`StoreError::Busy`] where somebody reads what would be emptied.
pub fn fold_log(database: &Path) -> Result<()> {
    let connection =
        Connection::open_with_flags(database, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(Duration::from_millis(200))?;
    fold(&connection)
}

fn fold(connection: &Connection) -> Result<()> {
    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
    let is_busy: bool = connection.query_row(sql, [], |row| row.get(0))?;
    if is_busy {
        Err(StoreError::Busy)
    } else {
        Ok(())
    }
}

fn size(path: &Path) -> u64 {
    path.metadata().map_or(0, |file| file.len())
}
