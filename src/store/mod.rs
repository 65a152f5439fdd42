//! What algohook keeps: one SQLite file, one writer, many readers.
//!
//! SQL lives here and nowhere else, as text next to the function that runs it.
//! What an alert means is decided in `domain` and `payload`; how a request is
//! answered, in `ingest` and `api`.

pub mod account;
pub mod attention;
pub mod audit;
pub mod backtests;
pub mod backup;
pub mod commits;
mod conditions;
pub mod deliveries;
pub mod error;
pub mod events;
pub mod imports;
pub mod known_clients;
pub mod ledgers;
pub mod lots;
pub mod orders;
mod pairings;
pub mod positions;
pub mod readers;
pub mod rebuild;
pub mod recent;
pub mod rejections;
pub mod schema;
#[cfg(test)]
pub(crate) mod scratch;
pub mod second_factor;
pub mod senders;
pub mod sessions;
mod sql;
pub mod tokens;
pub mod trade_notes;
pub mod trades;
pub mod webhooks;
pub mod writer;

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use commits::LastCommit;
pub use error::{Result, StoreError};
pub use readers::Readers;
pub use writer::{Memory, WriteContext, Writer};

/// Name of the database in the data directory.
pub const DATABASE_FILE: &str = "algohook.db";

/// How long a statement waits for another process that writes.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// Pages of the write-ahead log after which it is folded into the database: 16 MB.
const CHECKPOINT_PAGES: i64 = 4096;

/// How to open a store.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Jobs that may wait for the writer; one more is turned away.
    pub queue_capacity: usize,
    /// Largest size of the database file in bytes, where there is one.
    pub max_database_size: Option<u64>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            queue_capacity: 1024,
            max_database_size: None,
        }
    }
}

/// The database of one data directory.
pub struct Store {
    path: PathBuf,
    /// Which file was at the path when it was opened.
    file: Option<FileId>,
    writer: Option<Writer>,
    thread: Option<JoinHandle<()>>,
    readers: Readers,
    last_commit: LastCommit,
}

impl Store {
    /// Opens the database of a data directory, makes it where there is none, and
    /// brings it to the newest schema.
    ///
    /// # Errors
    ///
    /// [`StoreError::NewerSchema`], or what keeps the file from being opened.
    pub fn open(data_dir: &Path, options: &StoreOptions) -> Result<Self> {
        let path = data_dir.join(DATABASE_FILE);
        make_private_file(&path)?;
        // Before it is opened: one that is replaced meanwhile is then seen to be.
        let file = file_at(&path);
        let mut connection = open_for_writing(&path)?;
        schema::migrate(&mut connection, &path)?;
        if let Some(bytes) = options.max_database_size {
            limit_size(&connection, bytes)?;
        }
        let last_commit = LastCommit::default();
        let started = Writer::start(connection, options.queue_capacity, last_commit.clone());
        let (writer, thread) = started.map_err(|source| StoreError::File {
            what: "cannot start the writer thread".to_owned(),
            source,
        })?;
        Ok(Self {
            readers: Readers::new(path.clone()),
            path,
            file,
            writer: Some(writer),
            thread: Some(thread),
            last_commit,
        })
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether another file is in the database's place, as after a restore: what is
    /// open here is then the former one, which nothing is written to any more.
    #[must_use]
    pub fn is_replaced(&self) -> bool {
        let now = file_at(&self.path);
        now.is_some() && now != self.file
    }

    /// The writer.
    ///
    /// # Panics
    ///
    /// Never: the writer is taken only when the store is dropped.
    #[must_use]
    pub fn writer(&self) -> &Writer {
        self.writer
            .as_ref()
            .expect("the writer is there until the store is dropped")
    }

    /// The pool of read-only connections.
    #[must_use]
    pub fn readers(&self) -> &Readers {
        &self.readers
    }

    /// What was committed last, for when an event was on disk.
    #[must_use]
    pub fn last_commit(&self) -> &LastCommit {
        &self.last_commit
    }
}

impl Drop for Store {
    /// Waits until everything queued is on disk.
    fn drop(&mut self) {
        // The last connection to close folds the log into the database, and
        // only one that may write can.
        self.readers.close();
        self.writer = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer thread ended with a panic");
        }
    }
}

/// Opens a connection that may write, as every process must that writes.
///
/// # Errors
///
/// What keeps the file from being opened.
pub fn open_for_writing(path: &Path) -> Result<Connection> {
    make_private_file(path)?;
    // Only one thread uses a connection at a time; it needs no locks.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(LOCK_PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    // Once a checkpoint is through, the log is cut back to this: 32 MB.
    connection.pragma_update(None, "journal_size_limit", 32 * 1024 * 1024)?;
    // What a statement sorts or sets aside stays in memory.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Index pages of a thousand webhooks stay in memory: 8 MiB, used as needed.
    connection.pragma_update(None, "cache_size", -8 * 1024)?;
    // Else some statements are compiled again whenever they are given other values.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Device and number of a file.
type FileId = (u64, u64);

/// Which file is at a path, if any.
fn file_at(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    let file = path.metadata().ok()?;
    Some((file.dev(), file.ino()))
}

/// Makes the database file, readable by its owner only, where there is none.
fn make_private_file(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|source| StoreError::File {
            what: format!("cannot open the database {}", path.display()),
            source,
        })
}

fn limit_size(connection: &Connection, bytes: u64) -> Result<()> {
    let page_size: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = (bytes / u64::from(page_size)).max(1);
    Ok(connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?)
}
