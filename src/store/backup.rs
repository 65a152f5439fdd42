//! Backup and restore through SQLite's own online backup.
//!
//! A backup that cannot be restored is worse than none, for it takes the place of one that
//! can. So every copy is read again before it counts: its pages, what refers to what, and
//! its schema; then it is sealed. A copy of a damaged database is kept apart under a name
//! that says so, and never pushes out a sound one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::conflict::Conflict;
use super::error::{Result, StoreError};
use super::file::{
    beside, failed, folder_of, free_bytes, header_fault, make_private_file, remove_if_there, rename,
};
use super::soundness::{self, Depth};
use super::{DATABASE_FILE, history, outbox, schema, seal};
use crate::platform::make_private_folder;

/// Pages copied at once, and the pause between: alerts are recorded in between.
const PAGES_AT_ONCE: i32 = 1024;
const PAUSE: Duration = Duration::from_millis(1);

/// Bytes that a copy leaves free, for the alerts that come meanwhile.
pub(super) const LEFT_FREE: u64 = 8 << 20;

/// Bytes in a MiB.
const MIB: u64 = 1 << 20;

/// Prefix of the name of a copy that is not sound.
pub const UNSOUND_PREFIX: &str = "unsound-";

/// Copies a database to `target`, also while a server writes it, and reads the copy again.
///
/// The copy is one moment's whole and is put in place only when it is complete and sound.
///
/// # Errors
///
/// [`StoreError::Conflict`] where `target` exists, [`StoreError::NoRoom`],
/// [`StoreError::UnsoundBackup`] where the database is damaged, [`StoreError::File`] or
/// [`StoreError::Unavailable`] where it cannot be written.
pub fn backup(source: &Connection, target: &Path) -> Result<()> {
    if target.exists() {
        return Err(Conflict::FileExists(target.to_owned()).into());
    }
    require_room("the backup", source, folder_of(target))?;
    let partial = beside(target, ".partial");
    let copied = source
        .unchecked_transaction()
        .map_err(StoreError::from)
        // Without one moment to read, SQLite begins the copy again with every alert that comes.
        .and_then(|moment| {
            schema::version_of(&moment)?;
            copy(&moment, &partial)
        })
        .and_then(|()| verify(&partial))
        .and_then(|fault| match fault {
            None => seal(&partial).and_then(|_| rename(&partial, target)),
            Some(why) => Err(keep_apart(&partial, target, why)),
        });
    if copied.is_err() {
        // A full disk must not be left fuller than it was.
        remove_if_there(&partial)?;
        remove_if_there(&beside(&partial, "-journal"))?;
    }
    copied
}

/// Copies one moment to a file that does not count yet, and seals it.
pub(super) fn copy_sealed(moment: &Connection, target: &Path) -> Result<seal::Sum> {
    copy(moment, target)?;
    match verify(target)? {
        None => seal(target),
        Some(why) => Err(StoreError::Damaged(why)),
    }
}

fn seal(copy: &Path) -> Result<seal::Sum> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    seal::put(&Connection::open_with_flags(copy, flags)?)
}

/// The seal of a backup, where it has one that can be read.
pub(super) fn sum_of(path: &Path) -> Option<seal::Sum> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    seal::of(&connection).ok().flatten()
}

/// Makes a folder for backups, its owner's alone.
///
/// # Errors
///
/// [`StoreError::File`].
pub fn make_folder(folder: &Path) -> Result<()> {
    make_private_folder(folder).map_err(failed("cannot make", folder))
}

/// Refuses a copy of a database for which a folder has no room, or none to spare.
pub(super) fn require_room(what: &str, source: &Connection, folder: &Path) -> Result<()> {
    let pages: i64 = source.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let page_size: i64 = source.pragma_query_value(None, "page_size", |row| row.get(0))?;
    require_bytes(what, (pages * page_size).unsigned_abs() + LEFT_FREE, folder)
}

/// Refuses what a folder has not so many bytes for.
pub(super) fn require_bytes(what: &str, needed: u64, folder: &Path) -> Result<()> {
    match free_bytes(folder) {
        Some(free) if free < needed => Err(StoreError::NoRoom {
            what: what.to_owned(),
            folder: folder.display().to_string(),
            needed: needed.div_ceil(MIB),
            free: free / MIB,
        }),
        _ => Ok(()),
    }
}

