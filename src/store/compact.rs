//! Giving room back, and what was deleted with it: the database is written anew without
//! the pages that hold nothing.
//!
//! Without a server the new file is made beside the old one and takes its place when it was
//! read again. A server keeps its file: there SQLite rewrites it in place, which keeps
//! alerts waiting, so it is given up where it takes longer than they can wait.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use rusqlite::Connection;

use super::conflict::Conflict;
use super::error::{Result, StoreError};
use super::file::{
    beside, file_at, folder_of, free_bytes, make_private_file, remove_if_there, rename,
};
use super::soundness::{self, Depth};
use super::{backup, connect, existing};

/// Time for which a database may be held beside a server: an alert waits for two seconds.
const PATIENCE: Duration = Duration::from_millis(1500);

/// The part of an error that names what needs the room.
const WHAT: &str = "the database written anew";

/// Tries to find a moment in which nobody writes.
const TRIES: u32 = 20;

/// Bytes of a database, and what writing it anew needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Of the database.
    pub database: u64,
    /// Of its log.
    pub log: u64,
    /// Inside the database, that nothing uses.
    pub unused: u64,
    /// That are free on its disk, where the system tells.
    pub free: Option<u64>,
    /// That have to be free to write it anew.
    pub needed: u64,
}

/// Measures a database.
///
/// # Errors
///
/// What keeps it from being read.
pub fn sizes(connection: &Connection, path: &Path) -> Result<Sizes> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let page_size = number("page_size")?.unsigned_abs();
    let unused = number("freelist_count")?.unsigned_abs() * page_size;
    let pages = number("page_count")?.unsigned_abs() * page_size;
    let used = pages.saturating_sub(unused);
    Ok(Sizes {
        database: size(path),
        log: size(&beside(path, "-wal")),
        unused,
        free: free_bytes(folder_of(path)),
        // The pages are filled otherwise than before.
        needed: used + used / 16 + backup::LEFT_FREE,
    })
}

/// Measures the database of a data directory as it is.
///
/// # Errors
///
/// What keeps it from being read.
pub fn sizes_in(data_dir: &Path) -> Result<Sizes> {
    let path = existing(data_dir)?;
    sizes(&backup::open_to_read(&path)?, &path)
}

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
    backup::require_bytes(WHAT, sizes(&connection, &path)?.needed, data_dir)?;
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
    // The log that the copy goes through, and the copy itself.
    let (needed, aside) = (sizes(&connection, &path)?.needed, temporary_folder());
    let disk_of = |folder: &Path| file_at(folder).map(|(disk, _)| disk);
    let is_one_disk = disk_of(data_dir) == disk_of(&aside);
    let here = if is_one_disk { 2 * needed } else { needed };
    backup::require_bytes(WHAT, here, data_dir)?;
    if !is_one_disk {
        backup::require_bytes(WHAT, needed, &aside)?;
    }
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

/// The folder that SQLite has its temporary files in.
fn temporary_folder() -> PathBuf {
    let named = ["SQLITE_TMPDIR", "TMPDIR"].map(std::env::var_os);
    let named = named.into_iter().flatten().map(PathBuf::from);
    let usual = ["/var/tmp", "/usr/tmp", "/tmp"].map(PathBuf::from);
    let mut folders = named.chain(usual);
    let folder = folders.find(|folder| folder.is_dir());
    folder.unwrap_or_else(|| PathBuf::from("."))
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
