//! Errors between the program and its database.

use rusqlite::ErrorCode;

use super::conflict::Conflict;

/// Errors of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing was stored: the disk is full, or the database is locked or failing.
    #[error("the database cannot be written now: {0}; nothing was stored, try again")]
    Unavailable(String),
    /// The same for lack of room on the disk, or in a database that may not grow.
    #[error(
        "the database cannot be written now: {0}; nothing was stored. Make room on its disk, then try again"
    )]
    DiskFull(String),
    /// A page of the database cannot be what was written there.
    #[error(
        "the database is damaged: {0}; nothing was stored. Keep a copy of its file, then bring a backup back: \
         algohook restore FILE --force"
    )]
    Damaged(String),
    /// There is nothing to read yet.
    #[error(
        "there is no database in {directory}; `algohook serve` makes it there, or name another directory with --data-dir"
    )]
    NoDatabase {
        /// The directory that was looked at.
        directory: String,
    },
    /// A file is no sound database of ours.
    #[error(
        "{path} is no sound algohook database: {why}; keep a copy of it, then bring a backup back: algohook restore \
         FILE --force"
    )]
    Unsound {
        /// The file.
        path: String,
        /// Its fault.
        why: String,
    },
    /// The database is of an older algohook, and only the server brings it up to date.
    #[error(
        "the database {path} is of an older algohook (schema version {found}, this one works with {newest}); start \
         `algohook serve` once: it takes a copy and brings it up to date"
    )]
    OlderSchema {
        /// The database file.
        path: String,
        /// Schema version of the file.
        found: i64,
        /// The version this binary works with.
        newest: i64,
    },
    /// A file would not leave enough room on its disk.
    #[error(
        "there is no room for {what}: it takes {needed} MiB, and {free} MiB are free in {folder}"
    )]
    NoRoom {
        /// The content that was to be written.
        what: String,
        /// The folder.
        folder: String,
        /// MiB that it takes with what has to stay free.
        needed: u64,
        /// MiB that are free.
        free: u64,
    },
    /// A backup was taken of a database that is damaged.
    #[error(
        "the database is damaged: {why}. The copy is kept apart as {kept}, and older backups are left as they are; \
         bring the newest sound one back: algohook restore FILE --force"
    )]
    UnsoundBackup {
        /// The copy.
        kept: String,
        /// Its fault.
        why: String,
    },
    /// The queue of the writer is full, or a job waited in it for too long.
    #[error("the server is too busy; nothing was stored, try again")]
    Busy,
    /// A thing that is not there.
    #[error("there is no {0}")]
    NotFound(String),
    /// A request that does not go with what is stored.
    #[error("{0}")]
    Conflict(Conflict),
    /// A value that cannot be kept, or that was kept and cannot be read.
    #[error("{what}: {why}")]
    Unusable {
        /// The setting.
        what: &'static str,
        /// The fault.
        why: String,
    },
    /// The database was written by a newer algohook.
    #[error(
        "the database {path} has schema version {found}, this algohook knows versions up to {known}; \
         install the newer algohook again, or restore a backup made before the upgrade"
    )]
    NewerSchema {
        /// The database file.
        path: String,
        /// Schema version of the file.
        found: i64,
        /// The newest version this binary knows.
        known: i64,
    },
    /// A file operation beside the database failed.
    #[error("{what}: {source}")]
    File {
        /// The operation that was tried.
        what: String,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// The database answered something that should not happen.
    #[error("database error: {0}")]
    Sqlite(rusqlite::Error),
}

impl StoreError {
    /// Makes the error of a value that cannot be kept, or cannot be read.
    pub(super) fn unusable<E: std::fmt::Display>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Unusable {
            what,
            why: error.to_string(),
        }
    }

    /// The error of a whole transaction, for one of those who waited for it.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Damaged(why) => Self::Damaged(why.clone()),
            Self::Unavailable(why) => Self::Unavailable(why.clone()),
            Self::DiskFull(why) => Self::DiskFull(why.clone()),
            error => Self::Unavailable(error.to_string()),
        }
    }

    /// The same error, naming the file where that is damaged.
    pub(super) fn of_file(self, path: &std::path::Path) -> Self {
        match self {
            Self::Damaged(why) => Self::Unsound {
                path: path.display().to_string(),
                why,
            },
            error => error,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull(error.to_string()),
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory,
            ) => Self::Unavailable(error.to_string()),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Sqlite(error),
        }
    }
}

/// The result of a store operation.
pub type Result<T> = std::result::Result<T, StoreError>;
