//! What can go wrong between the program and its database.

use rusqlite::ErrorCode;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing was stored: the disk is full, or the database is locked or failing.
    #[error("the database cannot be written now: {0}; nothing was stored, try again")]
    Unavailable(String),
    /// The queue of the writer is full, or a job waited in it for too long.
    #[error("the server is too busy; nothing was stored, try again")]
    Busy,
    /// What was asked for is not there.
    #[error("there is no {0}")]
    NotFound(String),
    /// What was asked for does not go with what is stored.
    #[error("{0}")]
    Conflict(String),
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
        /// What was tried.
        what: String,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// The database answered something that should not happen.
    #[error("database error: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DiskFull
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase,
            ) => Self::Unavailable(error.to_string()),
            _ => Self::Sqlite(error),
        }
    }
}

/// The result of a store operation.
pub type Result<T> = std::result::Result<T, StoreError>;