fn copy(moment: &Connection, target: &Path) -> Result<()> {
    remove_if_there(target)?;
    make_private_file(target)?;
    let mut copy = Connection::open_with_flags(target, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let backup = Backup::new(moment, &mut copy)?;
    loop {
        match backup.step(PAGES_AT_ONCE)? {
            StepResult::Done => break,
            StepResult::More => {}
            _ => return Err(StoreError::Unavailable("it is locked".to_owned())),
        }
        // The alerts that come meanwhile need room as well.
        require_bytes("the rest of the copy", LEFT_FREE, folder_of(target))?;
        std::thread::sleep(PAUSE);
    }
    drop(backup);
    // A backup is one file: no write-ahead log beside it.
    Ok(copy.pragma_update(None, "journal_mode", "DELETE")?)
}

/// Says what is wrong with a copy, where something is.
fn verify(copy: &Path) -> Result<Option<String>> {
    if let Some(fault) = header_fault(copy)? {
        return Ok(Some(fault));
    }
    soundness::fault_of(&open_to_read(copy)?, Depth::Full)
}

/// Puts a copy that is not sound where it is not taken for a backup.
fn keep_apart(partial: &Path, target: &Path, why: String) -> StoreError {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let kept = folder_of(target).join(format!("{UNSOUND_PREFIX}{name}"));
    match rename(partial, &kept) {
        Err(error) => error,
        Ok(()) => StoreError::UnsoundBackup {
            kept: kept.display().to_string(),
            why,
        },
    }
}

/// Opens a file that is only read; nothing that a stranger put into its schema is run.
pub(super) fn open_to_read(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

/// Puts a backup in the place of a data directory's database.
///
/// The backup is checked first; the database that was there is replaced only
/// with `force`, and only when the new one is whole. Returns whether the backup was
/// sealed; without a seal only its structure is known to be sound.
///
/// # Errors
///
/// [`StoreError::Conflict`] where there is a database and no `force`, or where
/// the file is not a sound algohook database; [`StoreError::NewerSchema`],
/// [`StoreError::NoRoom`].
pub fn restore(backup: &Path, data_dir: &Path, force: bool) -> Result<bool> {
    let (source, is_sealed) = open_backup(backup)?;
    let database = data_dir.join(DATABASE_FILE);
    if database.symlink_metadata().is_ok() && !force {
        return Err(Conflict::DatabaseExists(database).into());
    }
    require_room("the restored database", &source, data_dir)?;
    let partial = beside(&database, ".partial");
    let put_in_place = copy_back(&source, &partial, backup)
        .and_then(|()| remove_if_there(&beside(&database, "-wal")))
        .and_then(|()| remove_if_there(&beside(&database, "-shm")))
        .and_then(|()| rename(&partial, &database));
    if put_in_place.is_err() {
        remove_if_there(&partial)?;
        remove_if_there(&beside(&partial, "-journal"))?;
    }
    put_in_place.map(|()| is_sealed)
}

fn copy_back(source: &Connection, target: &Path, backup: &Path) -> Result<()> {
    remove_if_there(target)?;
    make_private_file(target)?;
    let mut copy = Connection::open_with_flags(target, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    Backup::new(source, &mut copy)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    seal::remove(&copy)?;
    schema::migrate(&mut copy, backup)?;
    // What happened after the backup was taken is not known here, but to others.
    let now = Timestamp::now();
    let transaction = copy.transaction()?;
    history::begin(&transaction, now)?;
    outbox::after_restore(&transaction, now)?;
    Ok(transaction.commit()?)
}

/// Opens a backup that is sound; whether it is sealed, too.
fn open_backup(path: &Path) -> Result<(Connection, bool)> {
    let unusable = |why: String| {
        let path = path.to_owned();
        StoreError::Conflict(Conflict::UnusableBackup { path, why })
    };
    let of_backup = |error: StoreError| match error {
        StoreError::Damaged(why)
        | StoreError::Unavailable(why)
        | StoreError::DiskFull(why)
        | StoreError::Unsound { why, .. } => unusable(why),
        StoreError::Sqlite(error) => unusable(error.to_string()),
        error => error,
    };
    match header_fault(path) {
        Ok(None) => {}
        Ok(Some(fault)) => return Err(unusable(fault)),
        Err(StoreError::File { source, .. }) => return Err(unusable(source.to_string())),
        Err(error) => return Err(error),
    }
    let connection = open_to_read(path).map_err(of_backup)?;
    schema::check_version(&connection, path).map_err(of_backup)?;
    let fault = soundness::fault_of(&connection, Depth::Full).map_err(of_backup)?;
    if let Some(fault) = fault {
        return Err(unusable(fault));
    }
    match seal::is_whole(&connection).map_err(of_backup)? {
        Some(false) => Err(unusable(
            "its rows are not those that were written, by its digest".to_owned(),
        )),
        seal => Ok((connection, seal.is_some())),
    }
}

/// Folder of a server's own backups, and why the last one failed; clones share it.
#[derive(Debug, Clone)]
pub struct BackupState {
    folder: PathBuf,
    failure: Arc<Mutex<Option<String>>>,
}

impl BackupState {
    /// The state of backups in a folder, of which none was tried yet.
    #[must_use]
    pub fn of(folder: PathBuf) -> Self {
        let failure = Arc::default();
        Self { folder, failure }
    }

    /// Notes what the last try came to.
    pub fn note(&self, failure: Option<String>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// The fault of the backups, in a sentence.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = &*failure {
            return Some(format!("No backup could be taken: {why}."));
        }
        drop(failure);
        let taken = OwnBackups::of(&self.folder);
        let unsound = taken.newest_is_unsound()?;
        Some(format!(
            "The newest backup is a copy of a damaged database, kept apart as {}. Older backups are left as they are; \
             stop the server and bring the newest one back: algohook restore FILE --force.",
            unsound.display()
        ))
    }
}

/// The backups in a folder that the server took by itself, and the copies that are not
/// sound, each oldest first: their names sort as their times do.
#[derive(Debug, Default)]
pub struct OwnBackups {
    /// Sound when they were taken.
    pub sound: Vec<PathBuf>,
    /// Kept apart.
    pub unsound: Vec<PathBuf>,
}

/// Beginning and end of the name of every backup that the server takes; other files
/// are left alone.
const PREFIX: &str = "algohook-";
const SUFFIX: &str = ".db";

impl OwnBackups {
    /// Those in a folder; none where it cannot be read.
    #[must_use]
    pub fn of(folder: &Path) -> Self {
        let mut taken = Self::default();
        let Ok(files) = std::fs::read_dir(folder) else {
            return taken;
        };
        for path in files.filter_map(|file| Some(file.ok()?.path())) {
            let name = path.file_name().and_then(|name| name.to_str());
            match name.map(|name| (name.strip_prefix(UNSOUND_PREFIX), name)) {
                Some((Some(name), _)) if is_ours(name) => taken.unsound.push(path),
                Some((None, name)) if is_ours(name) => taken.sound.push(path),
                _ => {}
            }
        }
        taken.sound.sort_unstable();
        taken.unsound.sort_unstable();
        taken
    }

    /// The newest copy that is not sound, where no sound backup is newer.
    #[must_use]
    pub fn newest_is_unsound(&self) -> Option<&Path> {
        let unsound = self.unsound.last()?;
        let name = unsound
            .file_name()?
            .to_str()?
            .strip_prefix(UNSOUND_PREFIX)?;
        let newest = self
            .sound
            .last()
            .and_then(|path| path.file_name()?.to_str());
        newest.is_none_or(|newest| newest < name).then_some(unsound)
    }
}

/// The name of a backup that is taken now.
#[must_use]
pub fn name_at(time: jiff::Timestamp) -> String {
    format!("{PREFIX}{}{SUFFIX}", time.strftime("%Y%m%d-%H%M%S"))
}

/// True if a name is one that the server gives.
#[must_use]
pub fn is_ours(name: &str) -> bool {
    let time = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX));
    time.is_some_and(|time| {
        time.len() == 15
            && time
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-')
    })
}
