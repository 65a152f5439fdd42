//! Backup and restore through SQLite's own online backup.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::error::{Result, StoreError};
use super::{DATABASE_FILE, schema};

/// Pages copied at once, and the pause between: alerts are recorded in between.
const PAGES_AT_ONCE: i32 = 1024;
const PAUSE: Duration = Duration::from_millis(1);

/// Copies the database of a data directory to `target`, also while a server writes it.
///
/// The copy is one moment's whole and is put in place only when it is complete.
///
/// # Errors
///
/// [`StoreError::Conflict`] where `target` exists, [`StoreError::File`] or
/// [`StoreError::Unavailable`] where it cannot be written.
pub fn backup(source: &Connection, target: &Path) -> Result<()> {
    if target.exists() {
        return Err(StoreError::Conflict(format!(
            "{} exists already; choose another name, or remove it first",
            target.display()
        )));
    }
    let mut partial = target.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    remove_if_there(partial)?;
    let copied = copy(source, partial).and_then(|()| rename(partial, target));
    if copied.is_err() {
        // A full disk must not be left fuller than it was.
        remove_if_there(partial)?;
    }
    copied
}

fn copy(source: &Connection, target: &Path) -> Result<()> {
    super::make_private_file(target)?;
    let mut copy = Connection::open_with_flags(target, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Without one moment to read, SQLite begins the copy again with every alert that comes.
    let moment = source.unchecked_transaction()?;
    schema::version_of(&moment)?;
    Backup::new(&moment, &mut copy)?.run_to_completion(PAGES_AT_ONCE, PAUSE, None)?;
    // A backup is one file: no write-ahead log beside it.
    Ok(copy.pragma_update(None, "journal_mode", "DELETE")?)
}

/// Puts a backup in the place of a data directory's database.
///
/// The backup is checked first; the database that was there is replaced only
/// with `force`, and only when the new one is whole.
///
/// # Errors
///
/// [`StoreError::Conflict`] where there is a database and no `force`, or where
/// the file is not a sound algohook database; [`StoreError::NewerSchema`].
pub fn restore(backup: &Path, data_dir: &Path, force: bool) -> Result<()> {
    let source = open_backup(backup)?;
    let database = data_dir.join(DATABASE_FILE);
    if database.exists() && !force {
        return Err(StoreError::Conflict(format!(
            "{} exists already; `algohook backup` it first if you need it, then add --force",
            database.display()
        )));
    }
    let partial = data_dir.join("algohook.db.partial");
    remove_if_there(&partial)?;
    let put_in_place = copy_back(&source, &partial, backup)
        .and_then(|()| remove_if_there(&data_dir.join("algohook.db-wal")))
        .and_then(|()| remove_if_there(&data_dir.join("algohook.db-shm")))
        .and_then(|()| rename(&partial, &database));
    if put_in_place.is_err() {
        for leftover in ["algohook.db.partial", "algohook.db.partial-journal"] {
            remove_if_there(&data_dir.join(leftover))?;
        }
    }
    put_in_place
}

fn copy_back(source: &Connection, target: &Path, backup: &Path) -> Result<()> {
    super::make_private_file(target)?;
    let mut copy = Connection::open_with_flags(target, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    Backup::new(source, &mut copy)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    schema::migrate(&mut copy, backup)
}

fn open_backup(path: &Path) -> Result<Connection> {
    let unusable = |why: String| {
        StoreError::Conflict(format!(
            "{} is no usable algohook backup: {why}",
            path.display()
        ))
    };
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|error| unusable(error.to_string()))?;
    // Nothing that a stranger put into its schema is run.
    connection.pragma_update(None, "trusted_schema", false)?;
    let check: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(|error| unusable(error.to_string()))?;
    if check != "ok" {
        return Err(unusable(check));
    }
    schema::check_version(&connection, path)?;
    let fault = schema::fault_of(&connection).map_err(|error| unusable(error.to_string()))?;
    match fault {
        Some(fault) => Err(unusable(fault)),
        None => Ok(connection),
    }
}

fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(StoreError::File {
            what: format!("cannot remove {}", path.display()),
            source,
        }),
        _ => Ok(()),
    }
}

/// Puts a finished file in its place, and makes sure it is on disk.
fn rename(from: &Path, to: &Path) -> Result<()> {
    let failed = |source| StoreError::File {
        what: format!("cannot write {}", to.display()),
        source,
    };
    std::fs::File::open(from)
        .and_then(|file| file.sync_all())
        .map_err(failed)?;
    std::fs::rename(from, to).map_err(failed)?;
    // The new name is on disk only with the folder that it stands in.
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(failed)
}
